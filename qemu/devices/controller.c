// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

// The machine's own: only the size of its window for 64-bit addresses can be chosen.
static int build_root(struct out *o, const struct domain_controller *c)
{
    if (c->pcihole64_kib && o->command)
        out_arg(o, "-global", "%s.pci-hole64-size=%lluK",
                c->model == PCIE_ROOT ? "q35-pcihost" : "i440FX-pcihost",
                (unsigned long long)c->pcihole64_kib);
    return 0;
}

static int build_pci(struct out *o, const struct domain_controller *c)
{
    if (c->model == PCI_ROOT || c->model == PCIE_ROOT)
        return build_root(o, c);
    if (!c->pci_model)
        return out_internal(o, &c->dev, "a PCI controller has no model");
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
    return out_device_at(o, &c->dev, j);
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

static int build_usb(struct out *o, const struct domain_controller *c)
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
    return out_device_at(o, &c->dev, j);
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

static int build_scsi(struct out *o, const struct domain_controller *c)
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
    return out_device_at(o, &c->dev, j);
}

static int build_virtio_serial(struct out *o, const struct domain_controller *c)
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
    return out_device_at(o, &c->dev, j);
}

static int build_sata(struct out *o, const struct domain_controller *c)
{
    if (o->chipset == CHIPSET_Q35 && !opt_or(c->index, 0))
        return 0; // the chipset's own
    struct json_object *j = json_driver("ich9-ahci");
    put_str(j, "id", c->dev.alias);
    return out_device_at(o, &c->dev, j);
}

static int build_fdc(struct out *o, const struct domain_controller *c)
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

static int build(struct out *o, const struct device *dev)
{
    const struct domain_controller *c = (const struct domain_controller *)dev;
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
            return out_unsupported(o, dev, "machine '%s' has no IDE controller %llu; use sata",
                                   o->def->os.machine, opt_or(c->index, 0));
        return 0;
    case CONTROLLER_CCID: {
        struct json_object *j = json_driver("usb-ccid");
        put_str(j, "id", dev->alias);
        return out_device_at(o, dev, j);
    }
    default:
        return out_unsupported(o, dev, "type '%s' is not provided on x86",
                               controller_type_name(c->type));
    }
}

// Buses before what sits on them; a USB master before its companions.
static unsigned rank(const struct device *dev)
{
    static const unsigned char order[] = {
        [CONTROLLER_PCI] = 0,  [CONTROLLER_USB] = 2,  [CONTROLLER_SCSI] = 4,
        [CONTROLLER_SATA] = 6, [CONTROLLER_IDE] = 8,  [CONTROLLER_VIRTIO_SERIAL] = 10,
        [CONTROLLER_FDC] = 12, [CONTROLLER_CCID] = 14};
    const struct domain_controller *c = (const struct domain_controller *)dev;
    bool companion =
        c->model == USB_ICH9_UHCI1 || c->model == USB_ICH9_UHCI2 || c->model == USB_ICH9_UHCI3;
    return order[c->type] + companion;
}

static char *name(const struct domain_def *def, const struct device *dev)
{
    const struct domain_controller *c = (const struct domain_controller *)dev;
    unsigned long long i = opt_or(c->index, 0);
    enum chipset chipset = chipset_of(def);
    switch (c->type) {
    case CONTROLLER_PCI:
        return xasprintf(c->model == PCIE_ROOT ? "pcie.%llu" : "pci.%llu", i);
    case CONTROLLER_USB:
        return i ? xasprintf("usb%llu", i) : xstrdup("usb");
    case CONTROLLER_IDE:
        return i || chipset == CHIPSET_ISA ? xasprintf("ide%llu", i) : xstrdup("ide");
    case CONTROLLER_SATA: // the chipset's own is called so by QEMU
        return !i && chipset == CHIPSET_Q35 ? xstrdup("ide") : xasprintf("sata%llu", i);
    default:
        return xasprintf("%s%llu", controller_type_name(c->type), i);
    }
}

static enum device_bus pci_bus(const struct domain_controller *c)
{
    switch (c->model) {
    case PCI_BRIDGE:
        return BUS_PCI;
    case PCIE_TO_PCI_BRIDGE:
    case PCIE_SWITCH_UPSTREAM_PORT:
        return BUS_PCIE;
    case PCIE_SWITCH_DOWNSTREAM_PORT:
        return BUS_PCIE_DOWNSTREAM;
    case PCIE_ROOT_PORT:
    case PCIE_DMI_TO_PCI_BRIDGE:
        return BUS_PCI_ROOT;
    default:
        return BUS_NONE;
    }
}

static enum device_bus scsi_bus(const struct domain_controller *c)
{
    switch (c->model) {
    case SCSI_VIRTIO:
    case SCSI_VIRTIO_NON_TRANSITIONAL:
    case SCSI_VMPVSCSI:
        return BUS_PCIE;
    case SCSI_IBMVSCSI:
        return BUS_NONE;
    default:
        return BUS_PCI;
    }
}

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const struct domain_controller *c = (const struct domain_controller *)dev;
    switch (c->type) {
    case CONTROLLER_USB:
        if (c->model == USB_OFF)
            return BUS_NONE;
        return c->model == USB_NEC_XHCI || c->model == USB_QEMU_XHCI ? BUS_PCIE : BUS_PCI;
    case CONTROLLER_SCSI:
        return scsi_bus(c);
    case CONTROLLER_VIRTIO_SERIAL:
        return c->model == VIRTIO_SERIAL_TRANSITIONAL ? BUS_PCI : BUS_PCIE;
    case CONTROLLER_SATA:
        return BUS_PCI;
    case CONTROLLER_IDE:
        return chipset_of(def) == CHIPSET_I440FX ? BUS_PCI : BUS_NONE;
    case CONTROLLER_PCI:
        return pci_bus(c);
    case CONTROLLER_CCID:
        return BUS_USB;
    default:
        return BUS_NONE;
    }
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    const struct domain_controller *a = (const struct domain_controller *)dev;
    const struct domain_controller *b = (const struct domain_controller *)wanted;
    return a->type == b->type && opt_or(a->index, 0) == opt_or(b->index, 0) &&
           device_address_fits(dev, wanted);
}

const struct device_class controller_class = {
    .name = name,
    .order = {[ORDER_BUILD] = 10, [ORDER_PCI] = 30, [ORDER_USB] = 30},
    .rank = rank,
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .is_meant = is_meant,
};
