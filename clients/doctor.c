// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo doctor
#include "clients/doctor.h"
#include "clients/command.h"
#include "clients/text.h"

#include <stdio.h>

const struct check doctor_checks[] = {
    {"qemu", false, doctor_check_qemu},          {"qemu-img", false, doctor_check_qemu_img},
    {"qemu user", true, doctor_check_qemu_user}, {"kvm", false, doctor_check_kvm},
    {"sockets", false, doctor_check_sockets},    {"conflicts", false, doctor_check_conflicts},
    {"images", false, doctor_check_images},      {"tun", true, doctor_check_tun},
    {"vhost", true, doctor_check_vhost},         {"dnsmasq", true, doctor_check_dnsmasq},
    {"firewall", true, doctor_check_firewall},
};
const size_t doctor_nchecks = ARRAY_LEN(doctor_checks);

void doctor_run(const struct doctor *d, struct findings *ret)
{
    for (size_t i = 0; i < doctor_nchecks; i++) {
        if (d->system_mode || !doctor_checks[i].system_only)
            doctor_checks[i].run(d, ret);
    }
}

// ---- findings -----------------------------------------------------------------------------------

static void add(struct findings *f, enum level level, const char *about, char *fix, const char *fmt,
                va_list ap) PRINTF_LIKE(5, 0);

static void add(struct findings *f, enum level level, const char *about, char *fix, const char *fmt,
                va_list ap)
{
    struct finding one = {
        .level = level, .about = xstrdup(about), .text = xvasprintf(fmt, ap), .fix = fix};
    vec_push(f, one);
}

void findings_good(struct findings *f, const char *about, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(f, LEVEL_GOOD, about, NULL, fmt, ap);
    va_end(ap);
}

void findings_note(struct findings *f, const char *about, char *fix, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(f, LEVEL_NOTE, about, fix, fmt, ap);
    va_end(ap);
}

void findings_problem(struct findings *f, const char *about, char *fix, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(f, LEVEL_PROBLEM, about, fix, fmt, ap);
    va_end(ap);
}

size_t findings_count(const struct findings *f, enum level level)
{
    size_t n = 0;
    VEC_FOREACH (one, f)
        n += one->level == level;
    return n;
}

void findings_add_text(struct strbuf *b, const struct findings *f)
{
    static const char *const names[] = {
        [LEVEL_GOOD] = "ok", [LEVEL_NOTE] = "note", [LEVEL_PROBLEM] = "FAIL"};
    VEC_FOREACH (one, f) {
        strbuf_printf(b, "%-6s ", names[one->level]);
        text_add(b, one->about);
        strbuf_add(b, ": ");
        text_add(b, one->text);
        strbuf_addc(b, '\n');
        if (one->fix) {
            strbuf_add(b, "         fix: ");
            text_add(b, one->fix);
            strbuf_addc(b, '\n');
        }
    }
}

void findings_finish(struct findings *f)
{
    VEC_FOREACH (one, f) {
        free(one->about);
        free(one->text);
        free(one->fix);
    }
    vec_finish(f);
}

int command_doctor(const struct options *o)
{
    struct doctor d;
    struct findings findings = {0};
    AUTO_STRBUF out = {0};
    doctor_init(&d, o->connect, o->images);
    strbuf_printf(&out, "%s mode, run by ", d.system_mode ? "system" : "session");
    text_add(&out, d.caller.name);
    strbuf_addc(&out, '\n');
    doctor_run(&d, &findings);
    findings_add_text(&out, &findings);
    size_t problems = findings_count(&findings, LEVEL_PROBLEM);
    if (problems)
        strbuf_printf(&out, "%zu check%s failed\n", problems, problems == 1 ? "" : "s");
    else
        strbuf_add(&out, "all checks passed\n");
    fputs(strbuf_text(&out), stdout);
    findings_finish(&findings);
    doctor_finish(&d);
    return problems ? 1 : 0;
}
