// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/bandwidth.h"
#include "base/str.h"

#define PARAMETER(direction, value)                                                                \
    {                                                                                              \
#direction "." #value, offsetof(struct network_bandwidth, direction.value)                 \
    }

static const struct {
    const char *name;
    size_t offset; // of the struct opt_uint in struct network_bandwidth
} parameters[API_BANDWIDTH_PARAMS] = {
    PARAMETER(inbound, average), PARAMETER(inbound, peak),     PARAMETER(inbound, burst),
    PARAMETER(inbound, floor),   PARAMETER(outbound, average), PARAMETER(outbound, peak),
    PARAMETER(outbound, burst),
};

static struct opt_uint *parameter(struct network_bandwidth *b, size_t i)
{
    return (struct opt_uint *)((char *)b + parameters[i].offset);
}

void api_bandwidth_list(struct arena *a, const struct network_bandwidth *b, bool all,
                        struct wire_typed_params *ret)
{
    struct network_bandwidth shown = b ? *b : (struct network_bandwidth){0};
    ret->v = arena_calloc(a, ARRAY_LEN(parameters), sizeof(*ret->v));
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        bool inbound = str_starts(parameters[i].name, "inbound.");
        if (!all && !(inbound ? shown.has_inbound : shown.has_outbound))
            continue;
        ret->v[ret->n++] = (struct wire_typed_param){
            .field = parameters[i].name,
            .value = {.type = WIRE_VALUE_UINT, .ui = (uint32_t)parameter(&shown, i)->value}};
    }
}

static int read_one(const struct wire_typed_param *p, struct network_bandwidth *b,
                    struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        if (!str_eq(p->field, parameters[i].name))
            continue;
        if (p->value.type != WIRE_VALUE_UINT)
            return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                             "parameter '%s' must be an unsigned integer", p->field);
        // 0 is none.
        *parameter(b, i) = (struct opt_uint){.set = p->value.ui != 0, .value = p->value.ui};
        return 0;
    }
    return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK, "parameter '%.40s' is no rate",
                     p->field);
}

int api_bandwidth_read(const struct wire_typed_params *params, struct network_bandwidth *b,
                       struct error *err)
{
    *b = (struct network_bandwidth){0};
    for (uint32_t i = 0; i < params->n; i++) {
        if (read_one(&params->v[i], b, err) < 0)
            return -1;
    }
    b->has_inbound = b->inbound.average.set || b->inbound.floor.set;
    b->has_outbound = b->outbound.average.set;
    return 0;
}
