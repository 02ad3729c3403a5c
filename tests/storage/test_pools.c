// SPDX-License-Identifier: GPL-2.0-or-later
// Pools and volumes without a daemon: what happens when qemu-img fails, is missing or hangs, when
// two things are asked for at once, when stored files are damaged, and after a boot.
#include "tests/check.h"
#include "tests/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/str.h"
#include "storage/internal.h"

struct world {
    char *root, *dir, *config, *run, *tool;
    struct pools *all;
    struct pool *pool;
};

static void open_pools(struct world *w, struct task *t)
{
    struct pools_config config = {
        .sched = task_sched(t), .config_dir = w->config, .run_dir = w->run, .qemu_img = w->tool};
    w->all = pools_create(&config);
    pools_load(w->all);
    pools_wait_loaded(t, w->all);
}

static struct pool_def *pool_document(const char *name, const char *dir)
{
    AUTO_FREE char *xml = xasprintf("<pool type='dir'><name>%s</name><target><path>%s</path>"
                                    "</target></pool>",
                                    name, dir);
    return pool_def_load(xml, strlen(xml), 0, NULL);
}

// `script` is run in place of qemu-img.
static void world_open(struct world *w, struct task *t, const char *script)
{
    AUTO_ERROR err = ERROR_INIT;
    char root[] = "/tmp/vireo-storage-XXXXXX";
    CHECK(mkdtemp(root));
    *w = (struct world){.root = xstrdup(root)};
    w->dir = path_join(root, "pool");
    w->config = path_join(root, "config");
    w->run = path_join(root, "run");
    w->tool = path_join(root, "qemu-img");
    if (script) {
        AUTO_FREE char *text = xasprintf("#!/bin/sh\n%s\n", script);
        CHECK_INT(file_write_volatile(w->tool, text, strlen(text), 0755), 0);
    }
    open_pools(w, t);
    CHECK_OK(pool_define(t, w->all, pool_document("p", w->dir), &w->pool, &err), &err);
    CHECK_OK(pool_start(t, w->pool, true, &err), &err);
}

static void world_close(struct world *w)
{
    pools_destroy(w->all);
    CHECK_INT(dir_remove_all(w->root), 0);
    char **all[] = {&w->root, &w->dir, &w->config, &w->run, &w->tool};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(STEAL(*all[i]));
}

static int count_one(const char *name, void *arg)
{
    (void)name;
    (*(int *)arg)++;
    return 0;
}

static int files_in(const char *dir)
{
    int n = 0;
    CHECK_INT(dir_each(dir, NULL, count_one, &n), 0);
    return n;
}

static int make(struct task *t, struct pool *pool, const char *name, const char *format,
                struct volume *source, struct error *err)
{
    AUTO_FREE char *xml =
        xasprintf("<volume><name>%s</name><capacity>1048576</capacity><allocation>"
                  "0</allocation><target><format type='%s'/></target></volume>",
                  name, format);
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, strlen(xml), 0, err);
    AUTO_VOLUME struct volume *vol = NULL;
    return volume_create(t, pool, def, 0, source, &vol, err);
}

static void failing_tool(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, "echo half >&3; echo 'disk full' >&2; exit 3");
    CHECK_INT(make(t, w.pool, "v", "qcow2", NULL, &err), -1);
    CHECK_CONTAINS(error_message(&err), "disk full");
    CHECK_CONTAINS(error_message(&err), "exit status 3");
    CHECK(!pool_find_volume(w.pool, "v"));
    CHECK_INT(files_in(w.dir), 0);
    CHECK_INT(w.pool->jobs, 0);
    // Nothing of it is in the way.
    CHECK_OK(make(t, w.pool, "v", "raw", NULL, &err), &err);
    CHECK_INT(files_in(w.dir), 1);
    CHECK_INT(make(t, w.pool, "w", "qcow2", pool_find_volume(w.pool, "v"), &err), -1);
    CHECK_INT(pool_find_volume(w.pool, "v")->readers, 0);
    CHECK_OK(volume_delete(t, pool_find_volume(w.pool, "v"), &err), &err);
    world_close(&w);
}

static void missing_tool(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, NULL);
    CHECK_INT(make(t, w.pool, "v", "qcow2", NULL, &err), -1);
    CHECK_CONTAINS(error_message(&err), "install the package qemu-utils");
    CHECK_INT(files_in(w.dir), 0);
    world_close(&w);
}

