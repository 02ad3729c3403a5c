// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/boot.h"
#include "base/file.h"

char *boot_id(void)
{
    char *id = NULL;
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &id, NULL) == 0)
        id[strcspn(id, "\n")] = '\0';
    return id;
}
