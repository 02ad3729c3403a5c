// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/bandwidth.h"
#include "base/str.h"

static const struct {
    const char *name;
    size_t rate, value; // in struct network_bandwidth and in struct network_rate
} parameters[API_BANDWIDTH_PARAMS] = {
    {"inbound.average", offsetof(struct network_bandwidth, inbound),
     offsetof(struct network_rate, average)},
    {"inbound.peak", offsetof(struct network_bandwidth, inbound),
     offsetof(struct network_rate, peak)},
    {"inbound.burst", offsetof(struct network_bandwidth, inbound),
     offsetof(struct network_rate, burst)},
    {"inbound.floor", offsetof(struct network_bandwidth, inbound),
     offsetof(struct network_rate, floor)},
    {"outbound.average", offsetof(struct network_bandwidth, outbound),
     offsetof(struct network_rate, average)},
    {"outbound.peak", offsetof(struct network_bandwidth, outbound),
     offsetof(struct network_rate, peak)},
    {"outbound.burst", offsetof(struct network_bandwidth, outbound),
     offsetof(struct network_rate, burst)},
};

static struct opt_uint *parameter(struct network_bandwidth *b, size_t i)
{
    return (struct opt_uint *)((char *)b + parameters[i].rate + parameters[i].value);
}

void api_bandwidth_list(struct arena *a, const struct network_bandwidth *b, bool all,
                        struct wire_typed_params *ret)
{
    struct network_bandwidth shown = b ? *b : (struct network_bandwidth){0};
    ret->v = arena_calloc(a, ARRAY_LEN(parameters), sizeof(*ret->v));
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        bool inbound = parameters[i].rate == offsetof(struct network_bandwidth, inbound);
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
    for (uint32_t i = 0; i < params->n; i++) {
        if (read_one(&params->v[i], b, err) < 0)
            return -1;
    }
    return 0;
}
