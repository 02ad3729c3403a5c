// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/host.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "host/firmware.h"
#include "host/qemu_cache.h"
#include "host/qemu_learn.h"

enum { EMULATORS_MAX = 64, TCG_VCPUS = 16 };

struct emulator {
    char *arch, *path;
};

struct host {
    struct sched *sched;
    char *root, *kvm_path, *firmware_path, *configured;
    struct strv search;
    struct qemu_probe_user user;
    struct qemu_cache *cache;
    struct uuid uuid;
    char arch[NODE_MODEL_SIZE];
    VEC(struct emulator) emulators; // by arch
};

static const char *const arches[] = {
    "aarch64", "alpha",    "armv6l", "armv7l", "i686",    "loongarch64", "m68k",    "mips",
    "mips64",  "mips64el", "mipsel", "ppc",    "ppc64",   "ppc64le",     "riscv32", "riscv64",
    "s390",    "s390x",    "sh4",    "sparc",  "sparc64", "x86_64",
};

static const char *const virt_types[] = {"qemu",  "kvm",    "xen",    "lxc",  "uml",  "openvz",
                                         "test",  "vmware", "hyperv", "vbox", "phyp", "parallels",
                                         "bhyve", "vz",     "kqemu",  "hvf"};

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

static const char *arch_of_machine(const char *machine)
{
    if (machine[0] == 'i' && str_eq(machine + 2, "86"))
        return "i686";
    return str_starts(machine, "armv") ? "armv7l" : machine;
}

static void add_emulator(struct host *h, const char *arch, const char *path)
{
    if (h->emulators.n >= EMULATORS_MAX || access(path, X_OK) < 0)
        return;
    VEC_FOREACH (e, &h->emulators) {
        if (str_eq(e->arch, arch))
            return; // the first directory has priority
    }
    struct emulator e = {xstrdup(arch), xstrdup(path)};
    vec_push(&h->emulators, e);
}

// "x86_64" of "/usr/bin/qemu-system-x86_64"; the host's architecture for names without one. NULL: a
// special build such as "qemu-system-x86_64-microvm". Borrowed.
static const char *arch_of_name(const struct host *h, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!str_starts(name, "qemu-system-"))
        return h->arch;
    const char *arch = qemu_arch_from_target(name + strlen("qemu-system-"));
    return is_one_of(arch, arches, ARRAY_LEN(arches)) ? arch : NULL;
}

struct found {
    struct host *h;
    const char *dir;
};

static int on_file(const char *name, void *arg)
{
    struct found *f = arg;
    if (!str_starts(name, "qemu-system-"))
        return 0;
    AUTO_FREE char *path = path_join(f->dir, name);
    const char *arch = arch_of_name(f->h, path);
    if (arch)
        add_emulator(f->h, arch, path);
    return 0;
}

static int compare_emulators(const void *a, const void *b)
{
    return strcmp(((const struct emulator *)a)->arch, ((const struct emulator *)b)->arch);
}

static void clear_emulators(struct host *h)
{
    VEC_FOREACH (e, &h->emulators) {
        free(e->arch);
        free(e->path);
    }
    h->emulators.n = 0;
}

static void find_emulators(struct host *h)
{
    clear_emulators(h);
    if (h->configured && arch_of_name(h, h->configured))
        add_emulator(h, arch_of_name(h, h->configured), h->configured);
    for (size_t i = 0; i < h->search.n; i++) {
        struct found f = {h, h->search.v[i]};
        dir_each(f.dir, NULL, on_file, &f);
    }
    for (size_t i = 0; i < h->search.n; i++) { // the name on Red Hat systems
        AUTO_FREE char *path = path_join(h->search.v[i], "qemu-kvm");
        add_emulator(h, h->arch, path);
    }
    if (h->emulators.n > 0)
        qsort(h->emulators.v, h->emulators.n, sizeof(*h->emulators.v), compare_emulators);
}

struct host *host_create(struct sched *s, const struct host_config *config)
{
    static const char *const usual[] = {"/usr/bin", "/usr/local/bin", "/usr/libexec", NULL};
    const char *const *search = config->search_path ? config->search_path : usual;
    struct host *h = NEW(struct host);
    struct utsname uts;
    h->sched = s;
    h->root = xstrdup(config->root ? config->root : "");
    h->kvm_path = xstrdup(config->kvm_path ? config->kvm_path : "/dev/kvm");
    h->firmware_path =
        xstrdup(config->firmware_path ? config->firmware_path : "/usr/share/qemu/firmware");
    h->configured = xstrdup(config->emulator);
    h->user = config->user;
    h->user.groups = xmemdup(config->user.groups, config->user.ngroups * sizeof(gid_t));
    for (; *search; search++)
        strv_push(&h->search, *search);
    uname(&uts);
    snprintf(h->arch, sizeof(h->arch), "%.31s", arch_of_machine(uts.machine));
    h->cache = qemu_cache_create(s, config->cache_dir, &h->user);
    if (node_get_uuid(h->root, &h->uuid, NULL) < 0)
        h->uuid = uuid_random();
    find_emulators(h);
    return h;
}

