// SPDX-License-Identifier: GPL-2.0-or-later
// Plugging devices into a running guest and out of it, and into and out of its stored definition.
//
// How this works
//
// What a device needs of QEMU is the list of commands that argv_build_device() makes of it: back
// ends first, the device last. Plugging in sends them in order, and undoes those done when one
// fails. Plugging out is a request to the guest (device_del); when QEMU says DEVICE_DELETED the
// guest has let go of it, and the inverse of the other commands is sent from the end. The guest may
// never answer, or when nobody waits any more.
#include "base/file.h"
#include "netmgr/netmgr.h"
#include "supervisor/address.h"
#include "supervisor/alias.h"
#include "supervisor/argv.h"
#include "supervisor/nic.h"
#include "supervisor/private.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum { UNPLUG_TIMEOUT_MS = 5000 };

// ---- commands and their inverse ----------------------------------------------------------------

static const struct {
    const char *command, *inverse, *id; // id: the member that names what was made
} inverses[] = {
    {"device_add", "device_del", "id"},      {"blockdev-add", "blockdev-del", "node-name"},
    {"chardev-add", "chardev-remove", "id"}, {"netdev_add", "netdev_del", "id"},
    {"object-add", "object-del", "id"},
};

// Drops the reply: what is undone may be gone already.
static void undo_step(struct domain *dom, const struct argv_step *step)
{
    for (size_t i = 0; i < ARRAY_LEN(inverses); i++) {
        struct json_object *value;
        if (!str_eq(inverses[i].command, step->command) ||
            !json_object_object_get_ex(step->args, inverses[i].id, &value))
            continue;
        struct json_object *args = json_object_new_object();
        json_object_object_add(args, inverses[i].id, json_object_get(value));
        if (dom->qmp)
            qmp_send(dom->qmp, inverses[i].inverse, args);
        else
            json_object_put(args);
    }
}

static int run_steps(struct task *t, struct domain *dom, struct argv_plug *plug, struct error *err)
{
    for (size_t i = 0; i < plug->steps.n; i++) {
        struct argv_step *step = &plug->steps.v[i];
        if (qmp_execute(t, dom->qmp, step->command, json_object_get(step->args),
                        domain_answer_deadline(dom), NULL, err) == 0)
            continue;
        while (i-- > 0)
            undo_step(dom, &plug->steps.v[i]);
        return -1;
    }
    return 0;
}

static int plan(struct task *t, struct domain *dom, struct device *dev, const struct nic *nic,
                struct argv_plug *plug, struct error *err)
{
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    struct host *host = dom->all->config.host;
    if (host_qemu_caps(t, host, dom->live->emulator, &caps, err) < 0)
        return -1;
    if (!dom->live)
        return domain_not_active(dom, err);
    struct argv_input in = {
        .def = dom->live,
        .caps = caps,
        .kvm_usable = host_kvm_usable(host),
        .monitor_fd = -1,
        .channel_dir = dom->all->config.run_dir,
    };
    struct argv_nic argv_nic;
    if (nic) {
        argv_nic = nic_for_argv(nic);
        in.nics = &argv_nic;
        in.nnics = 1;
    }
    return argv_build_device(&in, dev, plug, err);
}

// ---- finding the device a client means ---------------------------------------------------------

struct match {
    const struct device *wanted;
    struct device *found;
    unsigned count;
};

static bool same_address(const struct device_address *a, const struct device_address *b)
{
    return a->type == b->type && a->type == ADDRESS_PCI && a->bus.value == b->bus.value &&
           a->slot.value == b->slot.value && a->function.value == b->function.value;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    if (dev->kind != wanted->kind)
        return false;
    if (wanted->alias && dev->alias)
        return str_eq(wanted->alias, dev->alias);
    if (dev->kind == DEVICE_DISK)
        return str_eq(((const struct domain_disk *)dev)->target,
                      ((const struct domain_disk *)wanted)->target);
    if (wanted->address.type == ADDRESS_PCI && dev->address.type == ADDRESS_PCI)
        return same_address(&dev->address, &wanted->address);
    if (dev->kind == DEVICE_INTERFACE) {
        const struct domain_interface *a = (const struct domain_interface *)dev;
        const struct domain_interface *b = (const struct domain_interface *)wanted;
        return !b->mac.set || memcmp(a->mac.b, b->mac.b, sizeof(a->mac.b)) == 0;
    }
    if (dev->kind == DEVICE_CONTROLLER) {
        const struct domain_controller *a = (const struct domain_controller *)dev;
        const struct domain_controller *b = (const struct domain_controller *)wanted;
        return a->type == b->type && a->index.value == b->index.value;
    }
    return true;
}

