// SPDX-License-Identifier: GPL-2.0-or-later
// Marks and sizes are at fixed places: a table. What is behind the header of a qcow2 or qed image
// has a function. All reads go through at(), which knows where the bytes end.
#include "storage/probe.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"

enum { BACKING_MAX = 1023 }; // QEMU's own limit

struct bytes {
    const uint8_t *p;
    size_t len;
};

static const uint8_t *at(const struct bytes *o, uint64_t offset, size_t n)
{
    return offset <= o->len && n <= o->len - offset ? o->p + offset : NULL;
}

// A number of n bytes; 0 beyond the end.
static uint64_t number(const struct bytes *o, uint64_t offset, unsigned n, bool big)
{
    const uint8_t *p = at(o, offset, n);
    uint64_t v = 0;
    for (unsigned i = 0; p && i < n; i++)
        v = v << 8 | p[big ? i : n - 1 - i];
    return v;
}

#define BIG(o, offset, n)    number((o), (offset), (n), true)
#define LITTLE(o, offset, n) number((o), (offset), (n), false)

static enum volume_format format_of_name(const uint8_t *name, size_t len)
{
    for (unsigned f = VOLUME_FORMAT_RAW; f < VOLUME_FORMAT_COUNT; f++) {
        const char *known = volume_format_name(f);
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return f;
    }
    return VOLUME_FORMAT_NONE;
}

static void take_backing(const struct bytes *o, uint64_t offset, uint64_t len,
                         struct image_info *ret)
{
    const uint8_t *p = len && len <= BACKING_MAX ? at(o, offset, (size_t)len) : NULL;
    if (offset && p && !memchr(p, '\0', (size_t)len))
        ret->backing = xstrndup((const char *)p, (size_t)len);
}

// The header is followed by extensions: type, length, content padded to eight bytes.
static void read_extensions(const struct bytes *o, uint64_t from, struct image_info *ret)
{
    enum { END = 0, BACKING_FORMAT = 0xe2792aca };
    for (uint64_t pos = from; at(o, pos, 8);) {
        uint64_t type = BIG(o, pos, 4), len = BIG(o, pos + 4, 4);
        const uint8_t *content = at(o, pos + 8, (size_t)len);
        if (type == END || !content)
            return;
        if (type == BACKING_FORMAT)
            ret->backing_format = format_of_name(content, (size_t)len);
        pos += 8 + (len + 7) / 8 * 8;
    }
}

static void read_qcow(const struct bytes *o, struct image_info *ret)
{
    take_backing(o, BIG(o, 8, 8), BIG(o, 16, 4), ret);
}

static void read_qcow2(const struct bytes *o, struct image_info *ret)
{
    enum { EXTENDED_L2 = 1 << 4, LAZY_REFCOUNTS = 1 << 0, HEADER_V2 = 72, HEADER_V3 = 104 };
    uint64_t bits = BIG(o, 20, 4), header = HEADER_V2;
    if (bits >= 9 && bits <= 21)
        ret->cluster_size = UINT64_C(1) << bits;
    ret->version3 = BIG(o, 4, 4) >= 3;
    if (ret->version3) {
        ret->extended_l2 = BIG(o, 72, 8) & EXTENDED_L2;
        ret->lazy_refcounts = BIG(o, 80, 8) & LAZY_REFCOUNTS;
        header = BIG(o, 100, 4);
        if (header < HEADER_V3)
            return;
    }
    take_backing(o, BIG(o, 8, 8), BIG(o, 16, 4), ret);
    read_extensions(o, header, ret);
}

static void read_qed(const struct bytes *o, struct image_info *ret)
{
    enum { HAS_BACKING = 1 << 0, BACKING_IS_RAW = 1 << 2 };
    uint64_t features = LITTLE(o, 16, 8);
    if (!(features & HAS_BACKING))
        return;
    take_backing(o, LITTLE(o, 56, 4), LITTLE(o, 60, 4), ret);
    if (features & BACKING_IS_RAW)
        ret->backing_format = VOLUME_FORMAT_RAW;
}

static const struct {
    enum volume_format format;
    unsigned mark_at;
    const char *mark;
    size_t mark_len;
    bool big;
    unsigned version_at; // 0: none
    uint64_t version_min, version_max;
    unsigned size_at; // 0: the file's size
    unsigned unit;    // of the size, bytes
    void (*more)(const struct bytes *o, struct image_info *ret);
} formats[] = {
    {VOLUME_FORMAT_QCOW2, 0, "QFI\xfb", 4, true, 4, 2, 3, 24, 1, read_qcow2},
    {VOLUME_FORMAT_QCOW, 0, "QFI\xfb", 4, true, 4, 1, 1, 24, 1, read_qcow},
    {VOLUME_FORMAT_QED, 0, "QED\0", 4, false, 0, 0, 0, 48, 1, read_qed},
    {VOLUME_FORMAT_VMDK, 0, "KDMV", 4, false, 4, 1, 3, 12, 512, NULL},
    {VOLUME_FORMAT_VMDK, 0, "# Disk DescriptorFile", 21, false, 0, 0, 0, 0, 1, NULL},
    {VOLUME_FORMAT_VDI, 64, "\x7f\x10\xda\xbe", 4, false, 68, 0x10001, 0x10001, 368, 1, NULL},
    {VOLUME_FORMAT_VPC, 0, "conectix", 8, true, 12, 0x10000, 0x10000, 40, 1, NULL},
    {VOLUME_FORMAT_ISO, 32769, "CD001", 5, false, 0, 0, 0, 0, 1, NULL},
};

void image_probe(const uint8_t *head, size_t len, struct image_info *ret)
{
    struct bytes o = {.p = head, .len = len < IMAGE_HEAD_MAX ? len : IMAGE_HEAD_MAX};
    *ret = (struct image_info){.format = VOLUME_FORMAT_RAW};
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        const uint8_t *mark = at(&o, formats[i].mark_at, formats[i].mark_len);
        if (!mark || memcmp(mark, formats[i].mark, formats[i].mark_len) != 0)
            continue;
        uint64_t version =
            formats[i].version_at ? number(&o, formats[i].version_at, 4, formats[i].big) : 0;
        if (version < formats[i].version_min || version > formats[i].version_max)
            continue;
        uint64_t size = 0;
        if (formats[i].size_at &&
            (__builtin_mul_overflow(number(&o, formats[i].size_at, 8, formats[i].big),
                                    formats[i].unit, &size) ||
             size > INT64_MAX))
            continue; // no image of any kind is that large
        ret->format = formats[i].format;
        ret->has_capacity = formats[i].size_at != 0;
        ret->capacity = size;
        if (formats[i].more)
            formats[i].more(&o, ret);
        return;
    }
}

void image_info_finish(struct image_info *info)
{
    free(STEAL(info->backing));
}
