// SPDX-License-Identifier: GPL-2.0-or-later
// Reads small files of /proc and /sys.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include "base/str.h"
#include "host/internal.h"

static char *read_path(const char *root, size_t max, const char *fmt, va_list ap)
{
    AUTO_FREE char *name = xvasprintf(fmt, ap);
    AUTO_FREE char *path = xasprintf("%s/%s", root ? root : "", name);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    AUTO_STRBUF text = {0};
    char block[8192];
    while (text.len < max) {
        size_t want = max - text.len < sizeof(block) ? max - text.len : sizeof(block);
        ssize_t n = read(fd, block, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        if (n == 0)
            break;
        strbuf_addn(&text, block, (size_t)n);
    }
    return strbuf_steal(&text);
}

char *node_read(const char *root, size_t max, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = read_path(root, max, fmt, ap);
    va_end(ap);
    return text;
}

uint64_t node_read_number(const char *root, uint64_t fallback, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = read_path(root, 64, fmt, ap);
    va_end(ap);
    uint64_t n;
    if (!text)
        return fallback;
    text[strcspn(text, "\n")] = '\0';
    return str_to_u64(text, 10, UINT64_MAX, &n) < 0 ? fallback : n;
}

uint32_t *node_read_list(const char *root, uint32_t max, size_t *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = read_path(root, 65536, fmt, ap);
    va_end(ap);
    uint32_t *list = NULL;
    *n = 0;
    if (text)
        node_parse_cpu_list(text, max, &list, n);
    return list;
}

int node_parse_cpu_list(const char *text, uint32_t max, uint32_t **cpus, size_t *n)
{
    VEC(uint32_t) list = {0};
    const char *p = text;
    p += strspn(p, " \t\n");
    while (*p) {
        char *end;
        unsigned long first = strtoul(p, &end, 10), last = first;
        bool bad = end == p || p[0] == '-' || p[0] == '+';
        if (!bad && *end == '-') {
            p = end + 1;
            last = strtoul(p, &end, 10);
            bad = end == p || p[0] == '-' || p[0] == '+';
        }
        if (bad || last >= max || first > last || list.n + (last - first) >= max) {
            vec_finish(&list);
            return -1;
        }
        for (unsigned long i = first; i <= last; i++)
            vec_push(&list, (uint32_t)i);
        p = end + strspn(end, " \t\n");
        if (*p == ',')
            p++;
        else if (*p)
            bad = true;
        if (bad) {
            vec_finish(&list);
            return -1;
        }
    }
    *cpus = list.v;
    *n = list.n;
    return 0;
}

uint64_t node_find_number(const char *text, const char *name, uint64_t fallback)
{
    size_t len = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = line;
        if (str_starts(p, "Node ")) {
            p += 5;
            p += strspn(p, "0123456789 ");
        }
        if (strncmp(p, name, len) != 0)
            continue;
        p += len;
        p += strspn(p, " \t");
        if (*p != ':')
            continue;
        p += 1 + strspn(p + 1, " \t");
        char *end;
        errno = 0;
        unsigned long long n = strtoull(p, &end, 10);
        if (end != p && errno == 0)
            return n;
    }
    return fallback;
}
