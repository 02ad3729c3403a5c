// SPDX-License-Identifier: LGPL-2.1-or-later
// <serial>, <parallel>, <console> and <channel>, and the source that these and others have.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    chardev_type_values, "nmdm qemu-vdagent dbus", [CHARDEV_NULL] = "null", [CHARDEV_VC] = "vc",
    [CHARDEV_PTY] = "pty", [CHARDEV_DEV] = "dev", [CHARDEV_FILE] = "file", [CHARDEV_PIPE] = "pipe",
    [CHARDEV_STDIO] = "stdio", [CHARDEV_UDP] = "udp", [CHARDEV_TCP] = "tcp",
    [CHARDEV_UNIX] = "unix", [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport");
static DOC_ENUM_VALUES(chardev_mode_values,
                       NULL, [CHARDEV_MODE_BIND] = "bind", [CHARDEV_MODE_CONNECT] = "connect");
static DOC_ENUM_VALUES(
    chardev_protocol_values,
    "telnets tls", [CHARDEV_PROTOCOL_RAW] = "raw", [CHARDEV_PROTOCOL_TELNET] = "telnet");
static DOC_ENUM_VALUES(serial_target_values, "spapr-vio-serial system-serial sclp-serial",
                       [SERIAL_TARGET_ISA] = "isa-serial", [SERIAL_TARGET_USB] = "usb-serial",
                       [SERIAL_TARGET_PCI] = "pci-serial", [SERIAL_TARGET_ISA_DEBUG] = "isa-debug");
static DOC_ENUM_VALUES(console_target_values, "xen uml lxc openvz sclp sclplm",
                       [CONSOLE_TARGET_SERIAL] = "serial", [CONSOLE_TARGET_VIRTIO] = "virtio");
static DOC_ENUM_VALUES(
    channel_target_values,
    "xen", [CHANNEL_TARGET_VIRTIO] = "virtio", [CHANNEL_TARGET_GUESTFWD] = "guestfwd");
static DOC_ENUM_VALUES(
    channel_state_values,
    NULL, [CHANNEL_CONNECTED] = "connected", [CHANNEL_DISCONNECTED] = "disconnected");

// ---- where the bytes go

#define S        struct chardev_source
#define B(type_) DOC_BIT(CHARDEV_##type_)
static const struct doc_row tls_reconnect_rows[] = {
    D_YESNO(ATTR, "enabled", reconnect, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "timeout", reconnect_s, 1, 0xffffffff, .unit = "seconds"),
};
static const struct doc_type reconnect_doc = DOC_TYPE("chardevReconnect", S, tls_reconnect_rows);

static const struct doc_row source_rows[] = {
    D_STR(ATTR, "path", path, .when = B(FILE) | B(DEV) | B(PIPE)),
    D_STR(ATTR, "path", path, .when = B(PTY), .flags = DOC_LIVE),
    D_ONOFF(ATTR, "append", append, .when = B(FILE)),
    D_ENUM(ATTR, "mode", mode, &chardev_mode_values, .when = B(UNIX) | B(TCP)),
    D_STR(ATTR, "path", path, .when = B(UNIX)),
    D_TOKEN(ATTR, "host", host, .when = B(TCP)),
    D_TOKEN(ATTR, "service", service, .when = B(TCP)),
    D_YESNO(ATTR, "tls", tls, .when = B(TCP)),
    D_TOKEN(ATTR, "channel", channel, .when = B(SPICEPORT), .flags = DOC_REQUIRED),
    D_ELEM("reconnect", &reconnect_doc, .when = B(UNIX) | B(TCP)),
    D_IGNORED("clipboard"), // of a type that has one; virt-manager writes it for all
    D_IGNORED("mouse"),
};
static const struct doc_type source_doc =
    DOC_TYPE("chardevSourceElement", S, source_rows, DOC_TAGGED(S, type, &chardev_type_values));

// udp has two: where it listens and where it sends to.
static const struct doc_row udp_bind_rows[] = {
    D_TOKEN(ATTR, "host", bind_host),
    D_TOKEN(ATTR, "service", bind_service),
};
static const struct doc_type udp_bind_doc = DOC_TYPE("chardevUdpBind", S, udp_bind_rows);
static const struct doc_row udp_connect_rows[] = {
    D_TOKEN(ATTR, "host", host),
    D_TOKEN(ATTR, "service", service),
};
static const struct doc_type udp_connect_doc = DOC_TYPE("chardevUdpConnect", S, udp_connect_rows);

static const struct doc_row protocol_rows[] = {
    D_ENUM(ATTR, "type", protocol, &chardev_protocol_values, .flags = DOC_REQUIRED),
};
static const struct doc_type protocol_doc = DOC_TYPE("chardevProtocol", S, protocol_rows);

static const struct doc_row log_rows[] = {
    D_STR(ATTR, "file", log_file, .flags = DOC_REQUIRED),
    D_ONOFF(ATTR, "append", log_append),
};
static const struct doc_type log_doc = DOC_TYPE("chardevLog", S, log_rows);

static const struct doc_row body_rows[] = {
    D_ELEM("source", &source_doc,
           .when = B(FILE) | B(DEV) | B(PIPE) | B(PTY) | B(UNIX) | B(TCP) | B(SPICEPORT)),
    D_ELEM("source", &udp_bind_doc, .when = B(UDP), .select = "mode", .selected = "bind"),
    D_ELEM("source", &udp_connect_doc, .when = B(UDP), .select = "mode", .selected = "connect"),
    D_ELEM("protocol", &protocol_doc, .when = B(TCP)),
    D_ELEM("log", &log_doc),
};
static const struct doc_type body_doc =
    DOC_TYPE("chardevBody", S, body_rows, DOC_TAGGED(S, type, &chardev_type_values));

static const struct doc_row chardev_source_rows[] = {
    D_ENUM(ATTR, "type", type, &chardev_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    {.place = DOC_INCLUDE, .type = &body_doc},
};
const struct doc_type chardev_source_doc =
    DOC_TYPE("chardevSource", S, chardev_source_rows, DOC_TAGGED(S, type, &chardev_type_values));

// Of what is a port of the guest.
static const struct doc_row port_source_rows[] = {
    D_ENUM(ATTR, "type", type, &chardev_type_values, .flags = DOC_TAG, .def = "pty"),
    {.place = DOC_INCLUDE, .type = &body_doc},
};
static const struct doc_type port_source_doc =
    DOC_TYPE("portSource", S, port_source_rows, DOC_TAGGED(S, type, &chardev_type_values));
#undef S
#undef B

// ---- how the guest sees it

#define S struct domain_chardev
static const struct doc_row serial_model_rows[] = {
    D_TOKEN(ATTR, "name", target_model, .flags = DOC_REQUIRED),
};
static const struct doc_type serial_model_doc = DOC_TYPE("serialModel", S, serial_model_rows);
static const struct doc_row serial_target_rows[] = {
    D_ENUM(ATTR, "type", target, &serial_target_values),
    D_UINT(ATTR, "port", port, 0, 0x7fffffff),
    D_ELEM("model", &serial_model_doc),
};
static const struct doc_type serial_target_doc = DOC_TYPE("serialTarget", S, serial_target_rows);

static const struct doc_row serial_rows[] = {
    D_INCLUDE(&port_source_doc, source),
    D_ELEM("target", &serial_target_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
static bool port_is_taken(struct domain_chardev *const *v, size_t n, uint64_t port)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i]->port.set && v[i]->port.value == port)
            return true;
    }
    return false;
}

