// SPDX-License-Identifier: GPL-2.0-or-later
// The UEFI variables of domains: a file that starts as a copy of the firmware's template. Documents
// name it, so every call on it is made on a helper thread.
#include "base/file.h"
#include "base/offload.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    NVRAM_MAX = 64 * 1024 * 1024,
    HEADER_SIZE = 64,
    SIGNATURE_AT = 40, // of a firmware volume: UEFI PI specification, EFI_FIRMWARE_VOLUME_HEADER
};

struct nvram_job {
    char *path, *template;
    bool reset;
    enum nvram_state state;
    int error; // -errno
};

static void job_free(void *arg)
{
    struct nvram_job *j = arg;
    free(j->path);
    free(j->template);
    free(j);
}

static struct nvram_job *job_create(const char *path, const char *template, bool reset)
{
    struct nvram_job *j = NEW(struct nvram_job);
    *j = (struct nvram_job){
        .path = xstrdup(path), .template = template ? xstrdup(template) : NULL, .reset = reset};
    return j;
}

static int job_run(struct task *t, struct domain *dom, struct nvram_job *j, void (*fn)(void *arg),
                   const char *action, struct error *err)
{
    uint64_t limit_ms = dom->all->config.timeouts.file_ms;
    AUTO_FREE char *path = xstrdup(j->path);
    int r = task_offload_until(t, dom, fn, job_free, j, task_deadline_ms(limit_ms));
    if (r == -ECANCELED)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                         "vireod ends: gave up to %s '%s', the nvram of domain '%s'", action, path,
                         dom->name);
    if (r < 0)
        return error_set(
            err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
            "cannot %s '%s', the nvram of domain '%s': its file system does not answer "
            "within %ju ms",
            action, path, dom->name, (uintmax_t)limit_ms);
    return 0;
}

static void make_run(void *arg)
{
    struct nvram_job *j = arg;
    AUTO_FREE char *data = NULL, *dir = xstrdup(j->path);
    char *slash = strrchr(dir, '/');
    size_t len;
    if (!j->reset && access(j->path, F_OK) == 0)
        return;
    j->error = slash ? 0 : -EINVAL;
    if (j->error == 0)
        j->error = file_read(j->template, NVRAM_MAX, &data, &len);
    if (j->error == 0) {
        *slash = 0;
        j->error = dir_make(*dir ? dir : "/", 0711); // QEMU's user may pass, not list
    }
    if (j->error == 0)
        j->error = file_save(NULL, j->path, data, len, 0600);
}

int nvram_make(struct task *t, struct domain *dom, const char *template, bool reset,
               struct error *err)
{
    object_assert_locked(t, &dom->object);
    if (!dom->live->os.nvram || !template)
        return 0;
    struct nvram_job *j = job_create(dom->live->os.nvram, template, reset);
    if (job_run(t, dom, j, make_run, "make", err) < 0)
        return -1;
    int r = j->error;
    job_free(j);
    return r < 0 ? error_set_errno(err, AREA_QEMU, r,
                                   "cannot make '%s', the nvram of domain '%s', from '%s'",
                                   dom->live->os.nvram, dom->name, template)
                 : 0;
}

// Firmware volumes and the images that may hold one; a document may name any other file.
static bool holds_variables(int fd)
{
    char header[HEADER_SIZE];
    if (pread(fd, header, sizeof(header), 0) != sizeof(header))
        return false;
    return memcmp(header + SIGNATURE_AT, "_FVH", 4) == 0 || memcmp(header, "QFI\xfb", 4) == 0;
}

static void check_run(void *arg)
{
    struct nvram_job *j = arg;
    struct stat st;
    AUTO_CLOSE int fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        j->state = NVRAM_MISSING;
    else
        j->state = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && holds_variables(fd)
                       ? NVRAM_VARIABLES
                       : NVRAM_OTHER;
}

int nvram_check(struct task *t, struct domain *dom, const char *path, enum nvram_state *ret,
                struct error *err)
{
    *ret = NVRAM_MISSING;
    if (!path)
        return 0;
    struct nvram_job *j = job_create(path, NULL, false);
    if (job_run(t, dom, j, check_run, "check", err) < 0)
        return -1;
    *ret = j->state;
    job_free(j);
    return 0;
}

static void remove_run(void *arg)
{
    struct nvram_job *j = arg;
    j->error = file_remove(j->path);
}

void nvram_remove(struct task *t, struct domain *dom, const char *path)
{
    AUTO_ERROR err = ERROR_INIT;
    struct nvram_job *j = job_create(path, NULL, false);
    if (job_run(t, dom, j, remove_run, "remove", &err) < 0) {
        log_domain(LOG_LEVEL_WARN, dom->name, "%s", error_message(&err));
        return;
    }
    if (j->error < 0)
        log_domain(LOG_LEVEL_WARN, dom->name, "cannot remove nvram file '%s': %s", j->path,
                   strerrordesc_np(-j->error));
    job_free(j);
}
