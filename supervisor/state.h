// SPDX-License-Identifier: GPL-2.0-or-later
// The states of a domain and every legal move between them, in one table. domain_move() (state.c)
// is the only function that sets a state: it checks the move against this table, logs it, and
// notifies the observer, from which api/ makes libvirt's states, reasons and events. What QEMU
// reports is legal from every active state.
#pragma once

#include <stdbool.h>

enum domain_state {
    DOMAIN_SHUTOFF,     // no process
    DOMAIN_RUNNING,     // its virtual CPUs run
    DOMAIN_PAUSED,      // a process, its virtual CPUs stopped
    DOMAIN_SHUTDOWN,    // the guest has powered off, the process is still there
    DOMAIN_CRASHED,     // the guest has panicked and is kept as it is (on_crash preserve)
    DOMAIN_PMSUSPENDED, // the guest sleeps (S3)
    DOMAIN_STATE_COUNT
};

// Why a guest is in its state: one word for each move. The last move is the reason.
enum domain_move {
    MOVE_NONE,          // as loaded from its definition
    MOVE_LAUNCHED,      // its process runs, it is being set up
    MOVE_BOOTED,        // start is complete, running
    MOVE_BOOTED_PAUSED, // start is complete, and paused was asked for
    MOVE_UNPAUSED,      // virtual CPUs run again
    MOVE_RESTARTED,     // its power-off was answered with a reset, it boots again
    MOVE_PAUSED_USER,
    MOVE_PAUSED_IOERROR,
    MOVE_PAUSED_WATCHDOG,
    MOVE_PAUSED_UNKNOWN, // QEMU stopped it by itself
    MOVE_PAUSED_DUMP,
    MOVE_SHUTDOWN_GUEST, // the guest powered off
    MOVE_SHUTDOWN_HOST,  // QEMU ended by a signal or by `quit`
    MOVE_PANICKED,       // and is kept
    MOVE_SUSPENDED_TO_MEMORY,
    MOVE_SUSPENDED_TO_DISK,
    MOVE_WAKEUP,
    MOVE_STOPPED_SHUTDOWN,     // process gone after the guest powered off
    MOVE_STOPPED_DESTROYED,    // we ended it because a client said so
    MOVE_STOPPED_CRASHED,      // the guest panicked, and on_crash ended it
    MOVE_STOPPED_FAILED,       // process died by itself
    MOVE_STOPPED_START_FAILED, // it never got to run
    MOVE_STOPPED_LOST,         // it ended while no daemon ran
    DOMAIN_MOVE_COUNT
};

struct domain_move_row {
    const char *name; // in status files and in the log
    unsigned from;    // mask of states it may start from
    enum domain_state to;
};

#define FROM(state) (1u << DOMAIN_##state)
#define FROM_ACTIVE                                                                                \
    (FROM(RUNNING) | FROM(PAUSED) | FROM(SHUTDOWN) | FROM(CRASHED) | FROM(PMSUSPENDED))

static const struct domain_move_row domain_moves[DOMAIN_MOVE_COUNT] = {
    [MOVE_NONE] = {"none", FROM(SHUTOFF), DOMAIN_SHUTOFF},
    [MOVE_LAUNCHED] = {"launched", FROM(SHUTOFF), DOMAIN_PAUSED},
    [MOVE_BOOTED] = {"booted", FROM(RUNNING) | FROM(PAUSED), DOMAIN_RUNNING},
    [MOVE_BOOTED_PAUSED] = {"booted-paused", FROM(PAUSED), DOMAIN_PAUSED},
    [MOVE_UNPAUSED] = {"unpaused", FROM_ACTIVE, DOMAIN_RUNNING},
    [MOVE_RESTARTED] = {"restarted", FROM_ACTIVE, DOMAIN_RUNNING},
    [MOVE_PAUSED_USER] = {"paused-user", FROM_ACTIVE, DOMAIN_PAUSED},
    [MOVE_PAUSED_IOERROR] = {"paused-ioerror", FROM_ACTIVE, DOMAIN_PAUSED},
    [MOVE_PAUSED_WATCHDOG] = {"paused-watchdog", FROM_ACTIVE, DOMAIN_PAUSED},
    [MOVE_PAUSED_UNKNOWN] = {"paused-unknown", FROM_ACTIVE, DOMAIN_PAUSED},
    [MOVE_PAUSED_DUMP] = {"paused-dump", FROM_ACTIVE, DOMAIN_PAUSED},
    [MOVE_SHUTDOWN_GUEST] = {"shutdown-guest", FROM_ACTIVE, DOMAIN_SHUTDOWN},
    [MOVE_SHUTDOWN_HOST] = {"shutdown-host", FROM_ACTIVE, DOMAIN_SHUTDOWN},
    [MOVE_PANICKED] = {"panicked", FROM_ACTIVE, DOMAIN_CRASHED},
    [MOVE_SUSPENDED_TO_MEMORY] = {"suspended-to-memory", FROM_ACTIVE, DOMAIN_PMSUSPENDED},
    [MOVE_SUSPENDED_TO_DISK] = {"suspended-to-disk", FROM_ACTIVE, DOMAIN_PMSUSPENDED},
    [MOVE_WAKEUP] = {"wakeup", FROM_ACTIVE, DOMAIN_RUNNING},
    [MOVE_STOPPED_SHUTDOWN] = {"stopped-shutdown", FROM_ACTIVE, DOMAIN_SHUTOFF},
    [MOVE_STOPPED_DESTROYED] = {"stopped-destroyed", FROM_ACTIVE | FROM(SHUTOFF), DOMAIN_SHUTOFF},
    [MOVE_STOPPED_CRASHED] = {"stopped-crashed", FROM_ACTIVE, DOMAIN_SHUTOFF},
    [MOVE_STOPPED_FAILED] = {"stopped-failed", FROM_ACTIVE, DOMAIN_SHUTOFF},
    [MOVE_STOPPED_START_FAILED] = {"stopped-start-failed", FROM_ACTIVE | FROM(SHUTOFF),
                                   DOMAIN_SHUTOFF},
    [MOVE_STOPPED_LOST] = {"stopped-lost", FROM_ACTIVE, DOMAIN_SHUTOFF},
};
#undef FROM
#undef FROM_ACTIVE
