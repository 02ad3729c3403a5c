// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

// Besides main(), only the log has process-wide state.
static enum log_level max_level = LOG_LEVEL_INFO;
static bool to_journal;
static const struct log_fields *current;

static const char *const names[] = {"error", "warning", "info", "debug"};

void log_open(enum log_level level)
{
    max_level = level;
    to_journal = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO);
}

void log_set_level(enum log_level level)
{
    max_level = level;
}

int log_level_parse(const char *text, enum log_level *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq(text, names[i])) {
            *ret = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

const struct log_fields *log_swap_fields(const struct log_fields *fields)
{
    const struct log_fields *before = current;
    current = fields;
    return before;
}

static struct log_fields merge(const struct log_fields *extra)
{
    struct log_fields f = current ? *current : (struct log_fields){0};
    if (extra && extra->domain)
        f.domain = extra->domain;
    if (extra && extra->network)
        f.network = extra->network;
    if (extra && extra->pool)
        f.pool = extra->pool;
    if (extra && extra->client)
        f.client = extra->client;
    return f;
}

static void write_journal(enum log_level level, const struct log_fields *f, const char *text)
{
    static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    AUTO_FREE char *message = xasprintf("MESSAGE=%s", text);
    AUTO_FREE char *prio = xasprintf("PRIORITY=%d", priority[level]);
    AUTO_FREE char *domain = f->domain ? xasprintf("DOMAIN=%s", f->domain) : NULL;
    AUTO_FREE char *network = f->network ? xasprintf("NETWORK=%s", f->network) : NULL;
    AUTO_FREE char *pool = f->pool ? xasprintf("POOL=%s", f->pool) : NULL;
    AUTO_FREE char *client = f->client ? xasprintf("CLIENT=%ju", (uintmax_t)f->client) : NULL;
    char *all[] = {message, prio, domain, network, pool, client};
    struct iovec iov[ARRAY_LEN(all)];
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i])
            iov[n++] = (struct iovec){all[i], strlen(all[i])};
    }
    sd_journal_sendv(iov, n);
}

static void write_stderr(enum log_level level, const struct log_fields *f, const char *text)
{
    AUTO_STRBUF b = {0};
    strbuf_printf(&b, "vireod: %s: ", names[level]);
    if (f->domain)
        strbuf_printf(&b, "domain=%s ", f->domain);
    if (f->network)
        strbuf_printf(&b, "network=%s ", f->network);
    if (f->pool)
        strbuf_printf(&b, "pool=%s ", f->pool);
    if (f->client)
        strbuf_printf(&b, "client=%ju ", (uintmax_t)f->client);
    for (const char *p = text; *p; p++)
        strbuf_addc(&b, *p == '\n' ? ' ' : *p);
    strbuf_addc(&b, '\n');
    // One write, so that lines of several processes don't mix. A failure cannot be reported.
    if (write(STDERR_FILENO, b.data, b.len) < 0)
        return;
}

void log_write(enum log_level level, const struct log_fields *extra, const char *fmt, ...)
{
    if (level > max_level)
        return;
    int saved = errno;
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *safe = str_clean(text);
    if (safe)
        str_replace(&text, safe);
    struct log_fields f = merge(extra);
    if (to_journal)
        write_journal(level, &f, text);
    else
        write_stderr(level, &f, text);
    errno = saved;
}
