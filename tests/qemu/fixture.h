// SPDX-License-Identifier: GPL-2.0-or-later
// A document of tests/fixtures/argv made ready for command_build(), as the supervisor does it.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "qemu/address/address.h"
#include "qemu/alias.h"
#include "qemu/command.h"
#include "qemu/device.h"
#include "tests/check.h"
#include "tests/qemu/complete.h"

enum { FIXTURE_MAX = 1 << 20, IFACES_MAX = 16, SIDES_MAX = 4, CAPS_MAX = 1 << 22 };
#define FIXTURE_DIR "/vireo-test" // placeholder for the test's temporary directory

struct fixture {
    struct domain_def *def;
    struct command_input in;
    struct command_iface ifaces[IFACES_MAX];
    struct command_side sides[SIDES_MAX];
    struct command command;
};

// What the recorded QEMU can do, without the lines that contain `without` (NULL: all).
static inline struct qemu_caps *fixture_caps_without(const char *without)
{
    AUTO_FREE char *text = NULL;
    AUTO_ERROR err = ERROR_INIT;
    struct strbuf kept = {0};
    struct qemu_caps *caps = NULL;
    struct qemu_caps_key key = {.binary = (char *)"/usr/bin/qemu-system-x86_64"};
    CHECK_INT(file_read(FIXTURES "/qemu-7.2-x86_64.caps", CAPS_MAX, &text, NULL), 0);
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;) {
        if (!without || !strstr(line, without))
            strbuf_printf(&kept, "%s\n", line);
    }
    if (qemu_caps_parse(strbuf_steal(&kept), &key, &caps, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    // What a host with KVM would have found.
    caps->accel[QEMU_VIRT_KVM].host_model = "Skylake-Client";
    return caps;
}

static inline struct qemu_caps *fixture_caps(void)
{
    return fixture_caps_without(NULL);
}

static inline char *replace_all(const char *text, const char *from, const char *to)
{
    struct strbuf b = {0};
    for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
        strbuf_addn(&b, text, (size_t)(at - text));
        strbuf_add(&b, to);
    }
    strbuf_add(&b, text);
    return strbuf_steal(&b);
}

static inline int fixture_add_side(struct device *dev, void *arg)
{
    struct fixture *f = arg;
    if (!device_class_of(dev->kind)->side)
        return 0;
    CHECK(f->in.nsides < SIDES_MAX);
    f->sides[f->in.nsides] = (struct command_side){dev, 120 + (int)f->in.nsides};
    f->in.nsides++;
    return 0;
}

static inline void fixture_add_strings(struct strbuf *b, const char *what,
                                       const struct strv *strings)
{
    strbuf_add(b, what);
    VEC_FOREACH (it, strings)
        strbuf_printf(b, " %s", *it);
    strbuf_addc(b, '\n');
}

// The processes beside QEMU, one line for each program that is run for them.
static inline void fixture_add_sides(const struct fixture *f, struct strbuf *b)
{
    for (size_t i = 0; i < f->in.nsides; i++) {
        struct device_side plan = {0};
        device_class_of(f->sides[i].dev->kind)->side(f->def, f->sides[i].dev, &plan);
        AUTO_FREE char *state = xasprintf("side %s%s:", plan.state ? plan.state : "nothing",
                                          plan.keep_state ? " (kept)" : "");
        fixture_add_strings(b, state, &plan.args);
        VEC_FOREACH (it, &plan.create)
            fixture_add_strings(b, "side create:", it);
        if (plan.update.n)
            fixture_add_strings(b, "side update:", &plan.update);
        device_side_finish(&plan);
    }
}

static inline void fixture_ready(struct fixture *f, struct qemu_caps *caps, const char *dir)
{
    static const int taps[] = {101, 102}, vhosts[] = {111, 112};
    static struct node_smbios_field fields[] = {{0, "vendor", (char *)"Example, Inc."},
                                                {0, "release", (char *)"4.3"},
                                                {1, "serial", (char *)"CZC1065993"}};
    static const struct node_smbios smbios = {.fields = {fields, ARRAY_LEN(fields), 0}};
    f->in = (struct command_input){.def = f->def,
                                   .caps = caps,
                                   .kvm_usable = true,
                                   .monitor_fd = 100,
                                   .now_s = 1795000000,
                                   .domain_dir = dir,
                                   .home_dir = dir,
                                   .ifaces = f->ifaces,
                                   .sides = f->sides,
                                   .host_smbios = &smbios};
    domain_def_each_device(f->def, fixture_add_side, f);
    VEC_FOREACH (it, &f->def->interfaces) {
        if ((*it)->type == INTERFACE_USER)
            continue;
        CHECK(f->in.nifaces < IFACES_MAX);
        bool two = (*it)->queues.set && (*it)->queues.value > 1;
        f->ifaces[f->in.nifaces++] = (struct command_iface){.iface = *it,
                                                            .tap_fds = taps,
                                                            .ntaps = two ? 2 : 1,
                                                            .vhost_fds = vhosts,
                                                            .nvhosts = two ? 2 : 0};
    }
    VEC_FOREACH (it, &f->def->graphics) {
        (*it)->live_port = OPT_INT(5907);
        if ((*it)->websocket.set)
            (*it)->live_websocket = OPT_INT(5707);
    }
}

static inline void fixture_load(struct fixture *f, const char *xml, struct qemu_caps *caps,
                                const char *dir)
{
    AUTO_ERROR err = ERROR_INIT;
    memset(f, 0, sizeof(*f));
    f->def = fixture_parse(xml, 0, caps, &err);
    if (!f->def) {
        fprintf(stderr, "%.300s\n%s\n", xml, error_message(&err));
        exit(1);
    }
    alias_assign(f->def);
    fixture_ready(f, caps, dir);
}

static inline void fixture_finish(struct fixture *f)
{
    command_finish(&f->command);
    domain_def_destroy(f->def);
}

static inline int fixture_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline int fixture_name(const char *name, void *arg)
{
    strv_take(arg, xstrndup(name, strlen(name) - 4));
    return 0;
}

// Names of the documents without ".xml", sorted.
static inline void fixture_names(struct strv *names)
{
    CHECK_INT(dir_each(FIXTURES, ".xml", fixture_name, names), 0);
    CHECK(names->n >= 25);
    qsort(names->v, names->n, sizeof(*names->v), fixture_compare);
}

static inline char *fixture_text(const char *name)
{
    AUTO_FREE char *path = xasprintf("%s/%s.xml", FIXTURES, name);
    char *text = NULL;
    CHECK_INT(file_read(path, FIXTURE_MAX, &text, NULL), 0);
    return text;
}
