// SPDX-License-Identifier: LGPL-2.1-or-later
// <serial>, <parallel>, <console> and <channel> of a domain, and where their bytes go.
#pragma once

#include "schemas/domain/device.h"

enum chardev_type {
    CHARDEV_NONE,
    CHARDEV_NULL,
    CHARDEV_VC,
    CHARDEV_PTY,
    CHARDEV_DEV,
    CHARDEV_FILE,
    CHARDEV_PIPE,
    CHARDEV_STDIO,
    CHARDEV_UDP,
    CHARDEV_TCP,
    CHARDEV_UNIX,
    CHARDEV_SPICEVMC,
    CHARDEV_SPICEPORT
};
enum chardev_mode { CHARDEV_MODE_NONE, CHARDEV_MODE_BIND, CHARDEV_MODE_CONNECT };
enum chardev_protocol { CHARDEV_PROTOCOL_NONE, CHARDEV_PROTOCOL_RAW, CHARDEV_PROTOCOL_TELNET };

struct chardev_source {
    enum chardev_type type;
    char *path;                     // file, dev, pipe, unix; live for pty: the slave
    enum toggle append;             // file
    enum chardev_mode mode;         // unix, tcp
    char *host, *service;           // tcp; udp: where to send
    char *bind_host, *bind_service; // udp: where to listen
    enum chardev_protocol protocol; // tcp
    enum toggle tls;
    enum toggle reconnect;
    struct opt_uint reconnect_s;
    char *channel; // spiceport
    char *log_file;
    enum toggle log_append;
};

enum chardev_target {
    CHARDEV_TARGET_NONE,
    // serial
    SERIAL_TARGET_ISA,
    SERIAL_TARGET_USB,
    SERIAL_TARGET_PCI,
    SERIAL_TARGET_ISA_DEBUG,
    // console
    CONSOLE_TARGET_SERIAL,
    CONSOLE_TARGET_VIRTIO,
    // channel
    CHANNEL_TARGET_VIRTIO,
    CHANNEL_TARGET_GUESTFWD
};
enum channel_state { CHANNEL_STATE_NONE, CHANNEL_CONNECTED, CHANNEL_DISCONNECTED };

// serial, parallel, console, channel: dev.kind says which.
struct domain_chardev {
    struct device dev;
    struct chardev_source source;
    char *tty; // live, first console on a pty: same as source.path
    enum chardev_target target;
    char *target_model;           // serial <target><model name=>: "isa-serial", ...
    struct opt_uint port;         // serial, parallel, console; always set after domain_def_fill()
    char *name;                   // channel virtio: "org.qemu.guest_agent.0"
    enum channel_state state;     // live, channel virtio
    char *fwd_address, *fwd_port; // channel guestfwd
};
// consoles.v[0] with target CONSOLE_TARGET_SERIAL is serials.v[0] shown a second time: no device of
// its own.

const char *chardev_type_name(enum chardev_type type);
// Whether it is the first console, which shows the first serial port a second time.
bool console_is_serial(const struct domain_def *def, const struct device *dev);
