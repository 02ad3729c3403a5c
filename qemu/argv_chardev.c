// SPDX-License-Identifier: GPL-2.0-or-later
// Serial and parallel ports, consoles, channels, USB redirection: the host's end as -chardev, the
// guest's as a device.
#include "qemu/argv_internal.h"

static const struct argv_chardev *prepared(const struct argv_out *o, const struct device *dev)
{
    for (size_t i = 0; i < o->in->nchardevs; i++)
        if (o->in->chardevs[i].dev == dev)
            return &o->in->chardevs[i];
    return NULL;
}

char *argv_channel_path(const struct argv_input *in, const struct domain_chardev *c)
{
    if (c->dev.kind != DEVICE_CHANNEL || c->source.type != CHARDEV_UNIX || c->source.path ||
        !in->channel_dir || (!c->name && !c->dev.alias))
        return NULL;
    char *path = xasprintf("%s/%s", in->channel_dir, c->name ? c->name : c->dev.alias);
    // The guest's name for a channel must not lead out of the directory.
    for (char *p = path + strlen(in->channel_dir) + 1; *p; p++)
        if (*p == '/')
            *p = '_';
    return path;
}

static void add_value(struct strbuf *b, const char *key, const char *value)
{
    AUTO_FREE char *safe = comma_escape(value);
    strbuf_printf(b, ",%s=%s", key, safe);
}

static int need(struct argv_out *o, const struct device *dev, const char *value, const char *what)
{
    return value ? 0 : out_unsupported(o, dev, "<source> has no %s", what);
}

static void reconnect(struct strbuf *b, const struct chardev_source *s)
{
    if (s->reconnect == TOGGLE_YES)
        strbuf_printf(b, ",reconnect=%llu", opt_or(s->reconnect_s, 1));
}

static int unix_source(struct argv_out *o, const struct device *dev, const struct chardev_source *s,
                       struct strbuf *b, bool channel)
{
    const struct argv_chardev *p = prepared(o, dev);
    if (p && p->listen_fd >= 0) {
        strbuf_printf(b, ",fd=%d,server=on,wait=off", out_fd(o, p->listen_fd));
        return 0;
    }
    AUTO_FREE char *ours =
        channel ? argv_channel_path(o->in, (const struct domain_chardev *)dev) : NULL;
    const char *path = s->path ? s->path : ours;
    if (need(o, dev, path, "path") < 0)
        return -1;
    add_value(b, "path", path);
    // libvirt listens where the document has no path, whatever the mode.
    if (s->mode == CHARDEV_MODE_BIND || (ours && s->mode != CHARDEV_MODE_CONNECT))
        strbuf_add(b, ",server=on,wait=off");
    else
        reconnect(b, s);
    return 0;
}

static int tcp_source(struct argv_out *o, const struct device *dev, const struct chardev_source *s,
                      struct strbuf *b)
{
    if (s->tls == TOGGLE_YES)
        return out_unsupported(o, dev, "<source tls='yes'> is not provided yet");
    if (need(o, dev, s->host, "host") < 0 || need(o, dev, s->service, "service") < 0)
        return -1;
    add_value(b, "host", s->host);
    add_value(b, "port", s->service);
    if (s->protocol == CHARDEV_PROTOCOL_TELNET)
        strbuf_add(b, ",telnet=on");
    if (s->mode == CHARDEV_MODE_BIND)
        strbuf_add(b, ",server=on,wait=off");
    else
        reconnect(b, s);
    return 0;
}

static int udp_source(struct argv_out *o, const struct device *dev, const struct chardev_source *s,
                      struct strbuf *b)
{
    if (need(o, dev, s->service, "service") < 0)
        return -1;
    add_value(b, "host", s->host ? s->host : "");
    add_value(b, "port", s->service);
    add_value(b, "localaddr", s->bind_host ? s->bind_host : "");
    add_value(b, "localport", s->bind_service ? s->bind_service : "0");
    return 0;
}

static int file_source(struct argv_out *o, const struct device *dev, const struct chardev_source *s,
                       struct strbuf *b)
{
    const struct argv_chardev *p = prepared(o, dev);
    if (p && p->file_fd >= 0) {
        strbuf_printf(b, ",path=/dev/fdset/%u,append=on", out_fdset(o, p->file_fd));
        return 0;
    }
    if (need(o, dev, s->path, "path") < 0)
        return -1;
    add_value(b, "path", s->path);
    if (s->append != TOGGLE_UNSET)
        strbuf_printf(b, ",append=%s", s->append == TOGGLE_YES ? "on" : "off");
    return 0;
}

static bool has_spice(const struct argv_out *o)
{
    return qemu_caps_has_option(o->caps, "spice") || qemu_caps_has_device(o->caps, "qxl");
}

