// SPDX-License-Identifier: LGPL-2.1-or-later
// <clock>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    clock_offset_values, NULL, [CLOCK_UTC] = "utc", [CLOCK_LOCALTIME] = "localtime",
    [CLOCK_VARIABLE] = "variable", [CLOCK_TIMEZONE] = "timezone", [CLOCK_ABSOLUTE] = "absolute");
static DOC_ENUM_VALUES(clock_basis_values,
                       NULL, [CLOCK_BASIS_UTC] = "utc", [CLOCK_BASIS_LOCALTIME] = "localtime");
static DOC_ENUM_VALUES(
    timer_name_values, NULL, [TIMER_PLATFORM] = "platform", [TIMER_PIT] = "pit",
    [TIMER_RTC] = "rtc", [TIMER_HPET] = "hpet", [TIMER_TSC] = "tsc", [TIMER_KVMCLOCK] = "kvmclock",
    [TIMER_HYPERVCLOCK] = "hypervclock", [TIMER_ARMVTIMER] = "armvtimer");
static DOC_ENUM_VALUES(timer_tickpolicy_values,
                       NULL, [TICKPOLICY_DELAY] = "delay", [TICKPOLICY_CATCHUP] = "catchup",
                       [TICKPOLICY_MERGE] = "merge", [TICKPOLICY_DISCARD] = "discard");
static DOC_ENUM_VALUES(timer_track_values, NULL, [TRACK_BOOT] = "boot", [TRACK_GUEST] = "guest",
                       [TRACK_WALL] = "wall", [TRACK_REALTIME] = "realtime");

#define S struct clock_timer
static const struct doc_row timer_rows[] = {
    D_ENUM(ATTR, "name", name, &timer_name_values, .flags = DOC_REQUIRED),
    D_YESNO(ATTR, "present", present),
    D_ENUM(ATTR, "tickpolicy", tickpolicy, &timer_tickpolicy_values),
    D_ENUM(ATTR, "track", track, &timer_track_values),
    D_UINT(ATTR, "frequency", frequency_hz, 0, 0, .unit = "Hz"),
};
static const struct doc_type timer_doc = DOC_TYPE("clockTimer", S, timer_rows);
#undef S

#define S             struct domain_clock
#define WHEN(offset_) .when = DOC_BIT(CLOCK_##offset_)
static const struct doc_row clock_rows[] = {
    // <clock sync='localtime'/> is how this was written first.
    D_ENUM(ATTR, "sync", offset, &clock_offset_values, .flags = DOC_TAG | DOC_OLD),
    D_ENUM(ATTR, "offset", offset, &clock_offset_values, .flags = DOC_TAG),
    D_TOKEN(ATTR, "adjustment", adjustment, .when = DOC_BIT(CLOCK_UTC) | DOC_BIT(CLOCK_LOCALTIME)),
    D_INT(ATTR, "adjustment", adjustment_s, INT64_MIN, 0, WHEN(VARIABLE), .unit = "seconds"),
    D_ENUM(ATTR, "basis", basis, &clock_basis_values, WHEN(VARIABLE)),
    D_TOKEN(ATTR, "timezone", timezone, WHEN(TIMEZONE), .flags = DOC_REQUIRED),
    D_UINT(ATTR, "start", start, 0, INT64_MAX, WHEN(ABSOLUTE), .flags = DOC_REQUIRED,
           .unit = "seconds since 1970"),
    D_LIST("timer", &timer_doc, timers),
};
static const struct doc_type clock_doc =
    DOC_TYPE("clock", S, clock_rows, DOC_TAGGED(S, offset, &clock_offset_values));
#undef WHEN
#undef S

// <clock offset='utc' adjustment='3600'/> is another way to write offset='variable'.
static void fill_adjustment(struct domain_clock *clock)
{
    int64_t seconds;
    if (!clock->adjustment || str_to_i64(clock->adjustment, INT64_MIN, INT64_MAX, &seconds) < 0)
        return;
    clock->basis = clock->offset == CLOCK_UTC ? CLOCK_BASIS_UTC : CLOCK_BASIS_LOCALTIME;
    clock->offset = CLOCK_VARIABLE;
    clock->adjustment_s = OPT_INT(seconds);
    str_replace(&clock->adjustment, NULL);
}

static void fill_clock(struct domain_fill *f)
{
    struct domain_clock *clock = &f->def->clock;
    if (clock->offset == CLOCK_NONE)
        clock->offset = CLOCK_UTC;
    fill_adjustment(clock);
}

static int check_clock(const struct domain_def *def, struct error *err)
{
    const struct domain_clock *clock = &def->clock;
    if (clock->adjustment && !str_eq(clock->adjustment, "reset"))
        return domain_fail(def, ERROR_XML, err,
                           "<clock adjustment='%.40s'> is neither 'reset' nor a number of seconds",
                           clock->adjustment);
    VEC_FOREACH (it, &clock->timers) {
        if ((*it)->frequency_hz.set && (*it)->name != TIMER_TSC)
            return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                               "<timer name='%s' frequency=>: only that of the timer 'tsc' can be "
                               "set",
                               timer_name_name((*it)->name));
    }
    return 0;
}

#define S struct domain_def
static const struct doc_row clock_part_rows[] = {
    D_ELEM_AT("clock", &clock_doc, clock, .flags = DOC_ONCE),
};
const struct part_schema clock_part = {
    .doc = DOC_TYPE("domainClock", S, clock_part_rows),
    .fill = fill_clock,
    .check = check_clock,
};
#undef S

const char *timer_name_name(enum timer_name name)
{
    return doc_enum_name(&timer_name_values, name);
}