static int match_one(struct device *dev, void *arg)
{
    struct match *m = arg;
    if (is_meant(dev, m->wanted)) {
        m->found = dev;
        m->count++;
    }
    return 0;
}

static struct device *find_device(const struct domain *dom, const struct domain_def *def,
                                  const struct device *wanted, struct error *err)
{
    struct match m = {.wanted = wanted};
    domain_def_each_device(def, match_one, &m);
    if (m.count == 1)
        return m.found;
    AUTO_FREE char *xml = domain_device_format(wanted, 0);
    if (m.count == 0)
        error_set(err, ERROR_DEVICE_MISSING, AREA_QEMU,
                  "device not found: guest '%s' has no %s like %s", dom->name,
                  device_kind_name(wanted->kind), xml);
    else
        error_set(
            err, ERROR_OPERATION_FAILED, AREA_QEMU,
            "operation failed: %u devices <%s> of guest '%s' fit; say which by its address, MAC "
            "or alias",
            m.count, device_kind_name(wanted->kind), dom->name);
    return NULL;
}

// ---- the stored definition ---------------------------------------------------------------------

static int complete(struct domain *dom, struct domain_def *def, struct error *err)
{
    struct domain_defaults defaults = {.arch = host_arch(dom->all->config.host)};
    if (domain_def_post_parse(def, &defaults, err) < 0 || domain_def_validate(def, err) < 0)
        return -1;
    return address_assign(def, err);
}

// A change of both the stored definition and the running guest is stored first: what is on disk can
// be put back when the guest refuses, while a guest can't be made to have never seen a device. def
// NULL: only the running guest is meant. Destroys def on failure.
static int store_first(struct task *t, struct domain *dom, struct domain_def *def,
                       struct error *err)
{
    if (!def || (complete(dom, def, err) == 0 && domain_store_save(t, dom->all, def, err) == 0))
        return 0;
    domain_def_destroy(def);
    return -1;
}

// Takes def: puts it in place, or back on disk what was there. Returns r.
static int settle(struct task *t, struct domain *dom, struct domain_def *def, int r)
{
    if (!def)
        return r;
    if (r == 0) {
        domain_def_destroy(dom->def);
        dom->def = def;
        return 0;
    }
    AUTO_ERROR err = ERROR_INIT;
    if (domain_store_save(t, dom->all, dom->def, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name,
                   "its stored definition has a change that the running guest refused: %s",
                   error_message(&err));
    domain_def_destroy(def);
    return r;
}

// ---- attach ------------------------------------------------------------------------------------

// Hands QEMU the descriptors under the names that argv_build_device() uses.
static int send_descriptors(struct task *t, struct domain *dom, const struct nic *nic,
                            struct error *err)
{
    const char *alias = nic->iface->dev.alias;
    for (size_t i = 0; i < nic->tap.nfds + nic->nvhosts; i++) {
        bool is_tap = i < nic->tap.nfds;
        size_t k = is_tap ? i : i - nic->tap.nfds;
        AUTO_FREE char *name = xasprintf("%s-%s-%zu", is_tap ? "fd" : "vhostfd", alias, k);
        if (qmp_getfd(t, dom->qmp, name, is_tap ? nic->tap.fds[k] : nic->vhost_fds[k],
                      domain_answer_deadline(dom), err) < 0)
            return -1;
    }
    return 0;
}

static int plug(struct task *t, struct domain *dom, struct device *dev, struct error *err)
{
    struct domain_interface *iface =
        dev->kind == DEVICE_INTERFACE ? (struct domain_interface *)dev : NULL;
    struct argv_plug steps = {0};
    struct nic nic = {0};
    if (dev->kind == DEVICE_DISK && start_complete_disk(t, dom, (struct domain_disk *)dev, err) < 0)
        return -1;
    if (!dom->live)
        return domain_not_active(dom, err);
    alias_assign_device(dom->live, dev);
    if (address_assign_device(dom->live, dev, err) < 0 || images_grant_device(dom, dev, err) < 0 ||
        (iface && nic_plug(t, dom, iface, &nic, err) < 0))
        return -1;
    int r = plan(t, dom, dev, iface ? &nic : NULL, &steps, err);
    if (r == 0 && iface)
        r = send_descriptors(t, dom, &nic, err);
    if (r == 0)
        r = run_steps(t, dom, &steps, err);
    argv_plug_finish(&steps);
    if (iface) {
        nic_close(dom, &nic);
        if (r < 0)
            nic_unplug(dom, iface);
    }
    return r;
}

// What domain_def_post_parse() would make of the device is had from a definition it is put into.
// The caller destroys *ret.
static int complete_device(struct domain *dom, const struct domain_def *def, const char *xml,
                           struct device **ret, struct error *err)
{
    struct device *dev = domain_device_parse(xml, strlen(xml), 0, err);
    if (!dev)
        return -1;
    if (dev->kind == DEVICE_MEMBALLOON && def->memballoon) {
        domain_device_destroy(dev);
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
                         "guest '%s' has a memory balloon already", dom->name);
    }
    struct domain_def *copy = domain_def_copy(def);
    domain_def_add_device(copy, dev);
    struct domain_defaults defaults = {.arch = host_arch(dom->all->config.host)};
    int r = domain_def_post_parse(copy, &defaults, err);
    if (r == 0)
        r = domain_def_validate(copy, err);
    if (r == 0 && domain_def_remove_device(copy, dev) == 0)
        *ret = dev;
    else if (r == 0)
        r = error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU, "<%s> cannot be added by itself",
                      device_kind_name(dev->kind));
    domain_def_destroy(copy);
    return r;
}

