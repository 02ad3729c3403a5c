// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of domain procedures share.
#pragma once

#include "api/daemon.h"
#include "api/handlers.h"
#include "api/lookup.h"
#include "supervisor/domain.h"

// Looks up the guest a client means; by uuid, as libvirt does. A reference, for AUTO_DOMAIN.
int api_domain_get(struct call *call, const struct wire_domain_ref *ref, struct domain **ret,
                   struct error *err);
// The same, and it must run.
int api_domain_get_active(struct call *call, const struct wire_domain_ref *ref, struct domain **ret,
                          struct error *err);
// A guest as the wire names it. The name is dom's own.
struct wire_domain_ref api_domain_ref(const struct domain *dom);
// The same with a name that outlives what suspends.
struct wire_domain_ref api_domain_ref_copy(struct arena *a, const struct domain *dom);

// The same flags as enum domain_affect.
unsigned api_domain_affect(uint32_t flags);
// The definition that API_AFFECT_LIVE or API_AFFECT_CONFIG of the flags means, neither: the live
// one of an active guest. It is dom's.
int api_domain_definition(const struct domain *dom, uint32_t flags, const struct domain_def **ret,
                          struct error *err);

// libvirt's numbers for state and reason.
void api_domain_state(const struct domain *dom, int *state, int *reason);
// The filters of virConnectListAllDomains.
bool api_domain_matches(const struct domain *dom, uint32_t flags);
enum {
    API_LIST_ACTIVE = 1 << 0,
    API_LIST_INACTIVE = 1 << 1,
    API_LIST_KNOWN = 0xffff, // all the filters
};

struct link_stats;
// The kernel counts a tap from the host's side; the guest's is the other way round. A macvtap
// stands in the guest's place and counts like the guest.
struct link_stats api_guests_view(const struct domain_interface *iface, const struct link_stats *s);

// Sends the events of guests; for struct domains_config.
struct domain_observer api_domain_observer(struct daemon *d);
