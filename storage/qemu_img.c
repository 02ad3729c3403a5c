// SPDX-License-Identifier: GPL-2.0-or-later
// Formats other than raw are QEMU's business: qemu-img, with a deadline, gone when we are gone.
#include "base/child.h"
#include "storage/internal.h"

#include <errno.h>
#include <sys/wait.h>

enum { OUTPUT_MAX = 4096 };

int qemu_img_run(struct task *t, const struct pools *all, struct strv *args, int fd,
                 uint64_t timeout_ms, struct error *err)
{
    AUTO_STRBUF output = {0};
    CLEANUP(strv_finish) struct strv argv = {0};
    strv_push(&argv, all->config.qemu_img ? all->config.qemu_img : "qemu-img");
    VEC_FOREACH (arg, args)
        strv_push(&argv, *arg);
    struct child_fd fds[] = {{.fd = fd, .target = 3}};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = strv_argv(&argv);
    spec.fds = fds;
    spec.nfds = fd >= 0 ? ARRAY_LEN(fds) : 0;
    spec.new_session = true;
    spec.capabilities = CAPABILITY(CAP_DAC_OVERRIDE); // images belong to many users
    spec.die_with_parent = true;
    int status;
    if (child_run(t, &spec, NULL, OUTPUT_MAX, task_deadline_ms(timeout_ms), &status, &output, err) <
        0) {
        err->area = AREA_STORAGE;
        if (err->sys_errno == ENOENT)
            return error_prefix(err, "qemu-img is missing: install the package qemu-utils");
        return -1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    while (output.len && output.data[output.len - 1] == '\n')
        output.data[--output.len] = '\0';
    AUTO_FREE char *how = process_status_text(status);
    AUTO_FREE char *said = str_printable(strbuf_text(&output), output.len);
    return error_set(err, ERROR_INTERNAL, AREA_STORAGE, "qemu-img %s failed (%s): %s",
                     args->n ? args->v[0] : "", how, said);
}
