// SPDX-License-Identifier: GPL-2.0-or-later
// What can be tuned of a guest: rates of its interfaces.
#include "api/bandwidth.h"
#include "api/domain.h"

enum { STRING_OKAY = 1 << 2 }; // VIR_TYPED_PARAM_STRING_OKAY

int api_domain_set_interface_parameters(
    struct call *call, const struct wire_domain_set_interface_parameters_args *args, void *ret,
    struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    struct network_bandwidth b = {0};
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        api_bandwidth_read(&args->params, &b, err) < 0)
        return -1;
    // As libvirt has it: without an average nothing else of its direction counts; an average of 0
    // ends the limit; what is not spoken of stays.
    b.has_inbound = b.inbound.average.set || b.inbound.floor.set;
    b.has_outbound = b.outbound.average.set;
    bool inbound = b.has_inbound, outbound = b.has_outbound;
    for (uint32_t i = 0; i < args->params.n; i++) {
        inbound = inbound || str_eq(args->params.v[i].field, "inbound.average");
        outbound = outbound || str_eq(args->params.v[i].field, "outbound.average");
    }
    return domain_set_interface_bandwidth(call->task, dom, args->device, &b, inbound, outbound,
                                          api_domain_affect(args->flags), err);
}

int api_domain_get_interface_parameters(
    struct call *call, const struct wire_domain_get_interface_parameters_args *args,
    struct wire_domain_get_interface_parameters_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    const struct domain_def *def;
    uint32_t known = API_AFFECT_LIVE | API_AFFECT_CONFIG | STRING_OKAY;
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        api_domain_definition(dom, args->flags, &def, err) < 0)
        return -1;
    ret->nparams = API_BANDWIDTH_PARAMS;
    if (args->nparams == 0)
        return 0;
    const struct domain_interface *iface = domain_find_interface(def, args->device);
    if (!iface)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                         "'%s' is not a known interface of guest '%s'", args->device, dom->name);
    api_bandwidth_list(call->arena, domain_interface_bandwidth(dom, iface), true, &ret->params);
    if (args->nparams > 0 && (uint32_t)args->nparams < ret->params.n)
        ret->params.n = (uint32_t)args->nparams;
    ret->nparams = (int32_t)ret->params.n;
    return 0;
}
