// SPDX-License-Identifier: LGPL-2.1-or-later
// <controller>.
#include "schemas/domain/internal.h"

#include <inttypes.h>

static DOC_ENUM_VALUES(
    controller_type_values,
    "xenbus isa", [CONTROLLER_IDE] = "ide", [CONTROLLER_FDC] = "fdc", [CONTROLLER_SCSI] = "scsi",
    [CONTROLLER_SATA] = "sata", [CONTROLLER_VIRTIO_SERIAL] = "virtio-serial",
    [CONTROLLER_CCID] = "ccid", [CONTROLLER_USB] = "usb", [CONTROLLER_PCI] = "pci");
static DOC_ENUM_VALUES(
    usb_model_values,
    "qusb1 qusb2", [USB_PIIX3_UHCI] = "piix3-uhci", [USB_PIIX4_UHCI] = "piix4-uhci",
    [USB_EHCI] = "ehci", [USB_ICH9_EHCI1] = "ich9-ehci1", [USB_ICH9_UHCI1] = "ich9-uhci1",
    [USB_ICH9_UHCI2] = "ich9-uhci2", [USB_ICH9_UHCI3] = "ich9-uhci3",
    [USB_VT82C686B_UHCI] = "vt82c686b-uhci", [USB_PCI_OHCI] = "pci-ohci",
    [USB_NEC_XHCI] = "nec-xhci", [USB_QEMU_XHCI] = "qemu-xhci", [USB_OFF] = "none");