static int source(struct argv_out *o, const struct device *dev, const struct chardev_source *s,
                  struct strbuf *b)
{
    const char *const *words =
        (const char *const[]){[CHARDEV_NULL] = "null",         [CHARDEV_VC] = "vc",
                              [CHARDEV_PTY] = "pty",           [CHARDEV_DEV] = "serial",
                              [CHARDEV_FILE] = "file",         [CHARDEV_PIPE] = "pipe",
                              [CHARDEV_STDIO] = "stdio",       [CHARDEV_UDP] = "udp",
                              [CHARDEV_TCP] = "socket",        [CHARDEV_UNIX] = "socket",
                              [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport"};
    if (s->type == CHARDEV_NONE)
        return out_internal(o, dev, "a character device without a type");
    if (s->type == CHARDEV_STDIO)
        return out_unsupported(o, dev,
                               "type='stdio': a guest started by a daemon has no terminal; "
                               "use type='pty' and `virsh console`");
    if ((s->type == CHARDEV_SPICEVMC || s->type == CHARDEV_SPICEPORT) && !has_spice(o))
        return out_unsupported(o, dev,
                               "this QEMU is built without SPICE; remove the device, or "
                               "install it (Debian: qemu-system-modules-spice)");
    strbuf_printf(b, "%s,id=char%s",
                  s->type == CHARDEV_DEV && dev->kind == DEVICE_PARALLEL ? "parallel"
                                                                         : words[s->type],
                  dev->alias);
    switch (s->type) {
    case CHARDEV_DEV:
    case CHARDEV_PIPE:
        if (need(o, dev, s->path, "path") < 0)
            return -1;
        add_value(b, "path", s->path);
        return 0;
    case CHARDEV_FILE:
        return file_source(o, dev, s, b);
    case CHARDEV_UDP:
        return udp_source(o, dev, s, b);
    case CHARDEV_TCP:
        return tcp_source(o, dev, s, b);
    case CHARDEV_UNIX:
        return unix_source(o, dev, s, b, dev->kind == DEVICE_CHANNEL);
    case CHARDEV_SPICEVMC:
        strbuf_add(b, dev->kind == DEVICE_REDIRDEV ? ",name=usbredir" : ",name=vdagent");
        return 0;
    case CHARDEV_SPICEPORT:
        if (need(o, dev, s->channel, "channel") < 0)
            return -1;
        add_value(b, "name", s->channel);
        return 0;
    default:
        return 0;
    }
}

static int backend(struct argv_out *o, const struct device *dev, const struct chardev_source *s)
{
    AUTO_STRBUF b = {0};
    const struct argv_chardev *p = prepared(o, dev);
    if (o->plug)
        return out_unsupported(o, dev,
                               "cannot be plugged into a running guest yet; change the "
                               "inactive definition and restart the guest");
    if (!dev->alias)
        return out_internal(o, dev, "no alias");
    if (source(o, dev, s, &b) < 0)
        return -1;
    if (p && p->log_fd >= 0) {
        strbuf_printf(&b, ",logfile=/dev/fdset/%u,logappend=on", out_fdset(o, p->log_fd));
    } else if (s->log_file) {
        add_value(&b, "logfile", s->log_file);
        if (s->log_append != TOGGLE_UNSET)
            strbuf_printf(&b, ",logappend=%s", s->log_append == TOGGLE_YES ? "on" : "off");
    }
    out_arg(o, "-chardev", "%s", b.data);
    return 0;
}

static const char *frontend_driver(const struct domain_chardev *c)
{
    switch (c->dev.kind) {
    case DEVICE_PARALLEL:
        return "isa-parallel";
    case DEVICE_CONSOLE:
        return "virtconsole";
    case DEVICE_CHANNEL:
        return "virtserialport";
    default:
        break;
    }
    switch (c->target) {
    case SERIAL_TARGET_USB:
        return "usb-serial";
    case SERIAL_TARGET_PCI:
        return "pci-serial";
    case SERIAL_TARGET_ISA_DEBUG:
        return "isa-debugcon";
    default:
        return "isa-serial";
    }
}

static int frontend(struct argv_out *o, const struct domain_chardev *c)
{
    const char *driver = frontend_driver(c);
    struct json_object *j = json_driver(driver);
    bool isa = str_eq(driver, "isa-serial") || str_eq(driver, "isa-parallel");
    if (isa && (o->chipset == CHIPSET_OTHER)) {
        json_object_put(j);
        return out_unsupported(o, &c->dev, "machine '%s' has no ISA bus", o->def->os.machine);
    }
    put_printf(j, "chardev", "char%s", c->dev.alias);
    put_str(j, "id", c->dev.alias);
    if (isa)
        put_uint(j, "index", opt_or(c->port, 0));
    if (c->dev.kind == DEVICE_CHANNEL)
        put_str(j, "name", c->name);
    if (put_address(o, j, &c->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &c->dev, j);
}

static int guestfwd(struct argv_out *o, const struct domain_chardev *c)
{
    struct json_object *j = json_object_new_object(), *list = json_object_new_array(),
                       *item = json_object_new_object();
    put_str(j, "type", "user");
    put_printf(item, "str", "tcp:%s:%s-chardev:char%s", c->fwd_address, c->fwd_port, c->dev.alias);
    json_object_array_add(list, item);
    json_object_object_add(j, "guestfwd", list);
    put_printf(j, "id", "%s", c->dev.alias);
    out_json(o, "-netdev", j);
    return 0;
}

int build_chardev(struct argv_out *o, const struct domain_chardev *c)
{
    bool mirror = c->dev.kind == DEVICE_CONSOLE && c->target != CONSOLE_TARGET_VIRTIO;
    if (mirror) // the first serial port seen a second time
        return 0;
    if (backend(o, &c->dev, &c->source) < 0)
        return -1;
    return c->target == CHANNEL_TARGET_GUESTFWD ? guestfwd(o, c) : frontend(o, c);
}

int build_chardevs(struct argv_out *o)
{
#define EACH(list)                                                                                 \
    VEC_FOREACH (it, &o->def->list)                                                                \
        if (build_chardev(o, *it) < 0)                                                             \
            return -1;
    EACH(serials)
    EACH(parallels)
    EACH(channels)
    EACH(consoles)
#undef EACH
    return 0;
}

int build_redirdev(struct argv_out *o, const struct domain_redirdev *r)
{
    if (backend(o, &r->dev, &r->source) < 0)
        return -1;
    struct json_object *j = json_driver("usb-redir");
    put_printf(j, "chardev", "char%s", r->dev.alias);
    put_str(j, "id", r->dev.alias);
    if (r->dev.boot_order.set)
        put_opt(j, "bootindex", r->dev.boot_order);
    if (put_address(o, j, &r->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &r->dev, j);
}
