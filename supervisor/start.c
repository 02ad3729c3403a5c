// SPDX-License-Identifier: GPL-2.0-or-later
// Starting a guest, from its definition to running virtual CPUs.
#include "base/file.h"
#include "base/hook.h"
#include "host/node.h"
#include "qemu/alias.h"
#include "qemu/device.h"
#include "supervisor/guest_log.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"
#include "supervisor/pid_file.h"
#include "supervisor/side.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>

// What one start has open besides what stays in struct domain; owned, closed at its end.
struct launch {
    struct qemu_caps *caps;
    struct command command;
    int monitor_fd, lock_fd;
    struct guest_log log;
    struct chardev_vec chardevs;
    struct side_fds sides;
    struct iface_vec ifaces;
    struct firmware_flash firmware; // found for <os firmware='efi'>
    struct node_cpu_model host_cpu; // read for <cpu><vendor>
    struct node_smbios host_smbios; // read for <smbios mode='host'/>
};

static void launch_finish(struct domain *dom, struct launch *l)
{
    iface_vec_finish(dom, &l->ifaces);
    chardevs_finish(&l->chardevs);
    side_fds_finish(&l->sides);
    firmware_flash_finish(&l->firmware);
    node_cpu_model_finish(&l->host_cpu);
    node_smbios_finish(&l->host_smbios);
    qemu_caps_unref(l->caps);
    command_finish(&l->command);
    close_fd(&l->monitor_fd);
    close_fd(&l->lock_fd);
    guest_log_close(&l->log);
}

// ---- preparation -------------------------------------------------------------------------------

static int open_listener(struct domain *dom, struct launch *l, struct error *err)
{
    // The lock first: what a process that is still there uses must not be replaced.
    AUTO_FREE char *path = status_monitor_path(dom);
    AUTO_FREE char *pid_path = status_pid_path(dom);
    int r = dir_make(dom->all->config.run_dir, 0700);
    if (r == 0)
        r = pid_file_lock(pid_path, &l->lock_fd);
    if (r == -EWOULDBLOCK)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "a process of domain '%s' is still there: it holds '%s.pid' in '%s'",
                         dom->name, dom->name, dom->all->config.run_dir);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot lock the pid file of domain '%s' in '%s'",
                               dom->name, dom->all->config.run_dir);
    // Found again from here on, whatever happens to us.
    if (status_save(dom, err) < 0)
        return -1;
    AUTO_FREE char *dir = status_dir_path(dom);
    r = dir_make(dir, 0700);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot make '%s', the directory of domain '%s'",
                               dir, dom->name);
    l->monitor_fd = unix_listen(path, 0600, 1);
    if (l->monitor_fd < 0)
        return error_set_errno(err, AREA_QEMU, l->monitor_fd,
                               "cannot make '%s', the monitor socket of domain '%s'", path,
                               dom->name);
    return 0;
}

// Why a guest cannot have KVM, and what fixes it; qemu/ knows only that it cannot.
static int check_kvm(const struct domain *dom, struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    int r = dom->live->type == DOMAIN_TYPE_KVM ? host_kvm_access(config->host) : 0;
    if (r == 0)
        return 0;
    AUTO_FREE char *user =
        config->set_user ? xstrdup(config->qemu_user) : xasprintf("of uid %d", (int)geteuid());
    return error_set_errno(
        err, AREA_QEMU, r, "domain '%s' is of type kvm; cannot open /dev/kvm as user %s (%s)",
        dom->name, user,
        r == -EACCES || r == -EPERM
            ? "add that user to the device's group, mostly 'kvm', or use type qemu"
            : "switch virtualization on in the firmware and load kvm_intel or kvm_amd, or use type qemu");
}

// For <os firmware='efi'>: the first that fits, and what it needs.
static int choose_firmware(const struct domain *dom, struct launch *l, struct error *err)
{
    struct domain_os *os = &dom->live->os;
    enum toggle *smm = &dom->live->features.smm;
    struct firmware_wanted wanted = {.secure = os->loader_secure, .no_smm = *smm == TOGGLE_NO};
    VEC_FOREACH (f, &os->firmware_features) {
        enum toggle *it =
            str_eq((*f)->name, "enrolled-keys") ? &wanted.enrolled_keys : &wanted.secure;
        *it = (*f)->enabled;
    }
    if (host_find_firmware(dom->all->config.host, os->arch, os->machine, &wanted, &l->firmware,
                           err) < 0)
        return -1;
    if (l->firmware.smm)
        *smm = os->loader_secure = TOGGLE_YES;
    return 0;
}

