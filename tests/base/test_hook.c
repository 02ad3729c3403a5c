// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>
#include "base/file.h"
#include "base/hook.h"
#include "base/str.h"
#include "tests/loop.h"

static char dir[] = "/tmp/vireo-hook-XXXXXX";

static void write_script(const char *text)
{
    AUTO_FREE char *hooks = path_join(dir, "hooks/qemu.d");
    AUTO_FREE char *path = path_join(dir, "hooks/qemu");
    CHECK_INT(dir_make(hooks, 0700), 0);
    CHECK_INT(file_write_volatile(path, text, strlen(text), 0755), 0);
}

static void run_hooks(struct task *t, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    const char *const dirs[] = {"/no/such/directory", dir, NULL};
    CHECK(!hook_is_present(dirs, "qemu"));
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "prepare", "begin", "<domain/>", &err), 0);
    CHECK_INT(hook_run(t, NULL, "qemu", "web", "prepare", "begin", "<domain/>", &err), 0);

    AUTO_FREE char *seen_path = path_join(dir, "seen");
    AUTO_FREE char *script =
        xasprintf("#!/bin/sh\necho \"$@\" > %s; cat >> %s\n", seen_path, seen_path);
    write_script(script);
    CHECK(hook_is_present(dirs, "qemu"));
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "prepare", "begin", "<domain/>", &err), 0);
    AUTO_FREE char *seen = NULL;
    CHECK_INT(file_read(seen_path, 1000, &seen, NULL), 0);
    CHECK_STR(seen, "web prepare begin -\n<domain/>");

    // Scripts of the .d directory run after it, by name; after a failure the rest is not run.
    AUTO_FREE char *first = path_join(dir, "hooks/qemu.d/10-a");
    AUTO_FREE char *second = path_join(dir, "hooks/qemu.d/20-b");
    AUTO_FREE char *script_a = xasprintf("#!/bin/sh\necho a >> %s\n", seen_path);
    CHECK_INT(file_write_volatile(second, "#!/bin/sh\necho b\nexit 7\n", 24, 0755), 0);
    CHECK_INT(file_write_volatile(first, script_a, strlen(script_a), 0755), 0);
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "stopped", "end", "x\n", &err), -1);
    CHECK_CONTAINS(err.message, "20-b web stopped end -': exit status 7: b");
    AUTO_FREE char *both = NULL;
    CHECK_INT(file_read(seen_path, 1000, &both, NULL), 0);
    CHECK_STR(both, "web stopped end -\nx\na\n");

    write_script("#!/bin/sh\necho refused; exit 3\n");
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "start", "begin", "", &err), -1);
    CHECK_INT(err.code, ERROR_HOOK_FAILED);
    CHECK_CONTAINS(err.message, "qemu web start begin -': exit status 3: refused");
    write_script("#!/bin/sh\necho; echo one; echo two >&2; exit 1\n");
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "start", "begin", "", &err), -1);
    CHECK_CONTAINS(err.message, "': exit status 1: one; two");
    CHECK(!strchr(err.message, '\\'));
    write_script("#!/bin/sh\nkill -9 $$\n");
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "start", "begin", "", &err), -1);
    CHECK_STR(strstr(err.message, "killed"), "killed by signal 9 (Killed)");

    // A background process of the script holds its stdout and stderr, and is not waited for.
    CHECK_INT(unlink(second), 0);
    AUTO_FREE char *left = path_join(dir, "left");
    AUTO_FREE char *leave = xasprintf("#!/bin/sh\nsleep 1000 &\necho $! >%s\n", left);
    write_script(leave);
    error_clear(&err);
    uint64_t before = now_monotonic_us();
    CHECK_INT(hook_run(t, dirs, "qemu", "web", "start", "begin", "", &err), 0);
    CHECK(now_monotonic_us() - before < 10 * 1000000);
    AUTO_FREE char *pid = NULL;
    CHECK_INT(file_read(left, 100, &pid, NULL), 0);
    CHECK_INT(kill(atoi(pid), SIGKILL), 0);
}

static void test_hooks(void)
{
    loop_run(run_hooks, NULL);
}

int main(void)
{
    CHECK(mkdtemp(dir));
    RUN(test_hooks);
    CHECK_INT(dir_remove_all(dir), 0);
    return 0;
}
