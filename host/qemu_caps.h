// SPDX-License-Identifier: GPL-2.0-or-later
// What one QEMU binary can do, learnt by asking it once over QMP and kept on disk. Immutable
// once made and shared by reference.
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"
#include "base/vec.h"

struct qemu_machine {
    char *name;  // "pc-q35-7.2"
    char *alias; // "q35" or NULL
    uint32_t max_cpus;
    bool is_default, hotpluggable_cpus, deprecated, numa_mem;
    char *default_ram_id;   // "pc.ram" or NULL
    char *default_cpu_type; // or NULL
};

struct qemu_cpu_model {
    char *name;     // "Skylake-Client-v1"
    char *alias_of; // or NULL
    bool migration_safe, is_static, deprecated;
    bool usable; // known here and nothing in the way; false with no blockers: not told
    struct strv blockers;
};

// What holds for one accelerator.
struct qemu_accel_caps {
    bool usable;
    struct qemu_cpu_model *cpus;
    size_t ncpus;
    char *host_model;                  // KVM: the named model `-cpu host` comes closest to; or NULL
    struct json_object *host_features; // KVM: query-cpu-model-expansion of host; or NULL
};

enum qemu_virt { QEMU_VIRT_TCG, QEMU_VIRT_KVM, QEMU_VIRT_COUNT };

struct qemu_caps {
    unsigned refs;
    char *binary;     // path as asked for
    uint32_t version; // 7002022 for 7.2.22: libvirt's number
    char *package;    // "Debian 1:7.2+dfsg-7+deb12u18" or ""
    char *arch;       // libvirt's word: "x86_64", "i686", "aarch64"
    bool kvm_built;   // the binary has KVM, whether or not it can be used here
    struct qemu_accel_caps accel[QEMU_VIRT_COUNT];
    struct qemu_machine *machines;
    size_t nmachines;
    struct strv devices;  // sorted names of devices (-device X)
    struct strv objects;  // sorted names of user-creatable objects (-object X)
    struct strv commands; // sorted QMP commands
    // Sorted "device.property" of the devices whose properties matter (qemu_probe.c has the list).
    struct strv properties;
    struct strv
        options; // sorted command line options with parameters ("sandbox", "msg.guest-name")
};

struct qemu_caps *qemu_caps_ref(struct qemu_caps *c);
void qemu_caps_unref(struct qemu_caps *c); // accepts NULL

static inline void qemu_caps_unrefp(struct qemu_caps **c)
{
    qemu_caps_unref(*c);
}
#define AUTO_QEMU_CAPS CLEANUP(qemu_caps_unrefp)

// By name or alias ("q35"); NULL: the default machine. NULL when there is none.
const struct qemu_machine *qemu_caps_machine(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_device(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_object(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_command(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_property(const struct qemu_caps *c, const char *device, const char *property);
// parameter NULL: the option itself.
bool qemu_caps_has_option(const struct qemu_caps *c, const char *option, const char *parameter);
const struct qemu_cpu_model *qemu_caps_cpu(const struct qemu_caps *c, enum qemu_virt virt,
                                           const char *name);

// What the stored answers depend on; they are valid while it does not change.
struct qemu_caps_key {
    char *binary;
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode;
    bool kvm; // /dev/kvm opened for the user QEMU runs as
    uid_t uid;
};

// As a readable JSON document and back. From: strict; -1 for anything that is damaged, from another
// version of ours, or for another key.
struct json_object *qemu_caps_to_json(const struct qemu_caps *c, const struct qemu_caps_key *key);
int qemu_caps_from_json(struct json_object *doc, const struct qemu_caps_key *key,
                        struct qemu_caps **ret, struct error *err);

// Who QEMU runs as while it is asked.
struct qemu_probe_user {
    bool set_user; // false: as ourselves
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t ngroups;
};

// Runs the binary with no machine and asks it everything. `kvm`: also with KVM. Suspends, about 100
// ms.
int qemu_probe(struct task *t, const char *binary, const struct qemu_probe_user *user, bool kvm,
               struct qemu_caps **ret, struct error *err);
