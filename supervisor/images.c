// SPDX-License-Identifier: GPL-2.0-or-later
// In system mode QEMU runs as an unprivileged user. The files a domain uses are given to that user
// for as long as it runs, and handed back. Only what QEMU could not open anyway is changed, and
// only files and devices themselves: a directory on the way that denies access is named in the
// error, with the remedy.
//
// How this works
//
// Users' files may be on a file system that does not answer, so every call on them is made on a
// helper thread (base/offload.h). A start is three steps: the helper checks what each file needs;
// the loop notes whose files will be given, in the status file; the helper gives them. A file that
// several domains use is noted in each, and the last of them hands it back. A check that a handing
// back overlaps is made again, as its result may be outdated.
#include "base/file.h"
#include "base/offload.h"
#include "qemu/device.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- on the helper thread ----------------------------------------------------------------------

// One file, and what the helper finds of it or does with it.
struct file {
    char *path;
    const char *what; // a literal
    bool write, optional;
    uid_t uid; // to be given to
    gid_t gid;
    // Results.
    int error;     // -errno
    bool given;    // QEMU's user needs it given
    char *blocked; // the directory that denies QEMU's user access
    struct stat st;
};

// The caller and the helper each hold a reference: the caller reads `at` after giving up.
struct job {
    unsigned refs;      // changed on the loop only
    struct domain *dom; // reference
    bool set_user;
    uid_t qemu_uid;
    gid_t qemu_gid, *groups;
    size_t ngroups;
    VEC(struct file) files;
    _Atomic size_t at; // the file being worked on
    void (*ended)(struct job *j);
};

static bool may(const struct job *j, const char *path, int mode)
{
    return file_access_as(path, mode, j->qemu_uid, j->qemu_gid, j->groups, j->ngroups) == 0;
}

// The directory that keeps QEMU's user from reaching a file; NULL: none. Caller frees.
static char *find_blocked(const struct job *j, const char *path)
{
    AUTO_FREE char *part = xstrdup(path);
    for (char *p = part; (p = strchr(p + 1, '/'));) {
        *p = 0;
        if (!may(j, part, X_OK))
            return STEAL(part);
        *p = '/';
    }
    return NULL;
}

static void check_run(void *arg)
{
    struct job *j = arg;
    for (size_t i = 0; i < j->files.n; i++) {
        struct file *f = &j->files.v[i];
        atomic_store(&j->at, i);
        if (stat(f->path, &f->st) < 0) {
            f->error = -errno;
        } else if (j->set_user && !may(j, f->path, f->write ? R_OK | W_OK : R_OK)) {
            f->blocked = find_blocked(j, f->path);
            f->given = !f->blocked;
        }
    }
}

static void give_run(void *arg)
{
    struct job *j = arg;
    for (size_t i = 0; i < j->files.n; i++) {
        struct file *f = &j->files.v[i];
        atomic_store(&j->at, i);
        f->error = chown(f->path, f->uid, f->gid) < 0 ? -errno : 0;
        if (f->error < 0)
            return;
    }
}

// Only what still is QEMU's: its owner may have taken it back.
static void hand_back_run(void *arg)
{
    struct job *j = arg;
    for (size_t i = 0; i < j->files.n; i++) {
        struct file *f = &j->files.v[i];
        atomic_store(&j->at, i);
        if (stat(f->path, &f->st) == 0 && f->st.st_uid == j->qemu_uid &&
            f->st.st_gid == j->qemu_gid && chown(f->path, f->uid, f->gid) < 0)
            f->error = -errno;
    }
}

// ---- jobs --------------------------------------------------------------------------------------

static struct job *job_create(struct domain *dom)
{
    const struct domains_config *config = &dom->all->config;
    struct job *j = NEW(struct job);
    j->refs = 1;
    j->dom = domain_ref(dom);
    j->set_user = config->set_user;
    j->qemu_uid = config->qemu_uid;
    j->qemu_gid = config->qemu_gid;
    j->ngroups = config->nqemu_groups;
    j->groups = xcalloc(j->ngroups + 1, sizeof(gid_t));
    for (size_t i = 0; i < j->ngroups; i++)
        j->groups[i] = config->qemu_groups[i];
    return j;
}

static void job_unref(struct job *j)
{
    if (!j || --j->refs > 0)
        return;
    VEC_FOREACH (f, &j->files) {
        free(f->path);
        free(f->blocked);
    }
    vec_finish(&j->files);
    free(j->groups);
    domain_unref(j->dom);
    free(j);
}

