// SPDX-License-Identifier: GPL-2.0-or-later
// What the first bytes of a file are taken for: images as QEMU writes them, made here byte by
// byte, and files that only resemble one.
#include "tests/check.h"

#include "base/cleanup.h"
#include "storage/probe.h"

static uint8_t head[IMAGE_HEAD_MAX];

static void put(size_t at, const void *data, size_t n)
{
    memcpy(head + at, data, n);
}

static void number(size_t at, unsigned n, bool big, uint64_t v)
{
    for (unsigned i = 0; i < n; i++)
        head[at + (big ? n - 1 - i : i)] = (uint8_t)(v >> 8 * i);
}

static void qcow2(unsigned version, uint64_t size)
{
    memset(head, 0, sizeof(head));
    put(0, "QFI\xfb", 4);
    number(4, 4, true, version);
    number(20, 4, true, 16);
    number(24, 8, true, size);
    if (version == 3)
        number(100, 4, true, 104);
}

static struct image_info probe(size_t len)
{
    struct image_info info;
    image_probe(head, len, &info);
    return info;
}

static void qcow2_images(void)
{
    qcow2(2, 10 << 20);
    struct image_info i = probe(sizeof(head));
    CHECK_INT(i.format, VOLUME_FORMAT_QCOW2);
    CHECK(i.has_capacity && !i.version3 && !i.backing);
    CHECK_INT(i.capacity, 10 << 20);
    CHECK_INT(i.cluster_size, 65536);

    qcow2(3, 5);
    number(72, 8, true, 1 << 4);
    number(80, 8, true, 1 << 0);
    i = probe(sizeof(head));
    CHECK(i.version3 && i.extended_l2 && i.lazy_refcounts);

    // A chain: the format is in an extension, the name behind it.
    qcow2(3, 5);
    number(104, 4, true, 0xe2792aca);
    number(108, 4, true, 5);
    put(112, "qcow2", 5);
    number(8, 8, true, 200);
    number(16, 4, true, 9);
    put(200, "/base.img", 9);
    i = probe(sizeof(head));
    CHECK_STR(i.backing, "/base.img");
    CHECK_INT(i.backing_format, VOLUME_FORMAT_QCOW2);
    image_info_finish(&i);
    // Cut off before the name, in the extension, in the header.
    for (size_t len = 0; len < 209; len++) {
        i = probe(len);
        CHECK(!i.backing);
    }
}

static void hostile_images(void)
{
    // Names and extensions that lead outside.
    static const struct {
        uint64_t at, len;
    } names[] = {{sizeof(head) - 3, 4},
                 {UINT64_MAX, 9},
                 {UINT64_MAX - 8, 9},
                 {200, UINT32_MAX},
                 {200, 1024},
                 {0, 9},
                 {200, 0}};
    for (size_t n = 0; n < ARRAY_LEN(names); n++) {
        qcow2(3, 5);
        memset(head + 200, 'x', 2000);
        number(8, 8, true, names[n].at);
        number(16, 4, true, names[n].len);
        struct image_info i = probe(sizeof(head));
        CHECK(!i.backing);
    }
    qcow2(3, 5);
    number(104, 4, true, 0xe2792aca);
    number(108, 4, true, UINT32_MAX);
    struct image_info i = probe(sizeof(head));
    CHECK_INT(i.backing_format, VOLUME_FORMAT_NONE);
    // A name with a NUL in it would be another to the kernel.
    qcow2(2, 5);
    number(8, 8, true, 200);
    number(16, 4, true, 4);
    put(200, "a\0b", 4);
    i = probe(sizeof(head));
    CHECK(!i.backing);
    // Cluster sizes and capacities that cannot be.
    qcow2(2, 5);
    number(20, 4, true, 64);
    CHECK_INT(probe(sizeof(head)).cluster_size, 0);
    qcow2(2, UINT64_MAX);
    CHECK_INT(probe(sizeof(head)).format, VOLUME_FORMAT_RAW);
    qcow2(4, 5);
    CHECK_INT(probe(sizeof(head)).format, VOLUME_FORMAT_RAW);
}

static void other_images(void)
{
    memset(head, 0, sizeof(head));
    CHECK_INT(probe(0).format, VOLUME_FORMAT_RAW);
    CHECK_INT(probe(sizeof(head)).format, VOLUME_FORMAT_RAW);
    put(32769, "CD001", 5);
    CHECK_INT(probe(sizeof(head)).format, VOLUME_FORMAT_ISO);
    CHECK(!probe(sizeof(head)).has_capacity);
    CHECK_INT(probe(32773).format, VOLUME_FORMAT_RAW);

    memset(head, 0, sizeof(head));
    put(0, "KDMV", 4);
    number(4, 4, false, 1);
    number(12, 8, false, 10240);
    CHECK_INT(probe(512).format, VOLUME_FORMAT_VMDK);
    CHECK_INT(probe(512).capacity, 5 << 20);
    number(12, 8, false, UINT64_MAX / 4);
    CHECK_INT(probe(512).format, VOLUME_FORMAT_RAW);

    memset(head, 0, sizeof(head));
    put(0, "QED", 4);
    number(48, 8, false, 5 << 20);
    number(16, 8, false, 5);
    number(56, 4, false, 64);
    number(60, 4, false, 3);
    put(64, "raw", 3);
    struct image_info i = probe(512);
    CHECK_INT(i.format, VOLUME_FORMAT_QED);
    CHECK_STR(i.backing, "raw");
    CHECK_INT(i.backing_format, VOLUME_FORMAT_RAW);
    image_info_finish(&i);

    memset(head, 0, sizeof(head));
    put(64, "\x7f\x10\xda\xbe", 4);
    number(68, 4, false, 0x10001);
    number(368, 8, false, 7);
    CHECK_INT(probe(512).format, VOLUME_FORMAT_VDI);
    CHECK_INT(probe(512).capacity, 7);

    memset(head, 0, sizeof(head));
    put(0, "conectix", 8);
    number(12, 4, true, 0x10000);
    number(40, 8, true, 9);
    CHECK_INT(probe(512).format, VOLUME_FORMAT_VPC);
    CHECK_INT(probe(512).capacity, 9);

    qcow2(1, 11);
    CHECK_INT(probe(512).format, VOLUME_FORMAT_QCOW);
    CHECK_INT(probe(512).capacity, 11);
}

int main(void)
{
    RUN(qcow2_images);
    RUN(hostile_images);
    RUN(other_images);
    return 0;
}
