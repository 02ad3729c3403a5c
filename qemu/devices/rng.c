// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/domcaps.h"
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    return bus_of_virtio(((const struct domain_rng *)dev)->model);
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_rng *r = (const struct domain_rng *)dev;
    if (r->backend == RNG_BACKEND_EGD)
        return out_unsupported(o, dev, "<backend model='egd'> is not provided; use 'random'");
    struct json_object *j = json_object_new_object();
    put_str(j, "qom-type", r->backend == RNG_BACKEND_BUILTIN ? "rng-builtin" : "rng-random");
    put_printf(j, "id", "obj%s", dev->alias);
    if (r->backend != RNG_BACKEND_BUILTIN)
        put_str(j, "filename", r->path ? r->path : "/dev/random");
    out_json(o, "-object", j);
    AUTO_FREE char *driver = virtio_driver("virtio-rng-pci", r->model);
    j = json_driver(driver);
    put_printf(j, "rng", "obj%s", dev->alias);
    put_str(j, "id", dev->alias);
    if (r->rate_bytes.set) {
        put_opt(j, "max-bytes", r->rate_bytes);
        put_uint(j, "period", opt_or(r->rate_period_ms, 1000));
    }
    put_virtio(j, &r->virtio);
    return out_device_at(o, dev, j);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    const struct domain_rng *a = (const struct domain_rng *)dev;
    const struct domain_rng *b = (const struct domain_rng *)wanted;
    return str_eq(a->model, b->model) && a->backend == b->backend &&
           (!b->path || str_eq(a->path, b->path)) && device_address_fits(dev, wanted);
}

static void capabilities(struct domcaps *d)
{
    if (!domcaps_open(d, "rng", qemu_caps_has_device(d->in->caps, "virtio-rng-pci")))
        return;
    domcaps_enum(d, "model");
    domcaps_value(d, true, "virtio");
    domcaps_enum(d, "backendModel");
    domcaps_value(d, true, "random");
    domcaps_value(d, qemu_caps_has_object(d->in->caps, "rng-builtin"), "builtin");
    domcaps_close(d, "rng");
}

const struct device_class rng_class = {
    .alias = "rng",
    .order = {[ORDER_BUILD] = 170, [ORDER_PCI] = 60},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .is_meant = is_meant,
    .capabilities = capabilities,
};
