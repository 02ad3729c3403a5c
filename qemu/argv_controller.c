// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/argv_internal.h"

static int with_address(struct argv_out *o, const struct domain_controller *c,
                        struct json_object *j)
{
    if (put_address(o, j, &c->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &c->dev, j);
}

static int build_pci(struct argv_out *o, const struct domain_controller *c)
{
    if (c->model == PCI_ROOT || c->model == PCIE_ROOT)
        return 0; // the machine's own
    if (!c->pci_model)
        return out_internal(o, &c->dev, "a PCI controller has no model");
    if (c->model == PCI_EXPANDER_BUS || c->model == PCIE_EXPANDER_BUS)
        return out_unsupported(o, &c->dev, "model='%s' is not provided yet",
                               controller_model_name(c->model));
    struct json_object *j = json_driver(c->pci_model);
    if (c->model == PCIE_ROOT_PORT || c->model == PCIE_SWITCH_DOWNSTREAM_PORT) {
        put_opt(j, "port", c->pci_port);
        put_opt(j, "chassis", c->pci_chassis);
    } else if (c->model == PCI_BRIDGE) {
        put_opt(j, "chassis_nr", c->pci_chassis_nr);
    }
    put_str(j, "id", c->dev.alias);
    if (c->pci_hotplug != TOGGLE_UNSET)
        put_toggle(j, c->model == PCI_BRIDGE ? "shpc" : "hotplug", c->pci_hotplug);
    return with_address(o, c, j);
}

static const char *usb_driver(enum controller_model m)
{
    switch (m) {
    case USB_PIIX3_UHCI:
        return "piix3-usb-uhci";
    case USB_PIIX4_UHCI:
        return "piix4-usb-uhci";
    case USB_EHCI:
        return "usb-ehci";
    case USB_ICH9_EHCI1:
        return "ich9-usb-ehci1";
    case USB_ICH9_UHCI1:
        return "ich9-usb-uhci1";
    case USB_ICH9_UHCI2:
        return "ich9-usb-uhci2";
    case USB_ICH9_UHCI3:
        return "ich9-usb-uhci3";
    case USB_VT82C686B_UHCI:
        return "vt82c686b-usb-uhci";
    case USB_PCI_OHCI:
        return "pci-ohci";
    case USB_NEC_XHCI:
        return "nec-usb-xhci";
    case USB_QEMU_XHCI:
        return "qemu-xhci";
    default:
        return NULL;
    }
}

static int build_usb(struct argv_out *o, const struct domain_controller *c)
{
    const char *driver = usb_driver(c->model);
    if (c->model == USB_OFF)
        return 0;
    if (!driver)
        return out_internal(o, &c->dev, "a USB controller has no model");
    struct json_object *j = json_driver(driver);
    if (c->ports.set) {
        if (c->model != USB_NEC_XHCI && c->model != USB_QEMU_XHCI) {
            json_object_put(j);
            return out_unsupported(o, &c->dev, "ports= is for xhci controllers only");
        }
        put_opt(j, "p2", c->ports);
        put_opt(j, "p3", c->ports);
    }
    if (c->startport.set || c->model == USB_ICH9_UHCI1 || c->model == USB_ICH9_UHCI2 ||
        c->model == USB_ICH9_UHCI3) {
        put_printf(j, "masterbus", "%s.0", c->dev.alias);
        put_uint(j, "firstport", opt_or(c->startport, 0));
    } else {
        put_str(j, "id", c->dev.alias);
    }
    return with_address(o, c, j);
}

static const char *scsi_driver(enum controller_model m)
{
    switch (m) {
    case SCSI_LSILOGIC:
        return "lsi53c895a";
    case SCSI_LSISAS1068:
        return "mptsas1068";
    case SCSI_LSISAS1078:
        return "megasas";
    case SCSI_VMPVSCSI:
        return "pvscsi";
    case SCSI_AM53C974:
        return "am53c974";
    case SCSI_DC390:
        return "dc390";
    case SCSI_VIRTIO:
        return "virtio-scsi-pci";
    case SCSI_VIRTIO_TRANSITIONAL:
        return "virtio-scsi-pci-transitional";
    case SCSI_VIRTIO_NON_TRANSITIONAL:
        return "virtio-scsi-pci-non-transitional";
    default:
        return NULL;
    }
}

static int build_scsi(struct argv_out *o, const struct domain_controller *c)
{
    const char *driver = scsi_driver(c->model);
    if (!driver)
        return out_unsupported(o, &c->dev, "QEMU has no SCSI controller '%s'; use 'virtio-scsi'",
                               controller_model_name(c->model));
    struct json_object *j = json_driver(driver);
    if (str_starts(driver, "virtio")) {
        put_toggle(j, "ioeventfd", c->ioeventfd);
        if (c->iothread.set)
            put_printf(j, "iothread", "iothread%llu", opt_or(c->iothread, 1));
        put_virtio(j, &c->virtio);
        put_opt(j, "num_queues", c->queues);
        put_opt(j, "cmd_per_lun", c->cmd_per_lun);
        put_opt(j, "max_sectors", c->max_sectors);
    }
    put_str(j, "id", c->dev.alias);
    return with_address(o, c, j);
}

static int build_virtio_serial(struct argv_out *o, const struct domain_controller *c)
{
    const char *driver = c->model == VIRTIO_SERIAL_TRANSITIONAL ? "virtio-serial-pci-transitional"
                         : c->model == VIRTIO_SERIAL_NON_TRANSITIONAL
                             ? "virtio-serial-pci-non-transitional"
                             : "virtio-serial-pci";
    struct json_object *j = json_driver(driver);
    put_virtio(j, &c->virtio);
    put_str(j, "id", c->dev.alias);
    put_opt(j, "max_ports", c->ports);
    put_opt(j, "vectors", c->vectors);
    return with_address(o, c, j);
}

static int build_sata(struct argv_out *o, const struct domain_controller *c)
{
    if (o->chipset == CHIPSET_Q35 && !opt_or(c->index, 0))
        return 0; // the chipset's own
    struct json_object *j = json_driver("ich9-ahci");
    put_str(j, "id", c->dev.alias);
    return with_address(o, c, j);
}

static int build_fdc(struct argv_out *o, const struct domain_controller *c)
{
    bool used = false;
    VEC_FOREACH (it, &o->def->disks)
        used = used || (*it)->bus == DISK_BUS_FDC;
    if (o->chipset != CHIPSET_Q35 || !used)
        return 0; // pc has one; q35 gets one for floppies only
    struct json_object *j = json_driver("isa-fdc");
    put_str(j, "id", c->dev.alias);
    return out_device(o, &c->dev, j);
}

int build_controller(struct argv_out *o, const struct domain_controller *c)
{
    switch (c->type) {
    case CONTROLLER_PCI:
        return build_pci(o, c);
    case CONTROLLER_USB:
        return build_usb(o, c);
    case CONTROLLER_SCSI:
        return build_scsi(o, c);
    case CONTROLLER_SATA:
        return build_sata(o, c);
    case CONTROLLER_VIRTIO_SERIAL:
        return build_virtio_serial(o, c);
    case CONTROLLER_FDC:
        return build_fdc(o, c);
    case CONTROLLER_IDE:
        if (opt_or(c->index, 0) || o->chipset == CHIPSET_Q35)
            return out_unsupported(o, &c->dev, "machine '%s' has no IDE controller %llu; use sata",
                                   o->def->os.machine, opt_or(c->index, 0));
        return 0;
    case CONTROLLER_CCID: {
        struct json_object *j = json_driver("usb-ccid");
        put_str(j, "id", c->dev.alias);
        return with_address(o, c, j);
    }
    default:
        return out_unsupported(o, &c->dev, "type '%s' is not provided on x86",
                               controller_type_name(c->type));
    }
}

int build_controllers(struct argv_out *o)
{
    // Buses before what sits on them; a USB master before its companions.
    static const enum controller_type order[] = {
        CONTROLLER_PCI, CONTROLLER_USB,           CONTROLLER_SCSI, CONTROLLER_SATA,
        CONTROLLER_IDE, CONTROLLER_VIRTIO_SERIAL, CONTROLLER_FDC,  CONTROLLER_CCID,
    };
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        for (int companions = 0; companions < 2; companions++)
            VEC_FOREACH (it, &o->def->controllers) {
                bool companion = (*it)->model == USB_ICH9_UHCI1 || (*it)->model == USB_ICH9_UHCI2 ||
                                 (*it)->model == USB_ICH9_UHCI3;
                if ((*it)->type == order[i] && companion == (companions == 1) &&
                    build_controller(o, *it) < 0)
                    return -1;
            }
    return 0;
}