static int attach_live(struct task *t, struct domain *dom, const char *xml, struct error *err)
{
    struct device *dev = NULL;
    if (complete_device(dom, dom->live, xml, &dev, err) < 0)
        return -1;
    if (plug(t, dom, dev, err) < 0) {
        domain_device_destroy(dev);
        return -1;
    }
    if (!dom->live) {
        domain_device_destroy(dev);
        return domain_not_active(dom, err);
    }
    const struct domain_observer *o = &dom->all->config.observer;
    domain_def_add_device(dom->live, dev);
    dom->updated = true;
    (void)status_save(dom, NULL);
    if (o->device_added)
        o->device_added(o->arg, dom, dev->alias);
    return 0;
}

static int attach_locked(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err)
{
    struct domain_def *def = NULL;
    if (domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG) {
        struct device *stored = NULL;
        if (complete_device(dom, dom->def, xml, &stored, err) < 0)
            return -1;
        def = domain_def_copy(dom->def);
        domain_def_add_device(def, stored);
    }
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = affect & DOMAIN_AFFECT_LIVE ? attach_live(t, dom, xml, err) : 0;
    return settle(t, dom, def, r);
}

int domain_attach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err)
{
    if (domain_lock(t, dom, "attach a device to", err) < 0)
        return -1;
    int r = attach_locked(t, dom, xml, affect, err);
    domain_unlock(dom);
    return r;
}

// ---- detach ------------------------------------------------------------------------------------

// What a device needs besides itself. Its descriptors are QEMU's by now: only the names of what was
// made with them count here.
static void drop_back_ends(struct task *t, struct domain *dom, struct device *dev)
{
    AUTO_ERROR err = ERROR_INIT;
    struct argv_plug steps = {0};
    int none = -1;
    struct nic nic = {.iface = (struct domain_interface *)dev, .tap = {.fds = &none, .nfds = 1}};
    bool has_tap = dev->kind == DEVICE_INTERFACE && nic.iface->type != INTERFACE_USER;
    if (plan(t, dom, dev, has_tap ? &nic : NULL, &steps, &err) < 0) {
        log_domain(LOG_LEVEL_WARN, dom->name, "what was behind '%s' stays in its QEMU: %s",
                   dev->alias, error_message(&err));
        return;
    }
    // The last command made the device itself: QEMU removed that one.
    for (size_t i = steps.steps.n > 0 ? steps.steps.n - 1 : 0; i-- > 0;)
        undo_step(dom, &steps.steps.v[i]);
    argv_plug_finish(&steps);
}

