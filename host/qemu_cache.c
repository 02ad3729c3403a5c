// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/qemu_cache.h"
#include <errno.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/list.h"
#include "base/str.h"

enum { FILE_MAX = 1024 * 1024, NAME_LENGTH_MAX = 200, FAILURE_S = 60 };

// A binary as it was when it was probed (or is being probed).
struct entry {
    struct list link;
    unsigned refs; // the cache's, the asking task's, and one for each that waits
    struct qemu_cache *cache;
    struct qemu_caps_key key;
    struct completion done;
    struct qemu_caps *caps; // NULL: failed, see err
    struct error err;
    uint64_t failed_us;
};

struct qemu_cache {
    struct sched *sched;
    char *dir;
    struct qemu_probe_user user;
    gid_t *groups;
    struct list entries;
    size_t probes;
};

struct qemu_cache *qemu_cache_create(struct sched *s, const char *dir,
                                     const struct qemu_probe_user *user)
{
    struct qemu_cache *c = NEW(struct qemu_cache);
    c->sched = s;
    c->dir = xstrdup(dir);
    c->user = *user;
    c->groups = xmemdup(user->groups, user->ngroups * sizeof(gid_t));
    c->user.groups = c->groups;
    list_init(&c->entries);
    return c;
}

static void entry_unref(struct entry *e)
{
    if (--e->refs > 0)
        return;
    qemu_caps_unref(e->caps);
    error_clear(&e->err);
    free(e->key.binary);
    free(e);
}

static void entry_drop(struct entry *e)
{
    list_remove(&e->link);
    entry_unref(e);
}

void qemu_cache_destroy(struct qemu_cache *c)
{
    if (!c)
        return;
    while (!list_empty(&c->entries))
        entry_drop(LIST_FIRST(&c->entries, struct entry, link));
    free(c->groups);
    free(c->dir);
    free(c);
}

size_t qemu_cache_probes(const struct qemu_cache *c)
{
    return c->probes;
}

static int make_key(const struct qemu_cache *c, const char *binary, bool kvm,
                    struct qemu_caps_key *key, struct error *err)
{
    struct stat st;
    if (binary[0] != '/')
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "emulator '%s' is not an absolute path",
                         binary);
    if (stat(binary, &st) < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot use emulator '%s'", binary);
    if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        return error_set_errno(err, AREA_QEMU, EACCES, "emulator '%s' is no executable file",
                               binary);
    *key = (struct qemu_caps_key){
        .binary = (char *)binary,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
        .size = (uint64_t)st.st_size,
        .inode = st.st_ino,
        .kvm = kvm,
        .uid = c->user.set_user ? c->user.uid : geteuid(),
    };
    return 0;
}

static bool same_key(const struct qemu_caps_key *a, const struct qemu_caps_key *b)
{
    return str_eq(a->binary, b->binary) && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->size == b->size && a->inode == b->inode &&
           a->kvm == b->kvm && a->uid == b->uid;
}

// "usr-bin-qemu-system-x86_64.caps": the key inside says which version of the binary it is about.
static char *cache_path(const struct qemu_cache *c, const char *binary)
{
    if (!c->dir || strlen(binary) > NAME_LENGTH_MAX)
        return NULL;
    AUTO_FREE char *name = xasprintf("%s.caps", binary + 1);
    for (char *p = name; *p; p++) {
        if (*p == '/')
            *p = '-';
    }
    return path_join(c->dir, name);
}

static struct qemu_caps *load(const struct qemu_cache *c, const struct qemu_caps_key *key)
{
    AUTO_FREE char *path = cache_path(c, key->binary);
    AUTO_ERROR err = ERROR_INIT;
    struct qemu_caps *caps = NULL;
    char *text;
    if (!path || file_read(path, FILE_MAX, &text, NULL) < 0)
        return NULL;
    if (qemu_caps_parse(text, key, &caps, &err) < 0)
        log_info("%s (%s): asking it again", err.message, path);
    return caps;
}

static void save(struct task *t, const struct qemu_cache *c, const char *binary, const char *text)
{
    AUTO_FREE char *path = cache_path(c, binary);
    int r = path ? dir_make(c->dir, 0750) : 0;
    if (path && r == 0)
        r = file_save(t, path, text, strlen(text), 0640);
    if (r < 0)
        log_warn("cannot keep what was learned about '%s' in '%s': %s", binary, path,
                 strerrordesc_np(-r));
}

static int probe(struct task *t, struct entry *e, char **text)
{
    AUTO_FREE char *learned = NULL;
    if (qemu_probe(t, e->key.binary, &e->cache->user, e->key.kvm, &learned, &e->err) < 0)
        return -1;
    AUTO_FREE char *key = qemu_caps_key_text(&e->key);
    *text = xasprintf("%s%s", key, learned);
    return qemu_caps_parse(xstrdup(*text), &e->key, &e->caps, &e->err);
}

static void ask(struct task *t, void *arg)
{
    struct entry *e = arg;
    AUTO_FREE char *text = NULL;
    e->caps = load(e->cache, &e->key);
    if (e->caps) {
        completion_post(&e->done, 0);
    } else {
        e->cache->probes++;
        int r = probe(t, e, &text);
        e->failed_us = now_monotonic_us();
        completion_post(&e->done, r);
        if (r == 0)
            save(t, e->cache, e->key.binary, text);
    }
    entry_unref(e);
}

bool qemu_cache_is_stored(const struct qemu_cache *c, const char *binary, bool kvm)
{
    struct qemu_caps_key key;
    AUTO_FREE char *path = cache_path(c, binary);
    AUTO_FREE char *text = NULL;
    if (!path || make_key(c, binary, kvm, &key, NULL) < 0 ||
        file_read(path, FILE_MAX, &text, NULL) < 0)
        return false;
    AUTO_FREE char *first = qemu_caps_key_text(&key);
    return str_starts(text, first);
}

static struct entry *find(struct qemu_cache *c, const struct qemu_caps_key *key)
{
    struct entry *e, *tmp;
    LIST_FOREACH_SAFE (e, tmp, &c->entries, link) {
        if (!str_eq(e->key.binary, key->binary))
            continue;
        bool stale = e->done.done && !e->caps &&
                     now_monotonic_us() - e->failed_us > FAILURE_S * UINT64_C(1000000);
        if (same_key(&e->key, key) && !stale)
            return e;
        entry_drop(e);
    }
    return NULL;
}

static struct entry *start(struct qemu_cache *c, const struct qemu_caps_key *key)
{
    struct entry *e = NEW(struct entry);
    e->refs = 2; // the cache's and the task's
    e->cache = c;
    e->key = *key;
    e->key.binary = xstrdup(key->binary);
    completion_init(&e->done);
    list_append(&c->entries, &e->link);
    task_spawn(c->sched, "ask QEMU", ask, e);
    return e;
}

int qemu_cache_get(struct task *t, struct qemu_cache *c, const char *binary, bool kvm,
                   struct qemu_caps **ret, struct error *err)
{
    struct qemu_caps_key key;
    if (make_key(c, binary, kvm, &key, err) < 0)
        return -1;
    struct entry *e = find(c, &key);
    if (!e)
        e = start(c, &key);
    e->refs++;
    int r = completion_wait(t, &e->done, TASK_FOREVER);
    if (e->caps)
        *ret = qemu_caps_ref(e->caps);
    else if (e->done.done)
        error_set(err, e->err.code, e->err.area, "%s", error_message(&e->err));
    else
        error_set_errno(err, AREA_QEMU, r, "cannot ask '%s' what it can do", binary);
    r = e->caps ? 0 : -1;
    entry_unref(e);
    return r;
}
