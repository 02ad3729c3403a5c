// SPDX-License-Identifier: GPL-2.0-or-later
// Objects of a kind made for this test: define, undefine, the lock, and the store on a disk that
// fails or under a daemon that is killed.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/file.h"
#include "base/str.h"
#include "objects/object.h"
#include "tests/check.h"
#include "tests/loop.h"

struct thing_def {
    char *name;
    struct uuid uuid;
    char *text;
};

struct thing {
    OBJECT(struct thing_def);
    unsigned defined, undefined;
};

struct things {
    struct object_table table;
};
OBJECT_FUNCTIONS(thing, things);

static char root[] = "/tmp/vireo-objects-XXXXXX";
static char *config_dir, *run_dir;

// ---- faults: in the place of libc's functions --------------------------------------------------

static bool directories_fail;
int fsync(int fd)
{
    struct stat st;
    if (directories_fail && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static int kill_before; // the nth change of a name from now on; 0: never
static void count_change(void)
{
    if (kill_before > 0 && --kill_before == 0)
        raise(SIGKILL);
}

int unlink(const char *path)
{
    count_change();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
    count_change();
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

// ---- the kind ----------------------------------------------------------------------------------

static void destroy_def(void *arg)
{
    struct thing_def *def = arg;
    if (!def)
        return;
    free(def->name);
    free(def->text);
    free(def);
}

static struct thing_def *make_def(const char *name, unsigned number, const char *text)
{
    struct thing_def *def = NEW(struct thing_def);
    *def = (struct thing_def){.name = xstrdup(name), .text = xstrdup(text)};
    def->uuid.b[15] = (uint8_t)number;
    return def;
}

static void *parse(const struct object_table *table, const char *xml, size_t len, struct error *err)
{
    char name[32], text[32];
    unsigned number;
    (void)table;
    (void)len;
    if (sscanf(xml, "%31s %u %31s", name, &number, text) == 3)
        return make_def(name, number, text);
    error_set(err, ERROR_XML, AREA_XML, "it is no thing");
    return NULL;
}

static char *format(const void *arg)
{
    const struct thing_def *def = arg;
    return xasprintf("%s %u %s", def->name, def->uuid.b[15], def->text);
}

static void init(struct object *o)
{
    (void)o;
}

static int check(struct object *o, void *def, struct error *err)
{
    struct thing_def *d = def;
    (void)o;
    return str_eq(d->text, "refused") ? error_set(err, ERROR_XML, AREA_XML, "refused") : 0;
}

static void defined(struct object *o, bool added)
{
    ((struct thing *)o)->defined += added ? 1 : 100;
}

static void undefined(struct object *o)
{
    ((struct thing *)o)->undefined++;
}

static const struct object_class class = {
    .kind = "small thing",
    .noun = "thing",
    .active = "awake",
    .busy_remedy = "; wake it",
    .status_remedy = "throw it away",
    .no_object = ERROR_NO_SECRET,
    .area = AREA_CONF,
    .run_mode = 0700,
    .size = sizeof(struct thing),
    .log_field = offsetof(struct log_fields, pool),
    .def_name = offsetof(struct thing_def, name),
    .def_uuid = offsetof(struct thing_def, uuid),
    .parse = parse,
    .format = format,
    .destroy_def = destroy_def,
    .init = init,
    .finish = init,
    .check = check,
    .defined = defined,
    .undefined = undefined,
};

static void things_open(struct things *all, struct task *t)
{
    *all = (struct things){{.class = &class,
                            .sched = t ? task_sched(t) : NULL,
                            .config_dir = config_dir,
                            .run_dir = run_dir,
                            .lock_ms = 50}};
    objects_init(&all->table);
    objects_load(&all->table);
}

static bool has(const char *file)
{
    AUTO_FREE char *path = path_join(config_dir, file);
    return access(path, F_OK) == 0;
}

static void write_file(const char *file, const char *text)
{
    AUTO_FREE char *path = path_join(config_dir, file);
    CHECK_INT(file_write_volatile(path, text, strlen(text), 0600), 0);
}

// ---- define, undefine --------------------------------------------------------------------------

static void defining(struct task *t, void *arg)
{
    (void)arg;
    struct things all;
    struct thing *a, *b;
    AUTO_ERROR err = ERROR_INIT;
    things_open(&all, t);
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "one"), &a, &err), &err);
    CHECK_OK(thing_define(t, &all, make_def("b", 2, "two"), &b, &err), &err);
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "more"), &b, &err), &err);
    CHECK(a == b && a->defined == 101 && str_eq(a->def->text, "more"));
    CHECK_INT(thing_define(t, &all, make_def("a", 3, "x"), &b, &err), -1);
    CHECK_CONTAINS(err.message, "thing 'a' already exists with uuid 00000000-");
    CHECK_INT(thing_define(t, &all, make_def("c", 2, "x"), &b, &err), -1);
    CHECK_CONTAINS(err.message, "thing 'b' is already defined with uuid");
    CHECK_INT(thing_define(t, &all, make_def("c", 3, "refused"), &b, &err), -1);
    CHECK(!b && !things_find_name(&all, "c"));
    CHECK_INT(thing_require_active(a, &err), -1);
    CHECK_STR(err.message, "small thing 'a' is not awake");
    CHECK(things_find_uuid(&all, &a->uuid) == a && things_find_name(&all, "a") == a);
    CHECK(things_next(&all, things_next(&all, NULL)) && !objects_find_id(&all.table, -1));
    // An active one outlives its definition.
    object_set_active(&a->object, true);
    a->live = make_def("a", 1, "live");
    CHECK_OK(thing_lock_present(t, a, "undefine", &err), &err);
    CHECK_OK(object_undefine_locked(t, &a->object, &err), &err);
    CHECK_INT(object_undefine_locked(t, &a->object, &err), -1);
    CHECK_CONTAINS(err.message, "cannot undefine transient thing 'a'");
    thing_unlock(a);
    CHECK(!a->removed && !a->def && things_find_name(&all, "a") == a && !has("a.xml"));
    CHECK_INT(thing_set_autostart(t, a, true, &err), -1);
    CHECK_CONTAINS(err.message, "cannot set autostart for transient thing");
    CHECK_INT(things_count_active(&all), 1);
    objects_finish(&all.table);
    CHECK_INT(dir_remove_all(config_dir), 0);
}

