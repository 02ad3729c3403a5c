// SPDX-License-Identifier: LGPL-2.1-or-later
// Hook scripts of the administrator: run at steps in the life of a guest or a network, with
// libvirt's arguments, the object's document on stdin, bounded in time.
#pragma once

#include "base/error.h"
#include "base/task.h"

// Runs DIR/hooks/script, then DIR/hooks/script.d/* in order of their names, for each of
// `directories` (ends with NULL; may be NULL), with the arguments object, operation, suboperation
// and "-". Nothing there: 0 at once. Else suspends; -1 with ERROR_HOOK_FAILED when one failed or
// took longer than 30 s (then it was killed); those behind it are not run.
int hook_run(struct task *t, const char *const *directories, const char *script, const char *object,
             const char *operation, const char *suboperation, const char *document,
             struct error *err);
// Whether there is anything to run, for callers that would make the document first.
bool hook_is_present(const char *const *directories, const char *script);
