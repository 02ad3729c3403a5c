// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "qemu/internal.h"

enum { FD_FIRST = 3 };

void out_flag(struct out *o, const char *option)
{
    strv_push(&o->command->args, option);
}

void out_arg(struct out *o, const char *option, const char *fmt, ...)
{
    va_list ap;
    strv_push(&o->command->args, option);
    va_start(ap, fmt);
    strv_take(&o->command->args, xvasprintf(fmt, ap));
    va_end(ap);
}

// put_str() does not know for whom it writes, and marks the object instead.
static const char *missing_member(struct json_object *json)
{
    const char *missing = json_object_get_userdata(json);
    size_t n = json_object_is_type(json, json_type_array) ? json_object_array_length(json) : 0;
    for (size_t i = 0; !missing && i < n; i++)
        missing = missing_member(json_object_array_get_idx(json, i));
    if (missing || !json_object_is_type(json, json_type_object))
        return missing;
    json_object_object_foreach(json, key, value)
    {
        (void)key;
        missing = missing ? missing : value ? missing_member(value) : NULL;
    }
    return missing;
}

// The QMP command that does on a running QEMU what an option does at its start; id: the member that
// names what was made.
static const struct {
    const char *option, *command, *undo, *id;
} plug_commands[] = {
    {"-device", "device_add", "device_del", "id"},
    {"-blockdev", "blockdev-add", "blockdev-del", "node-name"},
    {"-netdev", "netdev_add", "netdev_del", "id"},
    {"-object", "object-add", "object-del", "id"},
};

static void add_step(struct out *o, struct device_step step)
{
    if (!o->missing)
        o->missing = missing_member(step.args);
    vec_push(&o->steps->steps, step);
}

void out_step(struct out *o, const char *command, struct json_object *args)
{
    add_step(o, (struct device_step){.command = command, .args = args});
}

static void plug_step(struct out *o, const char *option, struct json_object *json)
{
    for (size_t i = 0; i < ARRAY_LEN(plug_commands); i++) {
        struct json_object *id;
        if (!str_eq(option, plug_commands[i].option) ||
            !json_object_object_get_ex(json, plug_commands[i].id, &id))
            continue;
        struct device_step step = {.command = plug_commands[i].command,
                                   .undo = plug_commands[i].undo,
                                   .args = json,
                                   .undo_args = json_object_new_object()};
        json_object_object_add(step.undo_args, plug_commands[i].id, json_object_get(id));
        add_step(o, step);
        return;
    }
    o->missing = option; // no such command, or no name for what is made
    json_object_put(json);
}

void out_json(struct out *o, const char *option, struct json_object *json)
{
    if (o->steps) {
        plug_step(o, option, json);
        return;
    }
    if (!o->missing)
        o->missing = missing_member(json);
    strv_push(&o->command->args, option);
    strv_push(&o->command->args,
              json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}

int out_device(struct out *o, const struct device *dev, struct json_object *json)
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

int out_device_at(struct out *o, const struct device *dev, struct json_object *json)
{
    if (put_address(o, json, dev) == 0)
        return out_device(o, dev, json);
    json_object_put(json);
    return -1;
}

int out_fd(struct out *o, int fd)
{
    struct child_fd pair = {.fd = fd, .target = FD_FIRST + o->next_fd++};
    vec_push(&o->command->fds, pair);
    return pair.target;
}

int out_side_fd(struct out *o, const struct device *dev)
{
    for (size_t i = 0; i < o->in->nsides; i++)
        if (o->in->sides[i].dev == dev)
            return out_fd(o, o->in->sides[i].fd);
    return out_internal(o, dev, "the socket to its side process");
}

unsigned out_fdset(struct out *o, int fd)
{
    unsigned set = o->next_fdset++;
    out_arg(o, "-add-fd", "set=%u,fd=%d", set, out_fd(o, fd));
    return set;
}

int out_unsupported(struct out *o, const struct device *dev, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *line = dev && dev->line ? xasprintf("line %u: ", dev->line) : xstrdup("");
    AUTO_FREE char *what = dev ? xasprintf("<%s>: ", device_kind_name(dev->kind)) : xstrdup("");
    return error_set(o->err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU, "%s%s%s", line, what, text);
}

int out_internal(struct out *o, const struct device *dev, const char *what)
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
    else
        json_object_set_userdata(j, (void *)key, NULL);
}

void put_str_opt(struct json_object *j, const char *key, const char *value)
{
    if (value)
        put_str(j, key, value);
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

enum device_bus bus_of_virtio(const char *model)
{
    bool conventional =
        model && str_ends(model, "-transitional") && !str_ends(model, "-non-transitional");
    return conventional ? BUS_PCI : BUS_PCIE;
}

bool out_has_spice(const struct out *o)
{
    return qemu_caps_has_option(o->caps, "spice") || qemu_caps_has_device(o->caps, "qxl");
}

char *controller_bus(struct out *o, enum controller_type type, uint64_t index)
{
    const struct domain_controller *c = controller_find(o->def, type, index);
    if (!c)
        return NULL;
    if (type != CONTROLLER_PCI)
        return xasprintf("%s.0", c->dev.alias ? c->dev.alias : "?");
    // The root bus is QEMU's own and keeps its name whatever the user calls the controller.
    if (c->model == PCIE_ROOT)
        return xstrdup("pcie.0");
    return c->model == PCI_ROOT ? xstrdup("pci.0") : xstrdup(c->dev.alias);
}

static int pci_address(struct out *o, struct json_object *j, const struct device *dev)
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

int put_address(struct out *o, struct json_object *j, const struct device *dev)
{
    const struct device_address *a = &dev->address;
    AUTO_FREE char *bus = NULL;
    switch (a->type) {
    case ADDRESS_NONE:
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

struct first {
    enum boot_dev boot;
    const struct device *found;
};

static enum boot_dev boot_of(const struct device *dev)
{
    const struct device_class *class = device_class_of(dev->kind);
    return class->boot ? class->boot(dev) : BOOT_NONE;
}

static int has_order(struct device *dev, void *arg)
{
    (void)arg;
    return dev->boot_order.set;
}

static int is_first(struct device *dev, void *arg)
{
    struct first *f = arg;
    if (boot_of(dev) != f->boot)
        return 0;
    f->found = dev;
    return 1;
}

unsigned boot_index(const struct out *o, const struct device *dev)
{
    const struct domain_def *def = o->def;
    struct first first = {.boot = boot_of(dev)};
    if (dev->boot_order.set)
        return (unsigned)dev->boot_order.value;
    if (first.boot == BOOT_NONE || domain_def_each_device(def, has_order, NULL))
        return 0;
    domain_def_each_device(def, is_first, &first);
    for (size_t i = 0; first.found == dev && i < def->os.boot.n; i++)
        if (def->os.boot.v[i]->dev == first.boot)
            return (unsigned)i + 1;
    return 0;
}