// Makes the variables from the template that the document names, or that belongs to the firmware.
static int make_nvram(struct task *t, struct domain *dom, struct launch *l, unsigned flags,
                      struct error *err)
{
    const struct domain_os *os = &dom->live->os;
    struct firmware_flash found = {0};
    const char *template = os->nvram_template ? os->nvram_template : l->firmware.nvram_template;
    bool reset = flags & DOMAIN_START_RESET_NVRAM;
    enum nvram_state state = NVRAM_OTHER;
    if (!template && os->nvram && os->loader_type == LOADER_PFLASH) {
        struct firmware_wanted wanted = {.loader = os->loader};
        if (nvram_check(t, dom, os->nvram, &state, err) < 0)
            return -1;
        if ((reset || state == NVRAM_MISSING) &&
            host_find_firmware(dom->all->config.host, os->arch, os->machine, &wanted, &found, err) <
                0)
            return -1;
        template = found.nvram_template;
    }
    int r = nvram_make(t, dom, template, reset, err);
    firmware_flash_finish(&found);
    return r;
}

static int prepare_firmware(struct task *t, struct domain *dom, struct launch *l, unsigned flags,
                            struct error *err)
{
    const struct domain_os *os = &dom->live->os;
    if (os->firmware == FIRMWARE_EFI && !os->loader && choose_firmware(dom, l, err) < 0)
        return -1;
    return make_nvram(t, dom, l, flags, err);
}

static int build_argv(struct task *t, struct domain *dom, struct launch *l, struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    AUTO_FREE char *dir = status_dir_path(dom);
    struct command_input in = {
        .def = dom->live,
        .caps = l->caps,
        .kvm_usable = host_kvm_usable(config->host),
        .monitor_fd = l->monitor_fd,
        .now_s = (int64_t)(now_realtime_us() / 1000000),
        .domain_dir = dir,
        .loader = l->firmware.loader,
        .nvram = l->firmware.loader ? dom->live->os.nvram : NULL,
        .firmware_format = l->firmware.format,
    };
    const struct domain_cpu *cpu = dom->live->cpu;
    if (cpu && cpu->vendor && node_get_cpu_model("", &l->host_cpu, err) < 0)
        return -1;
    in.host_vendor = l->host_cpu.vendor;
    if (dom->live->os.smbios == SMBIOS_HOST && node_get_smbios("", &l->host_smbios, err) < 0)
        return -1;
    in.host_smbios = &l->host_smbios;
    if (check_kvm(dom, err) < 0 || chardevs_open(t, dom, &in, &l->chardevs, err) < 0)
        return -1;
    in.chardevs = l->chardevs.v;
    in.nchardevs = l->chardevs.n;
    in.sides = l->sides.v;
    in.nsides = l->sides.n;
    VEC(struct command_iface) ifaces = {0};
    VEC_FOREACH (link, &l->ifaces)
        vec_push(&ifaces, iface_for_command(link));
    in.ifaces = ifaces.v;
    in.nifaces = ifaces.n;
    int r = command_build(&in, &l->command, err);
    vec_finish(&ifaces);
    return r;
}

// ---- the process -------------------------------------------------------------------------------

// What the child does before it becomes QEMU.
struct setup {
    int lock_fd;     // there
    cpu_set_t *cpus; // NULL: all
};

static int set_up(void *arg)
{
    const struct setup *s = arg;
    if (s->cpus && sched_setaffinity(0, sizeof(*s->cpus), s->cpus) < 0)
        return -errno;
    return pid_file_write(s->lock_fd);
}

// The CPUs of <vcpu cpuset=>: all threads of QEMU stay on them. *ret is NULL when there is none.
static int choose_cpus(const struct domain *dom, cpu_set_t *cpus, cpu_set_t **ret,
                       struct error *err)
{
    const char *text = dom->live->vcpu_cpuset;
    long n = sysconf(_SC_NPROCESSORS_CONF);
    *ret = NULL;
    if (!text)
        return 0;
    if (vcpu_cpuset_parse(text, cpus) < 0)
        return error_set(err, ERROR_INTERNAL, AREA_QEMU, "'%s' is not a list of CPUs", text);
    for (int i = n > 0 ? (int)n : 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, cpus))
            return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                             "domain '%s': <vcpu cpuset='%s'>: this host has no CPU %d, only 0-%ld",
                             dom->name, text, i, n - 1);
    }
    *ret = cpus;
    return 0;
}

