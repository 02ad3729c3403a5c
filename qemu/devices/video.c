// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/domcaps.h"
#include "qemu/internal.h"

enum { KIB_PER_MIB = 1024, KIB = 1024 };

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const char *model = ((const struct domain_video *)dev)->model;
    (void)def;
    if (str_eq(model, "none") || str_eq(model, "ramfb"))
        return BUS_NONE;
    return str_eq(model, "virtio") || str_eq(model, "bochs") ? BUS_PCIE : BUS_PCI;
}

struct video_driver {
    const char *model, *primary, *secondary;
};
static const struct video_driver drivers[] = {
    {"vga", "VGA", NULL},
    {"cirrus", "cirrus-vga", NULL},
    {"vmvga", "vmware-svga", NULL},
    {"qxl", "qxl-vga", "qxl"},
    {"virtio", "virtio-vga", "virtio-gpu-pci"},
    {"bochs", "bochs-display", "bochs-display"},
    {"ramfb", "ramfb", NULL},
};

static void video_memory(struct json_object *j, const struct domain_video *v)
{
    if (str_eq(v->model, "qxl")) {
        put_uint(j, "max_outputs", opt_or(v->heads, 1));
        put_uint(j, "ram_size", opt_or(v->ram_kib, 65536) * KIB);
        put_uint(j, "vram_size", opt_or(v->vram_kib, 65536) * KIB);
        put_uint(j, "vram64_size_mb", opt_or(v->vram64_kib, 0) / KIB_PER_MIB);
        put_uint(j, "vgamem_mb", opt_or(v->vgamem_kib, 16384) / KIB_PER_MIB);
    } else if (str_eq(v->model, "virtio")) {
        put_virtio(j, &v->virtio);
        put_uint(j, "max_outputs", opt_or(v->heads, 1));
        put_toggle(j, "blob", v->blob);
    } else if (v->vram_kib.set && (str_eq(v->model, "vga") || str_eq(v->model, "vmvga"))) {
        put_uint(j, "vgamem_mb", v->vram_kib.value / KIB_PER_MIB);
    } else if (v->vram_kib.set && str_eq(v->model, "bochs")) {
        put_uint(j, "vgamem", v->vram_kib.value * KIB);
    }
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_video *v = (const struct domain_video *)dev;
    const struct video_driver *w = NULL;
    bool primary = v == o->def->videos.v[0];
    if (str_eq(v->model, "none"))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        if (str_eq(v->model, drivers[i].model))
            w = &drivers[i];
    const char *driver = !w ? NULL : primary ? w->primary : w->secondary;
    if (!driver)
        return out_unsupported(o, dev,
                               "model '%s' cannot be %s video device on x86; use 'virtio' or 'qxl'",
                               v->model ? v->model : "", primary ? "the first" : "a further");
    if (v->accel3d == TOGGLE_YES)
        return out_unsupported(o, dev, "<acceleration accel3d='yes'/> is not provided yet");
    struct json_object *j = json_driver(driver);
    put_str(j, "id", v->dev.alias);
    video_memory(j, v);
    if (v->res_x.set && !str_eq(v->model, "cirrus") && !str_eq(v->model, "vmvga") &&
        !str_eq(v->model, "ramfb")) {
        put_opt(j, "xres", v->res_x);
        put_opt(j, "yres", v->res_y);
    }
    return out_device_at(o, dev, j);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    const char *model = ((const struct domain_video *)wanted)->model;
    return (!model || str_eq(((const struct domain_video *)dev)->model, model)) &&
           device_address_fits(dev, wanted);
}

static void capabilities(struct domcaps *d)
{
    const struct qemu_caps *c = d->in->caps;
    domcaps_open(d, "video", true);
    domcaps_enum(d, "modelType");
    domcaps_value(d, qemu_caps_has_device(c, "VGA"), "vga");
    domcaps_value(d, qemu_caps_has_device(c, "cirrus-vga"), "cirrus");
    domcaps_value(d, qemu_caps_has_device(c, "vmware-svga"), "vmvga");
    domcaps_value(d, qemu_caps_has_device(c, "qxl-vga"), "qxl");
    domcaps_value(
        d, qemu_caps_has_device(c, "virtio-vga") || qemu_caps_has_device(c, "virtio-gpu-pci"),
        "virtio");
    domcaps_value(d, true, "none");
    domcaps_value(d, qemu_caps_has_device(c, "bochs-display"), "bochs");
    domcaps_close(d, "video");
}

const struct device_class video_class = {
    .alias = "video",
    .order = {[ORDER_BUILD] = 120, [ORDER_PCI] = 80},
    .bus = bus,
    .build = build,
    .is_meant = is_meant,
    .capabilities = capabilities,
};
