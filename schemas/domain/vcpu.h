// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu> of a domain.
#pragma once

#include "schemas/doc/value.h"

enum vcpu_placement { VCPU_PLACEMENT_NONE, VCPU_PLACEMENT_STATIC, VCPU_PLACEMENT_AUTO };
