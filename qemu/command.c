// SPDX-License-Identifier: GPL-2.0-or-later
// How this works: each file of qemu/, and each class of devices/, writes one subject through the
// out_ functions, in the order in which QEMU must see them (objects and buses before what uses
// them). When a domain starts they become arguments; when a device is plugged in, QMP commands.
#include "qemu/command.h"

#include "qemu/internal.h"

static int build_identity(struct out *o)
{
    char uuid[UUID_TEXT_SIZE];
    const struct domain_def *def = o->def;
    AUTO_FREE char *name = comma_escape(def->name);
    out_arg(o, "-name", "guest=%s,debug-threads=on", name);
    out_flag(o, "-S");
    out_arg(o, "-uuid", "%s", uuid_format(&def->uuid.value, uuid));
    out_arg(o, "-display", "none");
    out_flag(o, "-no-user-config");
    out_flag(o, "-nodefaults");
    out_arg(o, "-chardev", "socket,id=charmonitor,fd=%d,server=on,wait=off",
            out_fd(o, o->in->monitor_fd));
    out_arg(o, "-mon", "chardev=charmonitor,id=monitor,mode=control");
    return 0;
}
const struct command_part identity_args = {.build = build_identity};

static int build_genid(struct out *o)
{
    char uuid[UUID_TEXT_SIZE];
    if (o->def->has_genid) {
        struct json_object *j = json_driver("vmgenid");
        put_str(j, "guid", o->def->genid.set ? uuid_format(&o->def->genid.value, uuid) : "auto");
        put_str(j, "id", "vmgenid0");
        if (out_device(o, NULL, j) < 0)
            return -1;
    }
    if (o->def->features.vmcoreinfo == TOGGLE_YES) {
        struct json_object *j = json_driver("vmcoreinfo");
        return out_device(o, NULL, j);
    }
    return 0;
}
const struct command_part genid_args = {.build = build_genid};

static int build_iothreads(struct out *o)
{
    for (uint64_t i = 1; i <= o->def->iothreads; i++) {
        struct json_object *j = json_object_new_object();
        put_str(j, "qom-type", "iothread");
        put_printf(j, "id", "iothread%llu", (unsigned long long)i);
        out_json(o, "-object", j);
    }
    return 0;
}
const struct command_part iothreads_args = {.build = build_iothreads};

static int build_device(struct device *dev, void *arg)
{
    return device_class_of(dev->kind)->build(arg, dev);
}

static int build_devices(struct out *o)
{
    return devices_each(o->def, ORDER_BUILD, build_device, o);
}
const struct command_part devices_args = {.build = build_devices};

// Guests run as a user of their own, and their files belong to it while they run: that is all that
// labels can ask for here.
static int check_seclabels(struct out *o)
{
    VEC_FOREACH (it, &o->def->seclabels) {
        const struct domain_seclabel *l = *it;
        bool none = str_eq(l->type, "none"), dac = !l->model || str_eq(l->model, "dac");
        if (!dac && !none)
            return out_unsupported(o, NULL,
                                   "<seclabel>: Security driver model '%s' is not available; "
                                   "remove it",
                                   l->model);
        if (dac && l->model && (none || l->relabel == TOGGLE_NO))
            return out_unsupported(o, NULL,
                                   "<seclabel model='dac'>: the owner of a running guest's files "
                                   "is always changed to its user; remove it");
        if (!none && l->relabel == TOGGLE_NO)
            return out_unsupported(o, NULL, "<seclabel relabel='no'> needs type='none'");
    }
    return 0;
}
const struct command_part seclabel_args = {.build = check_seclabels};

static int build_tail(struct out *o)
{
    if (o->in->incoming)
        out_arg(o, "-incoming", "%s", o->in->incoming);
    if (qemu_caps_has_option(o->caps, "sandbox"))
        out_arg(o, "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    out_arg(o, "-msg", "timestamp=on");
    VEC_FOREACH (it, &o->def->qemu_args)
        out_flag(o, (*it)->value);
    return 0;
}
const struct command_part tail_args = {.build = build_tail};

static void set_env(struct strv *env, const char *name, const char *value)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < env->n; i++)
        if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=') {
            free(env->v[i]);
            env->v[i] = xasprintf("%s=%s", name, value);
            return;
        }
    strv_printf(env, "%s=%s", name, value);
}

static int build_env(struct out *o)
{
    static const char *const xdg[][2] = {{"XDG_DATA_HOME", ".local/share"},
                                         {"XDG_CACHE_HOME", ".cache"},
                                         {"XDG_CONFIG_HOME", ".config"}};
    struct strv *env = &o->command->env;
    const char *home = o->in->home_dir;
    set_env(env, "LC_ALL", "C");
    set_env(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (home) {
        set_env(env, "HOME", home);
        for (size_t i = 0; i < ARRAY_LEN(xdg); i++) {
            AUTO_FREE char *path = xasprintf("%s/%s", home, xdg[i][1]);
            set_env(env, xdg[i][0], path);
        }
    }
    if (o->def->clock.offset == CLOCK_TIMEZONE && o->def->clock.timezone)
        set_env(env, "TZ", o->def->clock.timezone);
    VEC_FOREACH (it, &o->def->qemu_env)
        set_env(env, (*it)->name, (*it)->value ? (*it)->value : "");
    return 0;
}
const struct command_part env_args = {.build = build_env};

struct out out_init(const struct command_input *in, struct error *err)
{
    return (struct out){
        .in = in,
        .def = in->def,
        .caps = in->caps,
        .chipset = chipset_of(in->def),
        .virt = in->def->type == DOMAIN_TYPE_KVM ? QEMU_VIRT_KVM : QEMU_VIRT_TCG,
        .next_fdset = 1,
        .err = err,
    };
}

int command_build(const struct command_input *in, struct command *ret, struct error *err)
{
    static const struct command_part *const parts[] = {
#define COMMAND_PART(name) &name##_args,
#include "qemu/parts.def"
    };
    struct out o = out_init(in, err);
    o.command = ret;
    strv_push(&ret->args, in->def->emulator ? in->def->emulator : in->caps->binary);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++)
        rc = parts[i]->build(&o);
    if (rc == 0 && o.missing)
        rc = out_internal(&o, NULL, o.missing);
    if (rc < 0)
        command_finish(ret);
    return rc;
}

void command_finish(struct command *a)
{
    strv_finish(&a->args);
    strv_finish(&a->env);
    vec_finish(&a->fds);
}
