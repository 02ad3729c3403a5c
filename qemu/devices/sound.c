// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const char *m = ((const struct domain_sound *)dev)->model;
    (void)def;
    if (str_eq(m, "usb"))
        return BUS_USB;
    return str_eq(m, "sb16") || str_eq(m, "pcspk") ? BUS_NONE : BUS_PCI;
}

static int build_codecs(struct out *o, const struct domain_sound *s)
{
    size_t n = s->codecs.n ? s->codecs.n : 1;
    for (size_t i = 0; i < n; i++) {
        const char *type = s->codecs.n ? s->codecs.v[i]->type : "duplex";
        AUTO_FREE char *driver = xasprintf("hda-%s", type);
        struct json_object *j = json_driver(driver);
        put_printf(j, "id", "%s-codec%zu", s->dev.alias, i);
        put_printf(j, "bus", "%s.0", s->dev.alias);
        put_uint(j, "cad", i);
        put_printf(j, "audiodev", "audio%llu", opt_or(s->audio, 1));
        if (out_device(o, &s->dev, j) < 0)
            return -1;
    }
    return 0;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_sound *s = (const struct domain_sound *)dev;
    static const char *const drivers[][2] = {{"ich6", "intel-hda"}, {"ich9", "ich9-intel-hda"},
                                             {"ac97", "AC97"},      {"es1370", "ES1370"},
                                             {"sb16", "sb16"},      {"usb", "usb-audio"}};
    const char *driver = NULL;
    if (str_eq(s->model, "pcspk"))
        return 0; // the machine's own
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        if (str_eq(s->model, drivers[i][0]))
            driver = drivers[i][1];
    if (!driver)
        return out_unsupported(o, dev,
                               "model '%s' is not one of ich6, ich9, ac97, es1370, "
                               "sb16, usb, pcspk",
                               s->model ? s->model : "");
    struct json_object *j = json_driver(driver);
    bool hda = str_ends(driver, "intel-hda");
    put_str(j, "id", s->dev.alias);
    if (!hda)
        put_printf(j, "audiodev", "audio%llu", opt_or(s->audio, 1));
    if (out_device_at(o, dev, j) < 0)
        return -1;
    return hda ? build_codecs(o, s) : 0;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return str_eq(((const struct domain_sound *)dev)->model,
                  ((const struct domain_sound *)wanted)->model) &&
           device_address_fits(dev, wanted);
}

const struct device_class sound_class = {
    .alias = "sound",
    .order = {[ORDER_BUILD] = 130, [ORDER_PCI] = 20, [ORDER_USB] = 60},
    .bus = bus,
    .build = build,
    .is_meant = is_meant,
};