struct waiter {
    struct thing *thing;
    struct error err;
    int result;
    struct completion done;
};

static void wait_main(struct task *t, void *arg)
{
    struct waiter *w = arg;
    w->result = thing_lock(t, w->thing, "paint", &w->err);
    completion_post(&w->done, 0);
}

static void locking(struct task *t, void *arg)
{
    (void)arg;
    struct things all;
    struct thing *a;
    AUTO_ERROR err = ERROR_INIT;
    things_open(&all, t);
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "one"), &a, &err), &err);
    CHECK_OK(thing_lock(t, a, "wash", &err), &err);
    struct waiter w = {.thing = a};
    completion_init(&w.done);
    task_spawn(task_sched(t), "waiter", wait_main, &w);
    CHECK_INT(completion_wait(t, &w.done, TASK_FOREVER), 0);
    CHECK_INT(w.result, -1);
    CHECK_INT(w.err.code, ERROR_OPERATION_TIMEOUT);
    CHECK_STR(w.err.message,
              "cannot paint small thing 'a': it is busy with 'wash' since 0 s; wake it");
    error_clear(&w.err);
    // Removed by the lock's holder, which still has a reference.
    AUTO_FREE char *name = xstrdup(a->name);
    thing_ref(a);
    CHECK_OK(object_undefine_locked(t, &a->object, &err), &err);
    CHECK(a->removed && str_eq(a->name, name));
    thing_unlock(a);
    CHECK_INT(thing_lock_present(t, a, "start", &err), -1);
    CHECK_INT(err.code, ERROR_NO_SECRET);
    thing_unref(a);
    objects_finish(&all.table);
    CHECK_INT(dir_remove_all(config_dir), 0);
}

// ---- the store ---------------------------------------------------------------------------------