static int spawn(struct task *t, struct domain *dom, struct launch *l, struct error *err)
{
    cpu_set_t cpus;
    struct setup setup;
    if (choose_cpus(dom, &cpus, &setup.cpus, err) < 0)
        return -1;
    // The lock's descriptor stays open in QEMU: see status.c. Its number there is the first free
    // one.
    int highest = STDERR_FILENO;
    VEC_FOREACH (fd, &l->command.fds)
        highest = fd->target > highest ? fd->target : highest;
    struct child_fd lock = {.fd = l->lock_fd, .target = highest + 1};
    vec_push(&l->command.fds, lock);
    setup.lock_fd = lock.target;

    // A core dump of a guest is as large as its memory.
    struct child_limit limits[] = {{RLIMIT_CORE, {0, RLIM_INFINITY}}};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = strv_argv(&l->command.args);
    spec.envp = strv_argv(&l->command.env);
    spec.stdout_fd = spec.stderr_fd = l->log.fd;
    spec.fds = l->command.fds.v;
    spec.nfds = l->command.fds.n;
    spec.limits = limits;
    spec.nlimits = dom->live->dump_core == TOGGLE_YES ? 0 : ARRAY_LEN(limits);
    spec.new_session = true;
    spec.capabilities = 0;
    spec.umask = 077;
    domains_set_user(dom->all, &spec);
    spec.setup = set_up;
    spec.setup_arg = &setup;
    return child_spawn(t, &spec, &dom->process, err);
}

static struct device *find_chardev(struct domain_def *def, const char *label)
{
    // QEMU's labels are "char" and the alias.
    if (!str_starts(label, "char"))
        return NULL;
    return alias_find(def, label + strlen("char"));
}

int start_query(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct qmp_chardev_info_list chardevs;
    uint64_t deadline = domain_answer_deadline(dom);
    if (qmp_query_chardev(t, dom->qmp, deadline, &chardevs, err) < 0)
        return -1;
    struct domain_def *def = dom->live;
    for (size_t i = 0; i < chardevs.n; i++) {
        struct device *dev = find_chardev(def, chardevs.v[i].label);
        const struct device_class *class = dev ? device_class_of(dev->kind) : NULL;
        struct chardev_source *s = class && class->chardev ? class->chardev(def, dev) : NULL;
        struct domain_chardev *c = (struct domain_chardev *)dev;
        if (s && s->type == CHARDEV_PTY && str_starts(chardevs.v[i].filename, "pty:"))
            str_replace(&s->path, chardevs.v[i].filename + strlen("pty:"));
        if (s && dev->kind == DEVICE_CHANNEL && c->target == CHANNEL_TARGET_VIRTIO)
            c->state = chardevs.v[i].frontend_open ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
    }
    qmp_chardev_info_list_finish(&chardevs);
    VEC_FOREACH (it, &def->consoles) {
        struct domain_chardev *c = *it;
        if (c->target == CONSOLE_TARGET_SERIAL && def->serials.n > 0) {
            str_replace(&c->source.path, def->serials.v[0]->source.path);
            str_replace(&c->dev.alias, def->serials.v[0]->dev.alias);
        }
        if (c->source.type == CHARDEV_PTY)
            str_replace(&c->tty, c->source.path);
    }
    return 0;
}

// An inactive guest's balloon starts full: what is above currentMemory is taken back from the
// guest.
static int set_balloon(struct task *t, struct domain *dom, struct error *err)
{
    const struct domain_def *def = dom->live;
    bool has_balloon = def->memballoon && !str_eq(def->memballoon->model, "none");
    if (!has_balloon || def->current_memory_kib >= def->memory_kib)
        return 0;
    return qmp_balloon(t, dom->qmp, def->current_memory_kib * 1024, domain_answer_deadline(dom),
                       err);
}

