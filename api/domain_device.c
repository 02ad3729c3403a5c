// SPDX-License-Identifier: GPL-2.0-or-later
// Devices of domains.
#include "api/domain.h"

int api_domain_attach_device_flags(struct call *call, struct domain *dom,
                                   const struct wire_domain_attach_device_flags_args *args,
                                   struct error *err)
{
    return domain_attach_device(call->task, dom, args->xml, api_domain_affect(args->flags), err);
}

int api_domain_detach_device_flags(struct call *call, struct domain *dom,
                                   const struct wire_domain_detach_device_flags_args *args,
                                   struct error *err)
{
    bool gone;
    if (domain_detach_device(call->task, dom, args->xml, api_domain_affect(args->flags), &gone,
                             err) < 0)
        return -1;
    // As libvirt: a guest that was asked and has not answered is no failure; an event
    // device-removed follows.
    if (!gone)
        log_info("the guest has not released the device yet");
    return 0;
}

int api_domain_detach_device_alias(struct call *call, struct domain *dom,
                                   const struct wire_domain_detach_device_alias_args *args,
                                   struct error *err)
{
    bool gone; // as libvirt: this call only asks the guest
    return domain_detach_alias(call->task, dom, args->alias, api_domain_affect(args->flags), &gone,
                               err);
}

int api_domain_update_device_flags(struct call *call, struct domain *dom,
                                   const struct wire_domain_update_device_flags_args *args,
                                   struct error *err)
{
    return domain_update_device(call->task, dom, args->xml, api_domain_affect(args->flags), err);
}
