// SPDX-License-Identifier: GPL-2.0-or-later
// The table of guests, and how one gets into it and out of it.
#include "base/file.h"
#include "base/offload.h"
#include "bridge/netlink.h"
#include "qemu/address/address.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <sys/stat.h>

static void set_default(uint64_t *timeout_ms, uint64_t usual)
{
    if (*timeout_ms == 0)
        *timeout_ms = usual;
}

struct domains *domains_create(const struct domains_config *config)
{
    struct domains *all = NEW(struct domains);
    all->config = *config;
    struct domain_timeouts *t = &all->config.timeouts;
    set_default(&t->lock_ms, 30000);
    set_default(&t->file_ms, FOREIGN_FILE_TIMEOUT_MS);
    set_default(&t->answer_ms, 30000);
    set_default(&t->start_ms, 60000);
    set_default(&t->adopt_ms, 30000);
    set_default(&t->reconnect_ms, 10000);
    set_default(&t->quit_ms, 10000);
    set_default(&t->term_ms, 10000);
    set_default(&t->unplug_ms, 5000);
    set_default(&t->kill_ms, 5000);
    all->next_id = 1;
    list_init(&all->list);
    completion_init(&all->handing_back_ended);
    return all;
}

void domains_destroy(struct domains *all)
{
    if (!all)
        return;
    struct domain *dom, *tmp;
    LIST_FOREACH_SAFE (dom, tmp, &all->list, link) {
        // The process goes on: only our ends of its things are closed.
        qmp_close(dom->qmp);
        dom->qmp = NULL;
        sd_event_source_disable_unref(dom->process_watch);
        dom->process_watch = NULL;
        process_close(&dom->process);
        domains_remove(dom);
    }
    netlink_close(all->netlink);
    free(all);
}

struct domain *domains_add(struct domains *all, const char *name, const struct uuid *uuid)
{
    struct domain *dom = NEW(struct domain);
    dom->all = all;
    dom->refs = 1;
    dom->name = xstrdup(name);
    dom->uuid = *uuid;
    dom->id = -1;
    dom->process = PROCESS_NONE;
    dom->exit_status = -1;
    task_lock_init(&dom->lock);
    completion_init(&dom->ended);
    completion_init(&dom->device_deleted);
    list_append(&all->list, &dom->link);
    return dom;
}

void domains_remove(struct domain *dom)
{
    if (dom->removed)
        return;
    dom->removed = true;
    list_remove(&dom->link);
    domain_unref(dom);
}

struct domain *domain_ref(struct domain *dom)
{
    dom->refs++;
    return dom;
}

void domain_unref(struct domain *dom)
{
    if (--dom->refs > 0)
        return;
    domain_def_destroy(dom->def);
    domain_def_destroy(dom->live);
    hotplug_drop_deleted(dom);
    granted_finish(&dom->granted);
    vec_finish(&dom->macvtaps);
    free(dom->name);
    free(dom);
}

size_t domains_count_active(const struct domains *all)
{
    return all->active;
}

// False while it is being stored for the first time: nobody but those who define may see it.
static bool is_there(const struct domain *dom)
{
    return dom->def || dom->live;
}

struct domain *domains_find_uuid(const struct domains *all, const struct uuid *uuid)
{
    struct domain *dom;
    LIST_FOREACH (dom, &all->list, link) {
        if (is_there(dom) && uuid_eq(&dom->uuid, uuid))
            return dom;
    }
    return NULL;
}

struct domain *domains_find_name(const struct domains *all, const char *name)
{
    struct domain *dom;
    LIST_FOREACH (dom, &all->list, link) {
        if (is_there(dom) && str_eq(dom->name, name))
            return dom;
    }
    return NULL;
}

struct domain *domains_find_id(const struct domains *all, int id)
{
    struct domain *dom;
    LIST_FOREACH (dom, &all->list, link) {
        if (dom->live && dom->id == id)
            return dom;
    }
    return NULL;
}

struct domain *domains_next(const struct domains *all, struct domain *after)
{
    struct list *link = after ? after->link.next : all->list.next;
    for (; link != &all->list; link = link->next) {
        struct domain *dom = LIST_ITEM(link, struct domain, link);
        if (is_there(dom))
            return dom;
    }
    return NULL;
}

