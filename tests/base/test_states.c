// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/states.h"
#include "tests/check.h"

enum door_state { DOOR_SHUT, DOOR_OPEN, DOOR_LOCKED };

static const struct state_row rows[] = {
    [DOOR_SHUT] = {"shut", STATE_BIT(DOOR_OPEN) | STATE_BIT(DOOR_LOCKED)},
    [DOOR_OPEN] = {"open", STATE_BIT(DOOR_SHUT)},
    [DOOR_LOCKED] = {"locked", STATE_BIT(DOOR_SHUT)},
};

// Whether this state change aborts the child process that makes it; `text` gets its log.
static int aborts(enum door_state from, enum door_state to, char text[static 512])
{
    int fds[2], status;
    CHECK_INT(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        state_check(rows, from, to, "door", "front");
        _exit(0);
    }
    close(fds[1]);
    ssize_t n = read(fds[0], text, 511);
    text[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_moves(void)
{
    char text[512];
    CHECK_INT(aborts(DOOR_SHUT, DOOR_OPEN, text), 0);
    CHECK_STR(text, "");
#ifdef NDEBUG
    CHECK_INT(aborts(DOOR_OPEN, DOOR_LOCKED, text), 0);
#else
    CHECK_INT(aborts(DOOR_OPEN, DOOR_LOCKED, text), 1);
#endif
    CHECK_CONTAINS(text, "bug: illegal state change of door 'front' from 'open' to 'locked'");
}

int main(void)
{
    RUN(test_moves);
    return 0;
}
