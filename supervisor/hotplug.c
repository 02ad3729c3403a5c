// SPDX-License-Identifier: GPL-2.0-or-later
// Plugging devices into a running guest and out of it, and changing them there.
//
// How this works
//
// What a device needs of QEMU is the list of commands that device_plug_steps() makes of it: back
// ends first, the device last. Plugging in sends them in order, and undoes those done when one
// fails. Plugging out is a request to the guest (device_del); when QEMU says DEVICE_DELETED the
// guest has let go of it, and the inverse of the other commands is sent from the end. The guest may
// never answer, or only after the call has ended.
#include "netmgr/netmgr.h"
#include "qemu/address/address.h"
#include "qemu/alias.h"
#include "qemu/device.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"

// ---- commands and their inverse ----------------------------------------------------------------

// Drops the reply: what is undone may be gone already.
static void undo_step(struct domain *dom, const struct device_step *step)
{
    if (dom->qmp && step->undo)
        qmp_send(dom->qmp, step->undo, step->undo_args);
}

static int run_steps(struct task *t, struct domain *dom, struct device_steps *list,
                     struct error *err)
{
    for (size_t i = 0; i < list->steps.n; i++) {
        struct device_step *step = &list->steps.v[i];
        if (qmp_execute(t, dom->qmp, step->command, step->args, domain_answer_deadline(dom), NULL,
                        err) == 0)
            continue;
        while (i-- > 0)
            undo_step(dom, &list->steps.v[i]);
        return -1;
    }
    return 0;
}

// What the steps for a device of the running guest are made from; *caps is what the caller unrefs.
static int prepare(struct task *t, struct domain *dom, struct qemu_caps **caps,
                   struct command_input *ret, struct error *err)
{
    struct host *host = dom->all->config.host;
    *ret = (struct command_input){
        .def = dom->live, .kvm_usable = host_kvm_usable(host), .monitor_fd = -1};
    int r = host_qemu_caps(t, host, dom->live->emulator, caps, err);
    ret->caps = *caps;
    return r;
}

static int plan_plug(struct task *t, struct domain *dom, const struct device *dev,
                     const struct iface_link *link, struct device_steps *ret, struct error *err)
{
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    struct command_input in;
    struct command_iface iface;
    if (prepare(t, dom, &caps, &in, err) < 0)
        return -1;
    if (link) {
        iface = iface_for_command(link);
        in.ifaces = &iface;
        in.nifaces = 1;
    }
    return device_plug_steps(&in, dev, ret, err);
}

static int plan_unplug(struct task *t, struct domain *dom, const struct device *dev,
                       struct device_steps *ret, struct error *err)
{
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    struct command_input in;
    return prepare(t, dom, &caps, &in, err) < 0 ? -1 : device_unplug_steps(&in, dev, ret, err);
}

static int plan_update(struct task *t, struct domain *dom, const struct device *old,
                       const struct device *now, struct device_steps *ret, struct error *err)
{
    AUTO_QEMU_CAPS struct qemu_caps *caps = NULL;
    struct command_input in;
    return prepare(t, dom, &caps, &in, err) < 0 ? -1 : device_update_steps(&in, old, now, ret, err);
}

// ---- plugging in -------------------------------------------------------------------------------

static char *descriptor_name(const struct domain_interface *iface, bool is_tap, size_t i)
{
    return xasprintf("%s-%s-%zu", is_tap ? "fd" : "vhostfd", iface->dev.alias, i);
}

// Hands QEMU the descriptors under the names that device_plug_steps() uses.
static int send_descriptors(struct task *t, struct domain *dom, const struct iface_link *link,
                            struct error *err)
{
    for (size_t i = 0; i < link->tap.nfds + link->nvhosts; i++) {
        bool is_tap = i < link->tap.nfds;
        size_t k = is_tap ? i : i - link->tap.nfds;
        AUTO_FREE char *name = descriptor_name(link->iface, is_tap, k);
        if (qmp_getfd(t, dom->qmp, name, is_tap ? link->tap.fds[k] : link->vhost_fds[k],
                      domain_answer_deadline(dom), err) < 0)
            return -1;
    }
    return 0;
}

// Hands QEMU what the device needs, then the device.
static int plug_prepared(struct task *t, struct domain *dom, struct device *dev, struct error *err)
{
    struct domain_interface *iface =
        dev->kind == DEVICE_INTERFACE ? (struct domain_interface *)dev : NULL;
    struct device_steps steps = {0};
    struct iface_link link = {0};
    if (iface && iface_plug(t, dom, iface, &link, err) < 0)
        return -1;
    int r = plan_plug(t, dom, dev, iface ? &link : NULL, &steps, err);
    // From here on QEMU may have parts of it, whatever happens to vireod: hotplug_resync().
    dom->plugging = dev;
    if (r == 0)
        r = status_save(dom, err);
    if (r == 0 && iface)
        r = send_descriptors(t, dom, &link, err);
    if (r == 0)
        r = run_steps(t, dom, &steps, err);
    dom->plugging = NULL;
    device_steps_finish(&steps);
    if (iface) {
        iface_close(dom, &link);
        if (r < 0)
            iface_unplug(dom, iface);
    }
    return r;
}