// Takes dev, which is no longer in the live definition.
static void remove_deleted(struct task *t, struct domain *dom, struct device *dev)
{
    drop_back_ends(t, dom, dev);
    if (dev->kind == DEVICE_INTERFACE)
        nic_unplug(dom, (struct domain_interface *)dev);
    dom->updated = true;
    (void)status_save(dom, NULL); // not before: who comes after us looks for it again
    VEC_FOREACH (u, &dom->unplugs) {
        if (!str_eq((*u)->alias, dev->alias))
            continue;
        (*u)->gone = true;
        completion_post(&(*u)->done, 0);
    }
    domain_device_destroy(dev);
}

struct deleted {
    struct domain *dom;
    char *alias;
};

static void deleted_main(struct task *t, void *arg)
{
    struct deleted *d = arg;
    AUTO_DOMAIN struct domain *dom = d->dom;
    AUTO_FREE char *alias = d->alias;
    free(d);
    // Whoever changes the guest may be at this very device. Who waits for one to go is not.
    bool lock = dom->unplugs.n == 0;
    if (lock && task_lock_acquire(t, &dom->lock, TASK_FOREVER) < 0)
        return;
    if (lock)
        dom->job = "take a device from";
    struct device *dev = dom->live ? alias_find(dom->live, alias) : NULL;
    if (dev && domain_def_remove_device(dom->live, dev) == 0)
        remove_deleted(t, dom, dev);
    if (lock)
        domain_unlock(dom);
}

// The guest has let go, maybe long after it was asked to: what stood behind the device goes too.
void hotplug_on_deleted(struct domain *dom, const char *alias)
{
    if (!alias)
        return; // a part of a device that has no name of its own
    struct deleted *d = NEW(struct deleted);
    *d = (struct deleted){.dom = domain_ref(dom), .alias = xstrdup(alias)};
    task_spawn(dom->all->config.sched, "device unplugged", deleted_main, d);
}

struct missing {
    struct json_object *there;
    struct device *found;
};

// Cards and disks have an object of their alias's name in every QEMU, others not always.
static int find_missing(struct device *dev, void *arg)
{
    struct missing *m = arg;
    if (dev->kind != DEVICE_INTERFACE && dev->kind != DEVICE_DISK)
        return 0;
    for (size_t i = 0; i < json_object_array_length(m->there); i++) {
        struct json_object *name;
        if (json_object_object_get_ex(json_object_array_get_idx(m->there, i), "name", &name) &&
            str_eq(json_object_get_string(name), dev->alias))
            return 0;
    }
    m->found = dev;
    return 1;
}

int hotplug_resync(struct task *t, struct domain *dom, struct error *err)
{
    struct missing m = {0};
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, "path", json_object_new_string("/machine/peripheral"));
    if (qmp_execute(t, dom->qmp, "qom-list", args, domain_answer_deadline(dom), &m.there, err) < 0)
        return -1;
    while (json_object_is_type(m.there, json_type_array) &&
           domain_def_each_device(dom->live, find_missing, &m) &&
           domain_def_remove_device(dom->live, m.found) == 0)
        remove_deleted(t, dom, m.found);
    json_object_put(m.there);
    return 0;
}

static int unplug(struct task *t, struct domain *dom, struct device *dev, bool *gone,
                  struct error *err)
{
    struct unplug u = {.alias = xstrdup(dev->alias)};
    completion_init(&u.done);
    vec_push(&dom->unplugs, &u);
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, "id", json_object_new_string(u.alias));
    int r = qmp_execute(t, dom->qmp, "device_del", args, domain_answer_deadline(dom), NULL, err);
    if (r == 0)
        completion_wait(t, &u.done, task_deadline_ms(UNPLUG_TIMEOUT_MS));
    *gone = u.gone;
    for (size_t i = 0; i < dom->unplugs.n; i++) {
        if (dom->unplugs.v[i] == &u) {
            vec_remove(&dom->unplugs, i);
            break;
        }
    }
    free(u.alias);
    return r;
}

