// SPDX-License-Identifier: GPL-2.0-or-later
// The names by which QEMU, its events and clients know the devices of a running guest.
#pragma once

#include "schemas/domain/def.h"

// Names every device that has none: "virtio-disk0", "ide0-1-0", "net0", "serial0", "usb", "pci.1",
// ... The user's own ("ua-...") stay. Numbers disks' images too (source_index). After
// address_assign(). Idempotent.
void alias_assign(struct domain_def *def);
// The same for one device about to be plugged in: the first free number.
void alias_assign_device(const struct domain_def *def, struct device *dev);
// PREFIXn with the lowest free n from `from` on. Caller frees.
char *alias_first_free(const struct domain_def *def, const char *prefix, size_t from);
// By name, for events and commands; NULL: none such. Borrowed.
struct device *alias_find(const struct domain_def *def, const char *alias);