static int plug(struct task *t, struct domain *dom, struct device *dev, struct error *err)
{
    size_t granted = dom->granted.n;
    if (dev->kind == DEVICE_DISK && start_complete_disk(t, dom, (struct domain_disk *)dev, err) < 0)
        return -1;
    alias_assign_device(dom->live, dev);
    if (address_assign_device(dom->live, dev, err) < 0 || images_grant_device(t, dom, dev, err) < 0)
        return -1;
    if (plug_prepared(t, dom, dev, err) == 0)
        return 0;
    images_hand_back(t, dom, granted);
    return -1;
}

int hotplug_attach(struct task *t, struct domain *dom, struct device *dev, struct error *err)
{
    object_assert_locked(t, &dom->object);
    if (plug(t, dom, dev, err) < 0) {
        domain_device_destroy(dev);
        (void)status_save(dom, NULL);
        return -1;
    }
    const struct domain_observer *o = &dom->all->config.observer;
    domain_def_add_device(dom->live, dev);
    dom->updated = true;
    (void)status_save(dom, NULL);
    if (o->device_added)
        o->device_added(o->arg, dom, dev->alias);
    return 0;
}

// ---- plugging out ------------------------------------------------------------------------------

// The guest has released the device: removes its back ends too.
static void clean_up(struct task *t, struct domain *dom, const char *alias)
{
    object_assert_locked(t, &dom->object);
    struct device *dev = alias_find(dom->live, alias);
    struct device_steps steps = {0};
    AUTO_ERROR err = ERROR_INIT;
    if (!dev)
        return;
    if (plan_unplug(t, dom, dev, &steps, &err) < 0)
        log_domain(LOG_LEVEL_WARN, dom->name,
                   "cannot remove the back ends of '%s' from its QEMU: %s", alias,
                   error_message(&err));
    // The last step made the device itself.
    for (size_t i = steps.steps.n; i-- > 1;)
        undo_step(dom, &steps.steps.v[i - 1]);
    device_steps_finish(&steps);
    if (domain_def_remove_device(dom->live, dev) < 0)
        return;
    if (dev->kind == DEVICE_INTERFACE)
        iface_unplug(dom, (struct domain_interface *)dev);
    domain_device_destroy(dev);
    dom->updated = true;
    (void)status_save(dom, NULL);
    const struct domain_observer *o = &dom->all->config.observer;
    if (o->device_removed)
        o->device_removed(o->arg, dom, alias);
}

static void clean_up_deleted(struct task *t, struct domain *dom)
{
    while (dom->deleted.n) {
        AUTO_FREE char *alias = dom->deleted.v[0];
        vec_remove(&dom->deleted, 0);
        clean_up(t, dom, alias);
    }
}

static void deleted_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    if (object_lock_until(t, &dom->object, "clean up behind a device", TASK_FOREVER, NULL) < 0)
        return;
    if (dom->live && !dom->process_ended)
        clean_up_deleted(t, dom);
    domain_unlock(dom);
}

// The event may come long after the request, or without one. Who holds the lock works with the
// devices, so that it is the next one's turn; who waits for this very event is woken.
void hotplug_on_deleted(struct domain *dom, const char *alias)
{
    if (!alias_find(dom->live, alias))
        return;
    VEC_FOREACH (it, &dom->deleted)
        if (str_eq(*it, alias))
            return;
    vec_push(&dom->deleted, xstrdup(alias));
    completion_post(&dom->device_deleted, 0);
    task_spawn(dom->all->config.sched, "clean up behind device", deleted_main, domain_ref(dom));
}

struct missing {
    const struct qmp_property_info_list *there;
    struct strv aliases;
};

// Beside the devices, that place has properties of its own.
static bool is_there(const struct qmp_property_info_list *there, const char *alias)
{
    VEC_FOREACH (it, there) {
        if (str_eq(it->name, alias) && str_starts(it->type, "child<"))
            return true;
    }
    return false;
}

// Of the kinds that QEMU knows by their aliases, all of them.
static int find_missing(struct device *dev, void *arg)
{
    struct missing *m = arg;
    if ((dev->kind == DEVICE_DISK || dev->kind == DEVICE_INTERFACE) && dev->alias &&
        !is_there(m->there, dev->alias))
        strv_push(&m->aliases, dev->alias);
    return 0;
}

// Those that nothing took from the monitor, when plugging in was cut off.
static void drop_descriptors(struct domain *dom, const struct device *dev)
{
    const struct domain_interface *iface = (const struct domain_interface *)dev;
    unsigned n = iface->queues.set ? (unsigned)iface->queues.value : 1;
    for (unsigned i = 0; i < 2 * n; i++) {
        AUTO_FREE char *name = descriptor_name(iface, i < n, i % n);
        qmp_send_closefd(dom->qmp, name);
    }
}