static int detach_locked(struct task *t, struct domain *dom, const struct device *wanted,
                         unsigned affect, bool *gone, struct error *err)
{
    struct domain_def *def = NULL;
    *gone = true;
    if (domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG) {
        def = domain_def_copy(dom->def);
        struct device *stored = find_device(dom, def, wanted, err);
        if (!stored) {
            domain_def_destroy(def);
            return -1;
        }
        domain_def_remove_device(def, stored);
        domain_device_destroy(stored);
    }
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = 0;
    if (affect & DOMAIN_AFFECT_LIVE) {
        struct device *dev = find_device(dom, dom->live, wanted, err);
        r = dev ? unplug(t, dom, dev, gone, err) : -1;
    }
    return settle(t, dom, def, r);
}

int domain_detach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         bool *gone, struct error *err)
{
    struct device *wanted = domain_device_parse(xml, strlen(xml), DOMAIN_PARSE_LIVE, err);
    if (!wanted)
        return -1;
    int r = domain_lock(t, dom, "detach a device from", err);
    if (r == 0) {
        r = detach_locked(t, dom, wanted, affect, gone, err);
        domain_unlock(dom);
    }
    domain_device_destroy(wanted);
    return r;
}

int domain_detach_alias(struct task *t, struct domain *dom, const char *alias, unsigned affect,
                        bool *gone, struct error *err)
{
    if (domain_lock(t, dom, "detach a device from", err) < 0)
        return -1;
    const struct domain_def *def =
        dom->live && affect != DOMAIN_AFFECT_CONFIG ? dom->live : dom->def;
    struct device *dev = def ? alias_find(def, alias) : NULL;
    int r = -1;
    if (!dev) {
        error_set(err, ERROR_DEVICE_MISSING, AREA_QEMU, "device not found: guest '%s' has no '%s'",
                  dom->name, alias);
    } else {
        struct device *wanted = domain_device_copy(dev);
        r = detach_locked(t, dom, wanted, affect, gone, err);
        domain_device_destroy(wanted);
    }
    domain_unlock(dom);
    return r;
}

// ---- update ------------------------------------------------------------------------------------

static const char *disk_path(const struct domain_disk *disk)
{
    return disk->source_file ? disk->source_file : disk->source_dev;
}

static int refuse_change(const struct domain *dom, const struct device *dev, struct error *err)
{
    return error_set(
        err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
        "only the medium of a cdrom or floppy and the link and source of an interface can be changed "
        "while guest '%s' runs, not <%s>; change the stored definition with --config",
        dom->name, device_kind_name(dev->kind));
}

static int change_medium(struct task *t, struct domain *dom, struct domain_disk *old,
                         struct domain_disk *new, struct error *err)
{
    if (old->device != DISK_DEVICE_CDROM && old->device != DISK_DEVICE_FLOPPY)
        return refuse_change(dom, &old->dev, err);
    if (images_grant_device(dom, &new->dev, err) < 0)
        return -1;
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, "id", json_object_new_string(old->dev.alias));
    json_object_object_add(args, "force", json_object_new_boolean(true));
    if (!disk_path(new))
        return qmp_execute(t, dom->qmp, "eject", args, domain_answer_deadline(dom), NULL, err);
    json_object_object_add(args, "filename", json_object_new_string(disk_path(new)));
    json_object_object_add(args, "format",
                           json_object_new_string(new->driver_format ? new->driver_format : "raw"));
    return qmp_execute(t, dom->qmp, "blockdev-change-medium", args, domain_answer_deadline(dom),
                       NULL, err);
}

static int change_interface(struct task *t, struct domain *dom, struct domain_interface *old,
                            const struct domain_interface *new, struct error *err)
{
    // The tap keeps what it had, and where it goes the portgroup may have other rates.
    AUTO_FREE struct network_bandwidth *before =
        network_bandwidth_copy(domain_interface_bandwidth(dom, old));
    if (nic_move(t, dom, old, new, err) < 0)
        return -1;
    const struct network_bandwidth *now = new->bandwidth;
    if (!now && old->type == INTERFACE_NETWORK && dom->all->config.networks)
        now =
            network_port_default_bandwidth(dom->all->config.networks, old->network, old->portgroup);
    if ((!network_bandwidth_eq(now, before) ||
         !network_bandwidth_eq(new->bandwidth, old->bandwidth)) &&
        nic_set_bandwidth(t, dom, old, new->bandwidth, err) < 0)
        return -1;
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, "name", json_object_new_string(old->dev.alias));
    json_object_object_add(args, "up", json_object_new_boolean(new->link != LINK_DOWN));
    if (qmp_execute(t, dom->qmp, "set_link", args, domain_answer_deadline(dom), NULL, err) < 0)
        return -1;
    old->link = new->link;
    return 0;
}

