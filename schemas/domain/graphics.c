// SPDX-License-Identifier: LGPL-2.1-or-later
// How displays, video and sound stand in the domain document.
#include "schemas/domain/internal.h"

// ---- graphics

#define S struct graphics_listen
static const struct doc_row listen_rows[] = {
    D_ENUM(ATTR, "type", type, &graphics_listen_type_values, .flags = DOC_TAG, .def = "address"),
    D_TOKEN(ATTR, "address", address, .when = DOC_BIT(LISTEN_ADDRESS)),
    D_TOKEN(ATTR, "address", address, .when = DOC_BIT(LISTEN_NETWORK), .flags = DOC_LIVE),
    D_TOKEN(ATTR, "network", network, .when = DOC_BIT(LISTEN_NETWORK), .flags = DOC_REQUIRED),
    D_STR(ATTR, "socket", socket, .when = DOC_BIT(LISTEN_SOCKET)),
};
static const struct doc_type listen_doc =
    DOC_TYPE("graphicsListen", S, listen_rows, DOC_TAGGED(S, type, &graphics_listen_type_values));
#undef S

#define S struct spice_channel
static const struct doc_row spice_channel_rows[] = {
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "mode", mode, .flags = DOC_REQUIRED),
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
    D_STR(ATTR, "rendernode", render_node),
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
    D_TOKEN(ATTR, "defaultMode", default_mode, SPICE),
    D_ENUM(ATTR, "sharePolicy", share_policy, &graphics_share_values, VNC),
    D_YESNO(ATTR, "powerControl", power_control, VNC),
    D_STR(ATTR, "passwd", password, .flags = DOC_SECRET),
    D_TOKEN(ATTR, "passwdValidTo", password_valid_to),
    D_TOKEN(ATTR, "connected", connected),
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
const struct doc_type graphics_doc =
    DEVICE_DOC("graphics", S, graphics_rows, DEVICE_GRAPHICS,
               DOC_TAGGED(S, type, &graphics_type_values), .check = check_graphics);
#undef VNC
#undef SPICE
#undef S

// ---- video

#define S struct domain_video
static const struct doc_row acceleration_rows[] = {
    D_YESNO(ATTR, "accel2d", accel2d),
    D_YESNO(ATTR, "accel3d", accel3d),
    D_STR(ATTR, "rendernode", render_node),
};
static const struct doc_type acceleration_doc = DOC_TYPE("videoAcceleration", S, acceleration_rows);
static const struct doc_row resolution_rows[] = {
    D_UINT(ATTR, "x", res_x, 1, 0xffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "y", res_y, 1, 0xffff, .flags = DOC_REQUIRED),
};
static const struct doc_type resolution_doc = DOC_TYPE("videoResolution", S, resolution_rows);
static const struct doc_row video_model_rows[] = {
    D_TOKEN(ATTR, "type", model, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "ram", ram_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vram", vram_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vram64", vram64_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "vgamem", vgamem_kib, 0, 0xffffffff, .unit = "KiB"),
    D_UINT(ATTR, "heads", heads, 1, 0xffff),
    D_YESNO(ATTR, "primary", primary),
    D_ONOFF(ATTR, "blob", blob),
    D_ELEM("acceleration", &acceleration_doc),
    D_ELEM("resolution", &resolution_doc),
};
static const struct doc_type video_model_doc = DOC_TYPE("videoModel", S, video_model_rows);
static const struct doc_row video_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type video_driver_doc = DOC_TYPE("videoDriver", S, video_driver_rows);
static const struct doc_row video_rows[] = {
    D_ELEM("driver", &video_driver_doc),
    D_ELEM("model", &video_model_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type video_doc = DEVICE_DOC("video", S, video_rows, DEVICE_VIDEO);
#undef S

// ---- sound

#define S struct sound_codec
static const struct doc_row codec_rows[] = {
    D_TOKEN(ATTR, "type", type, .flags = DOC_REQUIRED),
};
static const struct doc_type codec_doc = DOC_TYPE("soundCodec", S, codec_rows);
#undef S
#define S struct domain_sound
static const struct doc_row sound_audio_rows[] = {
    D_UINT(ATTR, "id", audio, 1, 0xffffffff, .flags = DOC_REQUIRED),
};
static const struct doc_type sound_audio_doc = DOC_TYPE("soundAudio", S, sound_audio_rows);
static const struct doc_row sound_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_LIST("codec", &codec_doc, codecs),
    D_ELEM("audio", &sound_audio_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type sound_doc = DEVICE_DOC("sound", S, sound_rows, DEVICE_SOUND);
#undef S

#define S struct domain_audio
static const struct doc_row audio_rows[] = {
    D_COUNT(ATTR, "id", id, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "type", type, &audio_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_UINT(ATTR, "timerPeriod", timer_period, 1, 0xffffffff, .unit = "microseconds"),
    D_TOKEN(ATTR, "serverName", server_name, .when = DOC_BIT(AUDIO_PULSEAUDIO)),
    D_STR(ATTR, "path", path, .when = DOC_BIT(AUDIO_FILE)),
};
const struct doc_type audio_doc =
    DEVICE_DOC("audio", S, audio_rows, DEVICE_AUDIO, DOC_TAGGED(S, type, &audio_type_values));
#undef S