static void failing_disk(struct task *t, void *arg)
{
    (void)arg;
    struct things all;
    struct thing *a;
    AUTO_ERROR err = ERROR_INIT;
    things_open(&all, t);
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "old"), &a, &err), &err);
    // What cannot be confirmed is done all the same, in memory as on disk.
    directories_fail = true;
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "new"), &a, &err), &err);
    CHECK_STR(a->def->text, "new");
    CHECK_OK(thing_set_autostart(t, a, true, &err), &err);
    CHECK(a->autostart && has("autostart/a.xml"));
    CHECK_OK(thing_lock(t, a, "undefine", &err), &err);
    CHECK_OK(object_undefine_locked(t, &a->object, &err), &err);
    thing_unlock(a);
    CHECK(!things_next(&all, NULL) && !has("a.xml") && !has("autostart/a.xml"));
    directories_fail = false;
    objects_finish(&all.table);
    CHECK_INT(dir_remove_all(config_dir), 0);
}

static void stored_files(struct task *t, void *arg)
{
    (void)arg;
    struct things all;
    struct thing *a;
    AUTO_ERROR err = ERROR_INIT;
    things_open(&all, t);
    CHECK_OK(thing_define(t, &all, make_def("a", 1, "one"), &a, &err), &err);
    CHECK_OK(thing_set_autostart(t, a, true, &err), &err);
    objects_finish(&all.table);
    write_file("bad.xml", "junk");
    write_file("copy.xml", "a 1 one");
    write_file("same.xml", "same 1 one");
    write_file("autostart/bad.xml", "");
    write_file("autostart/gone.xml", "");
    size_t total;
    CHECK_INT(objects_check(&class, config_dir, &total), 2);
    CHECK_INT(total, 4);
    CHECK(has("bad.xml") && has("autostart/gone.xml"));
    things_open(&all, t);
    a = things_next(&all, NULL);
    CHECK(a && a->autostart == str_eq(a->name, "a") && !things_next(&all, a));
    CHECK(has("bad.xml.damaged") && has("copy.xml.damaged") && has("same.xml"));
    // The mark of a file that was set aside stays, as it may be repaired; others would mark what
    // gets the name next.
    CHECK(has("autostart/bad.xml") && !has("autostart/gone.xml"));
    // Nor does a mark that appears later.
    write_file("autostart/late.xml", "");
    CHECK_OK(thing_define(t, &all, make_def("late", 9, "x"), &a, &err), &err);
    CHECK(!a->autostart && !has("autostart/late.xml"));
    objects_finish(&all.table);
    CHECK_INT(dir_remove_all(config_dir), 0);
}

// Killed before each change of a file: an object is there with its mark, or neither is.
static void test_killed_undefine(void)
{
    unsigned whole = 0, gone = 0;
    for (int n = 1; gone < 2; n++) {
        struct things all;
        write_file("autostart/a.xml", "");
        write_file("a.xml", "a 1 one");
        pid_t pid = fork();
        if (pid == 0) {
            things_open(&all, NULL);
            kill_before = n;
            CHECK_INT(object_undefine_locked(NULL, &things_next(&all, NULL)->object, NULL), 0);
            _exit(0);
        }
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        things_open(&all, NULL);
        struct thing *a = things_next(&all, NULL);
        CHECK(a ? a->autostart : !has("autostart/a.xml"));
        whole += a != NULL;
        gone += a == NULL;
        objects_finish(&all.table);
    }
    CHECK(whole > 0);
    CHECK_INT(dir_remove_all(config_dir), 0);
}

static void in_loop(const char *name, task_fn fn)
{
    loop_run(fn, NULL);
    printf("ok %s\n", name);
}

int main(void)
{
    CHECK(mkdtemp(root));
    config_dir = path_join(root, "config");
    run_dir = path_join(root, "run");
    in_loop("defining", defining);
    in_loop("locking", locking);
    in_loop("failing_disk", failing_disk);
    in_loop("stored_files", stored_files);
    AUTO_FREE char *marks = path_join(config_dir, "autostart");
    CHECK_INT(dir_make(marks, 0700), 0);
    RUN(test_killed_undefine);
    CHECK_INT(dir_remove_all(root), 0);
    free(config_dir);
    free(run_dir);
    return 0;
}
