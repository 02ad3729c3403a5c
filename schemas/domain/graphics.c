// SPDX-License-Identifier: LGPL-2.1-or-later
// <graphics>.
#include "schemas/domain/internal.h"

#include <time.h>

static DOC_ENUM_VALUES(
    graphics_type_values,
    "sdl rdp desktop egl-headless dbus", [GRAPHICS_VNC] = "vnc", [GRAPHICS_SPICE] = "spice");
static DOC_ENUM_VALUES(
    graphics_listen_type_values,
    "network", [LISTEN_NONE] = "none", [LISTEN_ADDRESS] = "address", [LISTEN_SOCKET] = "socket");
static DOC_ENUM_VALUES(
    graphics_share_values, NULL, [GRAPHICS_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
    [GRAPHICS_SHARE_FORCE_SHARED] = "force-shared", [GRAPHICS_SHARE_IGNORE] = "ignore");

static DOC_ENUM_VALUES(
    graphics_connected_values, NULL, [GRAPHICS_CONNECTED_KEEP] = "keep",
    [GRAPHICS_CONNECTED_DISCONNECT] = "disconnect", [GRAPHICS_CONNECTED_FAIL] = "fail");
static DOC_ENUM_VALUES(spice_mode_values, NULL, [SPICE_MODE_ANY] = "any",
                       [SPICE_MODE_SECURE] = "secure", [SPICE_MODE_INSECURE] = "insecure");

#define S struct graphics_listen
static const struct doc_row listen_rows[] = {
    D_ENUM(ATTR, "type", type, &graphics_listen_type_values, .flags = DOC_TAG, .def = "address"),
    D_TOKEN(ATTR, "address", address, .when = DOC_BIT(LISTEN_ADDRESS)),
    D_STR(ATTR, "socket", socket, .when = DOC_BIT(LISTEN_SOCKET)),
};
static const struct doc_type listen_doc =
    DOC_TYPE("graphicsListen", S, listen_rows, DOC_TAGGED(S, type, &graphics_listen_type_values));
#undef S

#define S struct spice_channel
static const struct doc_row spice_channel_rows[] = {
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "mode", mode, &spice_mode_values, .flags = DOC_REQUIRED),
};
static const struct doc_type spice_channel_doc = DOC_TYPE("spiceChannel", S, spice_channel_rows);
#undef S

#define S     struct domain_graphics
#define VNC   .when = DOC_BIT(GRAPHICS_VNC)
#define SPICE .when = DOC_BIT(GRAPHICS_SPICE)
static const struct doc_row image_rows[] = {
    D_TOKEN(ATTR, "compression", image_compression),
};
static const struct doc_type image_doc = DOC_TYPE("spice_image", S, image_rows);
static const struct doc_row jpeg_rows[] = {
    D_TOKEN(ATTR, "compression", jpeg_compression),
};
static const struct doc_type jpeg_doc = DOC_TYPE("spice_jpeg", S, jpeg_rows);
static const struct doc_row zlib_rows[] = {
    D_TOKEN(ATTR, "compression", zlib_compression),
};
static const struct doc_type zlib_doc = DOC_TYPE("spice_zlib", S, zlib_rows);
static const struct doc_row playback_rows[] = {
    D_ONOFF(ATTR, "compression", playback_compression),
};
static const struct doc_type playback_doc = DOC_TYPE("spice_playback", S, playback_rows);
static const struct doc_row streaming_rows[] = {
    D_TOKEN(ATTR, "mode", streaming_mode),
};
static const struct doc_type streaming_doc = DOC_TYPE("spice_streaming", S, streaming_rows);
static const struct doc_row mouse_rows[] = {
    D_TOKEN(ATTR, "mode", mouse_mode),
};
static const struct doc_type mouse_doc = DOC_TYPE("spice_mouse", S, mouse_rows);
static const struct doc_row clipboard_rows[] = {
    D_YESNO(ATTR, "copypaste", copy_paste),
};
static const struct doc_type clipboard_doc = DOC_TYPE("spice_clipboard", S, clipboard_rows);
static const struct doc_row filetransfer_rows[] = {
    D_YESNO(ATTR, "enable", file_transfer),
};
static const struct doc_type filetransfer_doc =
    DOC_TYPE("spice_filetransfer", S, filetransfer_rows);
