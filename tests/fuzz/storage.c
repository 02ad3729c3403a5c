// SPDX-License-Identifier: GPL-2.0-or-later
// A pool or volume document from anywhere: whatever is accepted is written as something that is
// accepted again and says the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/alloc.h"
#include "schemas/storage/def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void differ(const char *text, const char *second, const struct error *err)
{
    fprintf(stderr, "written as\n%s\nand then %s\n", text, second ? second : error_message(err));
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR); // not a line for all that is ignored
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *pool = pool_def_load((const char *)data, size, 0, NULL);
    if (pool) {
        AUTO_FREE char *text = pool_def_format(pool);
        AUTO_POOL_DEF struct pool_def *again = pool_def_load(text, strlen(text), 0, &err);
        AUTO_FREE char *second = again ? pool_def_format(again) : NULL;
        if (!second || strcmp(text, second) != 0)
            differ(text, second, &err);
        return 0;
    }
    AUTO_VOLUME_DEF struct volume_def *volume = volume_def_load((const char *)data, size, 0, NULL);
    if (!volume)
        return 0;
    AUTO_FREE char *text = volume_def_format(volume);
    AUTO_VOLUME_DEF struct volume_def *again = volume_def_load(text, strlen(text), 0, &err);
    AUTO_FREE char *second = again ? volume_def_format(again) : NULL;
    if (!second || strcmp(text, second) != 0)
        differ(text, second, &err);
    return 0;
}
