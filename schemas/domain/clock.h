// SPDX-License-Identifier: LGPL-2.1-or-later
// <clock> of a domain.
#pragma once

#include "base/vec.h"
#include "schemas/doc/value.h"

enum clock_offset {
    CLOCK_NONE,
    CLOCK_UTC,
    CLOCK_LOCALTIME,
    CLOCK_VARIABLE,
    CLOCK_TIMEZONE,
    CLOCK_ABSOLUTE
};
enum clock_basis { CLOCK_BASIS_NONE, CLOCK_BASIS_UTC, CLOCK_BASIS_LOCALTIME };
enum timer_name {
    TIMER_NONE,
    TIMER_PLATFORM,
    TIMER_PIT,
    TIMER_RTC,
    TIMER_HPET,
    TIMER_TSC,
    TIMER_KVMCLOCK,
    TIMER_HYPERVCLOCK,
    TIMER_ARMVTIMER
};
enum timer_tickpolicy {
    TICKPOLICY_NONE,
    TICKPOLICY_DELAY,
    TICKPOLICY_CATCHUP,
    TICKPOLICY_MERGE,
    TICKPOLICY_DISCARD
};
enum timer_track { TRACK_NONE, TRACK_BOOT, TRACK_GUEST, TRACK_WALL, TRACK_REALTIME };

struct clock_timer {
    enum timer_name name;
    enum toggle present;
    enum timer_tickpolicy tickpolicy;
    enum timer_track track;
    struct opt_uint frequency_hz; // tsc
};
struct domain_clock {
    enum clock_offset offset;
    char *adjustment;            // utc, localtime: "reset"; a number of seconds becomes variable
    struct opt_int adjustment_s; // variable
    enum clock_basis basis;      // variable
    char *timezone;
    struct opt_uint start; // absolute: seconds since the epoch
    VEC(struct clock_timer *) timers;
};

const char *timer_name_name(enum timer_name name);
