// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel settings of the network namespace. `root`: NULL for "/proc/sys". What is below
// net/ there belongs to the namespace of the thread that opens it.
#pragma once

#include "base/error.h"

// key: "net/ipv4/ip_forward". Errors name the file and the remedy.
int sysctl_read(const char *root, const char *key, long *ret, struct error *err);
// Writes only when the value differs; *changed (may be NULL) is whether it did.
int sysctl_write(const char *root, const char *key, long value, bool *changed, struct error *err);
// net/<ipv4|ipv6>/conf/<interface>/<key>; the interface's name is checked.
int sysctl_write_interface(const char *root, const char *family, const char *interface,
                           const char *key, long value, bool *changed, struct error *err);
