// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "qemu/argv_internal.h"

enum { FD_FIRST = 3 };

void out_flag(struct argv_out *o, const char *option)
{
    strv_push(&o->argv->args, option);
}

void out_arg(struct argv_out *o, const char *option, const char *fmt, ...)
{
    va_list ap;
    strv_push(&o->argv->args, option);
    va_start(ap, fmt);
    strv_take(&o->argv->args, xvasprintf(fmt, ap));
    va_end(ap);
}

// What does and undoes on a running QEMU what an option does at its start; id: the member that
// names what was made.
static const struct {
    const char *option, *command, *undo, *id;
} plug_commands[] = {
    {"-device", "device_add", "device_del", "id"},
    {"-blockdev", "blockdev-add", "blockdev-del", "node-name"},
    {"-netdev", "netdev_add", "netdev_del", "id"},
    {"-object", "object-add", "object-del", "id"},
};

static void add_step(struct argv_plug *plug, const char *option, struct json_object *json)
{
    for (size_t i = 0; i < ARRAY_LEN(plug_commands); i++) {
        struct json_object *id;
        if (!str_eq(option, plug_commands[i].option) ||
            !json_object_object_get_ex(json, plug_commands[i].id, &id))
            continue;
        struct argv_step step = {.command = plug_commands[i].command,
                                 .undo = plug_commands[i].undo,
                                 .args = json,
                                 .undo_args = json_object_new_object()};
        json_object_object_add(step.undo_args, plug_commands[i].id, json_object_get(id));
        vec_push(&plug->steps, step);
        return;
    }
    json_object_put(json);
}