static void job_unref_at(struct job **j)
{
    job_unref(*j);
}
#define AUTO_JOB CLEANUP(job_unref_at) struct job

static void job_release(void *arg)
{
    struct job *j = arg;
    if (j->ended)
        j->ended(j);
    job_unref(j);
}

// Runs fn on the job's files; fails when it takes too long. j->ended is called in any case.
static int job_run(struct task *t, struct job *j, void (*fn)(void *arg), const char *action,
                   struct error *err)
{
    uint64_t limit_ms = j->dom->all->config.timeouts.file_ms;
    if (j->files.n == 0)
        return 0;
    j->refs++;
    int r = task_offload_until(t, j->dom, fn, job_release, j, task_deadline_ms(limit_ms));
    if (r == 0) {
        job_release(j);
        return 0;
    }
    if (r == -ECANCELED)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                         "vireod ends: gave up to %s '%s' of domain '%s'", action,
                         j->files.v[atomic_load(&j->at)].path, j->dom->name);
    return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
                     "cannot %s '%s' of domain '%s': its file system does not answer within %ju ms",
                     action, j->files.v[atomic_load(&j->at)].path, j->dom->name,
                     (uintmax_t)limit_ms);
}

static void add_file(struct job *j, const struct device_file *file)
{
    struct file f = {.path = xstrdup(file->path),
                     .what = file->what,
                     .write = file->write,
                     .optional = file->optional};
    vec_push(&j->files, f);
}

static void add_granted(struct job *j, const struct granted *g, uid_t uid, gid_t gid)
{
    struct file f = {.path = xstrdup(g->path), .uid = uid, .gid = gid};
    vec_push(&j->files, f);
}

// ---- what is given -----------------------------------------------------------------------------

static bool is_granted(const struct domain *dom, const char *path)
{
    VEC_FOREACH (g, &dom->granted)
        if (str_eq(g->path, path))
            return true;
    return false;
}

// A domain's note of a file, whatever it calls it; NULL: it is not given to that domain.
static struct granted *find_granted(const struct domain *dom, dev_t dev, ino_t ino)
{
    VEC_FOREACH (g, &dom->granted)
        if (g->dev == dev && g->ino == ino && ino != 0)
            return g;
    return NULL;
}

// The same of any domain but `but`, which may be NULL.
static struct granted *find_granted_elsewhere(const struct domain *but, dev_t dev, ino_t ino)
{
    struct granted *found = NULL;
    struct domain *dom = NULL;
    while (!found && (dom = domains_next(but->all, dom)))
        found = dom == but ? NULL : find_granted(dom, dev, ino);
    return found;
}

// Whether a file is being handed back, so that what the check found is not what will be.
static bool is_handed_back(const struct job *j)
{
    VEC_FOREACH (f, &j->files) {
        struct granted *g =
            f->error ? NULL : find_granted_elsewhere(j->dom, f->st.st_dev, f->st.st_ino);
        if (g && g->handing_back)
            return true;
    }
    return false;
}

static int refuse(const struct job *j, const struct file *f, struct error *err)
{
    const char *user = j->dom->all->config.qemu_user;
    if (f->error)
        return error_set_errno(err, AREA_QEMU, f->error,
                               "Cannot access %s '%s' of domain '%s' as uid %d", f->what, f->path,
                               j->dom->name, (int)geteuid());
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                     "cannot open %s '%s' as user %s: permission denied on directory '%s'; "
                     "let that user pass (chmod o+x '%s', or setfacl -m u:%s:x '%s')",
                     f->what, f->path, user, f->blocked, f->blocked, user, f->blocked);
}

// Notes whose files will be given, or are given already for another domain.
static int note(struct job *j, struct error *err)
{
    bool missing = false;
    VEC_FOREACH (f, &j->files) {
        missing = missing && f->optional && str_eq(f->what, "backing file");
        if (missing || is_granted(j->dom, f->path))
            continue;
        missing = f->optional && f->error == -ENOENT;
        if (missing)
            continue;
        if (f->error || f->blocked)
            return refuse(j, f, err);
        const struct granted *other = find_granted_elsewhere(j->dom, f->st.st_dev, f->st.st_ino);
        if (!f->given && !other)
            continue;
        struct granted g = {.path = xstrdup(f->path),
                            .uid = other ? other->uid : f->st.st_uid,
                            .gid = other ? other->gid : f->st.st_gid,
                            .dev = f->st.st_dev,
                            .ino = f->st.st_ino};
        vec_push(&j->dom->granted, g);
    }
    return 0;
}