int domain_lock(struct task *t, struct domain *dom, const char *job, struct error *err)
{
    int r = task_lock_acquire(t, &dom->lock, task_deadline_ms(dom->all->config.timeouts.lock_ms));
    if (r == -ETIMEDOUT)
        return error_set(
            err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
            "cannot %s guest '%s': it is busy with '%s' since %ju s; wait for that, or "
            "end the guest with destroy",
            job, dom->name, dom->job ? dom->job : "another change",
            (uintmax_t)((now_monotonic_us() - dom->job_since_us) / 1000000));
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot %s guest '%s'", job, dom->name);
    dom->job = job;
    dom->job_since_us = now_monotonic_us();
    return 0;
}

void domain_unlock(struct domain *dom)
{
    dom->job = NULL;
    task_lock_release(&dom->lock);
}

uint64_t domain_answer_deadline(const struct domain *dom)
{
    return task_deadline_ms(dom->all->config.timeouts.answer_ms);
}

int domain_not_active(const struct domain *dom, struct error *err)
{
    return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain '%s' is not running",
                     dom->name);
}

int domain_lock_affected(struct task *t, struct domain *dom, const char *job, unsigned *affect,
                         struct error *err)
{
    // Once more when its connection is found lost: the task that reconnects, or cleans up, waits
    // for its turn since then, which is before our next one.
    for (int i = 0; i < 2; i++) {
        unsigned resolved = *affect;
        if (domain_lock(t, dom, job, err) < 0)
            return -1;
        int r = domain_resolve_affect(dom, &resolved, err);
        if (r == 0 && (!(resolved & DOMAIN_AFFECT_LIVE) || (dom->qmp && qmp_is_open(dom->qmp)))) {
            *affect = resolved;
            return 0;
        }
        domain_unlock(dom);
        if (r < 0)
            return -1;
        task_yield(t);
    }
    if (stop_is_ending(t, dom))
        return domain_not_active(dom, err);
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                     "cannot %s guest '%s': the connection to its QEMU is lost; it runs on and can "
                     "only be destroyed",
                     job, dom->name);
}

int domain_lock_active(struct task *t, struct domain *dom, const char *job, struct error *err)
{
    unsigned live = DOMAIN_AFFECT_LIVE;
    return domain_is_active(dom) ? domain_lock_affected(t, dom, job, &live, err)
                                 : domain_not_active(dom, err);
}

// ---- documents ---------------------------------------------------------------------------------

static int find_machine(const struct domain_def *def, const struct qemu_caps *caps,
                        const char **ret, struct error *err)
{
    const struct qemu_machine *m = qemu_caps_machine(caps, def->os.machine);
    if (!m && def->os.machine)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': the emulator for %s has no machine type '%s'", def->name,
                         def->os.arch ? def->os.arch : caps->arch, def->os.machine);
    *ret = m ? m->name : NULL;
    return 0;
}

static int complete(struct domain_def *def, const struct domain_defaults *defaults,
                    struct error *err)
{
    domain_def_fill(def, defaults);
    return domain_def_check(def, err) < 0 ? -1 : address_assign(def, err);
}

// UEFI keeps its variables in a file of the guest's own.
static void name_nvram(const struct domains *all, struct domain_def *def)
{
    struct domain_os *os = &def->os;
    if (os->nvram || !(os->firmware == FIRMWARE_EFI || os->nvram_template))
        return;
    AUTO_FREE char *dir = path_join(all->config.state_dir, "nvram");
    os->nvram = path_for_name(dir, def->name, "_VARS.fd");
}

