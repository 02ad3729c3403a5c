// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the legacy backend as text, for goldens and for comparing with iptables-save.
#pragma once

#include "firewall/rules.h"

// Of one family (RULE_V4 or RULE_V6), table by table; appended to *ret.
void iptables_text(const struct firewall_network *net, const struct rule_vec *rules,
                   enum rule_family family, struct strbuf *ret);