static void number_ports(struct domain_chardev *const *v, size_t n)
{
    uint64_t next = 0; // all below are taken
    for (size_t i = 0; i < n; i++) {
        if (v[i]->port.set)
            continue;
        while (port_is_taken(v, n, next))
            next++;
        v[i]->port = OPT_UINT(next);
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

bool console_is_serial(const struct domain_def *def, const struct device *dev)
{
    return def->consoles.n && dev == &def->consoles.v[0]->dev && def->serials.n &&
           def->consoles.v[0]->target == CONSOLE_TARGET_SERIAL;
}

static bool first_console_is_serial(const struct domain_def *def)
{
    return def->consoles.n && def->consoles.v[0]->target == CONSOLE_TARGET_SERIAL;
}

// A console without a serial port is one.
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

static void fill_serials(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    fill_serial_from_console(def);
    number_ports(def->serials.v, def->serials.n);
    VEC_FOREACH (it, &def->serials) {
        struct domain_chardev *s = *it;
        if (s->target == CHARDEV_TARGET_NONE)
            s->target = s->dev.address.type == ADDRESS_USB   ? SERIAL_TARGET_USB
                        : s->dev.address.type == ADDRESS_PCI ? SERIAL_TARGET_PCI
                                                             : SERIAL_TARGET_ISA;
        if (!s->target_model && s->target != SERIAL_TARGET_ISA_DEBUG)
            s->target_model = xstrdup(doc_enum_name(&serial_target_values, s->target));
    }
}

static int check_serial(const struct domain_def *def, const struct device *dev, struct error *err)
{
    static const char *const models[] = {[SERIAL_TARGET_ISA] = "isa-serial",
                                         [SERIAL_TARGET_USB] = "usb-serial",
                                         [SERIAL_TARGET_PCI] = "pci-serial",
                                         [SERIAL_TARGET_ISA_DEBUG] = "isa-debugcon"};
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    if (!c->target_model || str_eq(c->target_model, models[c->target]))
        return 0;
    return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                       "<serial>: model '%.40s' does not go with target type '%s'; its model is "
                       "'%s'",
                       c->target_model, doc_enum_name(&serial_target_values, c->target),
                       models[c->target]);
}

const struct device_schema serial_schema = {
    .doc = DEVICE_DOC("serial", S, serial_rows, DEVICE_SERIAL),
    .fill = fill_serials,
    .check = check_serial,
};

static const struct doc_row parallel_target_rows[] = {
    D_UINT(ATTR, "port", port, 0, 0x7fffffff),
};
static const struct doc_type parallel_target_doc =
    DOC_TYPE("parallelTarget", S, parallel_target_rows);
static const struct doc_row parallel_rows[] = {
    D_INCLUDE(&port_source_doc, source),
    D_ELEM("target", &parallel_target_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
static void fill_parallels(const struct domain_fill *f)
{
    number_ports(f->def->parallels.v, f->def->parallels.n);
}

const struct device_schema parallel_schema = {
    .doc = DEVICE_DOC("parallel", S, parallel_rows, DEVICE_PARALLEL),
    .fill = fill_parallels,
};

static const struct doc_row console_target_rows[] = {
    D_ENUM(ATTR, "type", target, &console_target_values),
    D_UINT(ATTR, "port", port, 0, 0x7fffffff),
};
static const struct doc_type console_target_doc = DOC_TYPE("consoleTarget", S, console_target_rows);
static const struct doc_row console_rows[] = {
    D_INCLUDE(&port_source_doc, source),
    D_STR(ATTR, "tty", tty, .flags = DOC_LIVE),
    D_ELEM("target", &console_target_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
// The first console of a machine with a serial port is that port seen a second time, on a pty under
// two names.
static void fill_console_from_serial(struct domain_def *def)
{
    if (!def->serials.n)
        return;
    struct domain_chardev *console = copy_chardev(def->serials.v[0], DEVICE_CONSOLE);
    free(console->dev.address.usb_port);
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

static void fill_consoles(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    fill_console_from_serial(def);
    for (size_t i = 0; i < def->consoles.n; i++) {
        if (!def->consoles.v[i]->port.set)
            def->consoles.v[i]->port = OPT_UINT(i);
    }
}

const struct device_schema console_schema = {
    .doc = DEVICE_DOC("console", S, console_rows, DEVICE_CONSOLE),
    .fill = fill_consoles,
};

#define WHEN(target_) .when = DOC_BIT(CHANNEL_TARGET_##target_)
static const struct doc_row channel_target_rows[] = {
    D_ENUM(ATTR, "type", target, &channel_target_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_TOKEN(ATTR, "name", name, WHEN(VIRTIO)),
    D_ENUM(ATTR, "state", state, &channel_state_values, WHEN(VIRTIO), .flags = DOC_LIVE),
    D_TOKEN(ATTR, "address", fwd_address, WHEN(GUESTFWD), .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "port", fwd_port, WHEN(GUESTFWD), .flags = DOC_REQUIRED),
};
static const struct doc_type channel_target_doc = DOC_TYPE(
    "channelTarget", S, channel_target_rows, DOC_TAGGED(S, target, &channel_target_values));
#undef WHEN
static const struct doc_row channel_rows[] = {
    D_INCLUDE(&port_source_doc, source),
    D_ELEM("target", &channel_target_doc, .flags = DOC_REQUIRED),
    D_INCLUDE(&device_tail_doc, dev),
};
static void fill_channels(const struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->channels) {
        struct domain_chardev *c = *it;
        if (c->source.type == CHARDEV_UNIX && c->source.mode == CHARDEV_MODE_BIND &&
            !c->source.path)
            c->source.mode = CHARDEV_MODE_NONE; // as vireod's own sockets are written
        if (c->source.type == CHARDEV_SPICEVMC && c->target == CHANNEL_TARGET_VIRTIO && !c->name)
            c->name = xstrdup("com.redhat.spice.0");
    }
}

const struct device_schema channel_schema = {
    .doc = DEVICE_DOC("channel", S, channel_rows, DEVICE_CHANNEL),
    .fill = fill_channels,
};
#undef S

const char *chardev_type_name(enum chardev_type type)
{
    return doc_enum_name(&chardev_type_values, type);
}
