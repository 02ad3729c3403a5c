// SPDX-License-Identifier: GPL-2.0-or-later
// What the user sees and hears: VNC and SPICE servers, video devices, audio.
#include "qemu/argv_internal.h"

enum { VNC_BASE_PORT = 5900, KIB_PER_MIB = 1024, KIB = 1024 };

static const char *listen_address(const struct domain_graphics *g)
{
    VEC_FOREACH (it, &g->listens)
        if (((*it)->type == LISTEN_ADDRESS || (*it)->type == LISTEN_NETWORK) && (*it)->address)
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

static int vnc_listen(struct argv_out *o, const struct domain_graphics *g, struct strbuf *b)
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

static int build_vnc(struct argv_out *o, const struct domain_graphics *g)
{
    static const char *const share[] = {[GRAPHICS_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
                                        [GRAPHICS_SHARE_FORCE_SHARED] = "force-shared",
                                        [GRAPHICS_SHARE_IGNORE] = "ignore"};
    AUTO_STRBUF b = {0};
    if (vnc_listen(o, g, &b) < 0)
        return -1;
    if (g->share_policy != GRAPHICS_SHARE_NONE)
        strbuf_printf(&b, ",share=%s", share[g->share_policy]);
    if (g->password)
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

static void value(struct strbuf *b, const char *key, const char *text)
{
    if (!text)
        return;
    AUTO_FREE char *safe = comma_escape(text);
    strbuf_printf(b, "%s=%s,", key, safe);
}

static int spice_listen(struct argv_out *o, const struct domain_graphics *g, struct strbuf *b)
{
    int64_t port = port_of(g->live_port, g->port), tls = port_of(g->live_tls_port, g->tls_port);
    if (listens_nowhere(g)) {
        strbuf_add(b, "port=0,");
        return 0;
    }
    if (listen_socket(g)) {
        strbuf_add(b, "unix=on,");
        value(b, "addr", listen_socket(g));
        return 0;
    }
    if (tls > 0)
        return out_unsupported(o, &g->dev, "tlsPort= is not provided yet; use port=");
    if (port < 0)
        return out_internal(o, &g->dev, "no SPICE port was chosen");
    strbuf_printf(b, "port=%lld,", (long long)port);
    value(b, "addr", listen_address(g));
    return 0;
}

static int build_spice(struct argv_out *o, const struct domain_graphics *g)
{
    AUTO_STRBUF b = {0};
    if (!qemu_caps_has_option(o->caps, "spice") && !qemu_caps_has_device(o->caps, "qxl"))
        return out_unsupported(o, &g->dev,
                               "type='spice': this QEMU is built without SPICE; use "
                               "type='vnc', or install it (Debian: "
                               "qemu-system-modules-spice)");
    if (g->gl == TOGGLE_YES)
        return out_unsupported(o, &g->dev, "<gl enable='yes'/> is not provided yet");
    if (spice_listen(o, g, &b) < 0)
        return -1;
    if (!g->password)
        strbuf_add(&b, "disable-ticketing=on,");
    VEC_FOREACH (it, &g->channels)
        if (str_eq((*it)->mode, "secure"))
            return out_unsupported(o, &g->dev,
                                   "<channel mode='secure'> needs TLS, which is not "
                                   "provided yet");
    value(&b, "image-compression", g->image_compression);
    value(&b, "jpeg-wan-compression", g->jpeg_compression);
    value(&b, "zlib-glz-wan-compression", g->zlib_compression);
    if (g->playback_compression != TOGGLE_UNSET)
        value(&b, "playback-compression", g->playback_compression == TOGGLE_YES ? "on" : "off");
    value(&b, "streaming-video", g->streaming_mode);
    if (g->mouse_mode)
        value(&b, "agent-mouse", str_eq(g->mouse_mode, "client") ? "on" : "off");
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

static int build_audio(struct argv_out *o)
{
    static const char *const drivers[] = {
        [AUDIO_NONE] = "none",     [AUDIO_SPICE] = "spice", [AUDIO_ALSA] = "alsa",
        [AUDIO_PULSEAUDIO] = "pa", [AUDIO_JACK] = "jack",   [AUDIO_OSS] = "oss",
        [AUDIO_SDL] = "sdl",       [AUDIO_FILE] = "wav"};
    VEC_FOREACH (it, &o->def->audios) {
        const struct domain_audio *a = *it;
        struct json_object *j = json_object_new_object();
        put_printf(j, "id", "audio%llu", (unsigned long long)a->id);
        put_str(j, "driver", drivers[a->type == AUDIO_NONE_GIVEN ? AUDIO_NONE : a->type]);
        put_opt(j, "timer-period", a->timer_period);
        if (a->type == AUDIO_PULSEAUDIO)
            put_str(j, "server", a->server_name);
        if (a->type == AUDIO_FILE)
            put_str(j, "path", a->path);
        out_json(o, "-audiodev", j);
    }
    if (!o->def->audios.n && o->def->sounds.n) {
        struct json_object *j = json_object_new_object();
        put_str(j, "id", "audio1");
        put_str(j, "driver", "none");
        out_json(o, "-audiodev", j);
    }
    return 0;
}

struct video_word {
    const char *model, *primary, *secondary;
};
static const struct video_word video_values[] = {
    {"vga", "VGA", NULL},
    {"cirrus", "cirrus-vga", NULL},
    {"vmvga", "vmware-svga", NULL},
    {"qxl", "qxl-vga", "qxl"},
    {"virtio", "virtio-vga", "virtio-gpu-pci"},
    {"bochs", "bochs-display", "bochs-display"},
    {"ramfb", "ramfb", NULL},
};

static void video_memory(struct json_object *j, const struct domain_video *v)
{
    if (str_eq(v->model, "qxl")) {
        put_uint(j, "max_outputs", opt_or(v->heads, 1));
        put_uint(j, "ram_size", opt_or(v->ram_kib, 65536) * KIB);
        put_uint(j, "vram_size", opt_or(v->vram_kib, 65536) * KIB);
        put_uint(j, "vram64_size_mb", opt_or(v->vram64_kib, 0) / KIB_PER_MIB);
        put_uint(j, "vgamem_mb", opt_or(v->vgamem_kib, 16384) / KIB_PER_MIB);
    } else if (str_eq(v->model, "virtio")) {
        put_virtio(j, &v->virtio);
        put_uint(j, "max_outputs", opt_or(v->heads, 1));
        put_toggle(j, "blob", v->blob);
    } else if (v->vram_kib.set && (str_eq(v->model, "vga") || str_eq(v->model, "vmvga"))) {
        put_uint(j, "vgamem_mb", v->vram_kib.value / KIB_PER_MIB);
    } else if (v->vram_kib.set && str_eq(v->model, "bochs")) {
        put_uint(j, "vgamem", v->vram_kib.value * KIB);
    }
}

static int build_video(struct argv_out *o, const struct domain_video *v, bool primary)
{
    const struct video_word *w = NULL;
    if (str_eq(v->model, "none"))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(video_values); i++)
        if (str_eq(v->model, video_values[i].model))
            w = &video_values[i];
    const char *driver = !w ? NULL : primary ? w->primary : w->secondary;
    if (!driver)
        return out_unsupported(o, &v->dev,
                               "model '%s' cannot be %s video device on x86; use 'virtio' or 'qxl'",
                               v->model ? v->model : "", primary ? "the first" : "a further");
    if (v->accel3d == TOGGLE_YES)
        return out_unsupported(o, &v->dev, "<acceleration accel3d='yes'/> is not provided yet");
    struct json_object *j = json_driver(driver);
    put_str(j, "id", v->dev.alias);
    video_memory(j, v);
    if (v->res_x.set && !str_eq(v->model, "cirrus") && !str_eq(v->model, "vmvga") &&
        !str_eq(v->model, "ramfb")) {
        put_opt(j, "xres", v->res_x);
        put_opt(j, "yres", v->res_y);
    }
    if (put_address(o, j, &v->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &v->dev, j);
}

int build_displays(struct argv_out *o)
{
    const struct domain_def *def = o->def;
    if (build_audio(o) < 0)
        return -1;
    VEC_FOREACH (it, &def->graphics)
        if (((*it)->type == GRAPHICS_SPICE ? build_spice(o, *it) : build_vnc(o, *it)) < 0)
            return -1;
    for (size_t i = 0; i < def->videos.n; i++)
        if (build_video(o, def->videos.v[i], i == 0) < 0)
            return -1;
    return 0;
}

static int build_codecs(struct argv_out *o, const struct domain_sound *s)
{
    size_t n = s->codecs.n ? s->codecs.n : 1;
    for (size_t i = 0; i < n; i++) {
        const char *type = s->codecs.n ? s->codecs.v[i]->type : "duplex";
        AUTO_FREE char *driver = xasprintf("hda-%s", type);
        struct json_object *j = json_driver(driver);
        put_printf(j, "id", "%s-codec%zu", s->dev.alias, i);
        put_printf(j, "bus", "%s.0", s->dev.alias);
        put_uint(j, "cad", i);
        put_printf(j, "audiodev", "audio%llu", opt_or(s->audio, 1));
        if (out_device(o, &s->dev, j) < 0)
            return -1;
    }
    return 0;
}

int build_sound(struct argv_out *o, const struct domain_sound *s)
{
    static const char *const words[][2] = {{"ich6", "intel-hda"}, {"ich9", "ich9-intel-hda"},
                                           {"ac97", "AC97"},      {"es1370", "ES1370"},
                                           {"sb16", "sb16"},      {"usb", "usb-audio"}};
    const char *driver = NULL;
    if (str_eq(s->model, "pcspk"))
        return 0; // the machine's own
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(s->model, words[i][0]))
            driver = words[i][1];
    if (!driver)
        return out_unsupported(o, &s->dev,
                               "model '%s' is not one of ich6, ich9, ac97, es1370, "
                               "sb16, usb, pcspk",
                               s->model ? s->model : "");
    struct json_object *j = json_driver(driver);
    bool hda = str_ends(driver, "intel-hda");
    put_str(j, "id", s->dev.alias);
    if (!hda)
        put_printf(j, "audiodev", "audio%llu", opt_or(s->audio, 1));
    if (put_address(o, j, &s->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    if (out_device(o, &s->dev, j) < 0)
        return -1;
    return hda ? build_codecs(o, s) : 0;
}
