// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of address assignment share.
#pragma once

#include "qemu/address/address.h"
#include "qemu/device.h"

int pci_assign(struct domain_def *def, struct error *err);
int pci_assign_device(const struct domain_def *def, struct device *dev, struct error *err);

int drive_assign(struct domain_def *def, struct error *err);
int drive_assign_device(const struct domain_def *def, struct device *dev, struct error *err);
int usb_assign(struct domain_def *def, struct error *err);
int usb_assign_device(const struct domain_def *def, struct device *dev, struct error *err);
int virtio_serial_assign(struct domain_def *def, struct error *err);
int virtio_serial_assign_device(const struct domain_def *def, struct device *dev,
                                struct error *err);

struct domain_controller *controller_add(struct domain_def *def, enum controller_type type,
                                         uint64_t index, enum controller_model model);
// "the <disk> at line 12", "the <controller> made by us"; caller frees.
char *device_where(const struct device *dev);
