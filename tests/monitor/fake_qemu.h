// SPDX-License-Identifier: GPL-2.0-or-later
// A QEMU that follows a script, for tests of code that speaks QMP. One step a line; empty lines and
// those that begin with '#' are skipped.
//
//   greet                   the greeting of 7.2.22
//   expect CMD [as X]       reads one command, which must be CMD; X (default "last") names its id
//   argument NAME JSON      the last command must have this argument
//   descriptor              the last command must have come with a descriptor
//   reply JSON [to X]       {"return": JSON, "id": X}
//   error CLASS [to X] TEXT an error reply
//   event NAME [JSON]       an event
//   events NAME N           N events with data {"offset": 0} .. {"offset": N-1}
//   raw TEXT                these bytes
//   fill C N                the byte C, N times; stops quietly when the client goes
//   chunk N                 from here on everything is sent in pieces of N bytes (0: whole)
//   answer CMD JSON         what "serve" replies to CMD
//   serve                   answers qmp_capabilities, query-status, cont, stop and what "answer"
//   gave
//                           (else CommandNotFound; "quit" is answered and ends the script) until
//                           the client goes
//   stderr TEXT             a line on stderr
//   exit N                  ends at once with this status
//   hangup                  closes the connection
//   wait-eof                reads until the client closes
#pragma once

#include <sys/types.h>

// Runs a script over a connected socket (closed in the end). 0, or the exit status wished; 99 with
// a line on stderr when the client did not do what was expected. Blocks.
int fake_qemu_run(int fd, const char *script);

// Forks a fake QEMU; *fd is the client's end.
pid_t fake_qemu_start(const char *script, int *fd);
// Waits for it; its exit status, or -1 when a signal ended it.
int fake_qemu_finish(pid_t pid);