struct slow {
    struct pool *pool;
    int result;
    struct completion done;
};

static void slow_main(struct task *t, void *arg)
{
    struct slow *s = arg;
    AUTO_ERROR err = ERROR_INIT;
    s->result = make(t, s->pool, "slow", "qcow2", NULL, &err);
    completion_post(&s->done, 0);
}

static void at_once(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, "exec sleep 1000");
    struct slow s = {.pool = w.pool};
    completion_init(&s.done);
    struct task *making = task_spawn(task_sched(t), "slow", slow_main, &s);
    while (!w.pool->jobs)
        CHECK_INT(task_sleep(t, task_deadline_ms(1)), 0);
    // The name is taken, others go on; the pool can be scanned, but not stopped.
    struct volume *vol = pool_find_volume(w.pool, "slow");
    CHECK(vol && vol->state == VOLUME_BUILDING);
    CHECK_INT(make(t, w.pool, "slow", "raw", NULL, &err), -1);
    CHECK_INT(err.code, ERROR_STORAGE_VOL_EXISTS);
    CHECK_OK(make(t, w.pool, "quick", "raw", NULL, &err), &err);
    CHECK_OK(pool_refresh(t, w.pool, &err), &err);
    CHECK(pool_find_volume(w.pool, "slow") == vol && w.pool->volumes.n == 2);
    CHECK_OK(volume_refresh(t, vol, &err), &err);
    CHECK_INT(volume_delete(t, vol, &err), -1);
    CHECK_CONTAINS(error_message(&err), "still being allocated");
    CHECK_INT(volume_wipe(t, vol, &err), -1);
    CHECK_INT(pool_stop(t, w.pool, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_INVALID);
    // Given up: nothing stays of it.
    task_cancel(making);
    CHECK_INT(completion_wait(t, &s.done, task_deadline_ms(30000)), 0);
    CHECK_INT(s.result, -1);
    CHECK(!pool_find_volume(w.pool, "slow"));
    CHECK_INT(files_in(w.dir), 1);
    CHECK_OK(pool_stop(t, w.pool, &err), &err);
    world_close(&w);
}

static void refresh_main(struct task *t, void *arg)
{
    struct slow *s = arg;
    AUTO_ERROR err = ERROR_INIT;
    s->result = pool_refresh(t, s->pool, &err);
    completion_post(&s->done, 0);
}

// A volume finished while the pool is scanned is in it afterwards.
static void made_meanwhile(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, "exit 1");
    for (int i = 0; i < 200; i++) {
        AUTO_FREE char *name = xasprintf("v%d", i);
        struct slow s = {.pool = w.pool};
        completion_init(&s.done);
        task_spawn(task_sched(t), "refresh", refresh_main, &s);
        CHECK_OK(make(t, w.pool, name, "raw", NULL, &err), &err);
        CHECK_INT(completion_wait(t, &s.done, task_deadline_ms(30000)), 0);
        CHECK_INT(s.result, 0);
        CHECK(pool_find_volume(w.pool, name));
        CHECK_INT(w.pool->volumes.n, i + 1);
    }
    CHECK_OK(pool_stop(t, w.pool, &err), &err);
    world_close(&w);
}

// A file that another process makes while vireod makes the volume of that name stays as it is.
static void name_lost(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, "echo theirs >\"$POOL/v\"");
    CHECK_INT(setenv("POOL", w.dir, 1), 0);
    CHECK_INT(make(t, w.pool, "v", "qcow2", NULL, &err), -1);
    CHECK_CONTAINS(error_message(&err), "already exists");
    AUTO_FREE char *path = path_join(w.dir, "v"), *text = NULL;
    CHECK_INT(file_read(path, 100, &text, NULL), 0);
    CHECK_STR(text, "theirs\n");
    world_close(&w);
}

struct definer {
    struct pools *all;
    struct pool_def *def;
    int result;
    bool done;
};

static void define_main(struct task *t, void *arg)
{
    struct definer *d = arg;
    struct pool *pool;
    d->result = pool_define(t, d->all, d->def, &pool, NULL);
    d->done = true;
}

// Two pools of one directory, defined while neither is stored yet.
static void same_directory(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    world_open(&w, t, NULL);
    struct definer d[] = {{.all = w.all, .def = pool_document("x", "/srv/x")},
                          {.all = w.all, .def = pool_document("y", "/srv/x")}};
    for (size_t i = 0; i < ARRAY_LEN(d); i++)
        task_spawn(task_sched(t), "define", define_main, &d[i]);
    while (!d[0].done || !d[1].done)
        task_sleep(t, task_deadline_ms(1));
    CHECK_INT(d[0].result + d[1].result, -1);
    world_close(&w);
}

