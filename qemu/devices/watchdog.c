// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    return str_eq(((const struct domain_watchdog *)dev)->model, "i6300esb") ? BUS_PCI : BUS_NONE;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_watchdog *w = (const struct domain_watchdog *)dev;
    bool itco = str_eq(w->model, "itco");
    if (!itco && !str_eq(w->model, "i6300esb") && !str_eq(w->model, "ib700"))
        return out_unsupported(o, dev, "model '%s' is not there on x86; use 'i6300esb'",
                               w->model ? w->model : "");
    if (itco && o->chipset != CHIPSET_Q35)
        return out_unsupported(o, dev, "model 'itco' is part of q35; use 'i6300esb'");
    if (itco) {
        if (o->command)
            out_arg(o, "-global", "ICH9-LPC.noreboot=off");
    } else {
        struct json_object *j = json_driver(w->model);
        put_str(j, "id", dev->alias);
        if (out_device_at(o, dev, j) < 0)
            return -1;
    }
    // QEMU cannot dump by itself: it pauses, and the supervisor dumps and continues.
    const char *action = w->action == WATCHDOG_DUMP         ? "pause"
                         : w->action == WATCHDOG_NONE_GIVEN ? "reset"
                                                            : watchdog_action_name(w->action);
    if (o->command)
        out_arg(o, "-action", "watchdog=%s", action);
    return 0;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return str_eq(((const struct domain_watchdog *)dev)->model,
                  ((const struct domain_watchdog *)wanted)->model) &&
           device_address_fits(dev, wanted);
}

const struct device_class watchdog_class = {
    .alias = "watchdog",
    .order = {[ORDER_BUILD] = 140, [ORDER_PCI] = 70},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .is_meant = is_meant,
};
