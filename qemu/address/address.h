// SPDX-License-Identifier: GPL-2.0-or-later
// Where each device sits in the guest: given once, at define time, and kept in the document, so
// that the guest finds its hardware in the same place at every start.
#pragma once

#include "base/error.h"
#include "schemas/domain/def.h"

// Gives every device that needs one an address, keeps those that are there, and adds the
// controllers the addresses need (root ports on q35 with one spare for hotplug, bridges when pc's
// bus is full, virtio-serial, scsi). Idempotent. After domain_def_fill(). Does not suspend.
// ERROR_XML when two devices claim the same place or a place cannot hold the device ("line N:
// ..."); ERROR_CONFIG_UNSUPPORTED when there is no free address or the machine type is unknown
// here.
int address_assign(struct domain_def *def, struct error *err);

// The same for one device about to be plugged into `def`, of which it is not yet a member. Adds no
// controllers to a running guest: without a free place that takes hotplug ERROR_OPERATION_FAILED.
int address_assign_device(const struct domain_def *def, struct device *dev, struct error *err);

// What the guest's chipset is; decides buses, slots and default models.
enum chipset { CHIPSET_OTHER, CHIPSET_I440FX, CHIPSET_Q35, CHIPSET_ISA };
enum chipset chipset_of_machine(const char *arch, const char *machine); // NULL: pc, on x86
enum chipset chipset_of(const struct domain_def *def);

// NULL: there is none. Borrowed.
struct domain_controller *controller_find(const struct domain_def *def, enum controller_type type,
                                          uint64_t index);
