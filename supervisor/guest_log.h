// SPDX-License-Identifier: GPL-2.0-or-later
// LOG/NAME.log: how a domain's QEMU was started, and all that it wrote. The same of a process
// beside it in LOG/PROGRAM/NAME.log.
#pragma once

#include <sys/types.h>
#include "supervisor/domain.h"

struct guest_log {
    int fd;
    char *path;
    off_t start; // where the output of this start's QEMU begins; 0: it was not started
};
#define GUEST_LOG_INIT ((struct guest_log){.fd = -1})

// Opens DIR/NAME.log for appending; one that grew over max_bytes becomes NAME.log.0 first.
int guest_log_open(struct guest_log *log, const char *dir, uint64_t max_bytes, const char *name,
                   struct error *err);
void guest_log_close(struct guest_log *log);
// Notes the command line as a person would type it, so that a start can be tried again by hand.
void guest_log_command(struct guest_log *log, const struct strv *args);
// The last lines that QEMU has written since, without those that it writes when all is well. Caller
// frees; NULL when there are none.
char *guest_log_tail(const struct guest_log *log);
char *guest_log_pick(const char *text); // the same of a text