int hotplug_resync(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct qmp_property_info_list there;
    struct missing m = {.there = &there};
    if (dom->live->disks.n + dom->live->interfaces.n == 0)
        return 0;
    if (qmp_qom_list(t, dom->qmp, "/machine/peripheral", domain_answer_deadline(dom), &there, err) <
        0)
        return -1;
    domain_def_each_device(dom->live, find_missing, &m);
    for (size_t i = 0; i < m.aliases.n; i++) {
        log_domain(LOG_LEVEL_INFO, dom->name, "QEMU has no device '%s' any more: removing it",
                   m.aliases.v[i]);
        const struct device *dev = alias_find(dom->live, m.aliases.v[i]);
        if (dev->kind == DEVICE_INTERFACE)
            drop_descriptors(dom, dev);
        clean_up(t, dom, m.aliases.v[i]);
    }
    strv_finish(&m.aliases);
    qmp_property_info_list_finish(&there);
    return 0;
}

void hotplug_drop_deleted(struct domain *dom)
{
    VEC_FOREACH (it, &dom->deleted)
        free(*it);
    vec_finish(&dom->deleted);
}

int hotplug_detach(struct task *t, struct domain *dom, const struct device *wanted, bool *gone,
                   struct error *err)
{
    object_assert_locked(t, &dom->object);
    const struct device *dev = device_find(dom->live, wanted, err);
    if (!dev)
        return -1;
    struct device_steps made = {0};
    if (plan_unplug(t, dom, dev, &made, err) < 0)
        return -1;
    AUTO_FREE char *alias = xstrdup(dev->alias);
    completion_init(&dom->device_deleted);
    device_steps_finish(&made);
    if (qmp_device_del(t, dom->qmp, alias, domain_answer_deadline(dom), err) < 0)
        return -1;
    uint64_t deadline = task_deadline_ms(dom->all->config.timeouts.unplug_ms);
    while (alias_find(dom->live, alias) && !dom->process_ended &&
           completion_wait(t, &dom->device_deleted, deadline) == 0) {
        completion_init(&dom->device_deleted);
        clean_up_deleted(t, dom);
    }
    *gone = !alias_find(dom->live, alias);
    return *gone || !dom->process_ended ? 0 : domain_not_active(dom, err);
}

// ---- changing ----------------------------------------------------------------------------------

// What it is plugged into on the host, and its rates.
static int move_interface(struct task *t, struct domain *dom, struct domain_interface *old,
                          const struct domain_interface *new, struct error *err)
{
    // The tap keeps what it had, and where it goes the portgroup may have other rates.
    AUTO_FREE struct network_bandwidth *before =
        network_bandwidth_copy(domain_interface_bandwidth(dom, old));
    if (iface_move(t, dom, old, new, err) < 0)
        return -1;
    const struct network_bandwidth *now = new->bandwidth;
    if (!now && old->type == INTERFACE_NETWORK && dom->all->config.networks)
        now =
            network_port_default_bandwidth(dom->all->config.networks, old->network, old->portgroup);
    if ((!network_bandwidth_eq(now, before) ||
         !network_bandwidth_eq(new->bandwidth, old->bandwidth)) &&
        iface_set_bandwidth(t, dom, old, new->bandwidth, err) < 0)
        return -1;
    return 0;
}

// What the commands for QEMU do not care for, before them.
static int update_host(struct task *t, struct domain *dom, struct device *old, struct device *new,
                       struct error *err)
{
    if (new->kind == DEVICE_INTERFACE)
        return move_interface(t, dom, (struct domain_interface *)old,
                              (struct domain_interface *)new, err);
    return images_grant_device(t, dom, new, err);
}

// Makes the live definition say what the guest has now.
static void note_update(struct device *old, struct device *new)
{
    struct domain_disk *a = (struct domain_disk *)old, *b = (struct domain_disk *)new;
    if (new->kind == DEVICE_INTERFACE) {
        ((struct domain_interface *)old)->link = ((struct domain_interface *)new)->link;
    } else if (new->kind == DEVICE_DISK) {
        str_replace(&a->source_file, b->source_file);
        str_replace(&a->source_dev, b->source_dev);
        str_replace(&a->driver_format, b->driver_format);
        a->type = b->type;
    }
}

int hotplug_update(struct task *t, struct domain *dom, struct device *new, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct device_steps steps = {0};
    if (new->kind == DEVICE_DISK && start_complete_disk(t, dom, (struct domain_disk *)new, err) < 0)
        return -1;
    struct device *old = device_find(dom->live, new, err);
    if (!old || plan_update(t, dom, old, new, &steps, err) < 0)
        return -1;
    size_t granted = dom->granted.n;
    int r = update_host(t, dom, old, new, err);
    if (r == 0)
        r = run_steps(t, dom, &steps, err);
    device_steps_finish(&steps);
    if (r == 0)
        note_update(old, new);
    else
        images_hand_back(t, dom, granted);
    return r;
}