int domains_parse(struct task *t, struct domains *all, const char *xml, unsigned parse_flags,
                  struct domain_def **ret, struct error *err)
{
    struct host *host = all->config.host;
    struct domain_def *def = domain_def_parse(xml, strlen(xml), parse_flags, err);
    if (!def)
        return -1;
    // The machine type's full name is the binary's to tell; without the binary the document is kept
    // as it is written, so that a guest can be defined before its QEMU is installed.
    const char *arch = def->os.arch ? def->os.arch : host_arch(host);
    const char *emulator = def->emulator ? def->emulator : host_find_emulator(host, arch);
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    AUTO_ERROR probe = ERROR_INIT;
    if (emulator && host_qemu_caps(t, host, emulator, &caps, &probe) < 0)
        log_info("guest '%s': %s", def->name ? def->name : "", error_message(&probe));
    struct domain_defaults defaults = {.arch = host_arch(host), .emulator = emulator};
    if ((caps && find_machine(def, caps, &defaults.machine, err) < 0) ||
        complete(def, &defaults, err) < 0) {
        domain_def_destroy(def);
        return -1;
    }
    name_nvram(all, def);
    *ret = def;
    return 0;
}

// ---- define, create, undefine
// --------------------------------------------------------------------

// Whether def may take its name and uuid; *ret is the guest that it is about, NULL: a new one.
// Those still being stored count: two definitions of one name at the same instant must meet at one
// lock.
static int find_place(struct domains *all, const struct domain_def *def, struct domain **ret,
                      struct error *err)
{
    char text[UUID_TEXT_SIZE];
    struct domain *dom;
    *ret = NULL;
    LIST_FOREACH (dom, &all->list, link) {
        bool named = str_eq(dom->name, def->name), same = uuid_eq(&dom->uuid, &def->uuid.value);
        if (named && same)
            *ret = dom;
        else if (named)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                             "domain '%s' already exists with uuid %s", def->name,
                             uuid_format(&dom->uuid, text));
        else if (same)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                             "domain '%s' is already defined with uuid %s", dom->name,
                             uuid_format(&dom->uuid, text));
    }
    return 0;
}

// Locks the guest that def is about, making it when there is none; *is_new says so.
static int lock_place(struct task *t, struct domains *all, const struct domain_def *def,
                      const char *job, struct domain **ret, bool *is_new, struct error *err)
{
    for (;;) {
        struct domain *dom;
        if (find_place(all, def, &dom, err) < 0)
            return -1;
        *is_new = !dom;
        if (!dom)
            dom = domains_add(all, def->name, &def->uuid.value);
        domain_ref(dom);
        if (domain_lock(t, dom, job, err) < 0) {
            domain_unref(dom);
            return -1;
        }
        if (!dom->removed) {
            *ret = dom;
            return 0;
        }
        // It went away while we waited: look again.
        domain_unlock(dom);
        domain_unref(dom);
    }
}

int domain_define(struct task *t, struct domains *all, struct domain_def *def, struct domain **ret,
                  struct error *err)
{
    const struct domain_observer *o = &all->config.observer;
    struct domain *dom;
    bool is_new;
    if (lock_place(t, all, def, "define", &dom, &is_new, err) < 0) {
        domain_def_destroy(def);
        return -1;
    }
    if (domain_store_save(t, all, def, err) < 0) {
        domain_def_destroy(def);
        if (is_new)
            domains_remove(dom);
        domain_unlock(dom);
        domain_unref(dom);
        return -1;
    }
    bool added = is_new || !dom->def;
    domain_def_destroy(dom->def);
    dom->def = def;
    if (dom->live)
        (void)status_save(dom, NULL);
    domain_unlock(dom);
    if (o->defined)
        o->defined(o->arg, dom, added);
    *ret = dom;
    domain_unref(dom);
    return 0;
}

int domain_create(struct task *t, struct domains *all, struct domain_def *def, unsigned start_flags,
                  const void *autodestroy, struct domain **ret, struct error *err)
{
    struct domain *dom;
    bool is_new;
    if (lock_place(t, all, def, "create", &dom, &is_new, err) < 0) {
        domain_def_destroy(def);
        return -1;
    }
    int r = -1;
    if (domain_is_active(dom)) {
        domain_def_destroy(def);
        error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain is already active as '%s'",
                  dom->name);
    } else {
        // A stored guest is started from this document once, and stays stored as it was.
        dom->live = def;
        r = start_locked(t, dom, start_flags, autodestroy, err);
    }
    if (r < 0 && is_new)
        domains_remove(dom);
    domain_unlock(dom);
    *ret = dom;
    domain_unref(dom);
    return r;
}

