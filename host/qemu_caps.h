// SPDX-License-Identifier: GPL-2.0-or-later
// What one QEMU binary can do, learned by asking it once over QMP and kept on disk.
//
// How this works
//
// The probe writes what it learns as text (qemu_learn.h), the cache keeps that text on disk below a
// line with the key, and qemu_caps_parse() makes the struct of it, with every string in the text
// itself: so there is one way to the struct, and one allocation holds all names.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"
#include "base/vec.h"

struct qemu_machine {
    const char *name;  // "pc-q35-7.2"
    const char *alias; // "q35" or NULL
    uint32_t max_cpus;
    bool is_default, deprecated;
    const char *default_ram_id;   // "pc.ram" or NULL
    const char *default_cpu_type; // or NULL
};

enum qemu_usable { QEMU_USABLE_UNKNOWN, QEMU_USABLE_YES, QEMU_USABLE_NO };

struct qemu_cpu_model {
    const char *name;        // "Skylake-Client-v1"
    enum qemu_usable usable; // on this host; no: some of its features are missing
    bool deprecated;
};

// What holds for one accelerator.
struct qemu_accel_caps {
    bool usable;
    struct qemu_cpu_model *cpus;
    size_t ncpus;
    const char *host_model; // KVM: the named model `-cpu host` comes closest to; or NULL
};

enum qemu_virt { QEMU_VIRT_TCG, QEMU_VIRT_KVM, QEMU_VIRT_COUNT };

// n strings one behind the other, each with its NUL.
struct qemu_names {
    const char *first;
    size_t n;
};

// Immutable once made and shared by reference.
struct qemu_caps {
    unsigned refs;
    char *text;          // what every string here points into
    const char *binary;  // path as asked for
    uint32_t version;    // 7002022 for 7.2.22: libvirt's number
    const char *package; // "Debian 1:7.2+dfsg-7+deb12u18" or ""
    const char *arch;    // libvirt's name: "x86_64", "i686", "aarch64"
    bool kvm_built;      // the binary has KVM, whether or not it can be used here
    struct qemu_accel_caps accel[QEMU_VIRT_COUNT];
    struct qemu_machine *machines;
    size_t nmachines;
    struct qemu_names devices;  // -device X
    struct qemu_names objects;  // user-creatable: -object X
    struct qemu_names commands; // of QMP
    struct qemu_names options;  // of the command line: "sandbox"
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
bool qemu_caps_has_option(const struct qemu_caps *c, const char *name);
const struct qemu_cpu_model *qemu_caps_cpu(const struct qemu_caps *c, enum qemu_virt virt,
                                           const char *name);

// What the answers of a binary depend on; they are valid while it does not change.
struct qemu_caps_key {
    char *binary;
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode;
    bool kvm; // /dev/kvm opened for the user QEMU runs as
    uid_t uid;
};

// The first line of the text. Caller frees.
char *qemu_caps_key_text(const struct qemu_caps_key *key);
// Takes text: the line of `key` and what the probe wrote. -1 with err when it is damaged, cut off,
// from another version of vireod, or has another key.
int qemu_caps_parse(char *text, const struct qemu_caps_key *key, struct qemu_caps **ret,
                    struct error *err);

// Who QEMU runs as while it is asked.
struct qemu_probe_user {
    bool set_user; // false: as vireod's own
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t ngroups;
};

// Runs the binary with no machine and asks it everything; *ret gets the text without its first
// line (caller frees). `kvm`: also with KVM. Suspends, about 100 ms.
int qemu_probe(struct task *t, const char *binary, const struct qemu_probe_user *user, bool kvm,
               char **ret, struct error *err);
