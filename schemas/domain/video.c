// SPDX-License-Identifier: LGPL-2.1-or-later
// <video>.
#include "schemas/domain/internal.h"

#define S struct domain_video
static const struct doc_row acceleration_rows[] = {
    D_YESNO(ATTR, "accel3d", accel3d),
};
static const struct doc_type acceleration_doc = DOC_TYPE("videoAcceleration", S, acceleration_rows);
static const struct doc_row resolution_rows[] = {
    D_UINT(ATTR, "x", res_x, 1, 0xffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "y", res_y, 1, 0xffff, .flags = DOC_REQUIRED),
};
static const struct doc_type resolution_doc = DOC_TYPE("videoResolution", S, resolution_rows);
static const struct doc_row video_model_rows[] = {
    D_TOKEN(ATTR, "type", model, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "ram", ram_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vram", vram_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vram64", vram64_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vgamem", vgamem_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "heads", heads, 1, 0xffff),
    D_YESNO(ATTR, "primary", primary),
    D_ONOFF(ATTR, "blob", blob),
    D_ELEM("acceleration", &acceleration_doc),
    D_ELEM("resolution", &resolution_doc),
};
static const struct doc_type video_model_doc = DOC_TYPE("videoModel", S, video_model_rows);
static const struct doc_row video_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type video_driver_doc = DOC_TYPE("videoDriver", S, video_driver_rows);
static const struct doc_row video_rows[] = {
    D_ELEM("driver", &video_driver_doc),
    D_ELEM("model", &video_model_doc),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_videos(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (def->graphics.n && !def->videos.n) {
        struct domain_video *video = NEW(struct domain_video);
        video->dev.kind = DEVICE_VIDEO;
        vec_push(&def->videos, video);
    }
    bool primary = false;
    for (size_t i = 0; i < def->videos.n; i++)
        primary |= def->videos.v[i]->primary == TOGGLE_YES;
    for (size_t i = 0; i < def->videos.n; i++) {
        struct domain_video *v = def->videos.v[i];
        if (!v->model)
            v->model = xstrdup(f->x86 ? "cirrus" : "virtio");
        if (str_eq(v->model, "none"))
            continue;
        bool qxl = str_eq(v->model, "qxl");
        if (qxl && !v->ram_kib.set)
            v->ram_kib = OPT_UINT(64 * 1024);
        if (qxl && !v->vgamem_kib.set)
            v->vgamem_kib = OPT_UINT(16 * 1024);
        if (!v->vram_kib.set && (qxl || str_eq(v->model, "vga") || str_eq(v->model, "cirrus") ||
                                 str_eq(v->model, "bochs")))
            v->vram_kib = OPT_UINT(qxl ? 64 * 1024 : 16 * 1024);
        if (!v->heads.set)
            v->heads = OPT_UINT(1);
        if (!primary && i == 0)
            v->primary = TOGGLE_YES;
    }
}

const struct device_schema video_schema = {
    .doc = DEVICE_DOC("video", S, video_rows, DEVICE_VIDEO),
    .fill = fill_videos,
};
#undef S
