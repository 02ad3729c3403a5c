// SPDX-License-Identifier: LGPL-2.1-or-later
// libvireo: every call of libvirt's wire protocol as a C function, for talking to vireod (or
// libvirtd) on a local socket.
//
//     struct vireo_error err = {0};
//     struct vireo *conn = vireo_open("qemu:///system", 0, &err);
//     struct wire_connect_list_all_domains_ret all;
//     if (conn && vireo_connect_list_all_domains(
//                     conn, &(struct wire_connect_list_all_domains_args){.need_results = 1}, &all,
//                     &err) == 0)
//         for (uint32_t i = 0; i < all.domains.n; i++)
//             puts(all.domains.v[i].name);
//     vireo_close(conn);
//
// A connection is used by one thread at a time; calls block. Functions return 0, or -1 with *err
// filled in (err may be NULL).
#ifndef LIBVIREO_H
#define LIBVIREO_H

#include <stddef.h>
#include <vireo/procedures.h>
#include <vireo/wire_types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vireo;

struct vireo_error {
    int code;      // enum wire_error_code
    int domain;    // enum wire_error_domain
    char *message; // free with vireo_error_clear()
};

enum { VIREO_READ_ONLY = 1 };

// `where` is "qemu:///system", "qemu:///session" (either with ?socket=PATH), the path of a socket,
// or NULL: system for root, else session. NULL on failure.
struct vireo *vireo_open(const char *where, unsigned flags, struct vireo_error *err);
// The same; timeout_ms limits opening and then applies as of vireo_set_timeout().
struct vireo *vireo_open_within(const char *where, unsigned flags, int timeout_ms,
                                struct vireo_error *err);
void vireo_close(struct vireo *conn); // NULL is allowed
// The socket that vireo_open() would connect to. Caller frees.
char *vireo_socket_path(const char *where, unsigned flags);

// How long to wait for each reply; -1, the default: no limit. After a timeout the connection cannot
// be used.
void vireo_set_timeout(struct vireo *conn, int timeout_ms);

// Frees what calls and events returned; vireo_close() does too.
void vireo_release(struct vireo *conn);

struct vireo_event {
    uint32_t program;    // WIRE_PROGRAM_...
    uint32_t procedure;  // enum wire_procedure or wire_qemu_procedure
    const void *payload; // struct wire_<event>_msg
};

// The next event of those registered, for example with
// vireo_connect_domain_event_callback_register_any(). 1, 0 when none arrived within timeout_ms (-1:
// no limit), or -1.
int vireo_next_event(struct vireo *conn, int timeout_ms, struct vireo_event *ret,
                     struct vireo_error *err);
// Readable when an event may have arrived; for poll().
int vireo_fd(const struct vireo *conn);
// The next file descriptor of the last reply, which the caller owns; -1: none.
int vireo_take_fd(struct vireo *conn);

// Streams. Call vireo_stream_open() right after a call that opens one (vireo_domain_open_console(),
// vireo_storage_vol_download() ..., without the sparse flag). Other calls can be made while the
// stream is open; up to 16 MiB of its data that arrive meanwhile are buffered.
struct vireo_stream;
struct vireo_stream *vireo_stream_open(struct vireo *conn, struct vireo_error *err);

enum { VIREO_STREAM_NOTHING_YET = -2 };
// Number of bytes read; 0: end of data; -1: failed; VIREO_STREAM_NOTHING_YET after timeout_ms (-1:
// no limit).
long vireo_stream_read(struct vireo_stream *s, void *buf, size_t size, int timeout_ms,
                       struct vireo_error *err);
// Writes all of it: 0, or -1.
int vireo_stream_write(struct vireo_stream *s, const void *data, size_t len,
                       struct vireo_error *err);
// Both end the stream and free it, also after it failed or its connection was closed. 0 means that
// the daemon received all data and reports no error.
int vireo_stream_finish(struct vireo_stream *s, struct vireo_error *err);
void vireo_stream_abort(struct vireo_stream *s); // NULL is allowed

void vireo_error_clear(struct vireo_error *err);

#ifdef __cplusplus
}
#endif
#endif
