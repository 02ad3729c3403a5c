// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of address assignment share.
#pragma once

#include "qemu/address.h"

enum pci_need {
    PCI_NEED_NONE,
    PCI_NEED_CONVENTIONAL,
    PCI_NEED_EXPRESS,
    PCI_NEED_ROOT,        // on the root bus: root ports, expander bridges
    PCI_NEED_DOWNSTREAM,  // downstream port: on an upstream port
    PCI_NEED_UNSUPPORTED, // no such thing on PCI
};
// Which kind of place a device takes on this machine; video: whether it is the primary one is
// decided by its position in def.
enum pci_need pci_need(const struct domain_def *def, const struct device *dev);
bool device_on_usb(const struct device *dev);

int pci_assign(struct domain_def *def, struct error *err);
int pci_assign_device(const struct domain_def *def, struct device *dev, struct error *err);

int drive_assign(struct domain_def *def, struct error *err);
int drive_assign_device(const struct domain_def *def, struct device *dev, struct error *err);
int usb_assign(struct domain_def *def, struct error *err);
int usb_assign_device(const struct domain_def *def, struct device *dev, struct error *err);
int virtio_serial_assign(struct domain_def *def, struct error *err);
int virtio_serial_assign_device(const struct domain_def *def, struct device *dev,
                                struct error *err);

struct domain_controller *controller_find(const struct domain_def *def, enum controller_type type,
                                          uint64_t index);
struct domain_controller *controller_add(struct domain_def *def, enum controller_type type,
                                         uint64_t index, enum controller_model model);
// "the <disk> at line 12", "the <controller> made by us"; caller frees.
char *device_where(const struct device *dev);
