// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/hook.h"
#include "base/child.h"
#include "base/file.h"

#include <dirent.h>

enum { HOOK_TIMEOUT_MS = 30000, HOOK_OUTPUT_MAX = 1000 };

struct hook {
    const char *object, *operation, *suboperation, *document;
};

// The scripts to run, in order.
static void find(const char *const *directories, const char *script, struct strv *ret)
{
    for (; directories && *directories; directories++) {
        AUTO_FREE char *path = xasprintf("%s/hooks/%s", *directories, script);
        AUTO_FREE char *more = xasprintf("%s.d", path);
        if (access(path, X_OK) == 0)
            strv_push(ret, path);
        struct dirent **entries;
        int n = scandir(more, &entries, NULL, alphasort);
        for (int i = 0; i < n; i++) {
            AUTO_FREE char *part = path_join(more, entries[i]->d_name);
            if (entries[i]->d_name[0] != '.' && access(part, X_OK) == 0)
                strv_push(ret, part);
            free(entries[i]);
        }
        if (n >= 0)
            free(entries);
    }
}

bool hook_is_present(const char *const *directories, const char *script)
{
    struct strv paths = {0};
    find(directories, script, &paths);
    bool present = paths.n > 0;
    strv_finish(&paths);
    return present;
}

static int run_one(struct task *t, const char *path, const struct hook *h, struct error *err)
{
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = (char *[]){
        (char *)path, (char *)h->object, (char *)h->operation, (char *)h->suboperation, "-", NULL};
    spec.new_session = true;
    AUTO_STRBUF output = {0};
    AUTO_ERROR cause = ERROR_INIT;
    int status;
    if (child_run(t, &spec, h->document, HOOK_OUTPUT_MAX, task_deadline_ms(HOOK_TIMEOUT_MS),
                  &status, &output, &cause) < 0)
        return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                         "Hook script execution failed: '%s %s %s %s -': %s", path, h->object,
                         h->operation, h->suboperation, error_message(&cause));
    if (status == 0)
        return 0;
    AUTO_FREE char *how = process_status_text(status);
    AUTO_FREE char *printed = str_one_line(strbuf_text(&output));
    return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                     "Hook script execution failed: '%s %s %s %s -': %s%s%s", path, h->object,
                     h->operation, h->suboperation, how, *printed ? ": " : "", printed);
}

int hook_run(struct task *t, const char *const *directories, const char *script, const char *object,
             const char *operation, const char *suboperation, const char *document,
             struct error *err)
{
    const struct hook h = {object, operation, suboperation, document};
    struct strv paths = {0};
    find(directories, script, &paths);
    int r = 0;
    for (size_t i = 0; i < paths.n && r == 0; i++)
        r = run_one(t, paths.v[i], &h, err);
    strv_finish(&paths);
    return r;
}
