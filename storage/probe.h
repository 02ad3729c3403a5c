// SPDX-License-Identifier: GPL-2.0-or-later
// What kind of disk image a file is, from its first bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "schemas/storage/def.h"

enum { IMAGE_HEAD_MAX = 0x8200 }; // as far as the mark of ISO 9660

struct image_info {
    enum volume_format format; // RAW when nothing is recognised
    bool has_capacity;         // false: the file's size
    uint64_t capacity;         // what a guest sees, bytes
    uint64_t cluster_size;     // qcow2; 0: not known
    bool version3;             // qcow2
    bool lazy_refcounts, extended_l2;
    char *backing;                     // as the image says; owned; NULL: none
    enum volume_format backing_format; // NONE: the image does not say
};

// `head`: at most IMAGE_HEAD_MAX bytes are of use; less is a short file. Whatever they are, *ret
// says something; nothing read from them is trusted beyond it. image_info_finish() it.
void image_probe(const uint8_t *head, size_t len, struct image_info *ret);
void image_info_finish(struct image_info *info);
