// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

// The kernel's number of this boot of the machine, as text; NULL: not known. Caller frees.
char *boot_id(void);
