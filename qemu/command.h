// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's QEMU command line: a pure function of its definition, of what the binary can do and of
// what the host has prepared for this start. Nothing here opens, looks up or changes anything.
//
// Before: address_assign() and alias_assign() have run on the definition, and its live values are
// filled in (graphics live_port, paths from command_channel_path(), genid if it must be known).
//
// What the supervisor can rely on:
// - `-S`: QEMU starts stopped; `cont` runs it.
// - `-no-shutdown`: after the guest powered off, QEMU stays in state "shutdown". SHUTDOWN with
//   reason guest-shutdown asks for on_poweroff: `system_reset` + `cont` restarts, `quit` ends.
// - on_reboot restart: QEMU resets by itself and sends RESET. Any other on_reboot adds `-action
//   reboot=shutdown`: the guest's reboot becomes SHUTDOWN with reason guest-reset and the state
//   "shutdown", and the supervisor does what on_reboot says. Change it later with `set-action`.
// - A panicking guest stops in state "guest-panicked" (event GUEST_PANICKED).
// - The watchdog does its action by itself; "dump" only pauses the guest (event WATCHDOG).
// - Not on the command line, to be sent before `cont`: set_password (graphics with a password is
//   started with password=on / ticketing and refuses clients before), set_link (interface with
//   <link state='down'/>), balloon (currentMemory below memory), the balloon's statistics period.
// - Errors of the configuration show as EOF after QMP's greeting and as text on stderr; only the
//   answer to qmp_capabilities means that the guest was built.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/child.h"
#include "base/error.h"
#include "base/vec.h"
#include "host/node.h"
#include "host/qemu_caps.h"
#include "schemas/domain/def.h"

// What an interface of type network, bridge or ethernet is plugged into. Descriptors of vireod.
struct command_iface {
    const struct domain_interface *iface;
    const int *tap_fds; // one per queue
    size_t ntaps;
    const int *vhost_fds; // as many, or none: QEMU aborts on vhost without /dev/vhost-net
    size_t nvhosts;
};

// Descriptors opened in QEMU's place for a character device; -1: QEMU opens the path itself.
struct command_chardev {
    const struct device *dev;
    int listen_fd; // unix, mode bind: the listening socket
    int file_fd;   // file: where it writes
    int log_fd;    // <log file=>
};

// QEMU's end of the socket to the process that a device needs beside it (device_side).
struct command_side {
    const struct device *dev;
    int fd;
};

struct command_input {
    const struct domain_def *def;
    const struct qemu_caps *caps;          // of the emulator the definition names
    const struct node_smbios *host_smbios; // for <smbios mode='host'/>; NULL: not read
    const char *host_vendor;               // of the host's processor: "Intel"; NULL: not known
    bool kvm_usable;                       // /dev/kvm opens for the user QEMU runs as
    int monitor_fd;                        // our listening unix socket for QMP
    int64_t now_s;                         // seconds since the epoch: clock offset='variable'
    const char *domain_dir; // the domain's own; holds the sockets of channels without a path
    const char *home_dir;   // QEMU's HOME and, below it, XDG directories; NULL: none
    // Firmware found for <os firmware='efi'>; NULL: what the definition says.
    const char *loader, *nvram, *firmware_format; // format NULL: raw
    const char *incoming;                         // "defer" and the like; NULL: none
    const struct command_iface *ifaces;
    size_t nifaces;
    const struct command_chardev *chardevs;
    size_t nchardevs;
    const struct command_side *sides;
    size_t nsides;
};

struct command {
    struct strv args;         // args.v[0] is the program
    struct strv env;          // "NAME=value", the whole environment
    VEC(struct child_fd) fds; // for child_spec; the targets are the numbers in args
};
#define AUTO_COMMAND CLEANUP(command_finish) struct command

// Fills *ret, which is empty or all zeroes. Does not suspend. ERROR_CONFIG_UNSUPPORTED names the
// device with its line and what this QEMU (or we) cannot do; ERROR_INTERNAL when preparation is
// missing.
int command_build(const struct command_input *in, struct command *ret, struct error *err);
void command_finish(struct command *a); // closes nothing

// Where a unix channel without a path listens; caller frees. NULL for any other device.
char *command_channel_path(const struct command_input *in, const struct domain_chardev *channel);
