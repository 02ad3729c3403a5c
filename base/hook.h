// SPDX-License-Identifier: LGPL-2.1-or-later
// Hook scripts of the administrator: run at steps of a domain's or network's lifetime, with
// libvirt's arguments, the object's document on stdin, and a time limit.
#pragma once

#include "base/error.h"
#include "base/task.h"

// Runs DIR/hooks/script, then DIR/hooks/script.d/* by name, for each of `directories` (ends with
// NULL; may be NULL), with the arguments object, operation, suboperation and "-". 0 at once without
// scripts. Else suspends; -1 with ERROR_HOOK_FAILED when one failed or took longer than 30 s (it is
// killed); later ones are not run.
int hook_run(struct task *t, const char *const *directories, const char *script, const char *object,
             const char *operation, const char *suboperation, const char *document,
             struct error *err);
// Whether there is a script, for callers that would format the document first.
bool hook_is_present(const char *const *directories, const char *script);