void host_destroy(struct host *h)
{
    if (!h)
        return;
    qemu_cache_destroy(h->cache);
    clear_emulators(h);
    vec_finish(&h->emulators);
    strv_finish(&h->search);
    free((void *)h->user.groups);
    free(h->configured);
    free(h->firmware_path);
    free(h->kvm_path);
    free(h->root);
    free(h);
}

const char *host_arch(const struct host *h)
{
    return h->arch;
}

struct warm {
    struct host *h;
    char *path;
};

static void warm_one(struct task *t, void *arg)
{
    struct warm *w = arg;
    struct qemu_caps *caps = NULL;
    AUTO_ERROR err = ERROR_INIT;
    if (host_qemu_caps(t, w->h, w->path, &caps, &err) < 0)
        log_warn("%s", err.message);
    qemu_caps_unref(caps);
    free(w->path);
    free(w);
}

void host_warm(struct host *h)
{
    find_emulators(h);
    VEC_FOREACH (e, &h->emulators) {
        if (qemu_cache_is_stored(h->cache, e->path, host_kvm_usable(h)))
            continue;
        struct warm *w = NEW(struct warm);
        w->h = h;
        w->path = xstrdup(e->path);
        task_spawn(h->sched, "probe QEMU", warm_one, w);
    }
}

const char *host_find_emulator(struct host *h, const char *arch)
{
    VEC_FOREACH (e, &h->emulators) {
        if (str_eq(e->arch, arch))
            return e->path;
    }
    return str_eq(arch, "i686") ? host_find_emulator(h, "x86_64") : NULL;
}

int host_kvm_access(const struct host *h)
{
    if (h->user.set_user)
        return file_access_as(h->kvm_path, R_OK | W_OK, h->user.uid, h->user.gid, h->user.groups,
                              h->user.ngroups);
    AUTO_CLOSE int fd = open(h->kvm_path, O_RDWR | O_CLOEXEC);
    return fd >= 0 ? 0 : -errno;
}

bool host_kvm_usable(const struct host *h)
{
    return host_kvm_access(h) == 0;
}

int host_qemu_caps(struct task *t, struct host *h, const char *binary, struct qemu_caps **ret,
                   struct error *err)
{
    return qemu_cache_get(t, h->cache, binary, host_kvm_usable(h), ret, err);
}

int host_arch_caps(struct task *t, struct host *h, const char *arch, struct qemu_caps **ret,
                   struct error *err)
{
    const char *found = host_find_emulator(h, arch);
    if (!found)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                         "no emulator for architecture '%s' on this host: install QEMU's "
                         "qemu-system-%s",
                         arch, qemu_target_from_arch(arch));
    AUTO_FREE char *path = xstrdup(found);
    return host_qemu_caps(t, h, path, ret, err);
}

int host_qemu_version(struct task *t, struct host *h, uint32_t *version, struct error *err)
{
    struct qemu_caps *caps = NULL;
    *version = 0;
    if (!host_find_emulator(h, h->arch))
        return 0;
    if (host_arch_caps(t, h, h->arch, &caps, err) < 0)
        return -1;
    *version = caps->version;
    qemu_caps_unref(caps);
    return 0;
}

int host_max_vcpus(const struct host *h, const char *virt_type, uint32_t *ret, struct error *err)
{
    *ret = TCG_VCPUS;
    if (!virt_type || str_eq(virt_type, "qemu"))
        return 0;
    if (!str_eq(virt_type, "kvm"))
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "unknown type '%s'", virt_type);
    AUTO_CLOSE int fd = open(h->kvm_path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot open '%s'", h->kvm_path);
    int n = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    if (n <= 0)
        n = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS);
    *ret = n > 0 ? (uint32_t)n : 4; // the kernel's documented default
    return 0;
}

static bool has_iommu(const struct host *h)
{
    struct stat st;
    AUTO_FREE char *path = xasprintf("%s/sys/kernel/iommu_groups/0", h->root);
    return stat(path, &st) == 0;
}

static int format_capabilities(struct host *h, const struct capabilities_guest *guests,
                               size_t nguests, char **xml, struct error *err)
{
    struct node_info info;
    struct node_topology topology = {0};
    struct node_cpu_model cpu = {0};
    int r = -1;
    if (node_get_info(h->root, &info, err) == 0 &&
        node_get_topology(h->root, &topology, err) == 0 &&
        node_get_cpu_model(h->root, &cpu, err) == 0) {
        struct capabilities_input in = {.uuid = h->uuid,
                                        .arch = h->arch,
                                        .info = &info,
                                        .topology = &topology,
                                        .cpu = &cpu,
                                        .iommu = has_iommu(h),
                                        .guests = guests,
                                        .nguests = nguests};
        *xml = capabilities_format(&in);
        r = 0;
    }
    node_topology_finish(&topology);
    node_cpu_model_finish(&cpu);
    return r;
}

