// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

// The kernel's boot id as text; NULL: unknown. Caller frees.
char *boot_id(void);