static int undefine_locked(struct task *t, struct domain *dom, bool remove_nvram, bool keep_nvram,
                           struct error *err)
{
    if (!dom->def || dom->removed)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot undefine transient domain");
    enum nvram_state nvram;
    if (nvram_check(t, dom, &nvram, err) < 0)
        return -1;
    if (nvram != NVRAM_MISSING && !remove_nvram && !keep_nvram)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot undefine domain with nvram: domain '%s' has '%s'; use --nvram to "
                         "remove it or --keep-nvram to keep it",
                         dom->name, dom->def->os.nvram);
    if (nvram == NVRAM_OTHER && remove_nvram)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "will not remove '%s', the nvram of domain '%s': it is not a regular file "
                         "with UEFI variables; use --keep-nvram",
                         dom->def->os.nvram, dom->name);
    if (domain_store_remove(t, dom->all, dom->def->name, err) < 0)
        return -1;
    if (nvram == NVRAM_VARIABLES && remove_nvram)
        nvram_remove(t, dom);
    dom->autostart = false;
    return 0;
}

int domain_undefine(struct task *t, struct domain *dom, bool remove_nvram, bool keep_nvram,
                    struct error *err)
{
    const struct domain_observer *o = &dom->all->config.observer;
    if (domain_lock(t, dom, "undefine", err) < 0)
        return -1;
    int r = undefine_locked(t, dom, remove_nvram, keep_nvram, err);
    if (r == 0) {
        if (o->undefined)
            o->undefined(o->arg, dom);
        if (dom->live) {
            domain_def_destroy(dom->def);
            dom->def = NULL; // goes on as a transient one
            (void)status_save(dom, NULL);
        } else {
            domains_remove(dom);
        }
    }
    domain_unlock(dom);
    return r;
}

int domain_set_autostart(struct task *t, struct domain *dom, bool on, struct error *err)
{
    if (domain_lock(t, dom, "set autostart of", err) < 0)
        return -1;
    int r = 0;
    if (!dom->def || dom->removed)
        r = error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                      "cannot set autostart for transient domain");
    else if (dom->autostart != on)
        r = domain_store_mark(t, dom->all, dom->def->name, on, err);
    if (r == 0)
        dom->autostart = on;
    domain_unlock(dom);
    return r;
}

int domain_resolve_affect(const struct domain *dom, unsigned *affect, struct error *err)
{
    if (*affect == DOMAIN_AFFECT_CURRENT)
        *affect = dom->live ? DOMAIN_AFFECT_LIVE : DOMAIN_AFFECT_CONFIG;
    if ((*affect & DOMAIN_AFFECT_LIVE) && (!dom->live || dom->process_ended))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain is not running");
    if ((*affect & DOMAIN_AFFECT_CONFIG) && (!dom->def || dom->removed))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "transient domains do not have any "
                         "persistent config");
    return 0;
}

static int change_locked(struct task *t, struct domain *dom, unsigned affect,
                         int (*change)(struct domain_def *def, void *arg, struct error *err),
                         void *arg, struct error *err)
{
    struct domain_def *def = NULL, *live = NULL;
    if (domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG)
        def = domain_def_copy(dom->def);
    if (affect & DOMAIN_AFFECT_LIVE)
        live = domain_def_copy(dom->live);
    // On copies, and stored first: what fails leaves both as they were.
    if ((def && change(def, arg, err) < 0) || (live && change(live, arg, err) < 0) ||
        (def && domain_store_save(t, dom->all, def, err) < 0)) {
        domain_def_destroy(def);
        domain_def_destroy(live);
        return -1;
    }
    if (def) {
        domain_def_destroy(dom->def);
        dom->def = def;
    }
    if (live && dom->live) {
        domain_def_destroy(dom->live);
        dom->live = live;
        dom->updated = true;
        (void)status_save(dom, NULL);
    } else {
        domain_def_destroy(live); // it ended while we stored
    }
    return 0;
}

int domain_change(struct task *t, struct domain *dom, unsigned affect,
                  int (*change)(struct domain_def *def, void *arg, struct error *err), void *arg,
                  struct error *err)
{
    if (domain_lock(t, dom, "change the definition of", err) < 0)
        return -1;
    int r = change_locked(t, dom, affect, change, arg, err);
    domain_unlock(dom);
    return r;
}