int host_capabilities_xml(struct task *t, struct host *h, char **xml, struct error *err)
{
    struct capabilities_guest guests[EMULATORS_MAX + 1];
    size_t n = 0;
    bool cancelled = false;
    for (size_t i = 0; i < ARRAY_LEN(arches) && !cancelled; i++) {
        struct qemu_caps *caps = NULL;
        AUTO_ERROR why = ERROR_INIT;
        if (!host_find_emulator(h, arches[i]))
            continue;
        // An emulator that cannot be probed is not offered; host_warm() or its caller logged why.
        if (host_arch_caps(t, h, arches[i], &caps, &why) == 0)
            guests[n++] = (struct capabilities_guest){arches[i], caps};
        else
            cancelled = why.sys_errno == ECANCELED;
    }
    int r = cancelled ? error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU, "cancelled")
                      : format_capabilities(h, guests, n, xml, err);
    for (size_t i = 0; i < n; i++)
        qemu_caps_unref((struct qemu_caps *)guests[i].caps);
    return r;
}

// The accelerator of a request; -1 with err when the emulator does not support it.
static int choose_virt(const struct host *h, const struct qemu_caps *caps, const char *virt_type,
                       enum qemu_virt *ret, struct error *err)
{
    bool kvm = caps->accel[QEMU_VIRT_KVM].usable, tcg = caps->accel[QEMU_VIRT_TCG].usable;
    (void)h;
    *ret = virt_type ? str_eq(virt_type, "kvm") ? QEMU_VIRT_KVM : QEMU_VIRT_TCG
           : kvm     ? QEMU_VIRT_KVM
                     : QEMU_VIRT_TCG;
    bool known = !virt_type || str_eq(virt_type, "kvm") || str_eq(virt_type, "qemu");
    if (!known || !(*ret == QEMU_VIRT_KVM ? kvm : tcg))
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                         "emulator '%s' cannot run domains of type '%s' on this host", caps->binary,
                         virt_type ? virt_type : "qemu");
    return 0;
}

static int fill_machine(const struct host *h, const char *machine, const char *virt_type,
                        struct host_machine *m, struct error *err)
{
    if (choose_virt(h, m->caps, virt_type, &m->virt, err) < 0)
        return -1;
    m->machine = qemu_caps_machine(m->caps, machine);
    if (!m->machine)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "emulator '%s' has no machine '%s'",
                         m->caps->binary, machine ? machine : "(default)");
    firmware_find(h->firmware_path, qemu_target_from_arch(m->arch), m->machine->name, &m->firmware);
    return 0;
}

int host_find_firmware(const struct host *h, const char *arch, const char *machine,
                       const struct firmware_wanted *wanted, struct firmware_flash *ret,
                       struct error *err)
{
    if (firmware_find_flash(h->firmware_path, qemu_target_from_arch(arch), machine, wanted, ret) ==
        0)
        return 0;
    if (wanted->loader)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "Unable to find any master var store for loader: %s: no descriptor in "
                         "'%s' names it; give <nvram template=> or an existing file",
                         wanted->loader, h->firmware_path);
    return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                     "<os firmware='efi'>: no UEFI firmware%s%s for %s machine '%s' is installed "
                     "(no descriptor in '%s'); install it (Debian: apt-get install ovmf)",
                     wanted->secure == TOGGLE_YES  ? " with Secure Boot"
                     : wanted->secure == TOGGLE_NO ? " without Secure Boot"
                                                   : "",
                     wanted->enrolled_keys == TOGGLE_YES  ? " and enrolled keys"
                     : wanted->enrolled_keys == TOGGLE_NO ? " without enrolled keys"
                                                          : "",
                     arch, machine, h->firmware_path);
}

void host_machine_finish(struct host_machine *m)
{
    qemu_caps_unref(m->caps);
    firmware_choice_finish(&m->firmware);
}

int host_find_machine(struct task *t, struct host *h, const char *emulator, const char *arch,
                      const char *machine, const char *virt_type, struct host_machine *ret,
                      struct error *err)
{
    struct host_machine m = {0};
    if (virt_type && !is_one_of(virt_type, virt_types, ARRAY_LEN(virt_types)))
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "unknown domain type '%s'", virt_type);
    if (arch && !is_one_of(arch, arches, ARRAY_LEN(arches)))
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "unknown architecture '%s'", arch);
    int r = emulator ? host_qemu_caps(t, h, emulator, &m.caps, err)
                     : host_arch_caps(t, h, arch ? arch : h->arch, &m.caps, err);
    if (r < 0)
        return -1;
    bool subset = arch && str_eq(arch, "i686") && str_eq(m.caps->arch, "x86_64");
    m.arch = arch ? arch : m.caps->arch;
    if (arch && !subset && !str_eq(arch, m.caps->arch))
        r = error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                      "emulator '%s' is for architecture '%s', not '%s'", m.caps->binary,
                      m.caps->arch, arch);
    else
        r = fill_machine(h, machine, virt_type, &m, err);
    if (r < 0)
        host_machine_finish(&m);
    else
        *ret = m;
    return r;
}
