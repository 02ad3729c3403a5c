// SPDX-License-Identifier: GPL-2.0-or-later
// What the files that build a command line share. Devices, block nodes, netdevs and objects are
// JSON, which takes any file name and is what hotplug sends over QMP too.
#pragma once

#include <json-c/json.h>
#include "base/str.h"
#include "qemu/address.h"
#include "qemu/argv.h"

struct argv_out {
    const struct argv_input *in;
    const struct domain_def *def;
    const struct qemu_caps *caps;
    enum chipset chipset;
    enum qemu_virt virt;
    struct argv *argv;      // starting a guest, or
    struct argv_plug *plug; // plugging a device in
    int next_fd;            // the next descriptor number in the child
    unsigned next_fdset;
    struct error *err;
};

static inline unsigned long long opt_or(struct opt_uint u, uint64_t otherwise)
{
    return u.set ? u.value : otherwise;
}

void out_flag(struct argv_out *o, const char *option);
void out_arg(struct argv_out *o, const char *option, const char *fmt, ...) PRINTF_LIKE(3, 4);
// "-blockdev", "-netdev", "-object", "-audiodev": takes `json`.
void out_json(struct argv_out *o, const char *option, struct json_object *json);
// -device; takes `json`. Fails when this QEMU lacks the driver.
int out_device(struct argv_out *o, const struct device *dev, struct json_object *json);
// Hands a descriptor to the child; returns its number there.
int out_fd(struct argv_out *o, int fd);
// -add-fd; returns the number N of /dev/fdset/N.
unsigned out_fdset(struct argv_out *o, int fd);
// ERROR_CONFIG_UNSUPPORTED "line 12: <disk>: ..."; dev may be NULL.
int out_unsupported(struct argv_out *o, const struct device *dev, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
int out_internal(struct argv_out *o, const struct device *dev, const char *what);

// QEMU's option syntax: a comma in a value is written twice. Caller frees.
char *comma_escape(const char *text);

// Values into an object. Strings that are NULL, toggles and numbers not given are left out.
struct json_object *json_driver(const char *driver);
void put_str(struct json_object *j, const char *key, const char *value);
void put_printf(struct json_object *j, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
void put_uint(struct json_object *j, const char *key, uint64_t value);
void put_opt(struct json_object *j, const char *key, struct opt_uint value);
void put_bool(struct json_object *j, const char *key, bool value);
void put_toggle(struct json_object *j, const char *key, enum toggle value);
void put_virtio(struct json_object *j, const struct virtio_options *v);
// bus and address on PCI, USB or ISA, as the device's address says.
int put_address(struct argv_out *o, struct json_object *j, const struct device *dev);
// "-transitional" and "-non-transitional" after the name of a virtio device.
char *virtio_driver(const char *base, const char *model);

// The name by which QEMU knows a controller's bus. Caller frees; NULL when there is none.
char *controller_bus(struct argv_out *o, enum controller_type type, uint64_t index);
const struct domain_controller *out_controller(const struct argv_out *o, enum controller_type type,
                                               uint64_t index);
// 0: none. From <boot order=>, else from <os><boot dev=>.
unsigned boot_index(const struct argv_out *o, const struct device *dev);

int build_machine(struct argv_out *o);
int build_cpu(struct argv_out *o);
int build_memory(struct argv_out *o);
int build_clock(struct argv_out *o);
int build_boot(struct argv_out *o);
int build_firmware(struct argv_out *o);
int build_controllers(struct argv_out *o);
int build_controller(struct argv_out *o, const struct domain_controller *c);
int build_disk(struct argv_out *o, const struct domain_disk *d);
int build_interface(struct argv_out *o, const struct domain_interface *iface);
int build_chardevs(struct argv_out *o);
int build_chardev(struct argv_out *o, const struct domain_chardev *c);
int build_redirdev(struct argv_out *o, const struct domain_redirdev *r);
int build_displays(struct argv_out *o);
int build_sound(struct argv_out *o, const struct domain_sound *s);
int build_input(struct argv_out *o, const struct domain_input *i);
int build_hub(struct argv_out *o, const struct domain_hub *h);
int build_watchdog(struct argv_out *o, const struct domain_watchdog *w);
int build_balloon(struct argv_out *o, const struct domain_memballoon *b);
int build_rng(struct argv_out *o, const struct domain_rng *r);
int build_panic(struct argv_out *o, const struct domain_panic *p);
