// SPDX-License-Identifier: GPL-2.0-or-later
// The table of domains: what differs from other objects.
#include "base/file.h"
#include "base/offload.h"
#include "bridge/netlink.h"
#include "qemu/complete.h"
#include "supervisor/internal.h"
#include "supervisor/side.h"

#include <errno.h>

// ---- the class ---------------------------------------------------------------------------------

struct domain_def *domain_parse_stored(const char *xml, size_t len, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, len, 0, err);
    if (!def || (def->name && def->uuid.set))
        return def;
    error_set(err, ERROR_XML, AREA_DOMAIN, "it has no name or no uuid");
    domain_def_destroy(def);
    return NULL;
}

static void *parse(const struct object_table *table, const char *xml, size_t len, struct error *err)
{
    struct domain_def *def = domain_parse_stored(xml, len, err);
    // A definition that an earlier vireod has accepted is kept; its start says what is wrong.
    AUTO_ERROR why = ERROR_INIT;
    if (def && table && domains_complete((const struct domains *)table, def, NULL, NULL, &why) < 0)
        log_domain(LOG_LEVEL_WARN, def->name, "the stored definition is not complete: %s",
                   error_message(&why));
    return def;
}

static char *format(const void *def)
{
    return domain_def_format(def, DOMAIN_XML_SECURE);
}

static void destroy_def(void *def)
{
    domain_def_destroy(def);
}

static void init(struct object *o)
{
    struct domain *dom = (struct domain *)o;
    dom->all = (struct domains *)o->table;
    dom->process = PROCESS_NONE;
    dom->exit_status = -1;
    completion_init(&dom->ended);
    completion_init(&dom->device_deleted);
}

static void finish(struct object *o)
{
    struct domain *dom = (struct domain *)o;
    hotplug_drop_deleted(dom);
    granted_finish(&dom->granted);
    vec_finish(&dom->macvtaps);
    sides_finish(&dom->sides);
}

static void defined(struct object *o, bool added)
{
    struct domain *dom = (struct domain *)o;
    const struct domain_observer *observer = &dom->all->config.observer;
    if (observer->defined)
        observer->defined(observer->arg, dom, added);
}

static void undefined(struct object *o)
{
    struct domain *dom = (struct domain *)o;
    const struct domain_observer *observer = &dom->all->config.observer;
    if (observer->undefined)
        observer->undefined(observer->arg, dom);
}

static int start(struct task *t, struct object *o, struct error *err)
{
    return domain_start(t, (struct domain *)o, 0, NULL, err);
}

const struct object_class domain_class = {
    .kind = "domain",
    .noun = "domain",
    .active = "running",
    .busy_remedy = "; wait for that, or end the domain with destroy",
    .status_remedy = "if its QEMU still runs, end it by hand",
    .no_object = ERROR_NO_DOMAIN,
    .area = AREA_QEMU,
    .run_mode = 0700,
    .size = sizeof(struct domain),
    .log_field = offsetof(struct log_fields, domain),
    .def_name = offsetof(struct domain_def, name),
    .def_uuid = offsetof(struct domain_def, uuid.value),
    .parse = parse,
    .format = format,
    .destroy_def = destroy_def,
    .init = init,
    .finish = finish,
    .defined = defined,
    .undefined = undefined,
    .start = start,
};

// ---- the table ---------------------------------------------------------------------------------

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
    set_default(&t->adopt_ms, 10000);
    set_default(&t->reconnect_ms, 10000);
    set_default(&t->retry_ms, 1000);
    set_default(&t->quit_ms, 10000);
    set_default(&t->term_ms, 10000);
    set_default(&t->unplug_ms, 5000);
    set_default(&t->kill_ms, 5000);
    all->table = (struct object_table){.class = &domain_class,
                                       .sched = config->sched,
                                       .config_dir = config->config_dir,
                                       .run_dir = config->run_dir,
                                       .lock_ms = t->lock_ms,
                                       .idle = config->observer.idle,
                                       .idle_arg = config->observer.arg};
    objects_init(&all->table);
    all->next_id = 1;
    completion_init(&all->handing_back_ended);
    return all;
}

void domains_destroy(struct domains *all)
{
    if (!all)
        return;
    // Processes go on: only our ends of their things are closed.
    for (struct domain *dom = NULL; (dom = domains_next(all, dom));) {
        qmp_close(STEAL(dom->qmp));
        sd_event_source_disable_unref(STEAL(dom->process_watch));
        process_close(&dom->process);
        sides_finish(&dom->sides);
    }
    objects_finish(&all->table);
    netlink_close(all->netlink);
    free(all);
}

void domains_set_user(const struct domains *all, struct child_spec *spec)
{
    spec->set_user = all->config.set_user;
    spec->uid = all->config.qemu_uid;
    spec->gid = all->config.qemu_gid;
    spec->groups = all->config.qemu_groups;
    spec->ngroups = all->config.nqemu_groups;
}

struct domain *domains_find_id(const struct domains *all, int id)
{
    return (struct domain *)objects_find_id(&all->table, id);
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
    return error_set(
        err, ERROR_OPERATION_FAILED, AREA_QEMU,
        "cannot %s domain '%s': the connection to its QEMU is lost; it keeps running and "
        "can only be destroyed until its QEMU answers",
        job, dom->name);
}

