// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const char *model = ((const struct domain_panic *)dev)->model;
    (void)def;
    return str_eq(model, "pvpanic") ? BUS_PCI : str_eq(model, "hyperv") ? BUS_NONE : BUS_ISA;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_panic *p = (const struct domain_panic *)dev;
    if (str_eq(p->model, "hyperv"))
        return 0; // a processor flag
    bool isa = !p->model || str_eq(p->model, "isa");
    if (!isa && !str_eq(p->model, "pvpanic"))
        return out_unsupported(o, dev, "model '%s' is not there on x86; use 'isa'", p->model);
    struct json_object *j = json_driver(isa ? "pvpanic" : "pvpanic-pci");
    if (!isa) {
        put_str(j, "id", dev->alias);
        return out_device_at(o, dev, j);
    }
    put_opt(j, "ioport", dev->address.iobase);
    return out_device(o, dev, j);
}

const struct device_class panic_class = {
    .alias = "panic",
    .order = {[ORDER_BUILD] = 180, [ORDER_PCI] = 110},
    .bus = bus,
    .build = build,
};
