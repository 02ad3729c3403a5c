// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a disk image from anywhere.
#include <stdlib.h>
#include <string.h>
#include "storage/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_info info;
    image_probe(data, size, &info);
    if (info.format <= VOLUME_FORMAT_NONE || info.format >= VOLUME_FORMAT_COUNT ||
        info.capacity > INT64_MAX || (info.backing && !*info.backing))
        abort();
    image_info_finish(&info);
    return 0;
}
