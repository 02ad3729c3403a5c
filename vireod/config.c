// SPDX-License-Identifier: GPL-2.0-or-later
#include "vireod/config.h"
#include "base/file.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>

enum { CONFIG_MAX = 1024 * 1024 };

enum kind { TEXT, NUMBER, BOOLEAN, LEVEL, BACKEND };

static const struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    uint64_t min, max;
} settings[] = {
    {"unix_sock_group", TEXT, offsetof(struct config, unix_sock_group), 0, 0},
    {"qemu_user", TEXT, offsetof(struct config, qemu_user), 0, 0},
    {"qemu_group", TEXT, offsetof(struct config, qemu_group), 0, 0},
    {"emulator", TEXT, offsetof(struct config, emulator), 0, 0},
    {"firewall_backend", BACKEND, offsetof(struct config, firewall_backend), 0, 0},
    {"max_clients", NUMBER, offsetof(struct config, max_clients), 1, 1000000},
    {"max_anonymous_clients", NUMBER, offsetof(struct config, max_anonymous_clients), 1, 1000000},
    {"max_client_requests", NUMBER, offsetof(struct config, max_client_requests), 1, 1000},
    {"client_backlog_bytes", NUMBER, offsetof(struct config, client_backlog_bytes), 65536,
     UINT64_C(1) << 32},
    {"keepalive_interval_s", NUMBER, offsetof(struct config, keepalive_interval_s), 0, 86400},
    {"keepalive_count", NUMBER, offsetof(struct config, keepalive_count), 1, 1000},
    {"guest_log_max_bytes", NUMBER, offsetof(struct config, guest_log_max_bytes), 4096,
     UINT64_C(1) << 40},
    {"log_level", LEVEL, offsetof(struct config, log_level), 0, 0},
    {"start_networks_on_demand", BOOLEAN, offsetof(struct config, start_networks_on_demand), 0, 0},
    {"refuse_blocked_networks", BOOLEAN, offsetof(struct config, refuse_blocked_networks), 0, 0},
};

void config_init(struct config *c)
{
    *c = (struct config){
        .unix_sock_group = xstrdup("libvirt"),
        .qemu_user = xstrdup(""),
        .qemu_group = xstrdup(""),
        .emulator = xstrdup(""),
        .firewall_backend = xstrdup("auto"),
        .max_clients = 5000,
        .max_anonymous_clients = 20,
        .max_client_requests = 5,
        .client_backlog_bytes = 64 * 1024 * 1024,
        .keepalive_interval_s = 5,
        .keepalive_count = 5,
        .guest_log_max_bytes = 2 * 1024 * 1024,
        .log_level = LOG_LEVEL_INFO,
        .start_networks_on_demand = true,
    };
}

static char **text_of(struct config *c, const struct setting *s)
{
    return (char **)(void *)((char *)c + s->offset);
}

void config_finish(struct config *c)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (settings[i].kind == TEXT || settings[i].kind == BACKEND) {
            free(*text_of(c, &settings[i]));
            *text_of(c, &settings[i]) = NULL;
        }
    }
}

static void config_copy(struct config *to, const struct config *from)
{
    *to = *from;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (settings[i].kind == TEXT || settings[i].kind == BACKEND)
            *text_of(to, &settings[i]) = xstrdup(*text_of(to, &settings[i]));
    }
}

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (str_eq(settings[i].name, name))
            return &settings[i];
    }
    return NULL;
}

// What is wrong with the value, NULL: nothing. Caller frees.
static char *assign(struct config *c, const struct setting *s, const char *value)
{
    void *field = (char *)c + s->offset;
    uint64_t number;
    switch (s->kind) {
    case TEXT:
        str_replace(field, value);
        return NULL;
    case BACKEND:
        if (!str_eq(value, "auto") && !str_eq(value, "nftables") && !str_eq(value, "iptables"))
            return xstrdup("must be auto, nftables or iptables");
        str_replace(field, value);
        return NULL;
    case NUMBER:
        if (str_to_u64(value, 10, s->max, &number) < 0 || number < s->min)
            return xasprintf("must be a number from %ju to %ju", (uintmax_t)s->min,
                             (uintmax_t)s->max);
        *(uint64_t *)field = number;
        return NULL;
    case BOOLEAN:
        if (!str_eq(value, "yes") && !str_eq(value, "no"))
            return xstrdup("must be yes or no");
        *(bool *)field = str_eq(value, "yes");
        return NULL;
    case LEVEL:
        if (log_level_parse(value, field) < 0)
            return xstrdup("must be error, warning, info or debug");
        return NULL;
    }
    return xstrdup("is of no kind");
}

static char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        s[--n] = 0;
    return s;
}

// One line, which is changed. What is wrong with it, NULL: nothing. Caller frees.
static char *parse_line(struct config *c, char *line)
{
    line = trim(line);
    if (!*line || *line == '#')
        return NULL;
    char *eq = strchr(line, '=');
    if (!eq)
        return xstrdup("is not of the form 'setting = value'");
    *eq = 0;
    char *name = trim(line), *value = trim(eq + 1);
    if (*value == '"') {
        char *end = strchr(value + 1, '"');
        char *rest = end ? trim(end + 1) : NULL;
        if (!end)
            return xstrdup("has a quoted text that does not end");
        if (*rest && *rest != '#')
            return xstrdup("has something after its quoted text");
        *end = 0;
        value++;
    } else {
        value[strcspn(value, "#")] = 0;
        value = trim(value);
    }
    const struct setting *s = find(name);
    if (!s) {
        AUTO_FREE char *shown = str_printable(name, strnlen(name, 60));
        return xasprintf("names '%s', which is no setting; vireod.conf(5) lists them all", shown);
    }
    AUTO_FREE char *wrong = assign(c, s, value);
    return wrong ? xasprintf("%s %s", name, wrong) : NULL;
}

int config_parse(struct config *c, const char *text, const char *name, struct error *err)
{
    struct config next;
    config_copy(&next, c);
    AUTO_FREE char *copy = xstrdup(text);
    unsigned line = 0;
    for (char *p = copy, *end; p; p = end ? end + 1 : NULL) {
        end = strchr(p, '\n');
        if (end)
            *end = 0;
        line++;
        AUTO_FREE char *wrong = parse_line(&next, p);
        if (wrong) {
            config_finish(&next);
            return error_set(err, ERROR_CONF_SYNTAX, AREA_CONF, "%s:%u: %s", name, line, wrong);
        }
    }
    config_finish(c);
    *c = next;
    return 0;
}

int config_load(struct config *c, const char *path, bool required, struct error *err)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    int r = file_read(path, CONFIG_MAX, &text, &len);
    if (r == -ENOENT && !required)
        return 0;
    if (r < 0)
        return error_set_errno(err, AREA_CONF, r, "cannot read the configuration file '%s'", path);
    if (strlen(text) != len)
        return error_set(err, ERROR_CONF_SYNTAX, AREA_CONF,
                         "%s: it has a NUL byte at %zu: it is no text", path, strlen(text));
    return config_parse(c, text, path, err);
}
