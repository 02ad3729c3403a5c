// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/lookup.h"
#include "rpc/program.h"

int api_check_flags(const struct call *call, uint32_t flags, uint32_t known, struct error *err)
{
    if (!(flags & ~known))
        return 0;
    return error_set(err, ERROR_UNKNOWN_FLAGS, AREA_QEMU, "unsupported flags (0x%x) in function %s",
                     flags & ~known, call->procedure->label);
}

bool api_filters_hold(const struct api_filter *filters, size_t n, uint32_t flags)
{
    for (size_t i = 0; i < n; i++) {
        if ((flags & filters[i].group) && !(flags & filters[i].has))
            return false;
    }
    return true;
}

int api_check_list(uint32_t n, uint32_t max, const char *kind, struct error *err)
{
    if (n <= max)
        return 0;
    return error_set(err, ERROR_RPC, AREA_RPC,
                     "too many %s (%u) for one list of %u; ask with filters", kind, n, max);
}

int api_check_wanted(int32_t wanted, uint32_t max, const char *what, const char *limit,
                     struct error *err)
{
    if (wanted >= 0 && (uint32_t)wanted <= max)
        return 0;
    return error_set(err, ERROR_RPC, AREA_RPC, "%s > %s", what, limit);
}
