// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt fills in for disks, controllers, interfaces and character devices. PCI addresses are
// not handed out here.
#include "schemas/domain/internal.h"

// ---- disks and controllers

static enum disk_bus bus_of_target(const struct domain_fill *f, const struct domain_disk *disk)
{
    if (disk->device == DISK_DEVICE_FLOPPY || str_starts(disk->target, "fd"))
        return DISK_BUS_FDC;
    if (str_starts(disk->target, "hd"))
        return f->q35 ? DISK_BUS_SATA : DISK_BUS_IDE;
    if (str_starts(disk->target, "sd"))
        return DISK_BUS_SCSI;
    if (str_starts(disk->target, "vd"))
        return DISK_BUS_VIRTIO;
    return f->q35 ? DISK_BUS_SATA : f->pc ? DISK_BUS_IDE : DISK_BUS_VIRTIO;
}

// "hda" is 0, "sdaa" is 26; -1 for a name of another shape.
static int64_t target_index(const char *target)
{
    const char *p = target;
    if (strlen(p) < 3 || p[1] != 'd')
        return -1;
    int64_t n = 0;
    for (p += 2; *p >= 'a' && *p <= 'z' && n < 100000; p++)
        n = n * 26 + (*p - 'a' + 1);
    return n - 1;
}

static void fill_disk_address(struct domain_disk *disk)
{
    int64_t n = target_index(disk->target);
    unsigned per_controller, units;
    switch (disk->bus) {
    case DISK_BUS_IDE:
        per_controller = 4, units = 2;
        break;
    case DISK_BUS_FDC:
        per_controller = 2, units = 2;
        break;
    case DISK_BUS_SATA:
        per_controller = 6, units = 6;
        break;
    case DISK_BUS_SCSI:
        per_controller = 7, units = 7;
        break;
    default:
        return;
    }
    struct device_address *a = &disk->dev.address;
    if (a->type != ADDRESS_NONE || n < 0)
        return;
    a->type = ADDRESS_DRIVE;
    a->controller = OPT_UINT((uint64_t)n / per_controller);
    a->bus = OPT_UINT((uint64_t)n % per_controller / units);
    a->target = OPT_UINT(0);
    a->unit = OPT_UINT((uint64_t)n % units);
    if (disk->bus == DISK_BUS_SCSI)
        a->unit = OPT_UINT((uint64_t)n % per_controller), a->bus = OPT_UINT(0);
}

// Disks of one bus stand in the order of their names, as libvirt lists them.
static void sort_disks(struct domain_def *def)
{
    for (size_t i = 1; i < def->disks.n; i++) {
        struct domain_disk *disk = def->disks.v[i];
        size_t to = i;
        for (size_t k = i; k-- > 0;) {
            if (def->disks.v[k]->bus == disk->bus &&
                target_index(def->disks.v[k]->target) > target_index(disk->target))
                to = k;
        }
        memmove(&def->disks.v[to + 1], &def->disks.v[to], (i - to) * sizeof(def->disks.v[0]));
        def->disks.v[to] = disk;
    }
}

void domain_fill_disks(const struct domain_fill *f)
{
    for (size_t i = 0; i < f->def->disks.n; i++) {
        struct domain_disk *disk = f->def->disks.v[i];
        if (disk->device == DISK_DEVICE_NONE)
            disk->device = DISK_DEVICE_DISK;
        if (disk->bus == DISK_BUS_NONE)
            disk->bus = bus_of_target(f, disk);
        if (!disk->driver_name)
            disk->driver_name = xstrdup("qemu");
        if (!disk->driver_format)
            disk->driver_format = xstrdup("raw");
        if (disk->device == DISK_DEVICE_CDROM)
            disk->readonly = true;
        fill_disk_address(disk);
    }
    sort_disks(f->def);
}

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
    for (size_t i = 0; i < def->controllers.n; i++) {
        struct domain_controller *c = def->controllers.v[i];
        if (c->index.set)
            continue;
        if (c->model >= USB_ICH9_UHCI1 && c->model <= USB_ICH9_UHCI3 && i &&
            def->controllers.v[i - 1]->type == CONTROLLER_USB) {
            c->index = def->controllers.v[i - 1]->index;
            continue;
        }
        uint64_t index = c->type == CONTROLLER_PCI && c->model != PCI_ROOT && c->model != PCIE_ROOT;
        while (has_controller(def, c->type, index))
            index++;
        c->index = OPT_UINT(index);
    }
}

static enum controller_model default_usb(const struct domain_fill *f)
{
    return f->q35 ? USB_QEMU_XHCI : f->x86 ? USB_PIIX3_UHCI : USB_QEMU_XHCI;
}

static enum controller_type bus_controller(enum disk_bus bus)
{
    switch (bus) {
    case DISK_BUS_IDE:
        return CONTROLLER_IDE;
    case DISK_BUS_FDC:
        return CONTROLLER_FDC;
    case DISK_BUS_SCSI:
        return CONTROLLER_SCSI;
    case DISK_BUS_SATA:
        return CONTROLLER_SATA;
    default:
        return CONTROLLER_NONE;
    }
}

