// SPDX-License-Identifier: GPL-2.0-or-later
// A fixture for guests in a directory of its own: loop, host, table of guests, and a scripted QEMU
// as their emulator. Tests of supervisor/ run one function in it.
#pragma once

#include "base/str.h"
#include "supervisor/internal.h"

struct fixture {
    const char *devices; // in the documents that fixture_define() makes; NULL: none
    char dir[64];
    char *emulator; // DIR/qemu: runs the guest's script, answers the daemon's probe
    char *config_dir, *run_dir, *state_dir, *log_dir;
    sd_event *event;
    struct sched *sched;
    struct host *host;
    struct domains *domains;
    struct domains_config config; // for fixture_open(); change before
    struct strbuf moves;          // what the observer saw: "launched booted"
    size_t events;                // of monitors
    size_t removed;               // devices
    size_t started;               // processes of guests
};

// Runs fn as a task in a fresh fixture, then takes it down; nothing may be left running.
void fixture_run(void (*fn)(struct task *t, struct fixture *h));
// Opens the table again (as a daemon that was restarted), with h->config, and loads what is stored.
void fixture_open(struct fixture *h);
void fixture_close(struct fixture *h); // guests go on

// What the scripted QEMU of guest `name` does from its next start on.
void fixture_script(struct fixture *h, const char *name, const char *script);
// A document; `more` goes before <devices>, `devices` into it. Caller frees.
char *fixture_document(const struct fixture *h, const char *name, const char *more,
                       const char *devices);
struct domain *fixture_define(struct task *t, struct fixture *h, const char *name,
                              const char *more);
int fixture_create(struct task *t, struct fixture *h, const char *name, const char *more,
                   struct domain **ret, struct error *err);
// Defines and starts it with a script; both must work.
struct domain *fixture_start(struct task *t, struct fixture *h, const char *name, const char *more,
                             const char *script);
// Lets the script go on, which waits at `expect x-go`.
void fixture_go(struct task *t, struct domain *dom);
// Waits until *moves is as wanted, and empties it.
void fixture_expect_moves(struct task *t, struct fixture *h, const char *wanted);
// Waits until the expression holds.
#define WAIT_UNTIL(t, cond)                                                                        \
    do {                                                                                           \
        uint64_t deadline_ = task_deadline_ms(20000);                                              \
        while (!(cond)) {                                                                          \
            task_sleep(t, task_deadline_ms(2));                                                    \
            if (now_monotonic_us() > deadline_)                                                    \
                CHECK(cond);                                                                       \
        }                                                                                          \
    } while (0)
bool fixture_has(const struct fixture *h, const char *dir, const char *file);

// From the greeting to a guest that runs.
#define BOOT_PAUSED  "greet\nexpect qmp_capabilities\nreply {}\nexpect query-chardev\nreply []\n"
#define BOOT_TO_CONT BOOT_PAUSED "expect cont\n"
#define BOOT         BOOT_TO_CONT "event RESUME\nreply {}\n"
#define GO           "expect x-go\nreply {}\n"
#define QUIT                                                                                       \
    "expect quit\nreply {}\nevent SHUTDOWN {\"guest\": false, \"reason\": \"host-qmp-quit\"}\n"    \
    "exit 0\n"
