// SPDX-License-Identifier: LGPL-2.1-or-later
// <controller> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum controller_type {
    CONTROLLER_NONE,
    CONTROLLER_IDE,
    CONTROLLER_FDC,
    CONTROLLER_SCSI,
    CONTROLLER_SATA,
    CONTROLLER_VIRTIO_SERIAL,
    CONTROLLER_CCID,
    CONTROLLER_USB,
    CONTROLLER_PCI,
    CONTROLLER_TYPE_COUNT
};
enum controller_model {
    CONTROLLER_MODEL_NONE,
    // usb
    USB_PIIX3_UHCI,
    USB_PIIX4_UHCI,
    USB_EHCI,
    USB_ICH9_EHCI1,
    USB_ICH9_UHCI1,
    USB_ICH9_UHCI2,
    USB_ICH9_UHCI3,
    USB_VT82C686B_UHCI,
    USB_PCI_OHCI,
    USB_NEC_XHCI,
    USB_QEMU_XHCI,
    USB_OFF, // model='none': no USB at all
    // scsi
    SCSI_AUTO,
    SCSI_BUSLOGIC,
    SCSI_LSILOGIC,
    SCSI_LSISAS1068,
    SCSI_LSISAS1078,
    SCSI_VMPVSCSI,
    SCSI_IBMVSCSI,
    SCSI_VIRTIO,
    SCSI_VIRTIO_TRANSITIONAL,
    SCSI_VIRTIO_NON_TRANSITIONAL,
    SCSI_AM53C974,
    SCSI_DC390,
    // pci
    PCI_ROOT,
    PCIE_ROOT,
    PCI_BRIDGE,
    PCIE_DMI_TO_PCI_BRIDGE,
    PCIE_ROOT_PORT,
    PCIE_SWITCH_UPSTREAM_PORT,
    PCIE_SWITCH_DOWNSTREAM_PORT,
    PCIE_TO_PCI_BRIDGE,
    // ide
    IDE_PIIX3,
    // virtio-serial
    VIRTIO_SERIAL_VIRTIO,
    VIRTIO_SERIAL_TRANSITIONAL,
    VIRTIO_SERIAL_NON_TRANSITIONAL,
    CONTROLLER_MODEL_COUNT
};

struct domain_controller {
    struct device dev;
    enum controller_type type;
    struct opt_uint index; // always set when complete
    enum controller_model model;
    struct opt_uint ports;     // usb, virtio-serial
    struct opt_uint vectors;   // virtio-serial
    struct opt_uint startport; // usb companion: <master startport=>
    char *pci_model;           // <model name=>: "pcie-root-port", "ioh3420", ...
    struct opt_uint pci_chassis, pci_chassis_nr, pci_port;      // <target>
    enum toggle pci_hotplug;                                    // <target hotplug=>
    uint64_t pcihole64_kib;                                     // 0: not given
    struct opt_uint queues, cmd_per_lun, max_sectors, iothread; // scsi <driver>
    enum toggle ioeventfd;
    struct virtio_options virtio;
};

const char *controller_type_name(enum controller_type type);
const char *controller_model_name(enum controller_model model);
