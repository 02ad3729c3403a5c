// SPDX-License-Identifier: GPL-2.0-or-later
// The capabilities of one QEMU binary, learned from a QMP probe and stored on disk.
//
// How this works
//
// The probe writes its results as text (qemu_learn.h). The cache stores that text below a line with
// the key. qemu_caps_parse() builds the struct, whose strings point into the text: one code path
// builds the struct, and one allocation holds all names.
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
    enum qemu_usable usable; // on this host; no: features are missing
    bool deprecated;
};

// Capabilities with one accelerator.
struct qemu_accel_caps {
    bool usable;
    struct qemu_cpu_model *cpus;
    size_t ncpus;
    const char *host_model; // KVM: the named model closest to `-cpu host`; or NULL
};

enum qemu_virt { QEMU_VIRT_TCG, QEMU_VIRT_KVM, QEMU_VIRT_COUNT };

// n consecutive strings, each with its NUL.
struct qemu_names {
    const char *first;
    size_t n;
};

// Immutable after creation and shared by reference.
struct qemu_caps {
    unsigned refs;
    char *text;          // the text that the strings point into
    const char *binary;  // path as given by the caller
    uint32_t version;    // 7002022 for 7.2.22: libvirt's format
    const char *package; // "Debian 1:7.2+dfsg-7+deb12u18" or ""
    const char *arch;    // libvirt's name: "x86_64", "i686", "aarch64"
    bool kvm_built;      // the binary supports KVM, usable here or not
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

// The machine of this name or alias ("q35"); NULL: the default machine. NULL: none.
const struct qemu_machine *qemu_caps_machine(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_device(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_object(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_command(const struct qemu_caps *c, const char *name);
bool qemu_caps_has_option(const struct qemu_caps *c, const char *name);
const struct qemu_cpu_model *qemu_caps_cpu(const struct qemu_caps *c, enum qemu_virt virt,
                                           const char *name);

// The results of a probe are valid for this key.
struct qemu_caps_key {
    char *binary;
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode;
    bool kvm; // QEMU's user can open /dev/kvm
    uid_t uid;
};

// The first line of the text. Caller frees.
char *qemu_caps_key_text(const struct qemu_caps_key *key);
// Takes text: the line of `key` and the probe's text. -1 with err when it is damaged, truncated,
// from another version of vireod, or has another key.
int qemu_caps_parse(char *text, const struct qemu_caps_key *key, struct qemu_caps **ret,
                    struct error *err);

// The user that QEMU runs as during the probe.
struct qemu_probe_user {
    bool set_user; // false: as vireod's user
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t ngroups;
};

// Runs the binary without a machine and queries its capabilities; *ret gets the text without its
// first line (caller frees). `kvm`: also with KVM. Suspends, about 100 ms.
int qemu_probe(struct task *t, const char *binary, const struct qemu_probe_user *user, bool kvm,
               char **ret, struct error *err);