static DOC_ENUM_VALUES(
    scsi_model_values, NULL, [SCSI_AUTO] = "auto", [SCSI_BUSLOGIC] = "buslogic",
    [SCSI_LSILOGIC] = "lsilogic", [SCSI_LSISAS1068] = "lsisas1068",
    [SCSI_LSISAS1078] = "lsisas1078", [SCSI_VMPVSCSI] = "vmpvscsi", [SCSI_IBMVSCSI] = "ibmvscsi",
    [SCSI_VIRTIO] = "virtio-scsi", [SCSI_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [SCSI_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional", [SCSI_AM53C974] = "am53c974",
    [SCSI_DC390] = "dc390");
static DOC_ENUM_VALUES(
    pci_model_values,
    "pci-expander-bus pcie-expander-bus", [PCI_ROOT] = "pci-root", [PCIE_ROOT] = "pcie-root",
    [PCI_BRIDGE] = "pci-bridge", [PCIE_DMI_TO_PCI_BRIDGE] = "dmi-to-pci-bridge",
    [PCIE_ROOT_PORT] = "pcie-root-port", [PCIE_SWITCH_UPSTREAM_PORT] = "pcie-switch-upstream-port",
    [PCIE_SWITCH_DOWNSTREAM_PORT] = "pcie-switch-downstream-port",
    [PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge");
static DOC_ENUM_VALUES(ide_model_values, "piix4 ich6", [IDE_PIIX3] = "piix3");
static DOC_ENUM_VALUES(
    virtio_serial_model_values,
    NULL, [VIRTIO_SERIAL_VIRTIO] = "virtio", [VIRTIO_SERIAL_TRANSITIONAL] = "virtio-transitional",
    [VIRTIO_SERIAL_NON_TRANSITIONAL] = "virtio-non-transitional");

#define S           struct domain_controller
#define WHEN(type_) .when = DOC_BIT(CONTROLLER_##type_)
static const struct doc_row pci_model_rows[] = {
    D_TOKEN(ATTR, "name", pci_model, .flags = DOC_REQUIRED),
};
static const struct doc_type pci_model_doc = DOC_TYPE("controllerModel", S, pci_model_rows);

static const struct doc_row pci_target_rows[] = {
    D_UINT(ATTR, "chassisNr", pci_chassis_nr, 1, 255),
    D_UINT(ATTR, "chassis", pci_chassis, 0, 255),
    D_HEX(ATTR, "port", pci_port, 1, 255),
    D_ONOFF(ATTR, "hotplug", pci_hotplug),
};
static const struct doc_type pci_target_doc = DOC_TYPE("controllerTarget", S, pci_target_rows);

static const struct doc_row controller_driver_rows[] = {
    D_UINT(ATTR, "queues", queues, 1, 0xffff),
    D_UINT(ATTR, "cmd_per_lun", cmd_per_lun, 1, 0xffffffff),
    D_UINT(ATTR, "max_sectors", max_sectors, 1, 0xffffffff),
    D_ONOFF(ATTR, "ioeventfd", ioeventfd),
    D_UINT(ATTR, "iothread", iothread, 1, 0xffffffff),
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type controller_driver_doc =
    DOC_TYPE("controllerDriver", S, controller_driver_rows);

static const struct doc_row master_rows[] = {
    D_UINT(ATTR, "startport", startport, 0, 255, .flags = DOC_REQUIRED),
};
static const struct doc_type master_doc = DOC_TYPE("controllerMaster", S, master_rows);

static const struct doc_row controller_rows[] = {
    D_ENUM(ATTR, "type", type, &controller_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_UINT(ATTR, "index", index, 0, 0x7fffffff),
    D_ENUM(ATTR, "model", model, &usb_model_values, WHEN(USB)),
    D_ENUM(ATTR, "model", model, &scsi_model_values, WHEN(SCSI)),
    D_ENUM(ATTR, "model", model, &pci_model_values, WHEN(PCI)),
    D_ENUM(ATTR, "model", model, &ide_model_values, WHEN(IDE)),
    D_ENUM(ATTR, "model", model, &virtio_serial_model_values, WHEN(VIRTIO_SERIAL)),
    D_UINT(ATTR, "ports", ports, 0, 255, .when = DOC_BIT(CONTROLLER_USB)),
    D_UINT(ATTR, "ports", ports, 0, 0x7fffffff, .when = DOC_BIT(CONTROLLER_VIRTIO_SERIAL)),
    D_UINT(ATTR, "vectors", vectors, 0, 0x7fffffff, .when = DOC_BIT(CONTROLLER_VIRTIO_SERIAL)),
    D_ELEM("model", &pci_model_doc, WHEN(PCI)),
    D_ELEM("target", &pci_target_doc, WHEN(PCI)),
    D_KIB(LEAF, "pcihole64", pcihole64_kib, WHEN(PCI)),
    D_ELEM("driver", &controller_driver_doc),
    D_ELEM("master", &master_doc, WHEN(USB)),
    D_INCLUDE(&device_tail_doc, dev),
};

static bool has_controller(const struct domain_def *def, enum controller_type type, uint64_t index)
{
    for (size_t i = 0; i < def->controllers.n; i++) {
        const struct domain_controller *c = def->controllers.v[i];
        if (c->type == type && c->index.set && c->index.value == index)
            return true;
    }
    return false;
}

static struct domain_controller *add_controller(struct domain_def *def, enum controller_type type,
                                                uint64_t index, enum controller_model model)
{
    if (has_controller(def, type, index))
        return NULL;
    struct domain_controller *c = NEW(struct domain_controller);
    c->dev.kind = DEVICE_CONTROLLER;
    c->type = type;
    c->index = OPT_UINT(index);
    c->model = model;
    vec_push(&def->controllers, c);
    return c;
}

// The parts of an EHCI set share the index of their master.
static void number_controllers(struct domain_def *def)
{
    uint64_t next[CONTROLLER_TYPE_COUNT] = {[CONTROLLER_PCI] = 1}; // all below are taken
    for (size_t i = 0; i < def->controllers.n; i++) {
        struct domain_controller *c = def->controllers.v[i];
        if (c->index.set)
            continue;
        if (c->model >= USB_ICH9_UHCI1 && c->model <= USB_ICH9_UHCI3 && i &&
            def->controllers.v[i - 1]->type == CONTROLLER_USB) {
            c->index = def->controllers.v[i - 1]->index;
            continue;
        }
        bool root = c->type == CONTROLLER_PCI && (c->model == PCI_ROOT || c->model == PCIE_ROOT);
        while (!root && has_controller(def, c->type, next[c->type]))
            next[c->type]++;
        c->index = OPT_UINT(root ? 0 : next[c->type]);
    }
}

static enum controller_model default_usb(const struct domain_fill *f)
{
    return f->q35 ? USB_QEMU_XHCI : f->x86 ? USB_PIIX3_UHCI : USB_QEMU_XHCI;
}

static void fill_controllers(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    number_controllers(def);
    bool usb = false;
    for (size_t i = 0; i < def->controllers.n; i++) {
        struct domain_controller *c = def->controllers.v[i];
        usb |= c->type == CONTROLLER_USB;
        if (c->model != CONTROLLER_MODEL_NONE)
            continue;
        if (c->type == CONTROLLER_USB)
            c->model = default_usb(f);
        else if (c->type == CONTROLLER_SCSI)
            c->model = SCSI_LSILOGIC;
        else if (c->type == CONTROLLER_PCI && !c->index.value)
            c->model = f->q35 ? PCIE_ROOT : PCI_ROOT;
    }
    if (f->pc || f->q35) {
        if (!usb)
            add_controller(def, CONTROLLER_USB, 0, default_usb(f));
        if (f->q35)
            add_controller(def, CONTROLLER_SATA, 0, CONTROLLER_MODEL_NONE);
        add_controller(def, CONTROLLER_PCI, 0, f->q35 ? PCIE_ROOT : PCI_ROOT);
    }
}

// The USB 2 set is several controllers of one index.
static bool are_companions(const struct domain_controller *a, const struct domain_controller *b)
{
    return a->type == CONTROLLER_USB && a->model != b->model;
}

static int check_controller(const struct domain_def *def, const struct device *dev,
                            struct error *err)
{
    const struct domain_controller *c = (const struct domain_controller *)dev;
    if (c->pcihole64_kib && c->model != PCI_ROOT && c->model != PCIE_ROOT)
        return device_fail(def, dev, ERROR_XML, err,
                           "<pcihole64> goes with model 'pci-root' or 'pcie-root' only");
    for (size_t i = 0; def->controllers.v[i] != c; i++) {
        const struct domain_controller *o = def->controllers.v[i];
        if (c->type == o->type && c->index.value == o->index.value && !are_companions(c, o))
            return device_fail(def, dev, ERROR_XML, err,
                               "controller '%s' with index %" PRIu64 " is given twice",
                               controller_type_name(c->type), c->index.value);
    }
    return 0;
}

const struct device_schema controller_schema = {
    .doc = DEVICE_DOC("controller", S, controller_rows, DEVICE_CONTROLLER,
                      DOC_TAGGED(S, type, &controller_type_values)),
    .fill = fill_controllers,
    .check = check_controller,
};
#undef WHEN
#undef S

const char *controller_type_name(enum controller_type type)
{
    return doc_enum_name(&controller_type_values, type);
}

const char *controller_model_name(enum controller_model model)
{
    // One enum, with a list of names for each type of controller.
    static const struct doc_enum *const lists[] = {&usb_model_values, &scsi_model_values,
                                                   &pci_model_values, &ide_model_values,
                                                   &virtio_serial_model_values};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (model < lists[i]->n && lists[i]->names[model])
            return lists[i]->names[model];
    }
    return "?";
}
