// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/error.h"
#include "base/alloc.h"
#include "base/str.h"

#include <stdio.h>

// Errors quote outside text (documents, QEMU's output, names) and end on terminals.
static char *clean(char *message)
{
    char *safe = str_clean(message);
    if (!safe)
        return message;
    free(message);
    return safe;
}

int error_setv(struct error *err, enum error_code code, enum error_area area, const char *fmt,
               va_list ap)
{
    if (!err)
        return -1;
    // Formatted before the old text is freed, which may be one of the arguments.
    char *message = clean(xvasprintf(fmt, ap));
    error_clear(err);
    *err = (struct error){.code = code, .area = area, .message = message};
    return -1;
}

int(error_set)(struct error *err, enum error_code code, enum error_area area, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_setv(err, code, area, fmt, ap);
    va_end(ap);
    return -1;
}

int(error_set_errno)(struct error *err, enum error_area area, int errnum, const char *fmt, ...)
{
    if (!err)
        return -1;
    if (errnum < 0)
        errnum = -errnum;
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    const char *cause = strerrordesc_np(errnum);
    error_set(err, ERROR_SYSTEM, area, "%s: %s", text, cause ? cause : "unknown error");
    err->sys_errno = errnum;
    return -1;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
    if (!err || err->code == ERROR_NONE)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    char *message = xasprintf("%s: %s", text, err->message);
    free(err->message);
    err->message = clean(message);
    return -1;
}

int error_move(struct error *to, struct error *from)
{
    if (to) {
        error_clear(to);
        *to = *from;
        *from = ERROR_INIT;
    } else {
        error_clear(from);
    }
    return -1;
}

void error_clear(struct error *err)
{
    if (!err)
        return;
    free(err->message);
    *err = ERROR_INIT;
}
