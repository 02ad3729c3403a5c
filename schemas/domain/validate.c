// SPDX-License-Identifier: LGPL-2.1-or-later
// What no table can see: values that must fit each other.
#include "schemas/domain/internal.h"
#include "schemas/network/def.h"

#include <inttypes.h>
#include <sys/socket.h>

static int bad(const struct domain_def *def, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static int bad(const struct domain_def *def, struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_setv(err, ERROR_XML, AREA_DOMAIN, fmt, ap);
    va_end(ap);
    return error_prefix(err, "domain '%s'", def->name);
}

static int check_title(const struct domain_def *def, struct error *err)
{
    if (def->title && strchr(def->title, '\n'))
        return bad(def, err, "<title> must be one line");
    return 0;
}

static int check_size(const struct domain_def *def, struct error *err)
{
    if (!def->memory_kib)
        return bad(def, err, "<memory> must be more than 0");
    if (def->current_memory_kib > def->memory_kib)
        return bad(def, err,
                   "<currentMemory> (%" PRIu64 " KiB) is more than <memory> (%" PRIu64 " KiB)",
                   def->current_memory_kib, def->memory_kib);
    if (def->vcpus_current.set && def->vcpus_current.value > def->vcpus)
        return bad(def, err,
                   "current='%" PRIu64 "' of <vcpu> is more than the %" PRIu64 " there are",
                   def->vcpus_current.value, def->vcpus);
    const struct domain_cpu *cpu = def->cpu;
    if (cpu && cpu->has_topology) {
        uint64_t n = cpu->sockets.value * cpu->dies.value * cpu->cores.value;
        if (n > UINT32_MAX || n * cpu->threads.value != def->vcpus)
            return bad(def, err,
                       "<topology> is of another number of CPUs than the %" PRIu64 " of <vcpu>",
                       def->vcpus);
    }
    if (cpu && cpu->mode == CPU_MODE_CUSTOM && !cpu->model)
        return bad(def, err, "<cpu mode='custom'> needs a <model>");
    for (size_t i = 0; cpu && i < cpu->features.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(cpu->features.v[i]->name, cpu->features.v[k]->name))
                return bad(def, err, "CPU feature '%s' is given twice", cpu->features.v[i]->name);
        }
    }
    return 0;
}

static int check_os(const struct domain_def *def, struct error *err)
{
    if (!str_eq(def->os.type, "hvm"))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': <os><type>%s</type> is not supported by vireo; only hvm is",
                         def->name, def->os.type);
    if ((def->os.initrd || def->os.cmdline) && !def->os.kernel)
        return bad(def, err, "<%s> needs a <kernel>", def->os.initrd ? "initrd" : "cmdline");
    for (size_t i = 0; i < def->os.boot.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (def->os.boot.v[i]->dev == def->os.boot.v[k]->dev)
                return bad(def, err, "boot device '%s' is given twice",
                           doc_enum_name(&boot_dev_values, def->os.boot.v[i]->dev));
        }
    }
    return 0;
}

static bool bus_fits(const struct domain_disk *disk)
{
    if (disk->device == DISK_DEVICE_FLOPPY)
        return disk->bus == DISK_BUS_FDC;
    if (disk->device == DISK_DEVICE_CDROM)
        return disk->bus != DISK_BUS_FDC && disk->bus != DISK_BUS_VIRTIO &&
               disk->bus != DISK_BUS_SD;
    return disk->bus != DISK_BUS_FDC;
}

static int check_disk(const struct domain_def *def, size_t i, struct error *err)
{
    const struct domain_disk *disk = def->disks.v[i];
    unsigned line = disk->dev.line;
    if (strchr(disk->target, '/') || strlen(disk->target) > 32)
        return bad(def, err, "line %u: disk target '%.40s' is not a device name", line,
                   disk->target);
    if (!bus_fits(disk))
        return bad(def, err, "line %u: disk '%s': a %s cannot be on bus '%s'", line, disk->target,
                   disk_device_name(disk->device), disk_bus_name(disk->bus));
    bool removable = disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY;
    if (!removable && !disk->source_file && !disk->source_dev && !disk->source_volume)
        return bad(def, err, "line %u: disk '%s' has no source; only cdrom and floppy may be empty",
                   line, disk->target);
    if (disk->device == DISK_DEVICE_LUN && disk->type != DISK_TYPE_BLOCK)
        return bad(def, err, "line %u: disk '%s': device='lun' needs type='block'", line,
                   disk->target);
    for (size_t k = 0; k < i; k++) {
        if (str_eq(def->disks.v[k]->target, disk->target))
            return bad(def, err, "line %u: disk target '%s' is used twice", line, disk->target);
    }
    return 0;
}

static int check_controllers(const struct domain_def *def, struct error *err)
{
    for (size_t i = 0; i < def->controllers.n; i++) {
        const struct domain_controller *c = def->controllers.v[i];
        for (size_t k = 0; k < i; k++) {
            const struct domain_controller *o = def->controllers.v[k];
            // The USB 2 set is several controllers of one index.
            bool companions = c->type == CONTROLLER_USB && c->model != o->model;
            if (c->type == o->type && c->index.value == o->index.value && !companions)
                return bad(def, err,
                           "line %u: controller '%s' with index %" PRIu64 " is given twice",
                           c->dev.line, controller_type_name(c->type), c->index.value);
        }
    }
    return 0;
}

