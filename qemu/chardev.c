// SPDX-License-Identifier: GPL-2.0-or-later
// The host's end of serial and parallel ports, consoles, channels and USB redirection. The guest's
// is in devices/.
#include "qemu/internal.h"

static const struct command_chardev *prepared(const struct out *o, const struct device *dev)
{
    for (size_t i = 0; i < o->in->nchardevs; i++)
        if (o->in->chardevs[i].dev == dev)
            return &o->in->chardevs[i];
    return NULL;
}

// Neither the name nor the alias that the user gives a channel becomes the name of a file.
char *command_channel_path(const struct command_input *in, const struct domain_chardev *c)
{
    if (c->dev.kind != DEVICE_CHANNEL || c->source.type != CHARDEV_UNIX || c->source.path ||
        !in->domain_dir)
        return NULL;
    size_t i = 0;
    while (i < in->def->channels.n && in->def->channels.v[i] != c)
        i++;
    return xasprintf("%s/channel%zu", in->domain_dir, i);
}

static void add_value(struct strbuf *b, const char *key, const char *value)
{
    AUTO_FREE char *safe = comma_escape(value);
    strbuf_printf(b, ",%s=%s", key, safe);
}

static int need(struct out *o, const struct device *dev, const char *value, const char *what)
{
    return value ? 0 : out_unsupported(o, dev, "<source> has no %s", what);
}

static void reconnect(struct strbuf *b, const struct chardev_source *s)
{
    if (s->reconnect == TOGGLE_YES)
        strbuf_printf(b, ",reconnect=%llu", opt_or(s->reconnect_s, 1));
}

static int unix_source(struct out *o, const struct device *dev, const struct chardev_source *s,
                       struct strbuf *b, bool channel)
{
    const struct command_chardev *p = prepared(o, dev);
    if (p && p->listen_fd >= 0) {
        strbuf_printf(b, ",fd=%d,server=on,wait=off", out_fd(o, p->listen_fd));
        return 0;
    }
    AUTO_FREE char *generated =
        channel ? command_channel_path(o->in, (const struct domain_chardev *)dev) : NULL;
    const char *path = s->path ? s->path : generated;
    if (need(o, dev, path, "path") < 0)
        return -1;
    add_value(b, "path", path);
    // libvirt listens where the document has no path, whatever the mode.
    if (s->mode == CHARDEV_MODE_BIND || (generated && s->mode != CHARDEV_MODE_CONNECT))
        strbuf_add(b, ",server=on,wait=off");
    else
        reconnect(b, s);
    return 0;
}

static int tcp_source(struct out *o, const struct device *dev, const struct chardev_source *s,
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

static int udp_source(struct out *o, const struct device *dev, const struct chardev_source *s,
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

static int file_source(struct out *o, const struct device *dev, const struct chardev_source *s,
                       struct strbuf *b)
{
    const struct command_chardev *p = prepared(o, dev);
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

static int source(struct out *o, const struct device *dev, const struct chardev_source *s,
                  struct strbuf *b)
{
    const char *const *backends =
        (const char *const[]){[CHARDEV_NULL] = "null",         [CHARDEV_VC] = "vc",
                              [CHARDEV_PTY] = "pty",           [CHARDEV_DEV] = "serial",
                              [CHARDEV_FILE] = "file",         [CHARDEV_PIPE] = "pipe",
                              [CHARDEV_STDIO] = "stdio",       [CHARDEV_UDP] = "udp",
                              [CHARDEV_TCP] = "socket",        [CHARDEV_UNIX] = "socket",
                              [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport"};
    if (s->type == CHARDEV_NONE)
        return out_internal(o, dev, "a character device without a type");
    if ((s->type == CHARDEV_SPICEVMC || s->type == CHARDEV_SPICEPORT) && !out_has_spice(o))
        return out_unsupported(o, dev,
                               "this QEMU is built without SPICE; remove the device, or "
                               "install it (Debian: qemu-system-modules-spice)");
    strbuf_printf(b, "%s,id=char%s",
                  s->type == CHARDEV_DEV && dev->kind == DEVICE_PARALLEL ? "parallel"
                                                                         : backends[s->type],
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

int chardev_backend(struct out *o, const struct device *dev, const struct chardev_source *s)
{
    AUTO_STRBUF b = {0};
    const struct command_chardev *p = prepared(o, dev);
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

int chardev_frontend(struct out *o, const struct device *dev, const char *driver)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    struct json_object *j = json_driver(driver);
    bool isa = str_eq(driver, "isa-serial") || str_eq(driver, "isa-parallel");
    if (isa && o->chipset == CHIPSET_OTHER) {
        json_object_put(j);
        return out_unsupported(o, dev, "machine '%s' has no ISA bus", o->def->os.machine);
    }
    put_printf(j, "chardev", "char%s", dev->alias);
    put_str(j, "id", dev->alias);
    if (isa)
        put_uint(j, "index", opt_or(c->port, 0));
    if (dev->kind == DEVICE_CHANNEL)
        put_str_opt(j, "name", c->name);
    return out_device_at(o, dev, j);
}

bool chardev_is_meant(const struct device *dev, const struct device *wanted)
{
    const struct domain_chardev *a = (const struct domain_chardev *)dev;
    const struct domain_chardev *b = (const struct domain_chardev *)wanted;
    return a->source.type == b->source.type && (!b->target || a->target == b->target) &&
           (!b->port.set || opt_uint_eq(&a->port, &b->port)) &&
           (!b->name || str_eq(a->name, b->name)) && device_address_fits(dev, wanted);
}

struct chardev_source *chardev_source_of(const struct domain_def *def, struct device *dev)
{
    (void)def;
    return &((struct domain_chardev *)dev)->source;
}
