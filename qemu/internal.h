// SPDX-License-Identifier: GPL-2.0-or-later
// What the files that build a command line share. Devices, block nodes, netdevs and objects are
// JSON, which takes any file name and is what hotplug sends over QMP too.
#pragma once

#include <json-c/json.h>
#include "base/str.h"
#include "qemu/address/address.h"
#include "qemu/alias.h"
#include "qemu/command.h"
#include "qemu/device.h"

struct out {
    const struct command_input *in;
    const struct domain_def *def;
    const struct qemu_caps *caps;
    enum chipset chipset;
    enum qemu_virt virt;
    struct command *command;    // starting a domain, or
    struct device_steps *steps; // changing a running one:
    bool undo;                  // only the names of what the steps make matter
    int next_fd;                // the next descriptor number in the child
    unsigned next_fdset;
    const char *missing; // the name of a JSON member that got no value
    struct error *err;
};
struct out out_init(const struct command_input *in, struct error *err);

static inline unsigned long long opt_or(struct opt_uint u, uint64_t otherwise)
{
    return u.set ? u.value : otherwise;
}

void out_flag(struct out *o, const char *option);
void out_arg(struct out *o, const char *option, const char *fmt, ...) PRINTF_LIKE(3, 4);
// "-blockdev", "-netdev", "-object", "-audiodev": takes `json`.
void out_json(struct out *o, const char *option, struct json_object *json);
// A QMP command for a running guest; takes `args`.
void out_step(struct out *o, const char *command, struct json_object *args);
// -device; takes `json`. Fails when this QEMU lacks the driver.
int out_device(struct out *o, const struct device *dev, struct json_object *json);
// The same after put_address().
int out_device_at(struct out *o, const struct device *dev, struct json_object *json);
// Hands a descriptor to the child; returns its number there.
int out_fd(struct out *o, int fd);
// The socket to the device's side process; its number in the child, or -1 with an error.
int out_side_fd(struct out *o, const struct device *dev);
// -add-fd; returns the number N of /dev/fdset/N.
unsigned out_fdset(struct out *o, int fd);
// ERROR_CONFIG_UNSUPPORTED "line 12: <disk>: ..."; dev may be NULL.
int out_unsupported(struct out *o, const struct device *dev, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
int out_internal(struct out *o, const struct device *dev, const char *what);
bool out_has_spice(const struct out *o);

// QEMU's option syntax: a comma in a value is written twice. Caller frees.
char *comma_escape(const char *text);

// Values into an object. A value that put_str() needs and does not get makes the whole command line
// or list of steps fail with ERROR_INTERNAL; put_str_opt() leaves out what is NULL, as the others
// leave out toggles and numbers that are not given.
struct json_object *json_driver(const char *driver);
void put_str(struct json_object *j, const char *key, const char *value);
void put_str_opt(struct json_object *j, const char *key, const char *value);
void put_printf(struct json_object *j, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
void put_uint(struct json_object *j, const char *key, uint64_t value);
void put_opt(struct json_object *j, const char *key, struct opt_uint value);
void put_bool(struct json_object *j, const char *key, bool value);
void put_toggle(struct json_object *j, const char *key, enum toggle value);
void put_virtio(struct json_object *j, const struct virtio_options *v);
// bus and address on PCI, USB or ISA, as the device's address says.
int put_address(struct out *o, struct json_object *j, const struct device *dev);

// Of virtio devices: "-transitional" and "-non-transitional" after the driver's name, and the bus.
char *virtio_driver(const char *base, const char *model);
enum device_bus bus_of_virtio(const char *model);

// The name by which QEMU knows a controller's bus. Caller frees; NULL when there is none.
char *controller_bus(struct out *o, enum controller_type type, uint64_t index);
// 0: none. From <boot order=>, else from <os><boot dev=>.
unsigned boot_index(const struct out *o, const struct device *dev);

// What the classes of character devices share: -chardev, and the guest's end.
int chardev_backend(struct out *o, const struct device *dev, const struct chardev_source *s);
int chardev_frontend(struct out *o, const struct device *dev, const char *driver);
bool chardev_is_meant(const struct device *dev, const struct device *wanted);
struct chardev_source *chardev_source_of(const struct domain_def *def, struct device *dev);

// One part of the command line. `files` adds what QEMU opens for it; NULL: nothing.
struct command_part {
    int (*build)(struct out *o); // 0, or -1 with an error
    void (*files)(const struct domain_def *def, struct device_files *ret);
};
#define COMMAND_PART(name) extern const struct command_part name##_args;
#include "qemu/parts.def"

bool firmware_has_pflash(const struct out *o);
const char *firmware_nvram(const struct out *o);
const char *memory_backend_id(const struct out *o); // NULL: the machine takes none
const struct clock_timer *clock_timer_of(const struct domain_def *def, enum timer_name name);
