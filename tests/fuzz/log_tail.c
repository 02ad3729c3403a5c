// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU may write to its log, as the error of a start quotes it: nothing in it acts on a
// terminal.
#include <stdlib.h>
#include "base/str.h"
#include "supervisor/guest_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = xstrndup((const char *)data, size);
    AUTO_FREE char *tail = guest_log_pick(text);
    AUTO_ERROR err = ERROR_INIT;
    error_set(&err, ERROR_INTERNAL, AREA_QEMU, "QEMU says: %s", tail ? tail : "");
    AUTO_FREE char *unclean = str_clean(err.message);
    if (unclean)
        abort();
    return 0;
}
