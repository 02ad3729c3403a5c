// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "netmgr/plan.h"

// The plan with the files of its dnsmasq. Caller frees.
char *plan_text(const struct plan *p);