void out_json(struct argv_out *o, const char *option, struct json_object *json)
{
    if (o->plug) {
        add_step(o->plug, option, json);
        return;
    }
    strv_push(&o->argv->args, option);
    strv_push(&o->argv->args, json_object_to_json_string_ext(
                                  json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}

int out_device(struct argv_out *o, const struct device *dev, struct json_object *json)
{
    struct json_object *driver = NULL;
    json_object_object_get_ex(json, "driver", &driver);
    const char *name = json_object_get_string(driver);
    if (!qemu_caps_has_device(o->caps, name)) {
        out_unsupported(o, dev,
                        "this QEMU has no device '%s'; install a QEMU with it or choose "
                        "another model",
                        name);
        json_object_put(json);
        return -1;
    }
    out_json(o, "-device", json);
    return 0;
}

int out_fd(struct argv_out *o, int fd)
{
    struct child_fd pair = {.fd = fd, .target = FD_FIRST + o->next_fd++};
    vec_push(&o->argv->fds, pair);
    return pair.target;
}

unsigned out_fdset(struct argv_out *o, int fd)
{
    unsigned set = o->next_fdset++;
    out_arg(o, "-add-fd", "set=%u,fd=%d", set, out_fd(o, fd));
    return set;
}

int out_unsupported(struct argv_out *o, const struct device *dev, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *line = dev && dev->line ? xasprintf("line %u: ", dev->line) : xstrdup("");
    AUTO_FREE char *what = dev ? xasprintf("<%s>: ", device_kind_name(dev->kind)) : xstrdup("");
    return error_set(o->err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU, "%s%s%s", line, what, text);
}

int out_internal(struct argv_out *o, const struct device *dev, const char *what)
{
    return error_set(o->err, ERROR_INTERNAL, AREA_QEMU, "cannot build QEMU's arguments: %s%s%s",
                     dev ? device_kind_name(dev->kind) : "", dev ? ": " : "", what);
}

char *comma_escape(const char *text)
{
    struct strbuf b = {0};
    for (; text && *text; text++) {
        if (*text == ',')
            strbuf_addc(&b, ',');
        strbuf_addc(&b, *text);
    }
    return strbuf_steal(&b);
}

struct json_object *json_driver(const char *driver)
{
    struct json_object *j = json_object_new_object();
    put_str(j, "driver", driver);
    return j;
}

void put_str(struct json_object *j, const char *key, const char *value)
{
    if (value)
        json_object_object_add(j, key, json_object_new_string(value));
}

void put_printf(struct json_object *j, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    put_str(j, key, text);
}

void put_uint(struct json_object *j, const char *key, uint64_t value)
{
    json_object_object_add(j, key, json_object_new_uint64(value));
}

void put_opt(struct json_object *j, const char *key, struct opt_uint value)
{
    if (value.set)
        put_uint(j, key, value.value);
}

void put_bool(struct json_object *j, const char *key, bool value)
{
    json_object_object_add(j, key, json_object_new_boolean(value));
}

void put_toggle(struct json_object *j, const char *key, enum toggle value)
{
    if (value != TOGGLE_UNSET)
        put_bool(j, key, value == TOGGLE_YES);
}

void put_virtio(struct json_object *j, const struct virtio_options *v)
{
    put_toggle(j, "iommu_platform", v->iommu);
    put_toggle(j, "ats", v->ats);
    put_toggle(j, "packed", v->packed);
    put_toggle(j, "page-per-vq", v->page_per_vq);
}

char *virtio_driver(const char *base, const char *model)
{
    if (model && str_ends(model, "-non-transitional"))
        return xasprintf("%s-non-transitional", base);
    if (model && str_ends(model, "-transitional"))
        return xasprintf("%s-transitional", base);
    return xstrdup(base);
}

const struct domain_controller *out_controller(const struct argv_out *o, enum controller_type type,
                                               uint64_t index)
{
    VEC_FOREACH (it, &o->def->controllers)
        if ((*it)->type == type && opt_or((*it)->index, 0) == index)
            return *it;
    return NULL;
}

char *controller_bus(struct argv_out *o, enum controller_type type, uint64_t index)
{
    const struct domain_controller *c = out_controller(o, type, index);
    if (!c)
        return NULL;
    if (type != CONTROLLER_PCI)
        return xasprintf("%s.0", c->dev.alias ? c->dev.alias : "?");
    // The root bus is QEMU's own and keeps its name whatever the user calls the controller.
    if (c->model == PCIE_ROOT)
        return xstrdup("pcie.0");
    return c->model == PCI_ROOT ? xstrdup("pci.0") : xstrdup(c->dev.alias);
}

static int pci_address(struct argv_out *o, struct json_object *j, const struct device *dev)
{
    const struct device_address *a = &dev->address;
    AUTO_FREE char *bus = controller_bus(o, CONTROLLER_PCI, opt_or(a->bus, 0));
    if (!bus)
        return out_internal(o, dev, "its PCI bus has no controller");
    put_str(j, "bus", bus);
    if (a->multifunction != TOGGLE_UNSET)
        put_toggle(j, "multifunction", a->multifunction);
    if (opt_or(a->function, 0))
        put_printf(j, "addr", "0x%llx.0x%llx", opt_or(a->slot, 0), opt_or(a->function, 0));
    else
        put_printf(j, "addr", "0x%llx", opt_or(a->slot, 0));
    return 0;
}

int put_address(struct argv_out *o, struct json_object *j, const struct device *dev)
{
    const struct device_address *a = &dev->address;
    AUTO_FREE char *bus = NULL;
    switch (a->type) {
    case ADDRESS_NONE:
    case ADDRESS_UNASSIGNED:
        return 0;
    case ADDRESS_PCI:
        return a->slot.set ? pci_address(o, j, dev) : out_internal(o, dev, "no PCI slot");
    case ADDRESS_USB:
        bus = controller_bus(o, CONTROLLER_USB, opt_or(a->bus, 0));
        if (!bus)
            return out_unsupported(o, dev, "USB bus %llu has no controller", opt_or(a->bus, 0));
        put_str(j, "bus", bus);
        put_str(j, "port", a->usb_port);
        return 0;
    case ADDRESS_VIRTIO_SERIAL:
        bus = controller_bus(o, CONTROLLER_VIRTIO_SERIAL, opt_or(a->controller, 0));
        if (!bus)
            return out_unsupported(o, dev, "virtio-serial controller %llu is not there",
                                   opt_or(a->controller, 0));
        put_str(j, "bus", bus);
        put_opt(j, "nr", a->serial_port);
        return 0;
    case ADDRESS_ISA:
        put_opt(j, "iobase", a->iobase);
        put_opt(j, "irq", a->irq);
        return 0;
    default:
        return out_unsupported(o, dev, "an address of this type is not provided on x86");
    }
}

static bool any_boot_order(const struct domain_def *def)
{
    VEC_FOREACH (it, &def->disks)
        if ((*it)->dev.boot_order.set)
            return true;
    VEC_FOREACH (it, &def->interfaces)
        if ((*it)->dev.boot_order.set)
            return true;
    VEC_FOREACH (it, &def->redirdevs)
        if ((*it)->dev.boot_order.set)
            return true;
    return false;
}

static enum boot_dev boot_kind(const struct device *dev)
{
    if (dev->kind == DEVICE_INTERFACE)
        return BOOT_NETWORK;
    if (dev->kind != DEVICE_DISK)
        return BOOT_NONE;
    switch (((const struct domain_disk *)dev)->device) {
    case DISK_DEVICE_CDROM:
        return BOOT_CDROM;
    case DISK_DEVICE_FLOPPY:
        return BOOT_FLOPPY;
    default:
        return BOOT_DISK;
    }
}

static bool first_of_kind(const struct domain_def *def, const struct device *dev)
{
    if (dev->kind == DEVICE_INTERFACE)
        return def->interfaces.n && dev == &def->interfaces.v[0]->dev;
    VEC_FOREACH (it, &def->disks)
        if (boot_kind(&(*it)->dev) == boot_kind(dev))
            return dev == &(*it)->dev;
    return false;
}

unsigned boot_index(const struct argv_out *o, const struct device *dev)
{
    const struct domain_def *def = o->def;
    if (dev->boot_order.set)
        return (unsigned)dev->boot_order.value;
    if (boot_kind(dev) == BOOT_NONE || any_boot_order(def) || !first_of_kind(def, dev))
        return 0;
    for (size_t i = 0; i < def->os.boot.n; i++)
        if (def->os.boot.v[i]->dev == boot_kind(dev))
            return (unsigned)i + 1;
    return 0;
}
