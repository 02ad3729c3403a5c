// SPDX-License-Identifier: GPL-2.0-or-later
// LOG/NAME.log: how a guest's QEMU was started, and all it said.
#pragma once

#include <sys/types.h>
#include "supervisor/domain.h"

struct guest_log {
    int fd;
    char *path;
    off_t start; // where what this start's QEMU says begins; 0: it was not started
};
#define GUEST_LOG_INIT ((struct guest_log){.fd = -1})

// Opens it for appending; one that grew over the configured size becomes NAME.log.0 first.
int guest_log_open(struct guest_log *log, const struct domains_config *config, const char *name,
                   struct error *err);
void guest_log_close(struct guest_log *log);
// Notes the command line as a person would type it, so that a start can be tried again by hand.
void guest_log_command(struct guest_log *log, const struct strv *args);
// The last of what QEMU said since, without what it says also when all is well. Caller frees; NULL
// when that is nothing.
char *guest_log_tail(const struct guest_log *log);
