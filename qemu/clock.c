// SPDX-License-Identifier: GPL-2.0-or-later
// Clock and timers.
#include <stdio.h>
#include <time.h>

#include "qemu/internal.h"

const struct clock_timer *clock_timer_of(const struct domain_def *def, enum timer_name name)
{
    VEC_FOREACH (it, &def->clock.timers)
        if ((*it)->name == name)
            return *it;
    return NULL;
}

static void format_date(int64_t t, bool local, char *buf, size_t size)
{
    struct tm tm = {0};
    time_t when = t;
    if (local)
        localtime_r(&when, &tm);
    else
        gmtime_r(&when, &tm);
    strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
}

static int rtc_base(struct out *o, char *base, size_t size)
{
    const struct domain_clock *c = &o->def->clock;
    switch (c->offset) {
    case CLOCK_NONE:
    case CLOCK_UTC:
        snprintf(base, size, "utc");
        return 0;
    case CLOCK_LOCALTIME:
    case CLOCK_TIMEZONE: // build_env() sets TZ
        snprintf(base, size, "localtime");
        return 0;
    case CLOCK_VARIABLE:
        format_date(o->in->now_s + (c->adjustment_s.set ? c->adjustment_s.value : 0),
                    c->basis == CLOCK_BASIS_LOCALTIME, base, size);
        return 0;
    case CLOCK_ABSOLUTE:
        format_date((int64_t)opt_or(c->start, 0), false, base, size);
        return 0;
    }
    return out_internal(o, NULL, "unknown clock offset");
}

static int build_timers(struct out *o)
{
    const struct clock_timer *pit = clock_timer_of(o->def, TIMER_PIT);
    if (clock_timer_of(o->def, TIMER_PLATFORM) || clock_timer_of(o->def, TIMER_ARMVTIMER))
        return out_unsupported(o, NULL, "<clock><timer name='%s'>: not there on this machine",
                               timer_name_name(clock_timer_of(o->def, TIMER_PLATFORM)
                                                   ? TIMER_PLATFORM
                                                   : TIMER_ARMVTIMER));
    if (pit && pit->present == TOGGLE_NO)
        return out_unsupported(o, NULL,
                               "<clock><timer name='pit' present='no'>: QEMU always has one");
    if (pit && pit->tickpolicy == TICKPOLICY_MERGE)
        return out_unsupported(o, NULL,
                               "<clock><timer name='pit' tickpolicy='merge'>: QEMU "
                               "provides delay, catchup and discard");
    // Catching up is what QEMU does anyway; without KVM the policy means nothing.
    if (pit && o->def->type == DOMAIN_TYPE_KVM &&
        (pit->tickpolicy == TICKPOLICY_DELAY || pit->tickpolicy == TICKPOLICY_DISCARD))
        out_arg(o, "-global", "kvm-pit.lost_tick_policy=%s",
                pit->tickpolicy == TICKPOLICY_DELAY ? "delay" : "discard");
    return 0;
}

static int build(struct out *o)
{
    const struct clock_timer *rtc = clock_timer_of(o->def, TIMER_RTC);
    char base[64];
    AUTO_STRBUF b = {0};
    if (rtc_base(o, base, sizeof(base)) < 0)
        return -1;
    strbuf_printf(&b, "base=%s", base);
    if (rtc && rtc->track == TRACK_GUEST)
        strbuf_add(&b, ",clock=vm");
    else if (rtc && rtc->track == TRACK_WALL)
        strbuf_add(&b, ",clock=host");
    else if (rtc && rtc->track == TRACK_REALTIME)
        strbuf_add(&b, ",clock=rt");
    if (rtc && rtc->tickpolicy == TICKPOLICY_CATCHUP)
        strbuf_add(&b, ",driftfix=slew");
    else if (rtc && (rtc->tickpolicy == TICKPOLICY_MERGE || rtc->tickpolicy == TICKPOLICY_DISCARD))
        return out_unsupported(o, NULL,
                               "<clock><timer name='rtc'>: QEMU provides the tick "
                               "policies delay and catchup only");
    out_arg(o, "-rtc", "%s", b.data);
    return build_timers(o);
}

const struct command_part clock_args = {.build = build};
