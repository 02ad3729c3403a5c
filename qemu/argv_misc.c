// SPDX-License-Identifier: GPL-2.0-or-later
// The small devices.
#include "qemu/argv_internal.h"

// Adds bus and address, then the device; takes j.
static int place(struct argv_out *o, const struct device *dev, struct json_object *j)
{
    if (put_address(o, j, dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, dev, j);
}

int build_input(struct argv_out *o, const struct domain_input *i)
{
    static const char *const usb[] = {
        [INPUT_MOUSE] = "usb-mouse", [INPUT_TABLET] = "usb-tablet", [INPUT_KEYBOARD] = "usb-kbd"};
    static const char *const virtio[] = {[INPUT_MOUSE] = "virtio-mouse-pci",
                                         [INPUT_TABLET] = "virtio-tablet-pci",
                                         [INPUT_KEYBOARD] = "virtio-keyboard-pci"};
    if (i->bus == INPUT_BUS_PS2) {
        if (i->type == INPUT_TABLET)
            return out_unsupported(o, &i->dev, "there is no PS/2 tablet; use bus='usb'");
        return 0; // the chipset's own
    }
    if (i->type == INPUT_NONE || i->bus == INPUT_BUS_NONE)
        return out_internal(o, &i->dev, "no type or bus");
    AUTO_FREE char *driver =
        i->bus == INPUT_BUS_USB ? xstrdup(usb[i->type]) : virtio_driver(virtio[i->type], i->model);
    struct json_object *j = json_driver(driver);
    put_str(j, "id", i->dev.alias);
    if (i->bus == INPUT_BUS_VIRTIO)
        put_virtio(j, &i->virtio);
    return place(o, &i->dev, j);
}

int build_hub(struct argv_out *o, const struct domain_hub *h)
{
    struct json_object *j = json_driver("usb-hub");
    put_str(j, "id", h->dev.alias);
    return place(o, &h->dev, j);
}

int build_watchdog(struct argv_out *o, const struct domain_watchdog *w)
{
    bool itco = str_eq(w->model, "itco");
    if (!itco && !str_eq(w->model, "i6300esb") && !str_eq(w->model, "ib700"))
        return out_unsupported(o, &w->dev, "model '%s' is not there on x86; use 'i6300esb'",
                               w->model ? w->model : "");
    if (itco && o->chipset != CHIPSET_Q35)
        return out_unsupported(o, &w->dev, "model 'itco' is part of q35; use 'i6300esb'");
    if (itco) {
        if (o->argv)
            out_arg(o, "-global", "ICH9-LPC.noreboot=off");
    } else {
        struct json_object *j = json_driver(w->model);
        put_str(j, "id", w->dev.alias);
        if (place(o, &w->dev, j) < 0)
            return -1;
    }
    // QEMU cannot dump by itself: it pauses, and the supervisor dumps and goes on.
    const char *action = w->action == WATCHDOG_DUMP         ? "pause"
                         : w->action == WATCHDOG_NONE_GIVEN ? "reset"
                                                            : watchdog_action_name(w->action);
    if (o->argv)
        out_arg(o, "-action", "watchdog=%s", action);
    return 0;
}

int build_balloon(struct argv_out *o, const struct domain_memballoon *b)
{
    if (!b || str_eq(b->model, "none"))
        return 0;
    AUTO_FREE char *driver = virtio_driver("virtio-balloon-pci", b->model);
    struct json_object *j = json_driver(driver);
    put_str(j, "id", b->dev.alias);
    put_toggle(j, "deflate-on-oom", b->autodeflate);
    put_toggle(j, "free-page-reporting", b->free_page_reporting);
    put_virtio(j, &b->virtio);
    return place(o, &b->dev, j);
}

int build_rng(struct argv_out *o, const struct domain_rng *r)
{
    if (r->backend == RNG_BACKEND_EGD)
        return out_unsupported(o, &r->dev, "<backend model='egd'> is not provided; use 'random'");
    struct json_object *j = json_object_new_object();
    put_str(j, "qom-type", r->backend == RNG_BACKEND_BUILTIN ? "rng-builtin" : "rng-random");
    put_printf(j, "id", "obj%s", r->dev.alias);
    if (r->backend != RNG_BACKEND_BUILTIN)
        put_str(j, "filename", r->path ? r->path : "/dev/random");
    out_json(o, "-object", j);
    AUTO_FREE char *driver = virtio_driver("virtio-rng-pci", r->model);
    j = json_driver(driver);
    put_printf(j, "rng", "obj%s", r->dev.alias);
    put_str(j, "id", r->dev.alias);
    if (r->rate_bytes.set) {
        put_opt(j, "max-bytes", r->rate_bytes);
        put_uint(j, "period", opt_or(r->rate_period_ms, 1000));
    }
    put_virtio(j, &r->virtio);
    return place(o, &r->dev, j);
}

int build_panic(struct argv_out *o, const struct domain_panic *p)
{
    if (str_eq(p->model, "hyperv"))
        return 0; // a processor flag
    bool isa = !p->model || str_eq(p->model, "isa");
    if (!isa && !str_eq(p->model, "pvpanic"))
        return out_unsupported(o, &p->dev, "model '%s' is not there on x86; use 'isa'", p->model);
    struct json_object *j = json_driver(isa ? "pvpanic" : "pvpanic-pci");
    if (!isa) {
        put_str(j, "id", p->dev.alias);
        return place(o, &p->dev, j);
    }
    put_opt(j, "ioport", p->dev.address.iobase);
    return out_device(o, &p->dev, j);
}