static int update_live(struct task *t, struct domain *dom, struct device *new, struct error *err)
{
    if (new->kind == DEVICE_DISK && start_complete_disk(t, dom, (struct domain_disk *)new, err) < 0)
        return -1;
    if (!dom->live)
        return domain_not_active(dom, err);
    struct device *old = find_device(dom, dom->live, new, err);
    if (!old)
        return -1;
    if (new->kind == DEVICE_INTERFACE)
        return change_interface(t, dom, (struct domain_interface *)old,
                                (struct domain_interface *)new, err);
    if (new->kind != DEVICE_DISK)
        return refuse_change(dom, new, err);
    struct domain_disk *a = (struct domain_disk *)old, *b = (struct domain_disk *)new;
    if (change_medium(t, dom, a, b, err) < 0)
        return -1;
    str_replace(&a->source_file, b->source_file);
    str_replace(&a->source_dev, b->source_dev);
    str_replace(&a->driver_format, b->driver_format);
    a->type = b->type;
    return 0;
}

// The stored definition with one device in another's place. NULL with err set.
static struct domain_def *with_updated(struct domain *dom, const struct device *new,
                                       struct error *err)
{
    struct domain_def *def = domain_def_copy(dom->def);
    struct device *old = find_device(dom, def, new, err);
    if (!old) {
        domain_def_destroy(def);
        return NULL;
    }
    struct device *copy = domain_device_copy(new);
    if (copy->address.type == ADDRESS_NONE) {
        copy->address = old->address;
        old->address.usb_port = NULL; // its only string moved along
    }
    domain_def_replace_device(def, old, copy);
    domain_device_destroy(old);
    return def;
}

static int update_locked(struct task *t, struct domain *dom, struct device *new, unsigned affect,
                         struct error *err)
{
    struct domain_def *def = NULL;
    if (domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if ((affect & DOMAIN_AFFECT_CONFIG) && !(def = with_updated(dom, new, err)))
        return -1;
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = affect & DOMAIN_AFFECT_LIVE ? update_live(t, dom, new, err) : 0;
    if (r == 0 && dom->live)
        (void)status_save(dom, NULL);
    return settle(t, dom, def, r);
}

int domain_update_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err)
{
    struct device *new = domain_device_parse(xml, strlen(xml), 0, err);
    if (!new)
        return -1;
    int r = domain_lock(t, dom, "update a device of", err);
    if (r == 0) {
        r = update_locked(t, dom, new, affect, err);
        domain_unlock(dom);
    }
    domain_device_destroy(new);
    return r;
}

// ---- graphics ----------------------------------------------------------------------------------

int domain_open_graphics(struct task *t, struct domain *dom, uint32_t index, bool skip_auth,
                         int *fd, struct error *err)
{
    if (domain_lock_active(t, dom, "open the graphics of", err) < 0)
        return -1;
    int r = -1, pair[2];
    if (index >= dom->live->graphics.n) {
        error_set(err, ERROR_INTERNAL, AREA_QEMU,
                  "internal error: guest '%s' has no graphics device %u", dom->name, index);
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        error_set_errno(err, AREA_QEMU, errno, "cannot make a socket pair");
    } else {
        const char *protocol = dom->live->graphics.v[index]->type == GRAPHICS_VNC ? "vnc" : "spice";
        struct json_object *args = json_object_new_object();
        json_object_object_add(args, "protocol", json_object_new_string(protocol));
        json_object_object_add(args, "fdname", json_object_new_string("graphics"));
        json_object_object_add(args, "skipauth", json_object_new_boolean(skip_auth));
        r = qmp_getfd(t, dom->qmp, "graphics", pair[1], domain_answer_deadline(dom), err);
        if (r == 0)
            r = qmp_execute(t, dom->qmp, "add_client", args, domain_answer_deadline(dom), NULL,
                            err);
        else
            json_object_put(args);
        close(pair[1]);
        if (r == 0)
            *fd = pair[0];
        else
            close(pair[0]);
    }
    domain_unlock(dom);
    return r;
}