static void stored_files(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, NULL);
    CHECK_OK(pool_set_autostart(t, w.pool, true, &err), &err);
    CHECK_OK(make(t, w.pool, "v", "raw", NULL, &err), &err);
    AUTO_FREE char *bad = path_join(w.config, "bad.xml"), *junk = path_join(w.run, "junk.status");
    AUTO_FREE char *half = path_join(w.config, STORAGE_TEMPORARY "abc");
    CHECK_INT(file_write_volatile(bad, "<pool", 5, 0600), 0);
    CHECK_INT(file_write_volatile(junk, "junk", 4, 0600), 0);
    CHECK_INT(file_write_volatile(half, "x", 1, 0600), 0);
    size_t total;
    CHECK_INT(objects_check(&pool_class, w.config, &total), 1);
    CHECK_INT(total, 2);
    // The daemon again, in the same boot: active as before.
    pools_destroy(w.all);
    open_pools(&w, t);
    w.pool = pools_find_name(w.all, "p");
    CHECK(w.pool && w.pool->live && w.pool->autostart && pool_find_volume(w.pool, "v"));
    CHECK(access(bad, F_OK) < 0 && access(junk, F_OK) < 0 && access(half, F_OK) < 0);
    AUTO_FREE char *aside = xasprintf("%s.damaged", bad);
    CHECK_INT(access(aside, F_OK), 0);
    // Stopped by a client, it stays so until the machine boots.
    CHECK_OK(pool_stop(t, w.pool, &err), &err);
    pools_destroy(w.all);
    open_pools(&w, t);
    w.pool = pools_find_name(w.all, "p");
    CHECK(w.pool && !w.pool->live);
    pools_destroy(w.all);
    AUTO_FREE char *mark = path_join(w.run, "autostarted");
    CHECK_INT(file_write_volatile(mark, "another boot", 12, 0600), 0);
    open_pools(&w, t);
    w.pool = pools_find_name(w.all, "p");
    CHECK(w.pool->live && pool_find_volume(w.pool, "v"));
    AUTO_POOL struct pool *kept = pool_ref(w.pool);
    CHECK_OK(pool_stop(t, w.pool, &err), &err);
    CHECK_OK(pool_undefine(t, kept, &err), &err);
    CHECK(access(mark, F_OK) == 0 && !pools_next(w.all, NULL));
    world_close(&w);
}

static void paths(struct task *t, void *arg)
{
    (void)arg;
    struct world w;
    AUTO_ERROR err = ERROR_INIT;
    world_open(&w, t, NULL);
    CHECK_OK(make(t, w.pool, "v", "raw", NULL, &err), &err);
    AUTO_FREE char *path = path_join(w.dir, "v"), *beside = xasprintf("%s-other/v", w.dir);
    AUTO_FREE char *odd = xasprintf("%s//v", w.dir), *below = xasprintf("%s/v/v", w.dir);
    struct volume *vol = pool_find_volume(w.pool, "v");
    CHECK(pools_find_volume(w.all, path) == vol && pools_find_volume(w.all, odd) == vol);
    CHECK(!pools_find_volume(w.all, beside) && !pools_find_volume(w.all, below));
    CHECK(!pools_find_volume(w.all, w.dir) && !pools_find_volume(w.all, ""));
    static const char *const refused[] = {"a/b", "..", ".", (STORAGE_TEMPORARY "x"), "/etc/x"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        error_clear(&err);
        CHECK_INT(make(t, w.pool, refused[i], "raw", NULL, &err), -1);
        CHECK_INT(err.code, ERROR_OPERATION_INVALID);
    }
    CHECK_INT(files_in(w.dir), 1);
    world_close(&w);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*fn)(struct task *t, void *arg);
    } tests[] = {
        {"failing_tool", failing_tool}, {"missing_tool", missing_tool},
        {"at_once", at_once},           {"made_meanwhile", made_meanwhile},
        {"name_lost", name_lost},       {"same_directory", same_directory},
        {"stored_files", stored_files}, {"paths", paths},
    };
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        loop_run(tests[i].fn, NULL);
        printf("ok %s\n", tests[i].name);
    }
    return 0;
}
