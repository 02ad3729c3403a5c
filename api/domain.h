// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of domain procedures share.
#pragma once

#include "api/daemon.h"
#include "api/object.h"
#include "supervisor/domain.h"

extern const struct api_class api_domain_class;

// A domain as the wire names it, the name copied into the arena; NULL: the name is dom's own.
struct wire_domain_ref api_domain_ref(struct arena *a, const struct domain *dom);

// enum virDomainModificationImpact as enum domain_affect.
unsigned api_domain_affect(uint32_t flags);
// The definition that these flags mean, neither: the live one of an active domain. dom's own; NULL
// with err set.
struct domain_def *api_domain_definition(const struct domain *dom, uint32_t flags,
                                         struct error *err);

struct api_domain_state {
    int state, reason; // enum virDomainState and what goes with it
};
struct api_domain_state api_domain_state(const struct domain *dom);

static inline uint64_t api_domain_vcpus(const struct domain_def *def)
{
    return def->vcpus_current.set ? def->vcpus_current.value : def->vcpus;
}

// Sends the events of domains; for struct domains_config.
struct domain_observer api_domain_observer(struct daemon *d);
