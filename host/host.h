// SPDX-License-Identifier: GPL-2.0-or-later
// The host: its QEMU binaries and their capabilities, each probed once.
#pragma once

#include "base/error.h"
#include "base/task.h"
#include "base/uuid.h"
#include "host/capabilities.h"
#include "host/firmware.h"
#include "host/node.h"
#include "host/qemu_caps.h"

struct host;

struct host_config {
    const char *root;      // directory with /proc and /sys; NULL: "/"
    const char *cache_dir; // for results of probes; created when missing; NULL: not stored
    // Directories to search for emulators, NULL-terminated; NULL: /usr/bin, /usr/local/bin,
    // /usr/libexec
    const char *const *search_path;
    const char *emulator; // path of another binary, preferred for its architecture; or NULL
    struct qemu_probe_user user;
    bool privileged;           // system mode
    const char *kvm_path;      // NULL: /dev/kvm
    const char *firmware_path; // directory of firmware descriptors; NULL: /usr/share/qemu/firmware
};

// Copies the configuration. Probes nothing; host_warm() does.
struct host *host_create(struct sched *s, const struct host_config *config);
void host_destroy(struct host *h); // running probes must have ended (cancel, then run the loop)

// libvirt's name of the host's architecture ("x86_64"). Borrowed.
const char *host_arch(const struct host *h);

// Searches for qemu-system-* again (start, reload). Probes new binaries in the background.
void host_warm(struct host *h);

// Path of the emulator for an architecture (libvirt's name); NULL: none. Borrowed until the next
// host_warm(). Reads only file names.
const char *host_find_emulator(struct host *h, const char *arch);

// The capabilities of a binary: from memory, from the cache on disk, or from a probe that
// concurrent callers share. A binary that changed on disk is probed again. Caller unrefs. Suspends.
int host_qemu_caps(struct task *t, struct host *h, const char *binary, struct qemu_caps **ret,
                   struct error *err);
// The same for the emulator of an architecture; ERROR_CONFIG_UNSUPPORTED when none is installed.
int host_arch_caps(struct task *t, struct host *h, const char *arch, struct qemu_caps **ret,
                   struct error *err);
// Whether QEMU's user can open /dev/kvm now (checked at each call, without privileges).
bool host_kvm_usable(const struct host *h);
int host_kvm_access(const struct host *h); // 0, or why not as -errno
// UEFI for a guest (firmware.h); ERROR_CONFIG_UNSUPPORTED naming the package when there is none.
// Caller finishes *ret. Does not suspend.
int host_find_firmware(const struct host *h, const char *arch, const char *machine,
                       const struct firmware_wanted *wanted, struct firmware_flash *ret,
                       struct error *err);
// QEMU's version for the host's own architecture; 0 when there is no emulator. Suspends.
int host_qemu_version(struct task *t, struct host *h, uint32_t *version, struct error *err);

// The maximum number of virtual CPUs of a domain of this type ("kvm", "qemu", NULL: qemu).
int host_max_vcpus(const struct host *h, const char *virt_type, uint32_t *ret, struct error *err);

// The <capabilities> document. Caller frees. Suspends while binaries are being probed.
int host_capabilities_xml(struct task *t, struct host *h, char **xml, struct error *err);

// A machine type of an emulator, for <domainCapabilities>.
struct host_machine {
    struct qemu_caps *caps; // owned
    const char *arch;       // borrowed from the arguments or from caps
    const struct qemu_machine *machine;
    enum qemu_virt virt;
    struct firmware_choice firmware; // owned
};
void host_machine_finish(struct host_machine *m);
// Any argument may be NULL: libvirt's defaults (the host's architecture, its emulator, the
// emulator's default machine, KVM where usable). Errors and codes as libvirt's for
// <domainCapabilities>. Caller finishes *ret. Suspends.
int host_find_machine(struct task *t, struct host *h, const char *emulator, const char *arch,
                      const char *machine, const char *virt_type, struct host_machine *ret,
                      struct error *err);
