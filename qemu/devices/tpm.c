// SPDX-License-Identifier: GPL-2.0-or-later
// A TPM that swtpm emulates: QEMU has only its registers.
#include "qemu/domcaps.h"
#include "qemu/internal.h"

static int build(struct out *o, const struct device *dev)
{
    const struct domain_tpm *tpm = (const struct domain_tpm *)dev;
    int fd = out_side_fd(o, dev);
    if (fd < 0)
        return -1;
    out_arg(o, "-chardev", "socket,id=chrtpm,fd=%d", fd);
    out_arg(o, "-tpmdev", "emulator,id=tpm-%s,chardev=chrtpm", dev->alias);
    struct json_object *j = json_driver(tpm_model_name(tpm->model));
    put_printf(j, "tpmdev", "tpm-%s", dev->alias);
    put_str(j, "id", dev->alias);
    return out_device(o, dev, j);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return ((const struct domain_tpm *)dev)->model == ((const struct domain_tpm *)wanted)->model;
}

static void add_setup(struct strv *args, const struct domain_tpm *tpm)
{
    strv_push(args, "swtpm_setup");
    if (tpm->version == TPM_VERSION_20)
        strv_push(args, "--tpm2");
    strv_push(args, "--tpm-state");
    strv_push(args, ".");
}

// Certificates are signed by a CA that swtpm_setup makes for this host the first time.
static void add_create(struct device_side *ret, const struct domain_def *def,
                       const struct domain_tpm *tpm)
{
    static const char *const options[] = {
        "--createek",   "--create-ek-cert", "--create-platform-cert",
        "--lock-nvram", "--not-overwrite",  "--vmid"};
    char uuid[UUID_TEXT_SIZE];
    struct strv configure = {0}, create = {0};
    strv_push(&configure, "swtpm_setup");
    strv_push(&configure, "--create-config-files");
    strv_push(&configure, "skip-if-exist,root");
    vec_push(&ret->create, configure);
    add_setup(&create, tpm);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        strv_push(&create, options[i]);
    strv_printf(&create, "%s:%s", def->name, uuid_format(&def->uuid.value, uuid));
    vec_push(&ret->create, create);
}

static void add_update(struct device_side *ret, const struct domain_tpm *tpm)
{
    AUTO_STRBUF banks = {0};
    const struct {
        bool active;
        const char *name;
    } all[] = {{tpm->sha1, "sha1"},
               {tpm->sha256, "sha256"},
               {tpm->sha384, "sha384"},
               {tpm->sha512, "sha512"}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].active)
            strbuf_printf(&banks, "%s%s", banks.len ? "," : "", all[i].name);
    add_setup(&ret->update, tpm);
    strv_push(&ret->update, "--reconfigure");
    strv_push(&ret->update, "--pcr-banks");
    strv_push(&ret->update, banks.data);
}

static void side(const struct domain_def *def, const struct device *dev, struct device_side *ret)
{
    const struct domain_tpm *tpm = (const struct domain_tpm *)dev;
    bool tpm2 = tpm->version == TPM_VERSION_20;
    ret->package = "swtpm";
    ret->tool_package = "swtpm-tools";
    ret->state = xstrdup(tpm2 ? "tpm2" : "tpm1.2");
    ret->keep_state = tpm->persistent_state == TOGGLE_YES;
    strv_push(&ret->args, "swtpm");
    strv_push(&ret->args, "socket");
    strv_push(&ret->args, "--ctrl");
    strv_printf(&ret->args, "type=unixio,clientfd=%d", SIDE_SOCKET_FD);
    strv_push(&ret->args, "--tpmstate");
    strv_push(&ret->args, "dir=.,mode=0600");
    strv_push(&ret->args, "--terminate");
    if (tpm2)
        strv_push(&ret->args, "--tpm2");
    add_create(ret, def, tpm);
    if (tpm_has_pcr_banks(tpm))
        add_update(ret, tpm);
}

static void capabilities(struct domcaps *d)
{
    bool tis = qemu_caps_has_device(d->in->caps, "tpm-tis");
    bool crb = qemu_caps_has_device(d->in->caps, "tpm-crb");
    if (!domcaps_open(d, "tpm", (tis || crb) && d->has_program("swtpm")))
        return;
    domcaps_enum(d, "model");
    domcaps_value(d, tis, "tpm-tis");
    domcaps_value(d, crb, "tpm-crb");
    domcaps_enum(d, "backendModel");
    domcaps_value(d, true, "emulator");
    domcaps_enum(d, "backendVersion");
    domcaps_value(d, tis, "1.2");
    domcaps_value(d, true, "2.0");
    domcaps_close(d, "tpm");
}

const struct device_class tpm_class = {
    .alias = "tpm",
    .order = {[ORDER_BUILD] = 95},
    .build = build,
    .is_meant = is_meant,
    .side = side,
    .capabilities = capabilities,
};
