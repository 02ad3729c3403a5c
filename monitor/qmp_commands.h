// SPDX-License-Identifier: GPL-2.0-or-later
// QMP commands with typed answers. All suspend, and fail as qmp_execute() says; a reply that lacks
// what QEMU documents is ERROR_INTERNAL naming command and member. `deadline_us` as there.
//
// Events are lost while nobody is connected: after a reconnect ask for whatever state they
// would have told (qmp_query_status, _chardevs, _blocks, _cpus, _balloon, ...).
#pragma once

#include "monitor/qmp.h"

enum qmp_run_state {
    QMP_RUN_UNKNOWN, // a word newer than we are
    QMP_RUN_DEBUG,
    QMP_RUN_INMIGRATE,
    QMP_RUN_INTERNAL_ERROR,
    QMP_RUN_IO_ERROR,
    QMP_RUN_PAUSED,
    QMP_RUN_POSTMIGRATE,
    QMP_RUN_PRELAUNCH,
    QMP_RUN_FINISH_MIGRATE,
    QMP_RUN_RESTORE_VM,
    QMP_RUN_RUNNING,
    QMP_RUN_SAVE_VM,
    QMP_RUN_SHUTDOWN,
    QMP_RUN_SUSPENDED,
    QMP_RUN_WATCHDOG,
    QMP_RUN_GUEST_PANICKED,
    QMP_RUN_COLO,
};
enum qmp_run_state qmp_run_state_parse(const char *word);
const char *qmp_run_state_text(enum qmp_run_state state);

struct qmp_status {
    enum qmp_run_state state;
    bool running; // virtual CPUs are executing
};

struct qmp_chardev {
    char *label;    // "charserial0"
    char *filename; // "pty:/dev/pts/2", "unix:/run/x.sock,server=on"
    bool frontend_open;
};
struct qmp_chardevs {
    struct qmp_chardev *v;
    size_t n;
};

struct qmp_block {
    char *device;    // "" when only the qdev names it
    char *qdev;      // "ide0-0-0" or a QOM path; NULL
    char *node_name; // of what is inserted; NULL
    char *file;      // likewise
    char *io_status; // "ok", "failed", "nospace"; NULL
    bool removable, locked;
    bool has_tray, tray_open;
    bool inserted, read_only;
};
struct qmp_blocks {
    struct qmp_block *v;
    size_t n;
};

struct qmp_cpu {
    int64_t index;
    int64_t thread_id;
    char *qom_path;
    struct json_object *props; // socket-id, core-id, thread-id, ...; or NULL; owned
};
struct qmp_cpus {
    struct qmp_cpu *v;
    size_t n;
};

struct qmp_vnc {
    bool enabled;
    char *host;    // "127.0.0.1", or the path of a unix socket; NULL
    char *service; // "5900"; NULL
    char *family;  // "ipv4", "ipv6", "unix"; NULL
    char *auth;    // NULL
};

struct qmp_kvm {
    bool enabled, present;
};

int qmp_query_status(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_status *ret,
                     struct error *err);
// The ids of the devices that are there now. Caller: strv_finish().
int qmp_list_devices(struct task *t, struct qmp *q, uint64_t deadline_us, struct strv *ret,
                     struct error *err);
int qmp_query_chardevs(struct task *t, struct qmp *q, uint64_t deadline_us,
                       struct qmp_chardevs *ret, struct error *err);
void qmp_chardevs_finish(struct qmp_chardevs *c);
int qmp_query_blocks(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_blocks *ret,
                     struct error *err);
void qmp_blocks_finish(struct qmp_blocks *b);
int qmp_query_cpus(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_cpus *ret,
                   struct error *err); // query-cpus-fast, in order of index
void qmp_cpus_finish(struct qmp_cpus *c);
int qmp_query_vnc(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_vnc *ret,
                  struct error *err);
void qmp_vnc_finish(struct qmp_vnc *v);
// ERROR_DEVICE_MISSING when the guest has no balloon.
int qmp_query_balloon(struct task *t, struct qmp *q, uint64_t deadline_us, uint64_t *actual_bytes,
                      struct error *err);
int qmp_set_balloon(struct task *t, struct qmp *q, uint64_t target_bytes, uint64_t deadline_us,
                    struct error *err);
int qmp_query_kvm(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_kvm *ret,
                  struct error *err);

int qmp_cont(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err);
int qmp_stop(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err);
int qmp_system_reset(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err);
int qmp_system_powerdown(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err);
// QEMU answers, then ends; closed() follows.
int qmp_quit(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err);

// Hands over a descriptor under a name (letters, digits, '-', '_'; QEMU keeps it until used or
// closed).
int qmp_getfd(struct task *t, struct qmp *q, const char *name, int fd, uint64_t deadline_us,
              struct error *err);
int qmp_closefd(struct task *t, struct qmp *q, const char *name, uint64_t deadline_us,
                struct error *err);
// Adds a descriptor to a set; *set gets its number, for "/dev/fdset/N". `set_wanted` -1: a new one.
int qmp_add_fd(struct task *t, struct qmp *q, int64_t set_wanted, const char *opaque, int fd,
               uint64_t deadline_us, int64_t *set, struct error *err);

// A line for the human monitor; *output is what it prints. Caller frees.
int qmp_human_command(struct task *t, struct qmp *q, const char *line, uint64_t deadline_us,
                      char **output, struct error *err);