static const struct doc_row gl_rows[] = {
    D_YESNO(ATTR, "enable", gl),
};
static const struct doc_type gl_doc = DOC_TYPE("spice_gl", S, gl_rows);
static const struct doc_row graphics_audio_rows[] = {
    D_UINT(ATTR, "id", audio, 1, 0xffffffff),
};
static const struct doc_type graphics_audio_doc =
    DOC_TYPE("spice_graphics_audio", S, graphics_audio_rows);

static const struct doc_row graphics_rows[] = {
    D_ENUM(ATTR, "type", type, &graphics_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_STR(ATTR, "socket", socket, VNC),
    D_INT(ATTR, "port", live_port, -1, 65535, .flags = DOC_LIVE),
    D_INT(ATTR, "port", port, -1, 65535),
    D_INT(ATTR, "tlsPort", live_tls_port, -1, 65535, SPICE, .flags = DOC_LIVE),
    D_INT(ATTR, "tlsPort", tls_port, -1, 65535, SPICE),
    D_YESNO(ATTR, "autoport", autoport),
    D_INT(ATTR, "websocket", live_websocket, -1, 65535, VNC, .flags = DOC_LIVE),
    D_INT(ATTR, "websocket", websocket, -1, 65535, VNC),
    D_TOKEN(ATTR, "listen", listen),
    D_TOKEN(ATTR, "keymap", keymap),
    D_ENUM(ATTR, "defaultMode", default_mode, &spice_mode_values, SPICE),
    D_ENUM(ATTR, "sharePolicy", share_policy, &graphics_share_values, VNC),
    D_YESNO(ATTR, "powerControl", power_control, VNC),
    D_STR(ATTR, "passwd", password, .flags = DOC_SECRET),
    D_STR(ATTR, "passwdValidTo", password_valid_to),
    D_ENUM(ATTR, "connected", connected, &graphics_connected_values),
    D_LIST("listen", &listen_doc, listens),
    D_LIST("channel", &spice_channel_doc, channels, SPICE),
    D_ELEM("image", &image_doc, SPICE),
    D_ELEM("jpeg", &jpeg_doc, SPICE),
    D_ELEM("zlib", &zlib_doc, SPICE),
    D_ELEM("playback", &playback_doc, SPICE),
    D_ELEM("streaming", &streaming_doc, SPICE),
    D_ELEM("mouse", &mouse_doc, SPICE),
    D_ELEM("clipboard", &clipboard_doc, SPICE),
    D_ELEM("filetransfer", &filetransfer_doc, SPICE),
    D_ELEM("gl", &gl_doc, SPICE),
    D_ELEM("audio", &graphics_audio_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
// A running guest's XML shows the ports it got instead of those asked for: what was asked for
// follows.
static int check_graphics(const struct doc_where *where, void *obj)
{
    (void)where;
    struct domain_graphics *g = obj;
    bool automatic = g->autoport == TOGGLE_YES;
    if (g->live_port.set && automatic && g->type == GRAPHICS_VNC)
        g->port = OPT_INT(-1);
    else if (g->live_port.set && !automatic)
        g->port = g->live_port;
    if (g->live_tls_port.set && !automatic)
        g->tls_port = g->live_tls_port;
    if (g->live_websocket.set)
        g->websocket = g->live_websocket;
    return 0;
}

static void fill_listen(struct domain_graphics *g)
{
    for (size_t i = 0; i < g->listens.n && !g->listen; i++) {
        if (g->listens.v[i]->type == LISTEN_ADDRESS && g->listens.v[i]->address)
            g->listen = xstrdup(g->listens.v[i]->address);
    }
    if (g->listens.n && g->type == GRAPHICS_VNC && !g->socket &&
        g->listens.v[0]->type == LISTEN_SOCKET)
        str_replace(&g->socket, g->listens.v[0]->socket);
    if (g->listens.n)
        return;
    struct graphics_listen *l = NEW(struct graphics_listen);
    l->type = g->socket ? LISTEN_SOCKET : LISTEN_ADDRESS;
    str_replace(&l->socket, g->socket);
    if (!g->socket)
        str_replace(&l->address, g->listen);
    vec_push(&g->listens, l);
}

static void fill_graphics(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    for (size_t i = 0; i < def->graphics.n; i++) {
        struct domain_graphics *g = def->graphics.v[i];
        fill_listen(g);
        bool has_port = g->listens.v[0]->type == LISTEN_ADDRESS;
        if (!has_port)
            continue;
        bool given =
            (g->port.set && g->port.value > 0) || (g->tls_port.set && g->tls_port.value > 0);
        if (g->autoport == TOGGLE_UNSET)
            g->autoport = given ? TOGGLE_NO : TOGGLE_YES;
        if (g->autoport == TOGGLE_YES && g->type == GRAPHICS_VNC)
            g->port = OPT_INT(-1);
        if (g->autoport == TOGGLE_YES && g->type == GRAPHICS_SPICE)
            g->port = g->tls_port = (struct opt_int){0};
    }
}

int graphics_valid_to(const struct domain_graphics *g, int64_t *ret)
{
    struct tm tm = {0};
    const char *end = strptime(g->password_valid_to, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end || *end)
        return -1;
    *ret = timegm(&tm);
    return 0;
}

static int check_password(const struct domain_def *def, const struct domain_graphics *g,
                          struct error *err)
{
    int64_t end;
    if (!g->password_valid_to)
        return 0;
    if (graphics_valid_to(g, &end) < 0)
        return device_fail(def, &g->dev, ERROR_XML, err,
                           "<graphics passwdValidTo='%.40s'> is not a time such as "
                           "2026-11-21T22:40:00",
                           g->password_valid_to);
    return 0;
}

static int check_channel(const struct domain_def *def, const struct domain_graphics *g,
                         const struct spice_channel *channel, struct error *err)
{
    static const char *const names[] = {"main",     "display", "inputs",    "cursor",
                                        "playback", "record",  "smartcard", "usbredir"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        known |= str_eq(channel->name, names[i]);
    if (!known)
        return device_fail(def, &g->dev, ERROR_XML, err, "spice has no channel '%.40s'",
                           channel->name);
    if (channel->mode == SPICE_MODE_SECURE)
        return device_fail(def, &g->dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "spice secure channels set in XML configuration, but TLS is not "
                           "supported by vireo yet; use mode='any' for channel '%s'",
                           channel->name);
    return 0;
}

static int check_encryption(const struct domain_def *def, const struct domain_graphics *g,
                            struct error *err)
{
    if (g->default_mode == SPICE_MODE_SECURE)
        return device_fail(
            def, &g->dev, ERROR_CONFIG_UNSUPPORTED, err,
            "spice defaultMode secure requested in XML configuration, but TLS is not "
            "supported by vireo yet; use defaultMode='any'");
    if (g->tls_port.set && g->tls_port.value > 0)
        return device_fail(def, &g->dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "spice tlsPort is set in XML configuration, but TLS is not supported by "
                           "vireo yet; remove it");
    VEC_FOREACH (it, &g->channels) {
        if (check_channel(def, g, *it, err) < 0)
            return -1;
    }
    return 0;
}

static int check_display(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_graphics *g = (const struct domain_graphics *)dev;
    if (check_password(def, g, err) < 0 || check_encryption(def, g, err) < 0)
        return -1;
    if (g->type == GRAPHICS_VNC && g->connected != GRAPHICS_CONNECTED_NONE &&
        g->connected != GRAPHICS_CONNECTED_KEEP)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "VNC supports connected='keep' only");
    return 0;
}

const struct device_schema graphics_schema = {
    .doc = DEVICE_DOC("graphics", S, graphics_rows, DEVICE_GRAPHICS,
                      DOC_TAGGED(S, type, &graphics_type_values), .check = check_graphics),
    .fill = fill_graphics,
    .check = check_display,
};
#undef VNC
#undef SPICE
#undef S

const char *graphics_connected_name(enum graphics_connected connected)
{
    return doc_enum_name(&graphics_connected_values, connected);
}
