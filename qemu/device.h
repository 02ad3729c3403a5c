// SPDX-License-Identifier: GPL-2.0-or-later
// What each kind of device is to QEMU, and the generic operations on devices.
//
// One file of devices/ describes one kind in a `const struct device_class NAME_class`; everything
// else asks the class. Pure: nothing here opens, reads or changes anything on the host.
#pragma once

#include <stdbool.h>
#include "base/error.h"
#include "base/vec.h"
#include "qemu/command.h"
#include "schemas/domain/def.h"

struct domcaps;
struct out;

// What a device is attached to, and with that which kind of address it needs.
enum device_bus {
    BUS_NONE,
    BUS_PCI,             // conventional
    BUS_PCIE,            // express
    BUS_PCI_ROOT,        // on the root bus: root ports, expander bridges
    BUS_PCIE_DOWNSTREAM, // downstream port: on an upstream port
    BUS_USB,
    BUS_DRIVE, // a disk on an IDE, SATA, SCSI or floppy controller
    BUS_VIRTIO_SERIAL,
    BUS_ISA,
    BUS_COUNT
};

// The orders in which the kinds are visited. A class gives its rank in each: low comes first, 0 is
// not visited. Within a kind devices keep the order of the document.
enum device_order {
    ORDER_BUILD, // on the command line
    ORDER_PCI,   // when PCI slots are given
    ORDER_USB,   // when USB ports are given
    ORDER_COUNT
};

// A file that a device opens on the host. The path is borrowed.
struct device_file {
    const char *path;
    bool write;
    const char *what; // "disk", for messages
    bool optional;    // the guest starts without it
};
struct device_files {
    struct device_file *v;
    size_t n, cap;
};

// The process that a device needs beside QEMU: what starts it. QEMU and the process are connected
// by a pair of sockets. All members are owned.
enum { SIDE_SOCKET_FD = 3 }; // the process's end, in the process
struct device_side {
    struct strv args; // the program, which is searched in PATH, and its arguments
    // The last part of the name of the directory where the process keeps what belongs to the
    // domain, and where it and the commands below run. NULL: none.
    char *state;
    bool keep_state;          // also when the domain is undefined, or transient and ended
    VEC(struct strv) create;  // run in this order, as vireod's user, to fill a new directory
    struct strv update;       // run before each start, as the domain's user; may be empty
    const char *package;      // Debian's, with the program
    const char *tool_package; // with the commands; those of create are left out without it
};
void device_side_finish(struct device_side *s);

struct device_class {
    // "net" names net0, net1, ... NULL with name() NULL: QEMU does not know devices of this kind
    // by a name, so that they are neither unplugged nor changed.
    const char *alias;
    // Another way of naming; the caller frees. NULL: this one has no name.
    char *(*name)(const struct domain_def *def, const struct device *dev);
    unsigned char order[ORDER_COUNT];
    // Ranks devices of this kind among themselves in ORDER_BUILD. NULL: all are equal.
    unsigned (*rank)(const struct device *dev);
    enum device_bus (*bus)(const struct domain_def *def, const struct device *dev); // NULL: none
    // Writes the device, host side first. To a running guest as QMP commands, when `plug` is set.
    int (*build)(struct out *o, const struct device *dev);
    bool plug;   // can be added to a running guest
    bool unplug; // can be taken out of it
    // Writes the QMP commands that make `old` like `now`. NULL: cannot be changed.
    int (*update)(struct out *o, const struct device *old, const struct device *now);
    // Whether `dev` can be what a client describes by `wanted`, which may leave things out; aliases
    // are compared before. NULL: by their addresses.
    bool (*is_meant)(const struct device *dev, const struct device *wanted);
    // Adds the files it opens. NULL: none.
    void (*files)(const struct device *dev, struct device_files *ret);
    // The host's end of a character device. NULL: it is none, or has none of its own.
    struct chardev_source *(*chardev)(const struct domain_def *def, struct device *dev);
    // Describes the process that it needs beside QEMU. NULL: none.
    void (*side)(const struct domain_def *def, const struct device *dev, struct device_side *ret);
    // What <boot dev=> in <os> calls it. NULL: nothing.
    enum boot_dev (*boot)(const struct device *dev);
    // Writes its element of <domainCapabilities>. NULL: it has none there.
    void (*capabilities)(struct domcaps *d);
};

const struct device_class *device_class_of(enum device_kind kind);

// Calls fn for the devices of a definition until it returns non-zero; returns that. fn may add
// devices, which are not visited.
int devices_each(const struct domain_def *def, enum device_order order,
                 int (*fn)(struct device *dev, void *arg), void *arg);

enum device_bus device_bus(const struct domain_def *def, const struct device *dev);
// Whether `wanted` has no PCI address, or that of dev.
bool device_address_fits(const struct device *dev, const struct device *wanted);
// The device that a client describes by `wanted`. NULL: ERROR_DEVICE_MISSING, or
// ERROR_OPERATION_FAILED when several fit. Borrowed from def.
struct device *device_find(const struct domain_def *def, const struct device *wanted,
                           struct error *err);

// Adds the files of a device, or of a whole definition, which must outlive *ret; vec_finish() it.
void device_files(const struct device *dev, struct device_files *ret);
void definition_files(const struct domain_def *def, struct device_files *ret);
void device_file_add(struct device_files *ret, const char *path, const char *what, bool write);

// QMP commands in the order in which to send them; undo what was done from the end when one fails.
struct json_object;
struct device_step {
    const char *command, *undo; // "blockdev-add" and "blockdev-del", ...; undo may be NULL
    struct json_object *args, *undo_args; // owned
};
struct device_steps {
    VEC(struct device_step) steps;
};
void device_steps_finish(struct device_steps *s);

// 0, or ERROR_OPERATION_UNSUPPORTED when devices of this kind cannot be attached to a running
// guest, detached or changed.
enum device_change { DEVICE_ATTACH, DEVICE_DETACH, DEVICE_UPDATE };
int device_check_change(const struct device *dev, enum device_change change, struct error *err);

// Each fills *ret, which is empty; on failure it is empty again. Errors as of
// device_check_change(), and ERROR_CONFIG_UNSUPPORTED when it is this device or this QEMU that
// cannot.

// `dev` has its address and alias and is not yet a member of in->def. Descriptors of an interface
// must have been handed over with getfd under the names "fd-ALIAS-N" and "vhostfd-ALIAS-N".
int device_plug_steps(const struct command_input *in, const struct device *dev,
                      struct device_steps *ret, struct error *err);
// What plugging it in made, in that order; the last one is the device itself. To be undone from the
// end, everything but the device only after QEMU's DEVICE_DELETED.
int device_unplug_steps(const struct command_input *in, const struct device *dev,
                        struct device_steps *ret, struct error *err);
// `old` is a member of in->def. What they do not mention is what the caller has to care for.
int device_update_steps(const struct command_input *in, const struct device *old,
                        const struct device *now, struct device_steps *ret, struct error *err);