// What the command line can't say.
static int set_devices(struct task *t, struct domain *dom, struct error *err)
{
    uint64_t deadline = domain_answer_deadline(dom);
    VEC_FOREACH (iface, &dom->live->interfaces) {
        if ((*iface)->link == LINK_DOWN &&
            qmp_set_link(t, dom->qmp, (*iface)->dev.alias, false, deadline, err) < 0)
            return -1;
    }
    const struct domain_memballoon *balloon = dom->live->memballoon;
    if (balloon && balloon->stats_period_s.set && balloon->dev.alias) {
        AUTO_FREE char *path = xasprintf("/machine/peripheral/%s", balloon->dev.alias);
        return qmp_qom_set(t, dom->qmp, path, "guest-stats-polling-interval",
                           (int64_t)balloon->stats_period_s.value, deadline, err);
    }
    return 0;
}

// The end of its validity first: at no time does a password let in longer than it may.
static int set_password(struct task *t, struct domain *dom, const struct domain_graphics *g,
                        struct error *err)
{
    const char *protocol = g->type == GRAPHICS_VNC ? "vnc" : "spice";
    uint64_t deadline = domain_answer_deadline(dom);
    int64_t end;
    if (g->password_valid_to && graphics_valid_to(g, &end) == 0) {
        AUTO_FREE char *time = xasprintf("%lld", (long long)end);
        if (qmp_expire_password(t, dom->qmp, protocol, time, deadline, err) < 0)
            return -1;
    }
    struct qmp_set_password_args args = {
        .protocol = protocol,
        .password = g->password,
        .connected = g->connected ? graphics_connected_name(g->connected) : NULL,
    };
    return qmp_set_password(t, dom->qmp, &args, deadline, err);
}

static int set_passwords(struct task *t, struct domain *dom, struct error *err)
{
    VEC_FOREACH (g, &dom->live->graphics) {
        if ((*g)->password && set_password(t, dom, *g, err) < 0)
            return -1;
    }
    return 0;
}

int start_hook(struct task *t, struct domain *dom, const char *operation, const char *suboperation,
               struct error *err)
{
    const char *const *hooks = dom->all->config.hooks;
    if (!hook_is_present(hooks, "qemu"))
        return 0;
    AUTO_FREE char *xml = domain_def_format(dom->live, DOMAIN_XML_LIVE | DOMAIN_XML_SECURE);
    return hook_run(t, hooks, "qemu", dom->name, operation, suboperation, xml, err);
}

int start_complete_disk(struct task *t, struct domain *dom, struct domain_disk *disk,
                        struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    return config->complete_disk ? config->complete_disk(t, config->complete_arg, disk, err) : 0;
}

static int complete_disks(struct task *t, struct domain *dom, struct error *err)
{
    VEC_FOREACH (disk, &dom->live->disks) {
        if (start_complete_disk(t, dom, *disk, err) < 0)
            return -1;
        alias_assign_device(dom->live, &(*disk)->dev); // numbers for what is new
    }
    return stop_is_unwanted(dom, err);
}

static int run(struct task *t, struct domain *dom, struct launch *l, unsigned flags,
               struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    if (complete_disks(t, dom, err) < 0 || start_hook(t, dom, "prepare", "begin", err) < 0 ||
        host_qemu_caps(t, config->host, dom->live->emulator, &l->caps, err) < 0 ||
        stop_is_unwanted(dom, err) < 0 ||
        guest_log_open(&l->log, config->log_dir, config->log_max_bytes, dom->name, err) < 0 ||
        ports_choose(dom, err) < 0 || prepare_firmware(t, dom, l, flags, err) < 0 ||
        open_listener(dom, l, err) < 0 || images_grant(t, dom, err) < 0 ||
        iface_plug_all(t, dom, &l->ifaces, err) < 0 || sides_start(t, dom, &l->sides, err) < 0 ||
        build_argv(t, dom, l, err) < 0)
        return -1;
    guest_log_command(&l->log, &l->command.args);
    if (status_save(dom, err) < 0 || start_hook(t, dom, "start", "begin", err) < 0 ||
        stop_is_unwanted(dom, err) < 0 || spawn(t, dom, l, err) < 0)
        return -1;
    domain_move(dom, MOVE_LAUNCHED);
    if (stop_watch(dom, err) < 0)
        return -1;
    close_fd(&l->monitor_fd); // so that its end is seen as the connection's end
    close_fd(&l->lock_fd);
    side_fds_finish(&l->sides);
    iface_vec_finish(dom, &l->ifaces); // QEMU has its own: when it ends, so do the taps
    if (connection_open(t, dom, config->timeouts.start_ms, err) < 0 ||
        start_query(t, dom, err) < 0 || set_passwords(t, dom, err) < 0 ||
        set_devices(t, dom, err) < 0 || set_balloon(t, dom, err) < 0 ||
        start_hook(t, dom, "started", "begin", err) < 0)
        return -1;
    // On disk before the answer: the next daemon ends a domain whose start was not completed.
    if (flags & DOMAIN_START_PAUSED)
        return domain_move_saved(dom, MOVE_BOOTED_PAUSED, err);
    if (qmp_cont(t, dom->qmp, domain_answer_deadline(dom), err) < 0)
        return -1;
    // Unless it has powered off or panicked already.
    bool runs = domain_is_active(dom) && !dom->process_ended && domain_may_move(dom, MOVE_BOOTED);
    return runs ? domain_move_saved(dom, MOVE_BOOTED, err) : 0;
}

