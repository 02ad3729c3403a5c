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
    D_TOKEN(ATTR, "type", model),
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

// The next one from n on, as QEMU's devices have it.
static uint64_t power_of_two(uint64_t n)
{
    uint64_t power = 1;
    while (power < n)
        power <<= 1;
    return n ? power : 0;
}

static void fill_video(const struct domain_fill *f, struct domain_video *v)
{
    if (!v->model)
        v->model = xstrdup(f->x86 ? "cirrus" : "virtio");
    if (str_eq(v->model, "none"))
        return;
    bool qxl = str_eq(v->model, "qxl");
    if (qxl && !v->ram_kib.set)
        v->ram_kib = OPT_UINT(64 * 1024);
    if (qxl && !v->vgamem_kib.set)
        v->vgamem_kib = OPT_UINT(16 * 1024);
    if (!v->vram_kib.set &&
        (qxl || str_eq(v->model, "vga") || str_eq(v->model, "cirrus") || str_eq(v->model, "bochs")))
        v->vram_kib = OPT_UINT(qxl ? 64 * 1024 : 16 * 1024);
    v->ram_kib.value = power_of_two(v->ram_kib.value);
    v->vram_kib.value = power_of_two(v->vram_kib.value);
    if (!v->heads.set)
        v->heads = OPT_UINT(1);
}

// The first one is what the guest's firmware writes to.
static void put_primary_first(struct domain_def *def)
{
    size_t primary = 0;
    for (size_t i = 0; i < def->videos.n; i++) {
        if (def->videos.v[i]->primary == TOGGLE_YES) {
            primary = i;
            break;
        }
    }
    if (!def->videos.n)
        return;
    struct domain_video *video = def->videos.v[primary];
    memmove(&def->videos.v[1], &def->videos.v[0], primary * sizeof(def->videos.v[0]));
    def->videos.v[0] = video;
    if (!str_eq(video->model, "none"))
        video->primary = TOGGLE_YES;
}

static void fill_videos(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (def->graphics.n && !def->videos.n) {
        struct domain_video *video = NEW(struct domain_video);
        video->dev.kind = DEVICE_VIDEO;
        vec_push(&def->videos, video);
    }
    VEC_FOREACH (it, &def->videos)
        fill_video(f, *it);
    put_primary_first(def);
}

static int check_video(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_video *v = (const struct domain_video *)dev;
    if (v != def->videos.v[0] && v->primary == TOGGLE_YES)
        return device_fail(def, dev, ERROR_XML, err, "Only one primary video device is supported");
    if (str_eq(v->model, "none") && def->videos.n > 1)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "a 'none' video type must be the only video device defined for the "
                           "domain");
    if (v != def->videos.v[0] && !str_eq(v->model, "qxl") && !str_eq(v->model, "virtio"))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "video type '%.40s' is only valid as primary video device; others "
                           "are qxl or virtio",
                           v->model);
    return 0;
}

const struct device_schema video_schema = {
    .doc = DEVICE_DOC("video", S, video_rows, DEVICE_VIDEO),
    .fill = fill_videos,
    .check = check_video,
};
#undef S
