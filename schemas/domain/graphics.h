// SPDX-License-Identifier: LGPL-2.1-or-later
// <graphics> of a domain.
#pragma once

#include "base/vec.h"
#include "schemas/domain/device.h"

enum graphics_type { GRAPHICS_NONE, GRAPHICS_VNC, GRAPHICS_SPICE };
enum graphics_listen_type { LISTEN_NONE_GIVEN, LISTEN_NONE, LISTEN_ADDRESS, LISTEN_SOCKET };
enum graphics_share {
    GRAPHICS_SHARE_NONE,
    GRAPHICS_SHARE_ALLOW_EXCLUSIVE,
    GRAPHICS_SHARE_FORCE_SHARED,
    GRAPHICS_SHARE_IGNORE
};

// What happens to clients that are connected when the password is set.
enum graphics_connected {
    GRAPHICS_CONNECTED_NONE,
    GRAPHICS_CONNECTED_KEEP,
    GRAPHICS_CONNECTED_DISCONNECT,
    GRAPHICS_CONNECTED_FAIL
};
enum spice_mode { SPICE_MODE_NONE, SPICE_MODE_ANY, SPICE_MODE_SECURE, SPICE_MODE_INSECURE };

struct graphics_listen {
    enum graphics_listen_type type;
    char *address;
    char *socket;
};

struct spice_channel {
    char *name; // "main", "display", ...
    enum spice_mode mode;
};

struct domain_graphics {
    struct device dev;
    enum graphics_type type;
    struct opt_int port, live_port;         // -1: automatic; live_port is what it became (live)
    struct opt_int tls_port, live_tls_port; // spice
    enum toggle autoport;
    struct opt_int websocket, live_websocket; // vnc
    char *socket;                             // vnc
    char *listen; // attribute; the same as the first listens entry of type address
    VEC(struct graphics_listen *) listens; // at least one when complete
    char *keymap;
    char *password;          // shown only with DOMAIN_XML_SECURE
    char *password_valid_to; // "2026-11-21T22:40:00", UTC
    enum graphics_connected connected;
    enum graphics_share share_policy;
    enum toggle power_control;
    struct opt_uint audio; // <audio id=>
    // spice
    enum spice_mode default_mode;
    VEC(struct spice_channel *) channels;
    char *image_compression, *jpeg_compression, *zlib_compression, *streaming_mode;
    enum toggle playback_compression, copy_paste, file_transfer;
    char *mouse_mode;
    enum toggle gl;
};

// When its password ends, in seconds since the epoch. password_valid_to is set. 0, or -1 when it is
// no time.
int graphics_valid_to(const struct domain_graphics *g, int64_t *ret);
const char *graphics_connected_name(enum graphics_connected connected);
