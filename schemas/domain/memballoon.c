// SPDX-License-Identifier: LGPL-2.1-or-later
// <memballoon>.
#include "schemas/domain/internal.h"

#define S struct domain_memballoon
static const struct doc_row stats_rows[] = {
    D_UINT(ATTR, "period", stats_period_s, 0, 0x7fffffff, .flags = DOC_REQUIRED, .unit = "seconds"),
};
static const struct doc_type stats_doc = DOC_TYPE("memballoonStats", S, stats_rows);
static const struct doc_row memballoon_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type memballoon_driver_doc =
    DOC_TYPE("memballoonDriver", S, memballoon_driver_rows);
static const struct doc_row memballoon_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ONOFF(ATTR, "autodeflate", autodeflate),
    D_ONOFF(ATTR, "freePageReporting", free_page_reporting),
    D_ELEM("stats", &stats_doc),
    D_INCLUDE(&device_tail_doc, dev),
    D_ELEM("driver", &memballoon_driver_doc),
};

// libvirt gives every domain one.
static void fill_memballoon(const struct domain_fill *f)
{
    if (f->def->memballoon)
        return;
    f->def->memballoon = NEW(struct domain_memballoon);
    f->def->memballoon->dev.kind = DEVICE_MEMBALLOON;
    f->def->memballoon->model = xstrdup("virtio");
}

static int check_memballoon(const struct domain_def *def, const struct device *dev,
                            struct error *err)
{
    const struct domain_memballoon *b = (const struct domain_memballoon *)dev;
    return str_eq(b->model, "none") ? 0 : device_check_virtio_model(def, dev, b->model, err);
}

const struct device_schema memballoon_schema = {
    .doc = DEVICE_DOC("memballoon", S, memballoon_rows, DEVICE_MEMBALLOON),
    .fill = fill_memballoon,
    .check = check_memballoon,
};
#undef S