// Checks the files of one device, or of the whole running definition.
static int check(struct task *t, struct domain *dom, const struct device *dev, struct error *err)
{
    struct domains *all = dom->all;
    for (;;) {
        AUTO_JOB *j = job_create(dom);
        struct device_files files = {0};
        uint64_t handed_back = all->handed_back;
        if (dev)
            device_files(dev, &files);
        else
            definition_files(dom->live, &files);
        VEC_FOREACH (f, &files)
            add_file(j, f);
        vec_finish(&files);
        if (job_run(t, j, check_run, "access", err) < 0)
            return -1;
        if (handed_back == all->handed_back && !is_handed_back(j))
            return note(j, err);
        if (t && is_handed_back(j) &&
            completion_wait(t, &all->handing_back_ended,
                            task_deadline_ms(all->config.timeouts.file_ms)) < 0)
            return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
                             "cannot start domain '%s': a file that it uses is still being handed "
                             "back by another domain that used it",
                             dom->name);
    }
}

// Gives what was noted from `first` on.
static int give(struct task *t, struct domain *dom, size_t first, struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    if (dom->granted.n == first)
        return 0;
    // Whose they are is on disk before that changes.
    if (status_save(dom, err) < 0)
        return -1;
    AUTO_JOB *j = job_create(dom);
    for (size_t i = first; i < dom->granted.n; i++)
        add_granted(j, &dom->granted.v[i], config->qemu_uid, config->qemu_gid);
    if (job_run(t, j, give_run, "give QEMU's user", err) < 0)
        return -1;
    VEC_FOREACH (f, &j->files) {
        if (f->error)
            return error_set_errno(err, AREA_QEMU, f->error,
                                   "cannot give '%s' of domain '%s' to user %s", f->path, dom->name,
                                   config->qemu_user);
    }
    return 0;
}

int images_grant(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    return check(t, dom, NULL, err) < 0 ? -1 : give(t, dom, 0, err);
}

int images_grant_device(struct task *t, struct domain *dom, const struct device *dev,
                        struct error *err)
{
    object_assert_locked(t, &dom->object);
    size_t before = dom->granted.n;
    if (check(t, dom, dev, err) == 0 && give(t, dom, before, err) == 0)
        return 0;
    images_hand_back(t, dom, before);
    return -1;
}

// ---- handing back ------------------------------------------------------------------------------

static void forget(struct domain *dom, size_t i)
{
    free(dom->granted.v[i].path);
    vec_remove(&dom->granted, i);
}

static void on_handed_back(struct job *j)
{
    struct domains *all = j->dom->all;
    VEC_FOREACH (f, &j->files) {
        if (f->error)
            log_domain(LOG_LEVEL_WARN, j->dom->name, "cannot hand '%s' back to uid %d: %s", f->path,
                       (int)f->uid, strerrordesc_np(-f->error));
    }
    for (size_t i = j->dom->granted.n; i-- > 0;) {
        if (j->dom->granted.v[i].handing_back)
            forget(j->dom, i);
    }
    if (!j->dom->live && j->dom->granted.n == 0)
        status_remove(j->dom);
    all->handed_back++;
    completion_post(&all->handing_back_ended, 0);
    completion_init(&all->handing_back_ended);
}

void images_hand_back(struct task *t, struct domain *dom, size_t first)
{
    object_assert_locked(t, &dom->object);
    AUTO_ERROR err = ERROR_INIT;
    AUTO_JOB *j = job_create(dom);
    j->ended = on_handed_back;
    for (size_t i = dom->granted.n; i-- > first;) {
        struct granted *g = &dom->granted.v[i];
        struct granted *other = find_granted_elsewhere(dom, g->dev, g->ino);
        if (g->handing_back)
            continue;
        if (other && !other->handing_back) { // that domain hands it back
            forget(dom, i);
            continue;
        }
        g->handing_back = true;
        add_granted(j, g, g->uid, g->gid);
    }
    if (job_run(t, j, hand_back_run, "hand back", &err) < 0)
        log_domain(LOG_LEVEL_WARN, dom->name, "%s; it is handed back when it does",
                   error_message(&err));
}
