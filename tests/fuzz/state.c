// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the state file of a running guest, and as a stored definition: what is taken is
// complete, and is written and read again as the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "supervisor/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_status(const struct status *s)
{
    if (!s->def || !s->def->name || !s->def->uuid.set || s->id < 0 || s->pid < 0 ||
        s->state >= DOMAIN_STATE_COUNT || s->reason >= DOMAIN_MOVE_COUNT ||
        domain_moves[s->reason].to != s->state)
        abort();
    VEC_FOREACH (g, &s->granted)
        if (!g->path)
            abort();
}

static void play_status(const char *text, size_t len)
{
    AUTO_ERROR err = ERROR_INIT;
    struct status s, again;
    if (status_parse(text, len, &s, &err) < 0) {
        if (!err.message || s.def || s.granted.n > 0)
            abort();
        return;
    }
    check_status(&s);
    // As a daemon saves it that takes over that guest.
    struct domain dom = {.id = s.id,
                         .state = s.state,
                         .reason = s.reason,
                         .live = s.def,
                         .granted = s.granted,
                         .process = {.pid = s.pid, .start_time = s.start_time, .pidfd = -1}};
    AUTO_FREE char *first = status_format(&dom);
    if (status_parse(first, strlen(first), &again, &err) < 0)
        abort();
    check_status(&again);
    dom.live = again.def;
    dom.granted = again.granted;
    AUTO_FREE char *second = status_format(&dom);
    if (again.id != s.id || again.reason != s.reason || again.pid != s.pid ||
        again.start_time != s.start_time || !str_eq(first, second))
        abort();
    status_finish(&again);
    status_finish(&s);
}

static void play_stored(const char *text, size_t len)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = domain_parse_stored(text, len, &err);
    if (!def && !err.message)
        abort();
    if (!def)
        return;
    AUTO_FREE char *path = path_for_name("/d", def->name, ".xml");
    if (strchr(path + 3, '/') || path[3] == '.')
        abort();
    AUTO_FREE char *first = domain_def_format(def, DOMAIN_XML_SECURE);
    struct domain_def *again = domain_parse_stored(first, strlen(first), &err);
    if (!again)
        abort();
    AUTO_FREE char *second = domain_def_format(again, DOMAIN_XML_SECURE);
    if (!str_eq(first, second))
        abort();
    domain_def_destroy(again);
    domain_def_destroy(def);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *text = xstrndup((const char *)data, size); // as file_read() gives it
    play_status(text, strlen(text));
    play_stored(text, strlen(text));
    return 0;
}
