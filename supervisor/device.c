// SPDX-License-Identifier: GPL-2.0-or-later
// Devices put into, taken out of and changed in a guest: in its stored definition, in the running
// guest (hotplug.c), or in both.
#include "qemu/alias.h"
#include "qemu/complete.h"
#include "qemu/device.h"
#include "supervisor/internal.h"

// ---- the stored definition ---------------------------------------------------------------------

// A change of both the stored definition and the running guest is stored first: what is on disk can
// be put back when the guest refuses, while a guest can't be made to have never seen a device. def
// NULL: only the running guest is meant. Destroys def on failure.
static int store_first(struct task *t, struct domain *dom, struct domain_def *def,
                       struct error *err)
{
    if (!def || (domains_complete(dom->all, def, NULL, NULL, err) == 0 &&
                 object_store(t, &dom->object, def, err) == 0))
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
    if (object_store(t, &dom->object, dom->def, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name,
                   "its stored definition has a change that the running guest refused: %s",
                   error_message(&err));
    domain_def_destroy(def);
    return r;
}

// ---- attach ------------------------------------------------------------------------------------

static int attach_locked(struct task *t, struct domain *dom, struct device *wanted, unsigned affect,
                         struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct domain_def *def = NULL;
    struct complete_facts facts = {.arch = host_arch(dom->all->config.host)};
    if ((affect & DOMAIN_AFFECT_LIVE) && device_check_change(wanted, DEVICE_ATTACH, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG) {
        struct device *stored = NULL;
        if (complete_device(dom->def, wanted, &facts, &stored, err) < 0)
            return -1;
        // The address that it was given is its address in the running guest, too.
        if (wanted->kind == DEVICE_INTERFACE)
            ((struct domain_interface *)wanted)->mac = ((struct domain_interface *)stored)->mac;
        def = domain_def_copy(dom->def);
        domain_def_add_device(def, stored);
    }
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = 0;
    if (affect & DOMAIN_AFFECT_LIVE) {
        struct device *dev = NULL;
        r = complete_device(dom->live, wanted, &facts, &dev, err);
        if (r == 0)
            r = hotplug_attach(t, dom, dev, err);
    }
    return settle(t, dom, def, r);
}

int domain_attach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err)
{
    struct device *wanted = domain_device_parse(xml, strlen(xml), 0, err);
    if (!wanted)
        return -1;
    int r = domain_lock_affected(t, dom, "attach a device to", &affect, err);
    if (r == 0) {
        r = attach_locked(t, dom, wanted, affect, err);
        domain_unlock(dom);
    }
    domain_device_destroy(wanted);
    return r;
}

// ---- detach ------------------------------------------------------------------------------------

static int detach_locked(struct task *t, struct domain *dom, const struct device *wanted,
                         unsigned affect, bool *gone, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct domain_def *def = NULL;
    *gone = true;
    if ((affect & DOMAIN_AFFECT_LIVE) && device_check_change(wanted, DEVICE_DETACH, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG) {
        def = domain_def_copy(dom->def);
        struct device *stored = device_find(def, wanted, err);
        if (!stored) {
            domain_def_destroy(def);
            return -1;
        }
        domain_def_remove_device(def, stored);
        domain_device_destroy(stored);
    }
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = affect & DOMAIN_AFFECT_LIVE ? hotplug_detach(t, dom, wanted, gone, err) : 0;
    return settle(t, dom, def, r);
}

int domain_detach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         bool *gone, struct error *err)
{
    struct device *wanted = domain_device_parse(xml, strlen(xml), DOMAIN_PARSE_LIVE, err);
    if (!wanted)
        return -1;
    int r = domain_lock_affected(t, dom, "detach a device from", &affect, err);
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
    if (domain_lock_affected(t, dom, "detach a device from", &affect, err) < 0)
        return -1;
    struct device *dev = alias_find(affect & DOMAIN_AFFECT_LIVE ? dom->live : dom->def, alias);
    int r = -1;
    if (!dev) {
        error_set(err, ERROR_DEVICE_MISSING, AREA_QEMU, "domain '%s' has no '%s'", dom->name,
                  alias);
    } else {
        struct device *wanted = domain_device_copy(dev);
        r = detach_locked(t, dom, wanted, affect, gone, err);
        domain_device_destroy(wanted);
    }
    domain_unlock(dom);
    return r;
}

// ---- update ------------------------------------------------------------------------------------

// The stored definition with one device in another's place. NULL with err set.
static struct domain_def *with_updated(struct domain *dom, const struct device *new,
                                       struct error *err)
{
    struct domain_def *def = domain_def_copy(dom->def);
    struct device *old = device_find(def, new, err);
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
    object_assert_locked(t, &dom->object);
    struct domain_def *def = NULL;
    if ((affect & DOMAIN_AFFECT_LIVE) && device_check_change(new, DEVICE_UPDATE, err) < 0)
        return -1;
    if ((affect & DOMAIN_AFFECT_CONFIG) && !(def = with_updated(dom, new, err)))
        return -1;
    if (store_first(t, dom, def, err) < 0)
        return -1;
    int r = affect & DOMAIN_AFFECT_LIVE ? hotplug_update(t, dom, new, err) : 0;
    if (r == 0 && (affect & DOMAIN_AFFECT_LIVE))
        (void)status_save(dom, NULL);
    return settle(t, dom, def, r);
}

int domain_update_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err)
{
    struct device *new = domain_device_parse(xml, strlen(xml), 0, err);
    if (!new)
        return -1;
    int r = domain_lock_affected(t, dom, "update a device of", &affect, err);
    if (r == 0) {
        r = update_locked(t, dom, new, affect, err);
        domain_unlock(dom);
    }
    domain_device_destroy(new);
    return r;
}