struct seen {
    const struct domain_def *def;
    struct error *err;
    VEC(const struct device *) devices;
};

// The parts of one USB 2 controller have one index, and one alias.
static bool are_companions(const struct device *a, const struct device *b)
{
    if (a->kind != DEVICE_CONTROLLER || b->kind != DEVICE_CONTROLLER)
        return false;
    const struct domain_controller *x = (const struct domain_controller *)a;
    const struct domain_controller *y = (const struct domain_controller *)b;
    return x->type == CONTROLLER_USB && y->type == CONTROLLER_USB &&
           x->index.value == y->index.value;
}

static int check_device(struct device *dev, void *arg)
{
    struct seen *s = arg;
    // The mirror of the first serial port has its names.
    if (s->def->consoles.n && dev == &s->def->consoles.v[0]->dev && s->def->serials.n)
        return 0;
    for (size_t i = 0; i < s->devices.n; i++) {
        const struct device *o = s->devices.v[i];
        if (dev->alias && str_eq(dev->alias, o->alias) && !are_companions(dev, o))
            return bad(s->def, s->err, "line %u: alias '%s' is used twice", dev->line, dev->alias);
        if (dev->boot_order.set && o->boot_order.set &&
            dev->boot_order.value == o->boot_order.value)
            return bad(s->def, s->err, "line %u: boot order %" PRIu64 " is used twice", dev->line,
                       dev->boot_order.value);
    }
    if (dev->boot_order.set && s->def->os.boot.n)
        return error_set(s->err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': line %u: <boot order=> of a device and <boot dev=> in <os> "
                         "cannot go together; keep one of them",
                         s->def->name, dev->line);
    if (dev->alias || dev->boot_order.set)
        vec_push(&s->devices, dev);
    return 0;
}

static bool is_power_of_two(uint64_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

// QEMU's own network takes one subnet of each family.
static int check_user_ips(const struct domain_def *def, const struct domain_interface *iface,
                          struct error *err)
{
    unsigned seen4 = 0, seen6 = 0;
    VEC_FOREACH (it, &iface->ips) {
        const struct interface_ip *ip = *it;
        struct ip_addr a;
        if (ip_parse(ip->address, &a) < 0 ||
            (ip->family && !str_eq(ip->family, a.family == AF_INET ? "ipv4" : "ipv6")))
            return bad(def, err, "line %u: <ip address='%s'> is not an address of family '%s'",
                       iface->dev.line, ip->address, ip->family ? ip->family : "ipv4' or 'ipv6");
        if (ip->prefix.set && ip->prefix.value > ip_bits(&a))
            return bad(def, err, "line %u: <ip prefix='%" PRIu64 "'> is more than %u",
                       iface->dev.line, ip->prefix.value, ip_bits(&a));
        if ((a.family == AF_INET ? seen4++ : seen6++) > 0)
            return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                             "domain '%s': line %u: an interface of type 'user' takes one <ip> of "
                             "each family; remove '%s'",
                             def->name, iface->dev.line, ip->address);
    }
    return 0;
}

static int check_interface(const struct domain_def *def, const struct domain_interface *iface,
                           struct error *err)
{
    unsigned line = iface->dev.line;
    if (iface->mac.b[0] & 1)
        return bad(def, err, "line %u: an interface's MAC address must not be a multicast one",
                   line);
    if (iface->bandwidth && network_bandwidth_check(iface->bandwidth, err) < 0)
        return error_prefix(err, "domain '%s': line %u", def->name, iface->bandwidth->line);
    if (iface->type == INTERFACE_DIRECT && iface->port_isolated)
        return bad(def, err, "line %u: <port isolated=> is for bridges, not for type='direct'",
                   line);
    if ((iface->rx_queue_size.set && !is_power_of_two(iface->rx_queue_size.value)) ||
        (iface->tx_queue_size.set && !is_power_of_two(iface->tx_queue_size.value)))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': line %u: rx_queue_size and tx_queue_size of a <driver> must "
                         "be powers of two, as 256, 512 and 1024 are",
                         def->name, line);
    return check_user_ips(def, iface, err);
}

int domain_def_validate(const struct domain_def *def, struct error *err)
{
    if (check_title(def, err) < 0 || check_size(def, err) < 0 || check_os(def, err) < 0 ||
        check_controllers(def, err) < 0)
        return -1;
    for (size_t i = 0; i < def->disks.n; i++) {
        if (check_disk(def, i, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < def->interfaces.n; i++) {
        if (check_interface(def, def->interfaces.v[i], err) < 0)
            return -1;
    }
    struct seen seen = {.def = def, .err = err};
    int r = domain_def_each_device(def, check_device, &seen);
    vec_finish(&seen.devices);
    return r < 0 ? -1 : 0;
}
