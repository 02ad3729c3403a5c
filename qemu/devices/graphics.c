// SPDX-License-Identifier: GPL-2.0-or-later
// VNC and SPICE servers.
#include "qemu/domcaps.h"
#include "qemu/internal.h"

enum { VNC_BASE_PORT = 5900 };

static const char *listen_address(const struct domain_graphics *g)
{
    VEC_FOREACH (it, &g->listens)
        if ((*it)->type == LISTEN_ADDRESS && (*it)->address)
            return (*it)->address;
    return g->listen ? g->listen : "127.0.0.1";
}

static const char *listen_socket(const struct domain_graphics *g)
{
    VEC_FOREACH (it, &g->listens)
        if ((*it)->type == LISTEN_SOCKET && (*it)->socket)
            return (*it)->socket;
    return g->socket;
}

static bool listens_nowhere(const struct domain_graphics *g)
{
    return g->listens.n && g->listens.v[0]->type == LISTEN_NONE;
}

// The port in force: what the caller chose, else what the document says.
static int64_t port_of(struct opt_int live, struct opt_int given)
{
    return live.set && live.value > 0 ? live.value : given.set ? given.value : -1;
}

static int vnc_listen(struct out *o, const struct domain_graphics *g, struct strbuf *b)
{
    int64_t port = port_of(g->live_port, g->port);
    const char *path = listen_socket(g), *address = listen_address(g);
    if (listens_nowhere(g)) {
        strbuf_add(b, "none");
        return 0;
    }
    if (path) {
        AUTO_FREE char *safe = comma_escape(path);
        strbuf_printf(b, "vnc=unix:%s", safe);
        return 0;
    }
    if (port < 0)
        return out_internal(o, &g->dev, "no VNC port was chosen");
    if (port < VNC_BASE_PORT || port > UINT16_MAX)
        return out_unsupported(o, &g->dev, "VNC port %lld is not between 5900 and 65535",
                               (long long)port);
    AUTO_FREE char *safe = comma_escape(address);
    strbuf_printf(b, strchr(address, ':') ? "[%s]:%lld" : "%s:%lld", safe,
                  (long long)port - VNC_BASE_PORT);
    if (g->websocket.set) {
        int64_t ws = port_of(g->live_websocket, g->websocket);
        if (ws < 0)
            return out_internal(o, &g->dev, "no websocket port was chosen");
        strbuf_printf(b, ",websocket=%lld", (long long)ws);
    }
    return 0;
}

static int build_vnc(struct out *o, const struct domain_graphics *g)
{
    static const char *const share[] = {[GRAPHICS_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
                                        [GRAPHICS_SHARE_FORCE_SHARED] = "force-shared",
                                        [GRAPHICS_SHARE_IGNORE] = "ignore"};
    AUTO_STRBUF b = {0};
    if (vnc_listen(o, g, &b) < 0)
        return -1;
    if (g->share_policy != GRAPHICS_SHARE_NONE)
        strbuf_printf(&b, ",share=%s", share[g->share_policy]);
    if (g->password || g->password_valid_to)
        strbuf_add(&b, ",password=on");
    if (g->power_control != TOGGLE_UNSET)
        strbuf_printf(&b, ",power-control=%s", g->power_control == TOGGLE_YES ? "on" : "off");
    if (g->audio.set || o->def->audios.n)
        strbuf_printf(&b, ",audiodev=audio%llu", opt_or(g->audio, 1));
    out_arg(o, "-vnc", "%s", b.data);
    if (g->keymap)
        out_arg(o, "-k", "%s", g->keymap);
    return 0;
}

static void put_value(struct strbuf *b, const char *key, const char *text)
{
    if (!text)
        return;
    AUTO_FREE char *safe = comma_escape(text);
    strbuf_printf(b, "%s=%s,", key, safe);
}

static int spice_listen(struct out *o, const struct domain_graphics *g, struct strbuf *b)
{
    int64_t port = port_of(g->live_port, g->port), tls = port_of(g->live_tls_port, g->tls_port);
    if (listens_nowhere(g)) {
        strbuf_add(b, "port=0,");
        return 0;
    }
    if (listen_socket(g)) {
        strbuf_add(b, "unix=on,");
        put_value(b, "addr", listen_socket(g));
        return 0;
    }
    if (tls > 0)
        return out_unsupported(o, &g->dev, "tlsPort= is not provided yet; use port=");
    if (port < 0)
        return out_internal(o, &g->dev, "no SPICE port was chosen");
    strbuf_printf(b, "port=%lld,", (long long)port);
    put_value(b, "addr", listen_address(g));
    return 0;
}

static int build_spice(struct out *o, const struct domain_graphics *g)
{
    AUTO_STRBUF b = {0};
    if (!out_has_spice(o))
        return out_unsupported(o, &g->dev,
                               "type='spice': this QEMU is built without SPICE; use "
                               "type='vnc', or install it (Debian: "
                               "qemu-system-modules-spice)");
    if (g->gl == TOGGLE_YES)
        return out_unsupported(o, &g->dev, "<gl enable='yes'/> is not provided yet");
    if (spice_listen(o, g, &b) < 0)
        return -1;
    if (!g->password && !g->password_valid_to)
        strbuf_add(&b, "disable-ticketing=on,");
    put_value(&b, "image-compression", g->image_compression);
    put_value(&b, "jpeg-wan-compression", g->jpeg_compression);
    put_value(&b, "zlib-glz-wan-compression", g->zlib_compression);
    if (g->playback_compression != TOGGLE_UNSET)
        put_value(&b, "playback-compression", g->playback_compression == TOGGLE_YES ? "on" : "off");
    put_value(&b, "streaming-video", g->streaming_mode);
    if (g->mouse_mode)
        put_value(&b, "agent-mouse", str_eq(g->mouse_mode, "client") ? "on" : "off");
    if (g->copy_paste == TOGGLE_NO)
        strbuf_add(&b, "disable-copy-paste=on,");
    if (g->file_transfer == TOGGLE_NO)
        strbuf_add(&b, "disable-agent-file-xfer=on,");
    strbuf_add(&b, "seamless-migration=on");
    out_arg(o, "-spice", "%s", b.data);
    if (g->keymap)
        out_arg(o, "-k", "%s", g->keymap);
    return 0;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_graphics *g = (const struct domain_graphics *)dev;
    return g->type == GRAPHICS_SPICE ? build_spice(o, g) : build_vnc(o, g);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return ((const struct domain_graphics *)dev)->type ==
           ((const struct domain_graphics *)wanted)->type;
}

static void capabilities(struct domcaps *d)
{
    domcaps_open(d, "graphics", true);
    domcaps_enum(d, "type");
    domcaps_value(d, qemu_caps_has_command(d->in->caps, "query-vnc"), "vnc");
    domcaps_value(d, domcaps_has_spice(d), "spice");
    domcaps_close(d, "graphics");
}

const struct device_class graphics_class = {
    .order = {[ORDER_BUILD] = 110},
    .build = build,
    .is_meant = is_meant,
    .capabilities = capabilities,
};
