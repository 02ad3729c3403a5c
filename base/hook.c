// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/hook.h"
#include "base/child.h"
#include "base/file.h"

enum { HOOK_TIMEOUT_MS = 30000, HOOK_OUTPUT_MAX = 1000 };

// Caller frees; NULL when no directory has it.
static char *find(const char *const *directories, const char *script)
{
    for (; directories && *directories; directories++) {
        char *path = path_join(*directories, script);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

bool hook_is_present(const char *const *directories, const char *script)
{
    AUTO_FREE char *path = find(directories, script);
    return path != NULL;
}

int hook_run(struct task *t, const char *const *directories, const char *script, const char *object,
             const char *operation, const char *suboperation, const char *document,
             struct error *err)
{
    AUTO_FREE char *path = find(directories, script);
    if (!path)
        return 0;
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv =
        (char *[]){path, (char *)object, (char *)operation, (char *)suboperation, "-", NULL};
    AUTO_STRBUF output = {0};
    int status;
    AUTO_ERROR cause = ERROR_INIT;
    if (child_run(t, &spec, document, HOOK_OUTPUT_MAX, task_deadline_ms(HOOK_TIMEOUT_MS), &status,
                  &output, &cause) < 0)
        return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                         "Hook script execution failed: %s %s %s: %s", path, object, operation,
                         error_message(&cause));
    if (status == 0)
        return 0;
    AUTO_FREE char *how = process_status_text(status);
    return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                     "Hook script execution failed: %s %s %s: %s: %s", path, object, operation, how,
                     strbuf_text(&output));
}