void domain_fill_controllers(const struct domain_fill *f)
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
    for (size_t i = 0; i < def->disks.n; i++) {
        const struct domain_disk *disk = def->disks.v[i];
        enum controller_type type = bus_controller(disk->bus);
        const struct device_address *a = &disk->dev.address;
        if (type != CONTROLLER_NONE && a->type == ADDRESS_DRIVE && a->controller.value < 256)
            add_controller(def, type, a->controller.value,
                           type == CONTROLLER_SCSI ? SCSI_LSILOGIC : CONTROLLER_MODEL_NONE);
    }
    bool serial_bus = false;
    for (size_t i = 0; i < def->channels.n; i++)
        serial_bus |= def->channels.v[i]->target == CHANNEL_TARGET_VIRTIO;
    for (size_t i = 0; i < def->consoles.n; i++)
        serial_bus |= def->consoles.v[i]->target == CONSOLE_TARGET_VIRTIO;
    if (serial_bus)
        add_controller(def, CONTROLLER_VIRTIO_SERIAL, 0, CONTROLLER_MODEL_NONE);
}

// ---- interfaces

void domain_fill_interfaces(const struct domain_fill *f)
{
    for (size_t i = 0; i < f->def->interfaces.n; i++) {
        struct domain_interface *iface = f->def->interfaces.v[i];
        if (!iface->mac.set) {
            struct uuid random = uuid_random();
            iface->mac = (struct opt_mac){
                .set = true, .b = {0x52, 0x54, 0x00, random.b[0], random.b[1], random.b[2]}};
        }
        if (!iface->model)
            iface->model = xstrdup(f->x86 ? "rtl8139" : "virtio");
    }
}

// ---- character devices

static uint64_t free_port(struct domain_chardev *const *v, size_t n)
{
    for (uint64_t port = 0;; port++) {
        bool taken = false;
        for (size_t i = 0; i < n; i++)
            taken |= v[i]->port.set && v[i]->port.value == port;
        if (!taken)
            return port;
    }
}

static void number_ports(struct domain_chardev *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!v[i]->port.set)
            v[i]->port = OPT_UINT(free_port(v, n));
    }
}

static struct domain_chardev *copy_chardev(const struct domain_chardev *c, enum device_kind kind)
{
    struct domain_chardev *copy = (struct domain_chardev *)domain_device_copy(&c->dev);
    copy->dev.kind = kind;
    copy->target = CHARDEV_TARGET_NONE;
    str_replace(&copy->target_model, NULL);
    str_replace(&copy->tty, NULL);
    return copy;
}

static bool first_console_is_serial(const struct domain_def *def)
{
    return def->consoles.n && def->consoles.v[0]->target == CONSOLE_TARGET_SERIAL;
}

// A console that stands alone is a serial port.
static void fill_serial_from_console(struct domain_def *def)
{
    for (size_t i = 0; i < def->consoles.n; i++) {
        struct domain_chardev *c = def->consoles.v[i];
        if (c->target == CHARDEV_TARGET_NONE)
            c->target = i ? CONSOLE_TARGET_VIRTIO : CONSOLE_TARGET_SERIAL;
    }
    if (first_console_is_serial(def) && !def->serials.n)
        vec_push(&def->serials, copy_chardev(def->consoles.v[0], DEVICE_SERIAL));
}

// The first console of a machine with a serial port is that port seen a second time, on a pty under
// two names.
static void fill_console_from_serial(struct domain_def *def)
{
    if (!def->serials.n)
        return;
    struct domain_chardev *console = copy_chardev(def->serials.v[0], DEVICE_CONSOLE);
    console->dev.address = (struct device_address){0};
    console->target = CONSOLE_TARGET_SERIAL;
    if (console->source.type == CHARDEV_PTY)
        str_replace(&console->tty, console->source.path);
    if (first_console_is_serial(def)) {
        domain_device_destroy(&def->consoles.v[0]->dev);
        def->consoles.v[0] = console;
        return;
    }
    vec_push(&def->consoles, console);
    memmove(&def->consoles.v[1], &def->consoles.v[0],
            (def->consoles.n - 1) * sizeof(def->consoles.v[0]));
    def->consoles.v[0] = console;
}

void domain_fill_chardevs(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    fill_serial_from_console(def);
    number_ports(def->serials.v, def->serials.n);
    number_ports(def->parallels.v, def->parallels.n);
    for (size_t i = 0; i < def->serials.n; i++) {
        struct domain_chardev *s = def->serials.v[i];
        if (s->target == CHARDEV_TARGET_NONE)
            s->target = s->dev.address.type == ADDRESS_USB   ? SERIAL_TARGET_USB
                        : s->dev.address.type == ADDRESS_PCI ? SERIAL_TARGET_PCI
                                                             : SERIAL_TARGET_ISA;
        if (!s->target_model && s->target != SERIAL_TARGET_ISA_DEBUG)
            s->target_model = xstrdup(doc_enum_name(&serial_target_values, s->target));
    }
    fill_console_from_serial(def);
    for (size_t i = 1; i < def->consoles.n; i++) {
        if (!def->consoles.v[i]->port.set)
            def->consoles.v[i]->port = OPT_UINT(i);
    }
    for (size_t i = 0; i < def->consoles.n; i++) {
        if (!def->consoles.v[i]->port.set)
            def->consoles.v[i]->port = OPT_UINT(0);
    }
    for (size_t i = 0; i < def->channels.n; i++) {
        struct domain_chardev *c = def->channels.v[i];
        if (c->source.type == CHARDEV_SPICEVMC && c->target == CHANNEL_TARGET_VIRTIO && !c->name)
            c->name = xstrdup("com.redhat.spice.0");
    }
}