int domain_lock_active(struct task *t, struct domain *dom, const char *job, struct error *err)
{
    unsigned live = DOMAIN_AFFECT_LIVE;
    return domain_is_active(dom) ? domain_lock_affected(t, dom, job, &live, err)
                                 : domain_not_active(dom, err);
}

// ---- documents ---------------------------------------------------------------------------------

int domains_complete(const struct domains *all, struct domain_def *def, const char *emulator,
                     const struct qemu_caps *caps, struct error *err)
{
    AUTO_FREE char *dir = path_join(all->config.state_dir, "nvram");
    struct complete_facts facts = {
        .arch = host_arch(all->config.host), .emulator = emulator, .caps = caps, .nvram_dir = dir};
    return complete_definition(def, &facts, err);
}

int domains_parse(struct task *t, struct domains *all, const char *xml, unsigned parse_flags,
                  struct domain_def **ret, struct error *err)
{
    struct host *host = all->config.host;
    struct domain_def *def = domain_def_parse(xml, strlen(xml), parse_flags, err);
    if (!def)
        return -1;
    // Only the binary knows the machine type's full name; without the binary the document is kept
    // as it is written, so that a domain can be defined before its QEMU is installed.
    const char *arch = def->os.arch ? def->os.arch : host_arch(host);
    const char *emulator = def->emulator ? def->emulator : host_find_emulator(host, arch);
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    AUTO_ERROR probe = ERROR_INIT;
    if (emulator && host_qemu_caps(t, host, emulator, &caps, &probe) < 0)
        log_info("domain '%s': %s", def->name ? def->name : "", error_message(&probe));
    if (domains_complete(all, def, emulator, caps, err) < 0) {
        domain_def_destroy(def);
        return -1;
    }
    *ret = def;
    return 0;
}

// ---- create, undefine, change ------------------------------------------------------------------

struct create {
    unsigned flags;
    const void *autodestroy;
};

static int create_locked(struct task *t, struct object *o, void *def, void *arg, struct error *err)
{
    struct domain *dom = (struct domain *)o;
    const struct create *c = arg;
    dom->live = def;
    return start_locked(t, dom, c->flags, c->autodestroy, err);
}

int domain_create(struct task *t, struct domains *all, struct domain_def *def, unsigned start_flags,
                  const void *autodestroy, struct domain **ret, struct error *err)
{
    struct create c = {start_flags, autodestroy};
    return object_create(t, &all->table, def, create_locked, &c, (struct object **)ret, err);
}

static enum side_state side_state_of(unsigned flags)
{
    return flags & DOMAIN_UNDEFINE_TPM        ? SIDE_STATE_REMOVE
           : flags & DOMAIN_UNDEFINE_KEEP_TPM ? SIDE_STATE_KEEP
                                              : SIDE_STATE_AS_DEFINED;
}

// What the processes of a domain that runs on keep is needed until it ends.
static void drop_side_state(struct task *t, struct domain *dom, const struct domain_def *def,
                            unsigned flags)
{
    dom->side_state = side_state_of(flags);
    if (domain_is_active(dom))
        (void)status_save(dom, NULL);
    else
        sides_remove_state(t, dom, def, dom->side_state);
}

static int undefine_stored(struct task *t, struct domain *dom, unsigned flags, struct error *err)
{
    struct domain_def *def = domain_def_copy(dom->def);
    int r = object_undefine_locked(t, &dom->object, err);
    if (r == 0)
        drop_side_state(t, dom, def, flags);
    domain_def_destroy(def);
    return r;
}

static int undefine_locked(struct task *t, struct domain *dom, unsigned flags, struct error *err)
{
    object_assert_locked(t, &dom->object);
    bool remove_nvram = flags & DOMAIN_UNDEFINE_NVRAM;
    bool keep_nvram = flags & DOMAIN_UNDEFINE_KEEP_NVRAM;
    AUTO_FREE char *path = dom->def ? xstrdup(dom->def->os.nvram) : NULL;
    enum nvram_state nvram;
    if (nvram_check(t, dom, path, &nvram, err) < 0)
        return -1;
    if (nvram != NVRAM_MISSING && !remove_nvram && !keep_nvram)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot undefine domain with nvram: domain '%s' has '%s'; use --nvram to "
                         "remove it or --keep-nvram to keep it",
                         dom->name, path);
    if (nvram == NVRAM_OTHER && remove_nvram)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "will not remove '%s', the nvram of domain '%s': it is not a regular file "
                         "with UEFI variables; use --keep-nvram",
                         path, dom->name);
    if (!dom->def ? object_undefine_locked(t, &dom->object, err)
                  : undefine_stored(t, dom, flags, err) < 0)
        return -1;
    if (nvram == NVRAM_VARIABLES && remove_nvram)
        nvram_remove(t, dom, path);
    return 0;
}

int domain_undefine(struct task *t, struct domain *dom, unsigned flags, struct error *err)
{
    if (domain_lock_present(t, dom, "undefine", err) < 0)
        return -1;
    int r = undefine_locked(t, dom, flags, err);
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
    object_assert_locked(t, &dom->object);
    struct domain_def *def = NULL, *live = NULL;
    if (domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG)
        def = domain_def_copy(dom->def);
    if (affect & DOMAIN_AFFECT_LIVE)
        live = domain_def_copy(dom->live);
    // On copies, and stored first: what fails leaves both as they were.
    if ((def && change(def, arg, err) < 0) || (live && change(live, arg, err) < 0) ||
        (def && object_store(t, &dom->object, def, err) < 0)) {
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