// QEMU's last output says more than the end of a connection.
static void explain(struct domain *dom, struct launch *l, bool ended, struct error *err)
{
    AUTO_FREE char *tail = guest_log_tail(&l->log);
    if (!err || !tail || dom->process.pid == 0)
        return;
    if (ended)
        error_set(err, ERROR_INTERNAL, AREA_QEMU, "domain '%s' ended while starting: QEMU says: %s",
                  dom->name, tail);
    else
        error_set(err, err->code, err->area, "%s; QEMU says: %s", error_message(err), tail);
}

// Gives up a start that failed with *err.
static void give_up(struct task *t, struct domain *dom, struct launch *l, struct error *err)
{
    // A connection that ended says that the process is about to, if it did not already.
    bool ended = err && err->code != ERROR_OPERATION_TIMEOUT && stop_is_ending(t, dom);
    if (stop_kill(t, dom, false, NULL) < 0)
        process_kill(&dom->process, SIGKILL); // we may not wait: it has run nothing yet
    else if (l->lock_fd >= 0)
        flock(l->lock_fd, LOCK_UN); // another's child has a copy until it becomes its program
    // A client destroyed it meanwhile: then that is the error.
    if (stop_is_unwanted(dom, err) == 0) {
        explain(dom, l, ended, err);
        if (ended)
            sides_explain(t, dom, err);
    }
    close_fd(&l->lock_fd);
    stop_locked(t, dom, dom->stop_as ? dom->stop_as : MOVE_STOPPED_START_FAILED);
}

int start_locked(struct task *t, struct domain *dom, unsigned flags, const void *autodestroy,
                 struct error *err)
{
    object_assert_locked(t, &dom->object);
    if (!dom->live)
        dom->live = domain_def_copy(dom->def);
    if (!dom->live->emulator) {
        const char *arch = dom->live->os.arch;
        domain_def_destroy(STEAL(dom->live));
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                         "domain '%s' has no <emulator> and this host has no qemu-system for %s: "
                         "install it (apt-get install qemu-system) and define the domain again",
                         dom->name, arch ? arch : "its architecture");
    }
    alias_assign(dom->live);
    dom->id = dom->all->next_id++;
    dom->live->id = OPT_UINT((uint64_t)dom->id);
    dom->stop_as = MOVE_NONE;
    dom->process_ended = dom->restart_on_shutdown = dom->restarting = dom->adopting = false;
    dom->pause_as = MOVE_NONE;
    dom->exit_status = -1;
    dom->autodestroy = autodestroy;
    dom->side_state = SIDE_STATE_AS_DEFINED;
    completion_init(&dom->ended);
    object_set_active(&dom->object, true);

    struct launch l = {.monitor_fd = -1, .lock_fd = -1, .log = GUEST_LOG_INIT};
    int r = run(t, dom, &l, flags, err);
    if (r < 0)
        give_up(t, dom, &l, err);
    launch_finish(dom, &l);
    return r;
}

int domain_start(struct task *t, struct domain *dom, unsigned flags, const void *autodestroy,
                 struct error *err)
{
    if (domain_lock_present(t, dom, "start", err) < 0)
        return -1;
    int r = domain_is_active(dom) ? error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                                              "domain '%s' is already running", dom->name)
                                  : start_locked(t, dom, flags, autodestroy, err);
    domain_unlock(dom);
    return r;
}
