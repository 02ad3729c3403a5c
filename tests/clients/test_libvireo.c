// SPDX-License-Identifier: GPL-2.0-or-later
// libvireo against the files of api/ that need only the wire: opening, features, errors, and events
// with their filters. The daemon runs on the test's loop, the client, which blocks, on a helper
// thread.
#include "api/daemon.h"
#include "api/event_table.h"
#include "api/handlers.h"
#include "api/programs.h"
#include "api/session.h"
#include "base/file.h"
#include "clients/libvireo.h"
#include "rpc/server.h"
#include "rpc/stream.h"
#include "tests/loop.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    struct daemon daemon;
    char dir[32], path[64], ro[64];
    void (*client)(struct fixture *f);
    atomic_bool stop, burst;
    atomic_uint cut;
};

static int download(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    static const char block[300000] = "begin";
    return stream_send(t, s, block, sizeof(block), err) < 0 || stream_send(t, s, "end", 3, err) < 0
               ? -1
               : 0;
}

// Counts the bytes it receives and fails on a chunk that is just "no".
static int upload(struct task *t, struct stream *s, void *arg, struct error *err)
{
    size_t *count = arg;
    for (;;) {
        struct stream_chunk chunk;
        CHECK_INT(stream_receive(t, s, TASK_FOREVER, &chunk), 0);
        if (chunk.event == STREAM_FINISHED)
            return 0;
        if (chunk.event == STREAM_OVER) {
            *count = 1;
            return -1;
        }
        *count += chunk.len;
        if (chunk.len == 2 && memcmp(chunk.data, "no", 2) == 0)
            return error_set(err, ERROR_SYSTEM, AREA_STORAGE, "no space left in pool 'p'");
    }
}

static int console(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    // The guest's side: writes a line, then echoes the first input and exits.
    CHECK_INT(write(pair[0], "hello\r\n", 7), 7);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct pollfd p = {.fd = pair[0], .events = POLLIN};
        char input[16];
        poll(&p, 1, -1);
        ssize_t n = read(pair[0], input, sizeof(input));
        _exit(n > 0 && write(pair[0], input, (size_t)n) == n ? 0 : 1);
    }
    close(pair[0]);
    int r = stream_bridge(t, s, pair[1], err);
    close(pair[1]);
    int status;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return r;
}

int api_domain_open_console(struct call *call, struct domain *dom,
                            const struct wire_domain_open_console_args *args, struct error *err)
{
    (void)dom;
    (void)args;
    return stream_open(call, console, NULL, NULL, err);
}

int api_storage_vol_download(struct call *call, struct volume *vol,
                             const struct wire_storage_vol_download_args *args, struct error *err)
{
    (void)vol;
    (void)args;
    return stream_open(call, download, NULL, NULL, err);
}

static size_t uploaded; // of the one upload at a time

int api_storage_vol_upload(struct call *call, struct volume *vol,
                           const struct wire_storage_vol_upload_args *args, struct error *err)
{
    (void)vol;
    (void)args;
    uploaded = 0;
    return stream_open(call, upload, &uploaded, NULL, err);
}

static const struct wire_domain_ref domain = {.name = "domain", .uuid = {1, 2, 3}, .id = 7};
static const struct wire_domain_ref other = {.name = "other", .uuid = {9}, .id = 8};

static void send_lifecycle(struct daemon *d, struct wire_domain_ref dom, int event, int detail)
{
    api_send_domain_event_callback_lifecycle(
        d, &(struct wire_domain_event_callback_lifecycle_msg){
               .msg = {.dom = dom, .event = event, .detail = detail}});
}

static void send_everything(struct daemon *d)
{
    send_lifecycle(d, other, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED);
    send_lifecycle(d, domain, VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED);
    api_send_domain_event_callback_pmwakeup(
        d, &(struct wire_domain_event_callback_pmwakeup_msg){.reason = 3, .msg.dom = domain});
    api_send_domain_event_callback_disk_change(
        d, &(struct wire_domain_event_callback_disk_change_msg){
               .msg = {.dom = domain, .newSrcPath = "/new", .devAlias = "vda", .reason = 1}});
    api_send_network_event_lifecycle(
        d, &(struct wire_network_event_lifecycle_msg){.net = {.name = "default", .uuid = {4}},
                                                      .event = VIR_NETWORK_EVENT_STARTED});
    api_send_node_device_event_update(
        d, &(struct wire_node_device_event_update_msg){.dev.name = "pci_0"});
    api_send_node_device_event_update(
        d, &(struct wire_node_device_event_update_msg){.dev.name = "pci_1"});
    api_send_storage_pool_event_refresh(
        d, &(struct wire_storage_pool_event_refresh_msg){.pool = {.name = "p", .uuid = {5}}});
    api_send_secret_event_value_changed(
        d, &(struct wire_secret_event_value_changed_msg){.secret = {.uuid = {6}, .usageID = "u"}});
    static const char *const names[] = {"STOP", "RESUME", "RTC_CHANGE", "stop"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        api_send_qemu_domain_monitor_event(
            d, &(struct wire_qemu_domain_monitor_event_msg){.dom = domain, .event = names[i]});
    api_event_closing(d, 3);
}

static void ticker(struct task *t, void *arg)
{
    struct fixture *f = arg;
    static char large[60000];
    memset(large, 'x', sizeof(large) - 1);
    while (!f->stop) {
        send_everything(&f->daemon);
        if (f->burst)
            api_send_domain_event_callback_metadata_change(
                &f->daemon, &(struct wire_domain_event_callback_metadata_change_msg){
                                .dom = domain, .nsuri = large});
        f->cut = (unsigned)server_stats(f->daemon.server)->clients_cut;
        task_sleep(t, task_deadline_ms(2));
    }
}

static void run_client(void *arg)
{
    struct fixture *f = arg;
    f->client(f);
}

static void run(struct task *t, void *arg)
{
    struct fixture *f = arg;
    f->daemon =
        (struct daemon){.sched = task_sched(t), .system_mode = true, .uri = "qemu:///system"};
    list_init(&f->daemon.sessions);
    strcpy(f->dir, "/tmp/vireo-lib-XXXXXX");
    CHECK(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
    snprintf(f->ro, sizeof(f->ro), "%s/ro", f->dir);
    struct server_config config;
    server_config_init(&config);
    config.session_create = session_create;
    config.session_disconnected = session_disconnected;
    config.session_destroy = session_destroy;
    config.max_backlog = 300000;
    f->daemon.server =
        server_create(task_sched(t), &config, api_programs, API_PROGRAMS, &f->daemon);
    CHECK_INT(server_listen(f->daemon.server, f->path, 0700, false, NULL), 0);
    CHECK_INT(server_listen(f->daemon.server, f->ro, 0700, true, NULL), 0);
    task_spawn(task_sched(t), "ticker", ticker, f);
    task_offload(t, run_client, f);
    f->stop = true;
    server_close(f->daemon.server);
    while (sched_count(task_sched(t)) > 1)
        task_sleep(t, task_deadline_ms(1));
    CHECK(list_empty(&f->daemon.sessions));
    server_destroy(f->daemon.server);
    CHECK_INT(rmdir(f->dir), 0);
}

static struct vireo *must_open(struct fixture *f)
{
    struct vireo_error err = {0};
    struct vireo *c = vireo_open(f->path, 0, &err);
    if (!c)
        CHECK_STR(err.message, "no error");
    vireo_set_timeout(c, 10000);
    return c;
}

static void refused_uri(struct fixture *f, const char *uri, int code, const char *part)
{
    struct vireo_error err = {0};
    char where[256];
    snprintf(where, sizeof(where), "%s?socket=%s", uri, f->path);
    CHECK(!vireo_open(where, 0, &err));
    CHECK_CONTAINS(err.message, part);
    CHECK_INT(err.code, code);
    vireo_error_clear(&err);
}

static void socket_is(const char *where, unsigned flags, const char *want)
{
    char *path = vireo_socket_path(where, flags);
    CHECK_STR(path, want);
    free(path);
}

static void socket_paths(struct fixture *f)
{
    socket_is(f->path, 0, f->path);
    socket_is("qemu:///system", 0, "/run/libvirt/libvirt-sock");
    socket_is("qemu:///system", VIREO_READ_ONLY, "/run/libvirt/libvirt-sock-ro");
    socket_is("qemu+unix:///session?mode=x&socket=/a/b&x=y", VIREO_READ_ONLY, "/a/b");
    socket_is("qemu:///system?socket=%2Fa%20b%2fc%zz%2", 0, "/a b/c%zz%2");
}

// Opening times out on a daemon that does not accept, and on one that does not reply.
static void opening_times_out(struct fixture *f)
{
    char path[64];
    int fds[64], n = 0;
    struct vireo_error err = {0};
    snprintf(path, sizeof(path), "%s/mute", f->dir);
    int listener = unix_listen(path, 0700, 1);
    CHECK(listener >= 0);
    CHECK(!vireo_open_within(path, 0, 50, &err));
    CHECK_CONTAINS(err.message, "no reply within the timeout");
    while (n < (int)ARRAY_LEN(fds) - 1 && (fds[n] = unix_connect(path)) >= 0)
        n++;
    CHECK(n > 0 && fds[n] == -EAGAIN); // the queue is full
    CHECK(!vireo_open_within(path, 0, 50, &err));
    CHECK_CONTAINS(err.message, "cannot connect");
    while (n > 0)
        close(fds[--n]);
    close(listener);
    unlink(path);
    vireo_error_clear(&err);
}

static void opening(struct fixture *f)
{
    struct vireo_error err = {0};
    refused_uri(f, "qemu:///foo", WIRE_ERR_INTERNAL_ERROR,
                "unexpected qemu URI path '/foo', try qemu:///system");
    refused_uri(f, "qemu://", WIRE_ERR_INTERNAL_ERROR, "no qemu URI path");
    refused_uri(f, "test:///default", WIRE_ERR_NO_CONNECT, "test:///default");
    refused_uri(f, "qemux:///system", WIRE_ERR_NO_CONNECT, "qemux");
    CHECK(!vireo_open("/nonexistent/sock", 0, &err));
    CHECK_CONTAINS(err.message, "/nonexistent/sock");
    char where[256];
    snprintf(where, sizeof(where), "qemu+unix:///system?socket=%s", f->path);
    struct vireo *c = vireo_open(where, 0, &err);
    CHECK(c);
    CHECK_INT(vireo_connect_open(c, &(struct wire_connect_open_args){.name = ""}, &err), -1);
    CHECK_CONTAINS(err.message, "internal error: connection already open");
    struct wire_connect_get_uri_ret uri;
    CHECK_INT(vireo_connect_get_uri(c, &uri, &err), 0);
    CHECK_STR(uri.uri, "qemu:///system");
    struct wire_connect_get_lib_version_ret version;
    CHECK_INT(vireo_connect_get_lib_version(c, &version, &err), 0);
    CHECK_INT(version.lib_ver, 9000000);
    for (int i = 0; i < 20; i++) {
        struct wire_connect_supports_feature_ret yes;
        CHECK_INT(vireo_connect_supports_feature(
                      c, &(struct wire_connect_supports_feature_args){.feature = i}, &yes, &err),
                  0);
        CHECK_INT(yes.supported, (i >= 8 && i <= 10) || (i >= 14 && i <= 16));
    }
    CHECK_INT(vireo_connect_unregister_close_callback(c, &err), -1);
    struct wire_auth_polkit_ret polkit;
    CHECK_INT(vireo_auth_polkit(c, &polkit, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_AUTH_FAILED);
    CHECK_INT(vireo_domain_create(c, &(struct wire_domain_create_args){.dom = domain}, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_NO_SUPPORT);
    CHECK_CONTAINS(err.message, "virDomainCreate");
    CHECK_INT(vireo_connect_close(c, &err), 0);
    CHECK_INT(vireo_connect_get_uri(c, &uri, &err), -1); // the daemon closed the connection
    vireo_close(c);
    c = vireo_open(f->path, VIREO_READ_ONLY, &err);
    CHECK(c);
    CHECK_INT(vireo_domain_create(c, &(struct wire_domain_create_args){.dom = domain}, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_OPERATION_DENIED);
    vireo_close(c);
    c = vireo_open(f->ro, 0, &err);
    CHECK(c);
    CHECK_INT(vireo_domain_create(c, &(struct wire_domain_create_args){.dom = domain}, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_OPERATION_DENIED);
    vireo_close(c);
    vireo_error_clear(&err);
}

static struct vireo_event next(struct vireo *c)
{
    struct vireo_event ev;
    struct vireo_error err = {0};
    int r = vireo_next_event(c, 10000, &ev, &err);
    CHECK_INT(r, 1);
    return ev;
}

static int register_domain(struct vireo *c, int id, const struct wire_domain_ref *dom)
{
    struct wire_connect_domain_event_callback_register_any_args args = {
        .eventID = id, .dom = (struct wire_domain_ref *)dom};
    struct wire_connect_domain_event_callback_register_any_ret ret;
    return vireo_connect_domain_event_callback_register_any(c, &args, &ret, NULL) ? -1
                                                                                  : ret.callbackID;
}

static void domain_events(struct fixture *f)
{
    struct vireo *c = must_open(f);
    CHECK_INT(register_domain(c, 0, &domain), 0);
    for (int i = 0; i < 3; i++) {
        struct vireo_event ev = next(c);
        const struct wire_domain_event_callback_lifecycle_msg *m = ev.payload;
        CHECK_INT(ev.procedure, WIRE_PROC_DOMAIN_EVENT_CALLBACK_LIFECYCLE);
        CHECK_STR(m->msg.dom.name, "domain"); // filtered by domain
        CHECK_INT(m->callbackID, 0);
        CHECK_INT(m->msg.event, 5);
    }
    // One client registered twice gets the event twice, each with its callback id.
    CHECK_INT(register_domain(c, 0, NULL), 1);
    bool seen_other = false, seen_both = false;
    for (int i = 0, last = -1; i < 50; i++) {
        const struct wire_domain_event_callback_lifecycle_msg *m = next(c).payload;
        bool is_other = strcmp(m->msg.dom.name, "other") == 0;
        if (is_other)
            CHECK_INT(m->callbackID, 1);
        seen_other |= is_other;
        seen_both |= !is_other && last == 0 && m->callbackID == 1;
        last = is_other ? -1 : m->callbackID;
    }
    CHECK(seen_other && seen_both);
    struct vireo_error err = {0};
    struct wire_connect_domain_event_callback_deregister_any_args drop = {.callbackID = 1};
    CHECK_INT(vireo_connect_domain_event_callback_deregister_any(c, &drop, &err), 0);
    CHECK_INT(vireo_connect_domain_event_callback_deregister_any(c, &drop, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_INTERNAL_ERROR);
    CHECK_INT(err.domain, WIRE_FROM_RPC);
    vireo_error_clear(&err);
    CHECK_INT(register_domain(c, -1, NULL), -1);
    CHECK_INT(register_domain(c, 30, NULL), -1);
    CHECK_INT(register_domain(c, 29, NULL), 2); // ids are not reused
    vireo_close(c);
    // An event with a reason between callback id and payload.
    c = must_open(f);
    CHECK_INT(register_domain(c, 11, &domain), 0);
    const struct wire_domain_event_callback_pmwakeup_msg *w = next(c).payload;
    CHECK_INT(w->reason, 3);
    CHECK_STR(w->msg.dom.name, "domain");
    vireo_close(c);
}

static void legacy_events(struct fixture *f)
{
    struct vireo *c = must_open(f);
    struct vireo_error err = {0};
    struct wire_connect_domain_event_register_any_args args = {.eventID = 11};
    CHECK_INT(vireo_connect_domain_event_register_any(c, &args, &err), 0);
    CHECK_INT(vireo_connect_domain_event_register_any(c, &args, &err), -1);
    struct vireo_event ev = next(c);
    CHECK_INT(ev.procedure, WIRE_PROC_DOMAIN_EVENT_PMWAKEUP);
    const struct wire_domain_event_pmwakeup_msg *w = ev.payload;
    CHECK_STR(w->dom.name, "domain");
    CHECK_INT(w->dom.id, 7);
    args.eventID = 16; // has no legacy form: registering works, no event is sent
    CHECK_INT(vireo_connect_domain_event_register_any(c, &args, &err), 0);
    struct wire_connect_domain_event_deregister_any_args drop = {.eventID = 11};
    CHECK_INT(vireo_connect_domain_event_deregister_any(c, &drop, &err), 0);
    vireo_release(c);
    struct wire_connect_domain_event_register_ret ret;
    CHECK_INT(vireo_connect_domain_event_register(c, &ret, &err), 0);
    for (int i = 0; i < 4; i++) {
        ev = next(c);
        CHECK_INT(ev.procedure, WIRE_PROC_DOMAIN_EVENT_LIFECYCLE);
    }
    args.eventID = 9;
    CHECK_INT(vireo_connect_domain_event_register_any(c, &args, &err), 0);
    while ((ev = next(c)).procedure != WIRE_PROC_DOMAIN_EVENT_DISK_CHANGE)
        CHECK_INT(ev.procedure, WIRE_PROC_DOMAIN_EVENT_LIFECYCLE);
    const struct wire_domain_event_disk_change_msg *d = ev.payload;
    CHECK(!d->oldSrcPath);
    CHECK_STR(d->newSrcPath, "/new");
    vireo_error_clear(&err);
    vireo_close(c);
}

static void other_events(struct fixture *f)
{
    struct vireo *c = must_open(f);
    struct wire_connect_network_event_register_any_ret net;
    struct wire_network_ref wrong = {.name = "default"};
    CHECK_INT(
        vireo_connect_network_event_register_any(
            c, &(struct wire_connect_network_event_register_any_args){.net = &wrong}, &net, NULL),
        0);
    struct wire_connect_node_device_event_register_any_ret dev;
    struct wire_node_device_ref pci = {.name = "pci_1"};
    CHECK_INT(
        vireo_connect_node_device_event_register_any(
            c,
            &(struct wire_connect_node_device_event_register_any_args){.eventID = 1, .dev = &pci},
            &dev, NULL),
        0);
    for (int i = 0; i < 3; i++) {
        struct vireo_event ev = next(c);
        CHECK_INT(ev.procedure, WIRE_PROC_NODE_DEVICE_EVENT_UPDATE);
        CHECK_STR(((const struct wire_node_device_event_update_msg *)ev.payload)->dev.name,
                  "pci_1");
    }
    vireo_close(c);
    c = must_open(f);
    CHECK_INT(vireo_connect_network_event_register_any(
                  c, &(struct wire_connect_network_event_register_any_args){0}, &net, NULL),
              0);
    CHECK_INT(next(c).procedure, WIRE_PROC_NETWORK_EVENT_LIFECYCLE);
    vireo_close(c);
    c = must_open(f);
    CHECK_INT(vireo_connect_register_close_callback(c, NULL), 0);
    const struct wire_connect_event_connection_closed_msg *m = next(c).payload;
    CHECK_INT(m->reason, 3);
    vireo_close(c);
}

static void expect_monitor(struct fixture *f, const char *pattern, unsigned flags,
                           const char *const *want)
{
    struct vireo *c = must_open(f);
    struct wire_qemu_connect_domain_monitor_event_register_args args = {.event = pattern,
                                                                        .flags = flags};
    struct wire_qemu_connect_domain_monitor_event_register_ret ret;
    CHECK_INT(vireo_qemu_connect_domain_monitor_event_register(c, &args, &ret, NULL), 0);
    // Skip to the first expected event; the others follow in order.
    struct vireo_event ev;
    do {
        ev = next(c);
        CHECK_INT(ev.program, WIRE_PROGRAM_QEMU);
    } while (strcmp(((const struct wire_qemu_domain_monitor_event_msg *)ev.payload)->event,
                    want[0]) != 0);
    for (int i = 1; want[i]; i++)
        CHECK_STR(((const struct wire_qemu_domain_monitor_event_msg *)next(c).payload)->event,
                  want[i]);
    vireo_close(c);
}

static void monitor_events(struct fixture *f)
{
    expect_monitor(f, NULL, 0,
                   (const char *[]){"STOP", "RESUME", "RTC_CHANGE", "stop", "STOP", NULL});
    expect_monitor(f, "STOP", 0, (const char *[]){"STOP", "STOP", NULL});
    expect_monitor(f, "Stop", 2, (const char *[]){"STOP", "stop", "STOP", NULL});
    expect_monitor(f, "^R", 1, (const char *[]){"RESUME", "RTC_CHANGE", "RESUME", NULL});
    expect_monitor(f, "^(r|s)T", 3, (const char *[]){"RTC_CHANGE", "stop", "STOP", NULL});
    struct vireo *c = must_open(f);
    struct vireo_error err = {0};
    struct wire_qemu_connect_domain_monitor_event_register_args bad = {.event = "(", .flags = 1};
    struct wire_qemu_connect_domain_monitor_event_register_ret ret;
    CHECK_INT(vireo_qemu_connect_domain_monitor_event_register(c, &bad, &ret, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_INVALID_ARG);
    vireo_error_clear(&err);
    vireo_close(c);
}

// A client that does not read its events is disconnected; one that reads the same events is not.
static void slow_client(struct fixture *f)
{
    struct vireo *slow = must_open(f), *reader = must_open(f);
    CHECK_INT(register_domain(slow, 23, NULL), 0);
    CHECK_INT(register_domain(slow, 23, &domain), 1); // two for each event
    CHECK_INT(register_domain(reader, 23, NULL), 0);
    f->burst = true;
    unsigned taken = 0;
    while (f->cut == 0) {
        CHECK_INT(next(reader).procedure, WIRE_PROC_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE);
        vireo_release(reader);
        CHECK(++taken < 1000);
    }
    for (int i = 0; i < 5; i++)
        CHECK_INT(next(reader).procedure, WIRE_PROC_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE);
    CHECK_INT(f->cut, 1);
    struct wire_connect_get_uri_ret uri;
    CHECK_INT(vireo_connect_get_uri(reader, &uri, NULL), 0);
    CHECK_INT(vireo_connect_get_uri(slow, &uri, NULL), -1);
    vireo_close(slow);
    vireo_close(reader);
}

static struct vireo_stream *open_upload(struct vireo *c)
{
    struct wire_storage_vol_upload_args args = {.vol = {.pool = "p", .name = "v", .key = "k"}};
    CHECK_INT(vireo_storage_vol_upload(c, &args, NULL), 0);
    struct vireo_stream *s = vireo_stream_open(c, NULL);
    CHECK(s);
    return s;
}

static struct vireo_stream *open_download(struct vireo *c)
{
    struct wire_storage_vol_download_args args = {.vol = {.pool = "p", .name = "v", .key = "k"}};
    CHECK_INT(vireo_storage_vol_download(c, &args, NULL), 0);
    struct vireo_stream *s = vireo_stream_open(c, NULL);
    CHECK(s);
    return s;
}

static void downloads(struct fixture *f)
{
    struct vireo *c = must_open(f);
    struct vireo_error err = {0};
    struct vireo_stream *s = open_download(c);
    // Calls work while the stream is open; its data are buffered.
    struct wire_connect_get_uri_ret uri;
    CHECK_INT(vireo_connect_get_uri(c, &uri, &err), 0);
    char buf[10000];
    size_t total = 0;
    long n;
    while ((n = vireo_stream_read(s, buf, sizeof(buf), 10000, &err)) > 0) {
        if (total == 0)
            CHECK_STR(buf, "begin");
        total += (size_t)n;
        if (total == 300003)
            CHECK(memcmp(buf + n - 3, "end", 3) == 0);
    }
    CHECK_INT(n, 0);
    CHECK_INT(total, 300003);
    CHECK_INT(vireo_stream_read(s, buf, sizeof(buf), 10000, &err), 0);
    CHECK_INT(vireo_stream_finish(s, &err), 0);
    // After an abort half-way the connection still works.
    s = open_download(c);
    CHECK(vireo_stream_read(s, buf, 5, 10000, &err) == 5);
    vireo_stream_abort(s);
    CHECK_INT(vireo_connect_get_uri(c, &uri, &err), 0);
    // Two at once.
    struct vireo_stream *both[] = {open_download(c), open_download(c)};
    for (int i = 1; i >= 0; i--) {
        total = 0;
        while ((n = vireo_stream_read(both[i], buf, sizeof(buf), 10000, &err)) > 0)
            total += (size_t)n;
        CHECK_INT(total, 300003);
        CHECK_INT(vireo_stream_finish(both[i], &err), 0);
    }
    // A stream can be finished after its connection was closed.
    s = open_download(c);
    vireo_close(c);
    CHECK_INT(vireo_stream_finish(s, &err), -1);
    CHECK_INT(err.code, WIRE_ERR_INVALID_CONN);
    vireo_error_clear(&err);
}

static void uploads(struct fixture *f)
{
    struct vireo *c = must_open(f);
    struct vireo_error err = {0};
    static char block[1000000];
    struct vireo_stream *s = open_upload(c);
    CHECK_INT(vireo_stream_write(s, block, sizeof(block), &err), 0);
    CHECK_INT(vireo_stream_finish(s, &err), 0);
    CHECK_INT(uploaded, sizeof(block)); // finished: the daemon received everything
    s = open_upload(c);
    CHECK_INT(vireo_stream_write(s, "no", 2, &err), 0);
    char buf[10];
    CHECK_INT(vireo_stream_read(s, buf, sizeof(buf), 10000, &err), -1);
    CHECK_CONTAINS(err.message, "no space left in pool 'p'");
    CHECK_INT(vireo_stream_write(s, "more", 4, &err), -1);
    CHECK_INT(vireo_stream_finish(s, &err), -1);
    CHECK_CONTAINS(err.message, "no space left in pool 'p'");
    s = open_upload(c);
    CHECK_INT(vireo_stream_read(s, buf, sizeof(buf), 1, &err), VIREO_STREAM_NOTHING_YET);
    vireo_stream_abort(s);
    struct wire_connect_get_uri_ret uri;
    CHECK_INT(vireo_connect_get_uri(c, &uri, &err), 0);
    CHECK_INT(uploaded, 1); // the daemon saw the abort
    // Only after a call that succeeded.
    CHECK_INT(vireo_domain_create(c, &(struct wire_domain_create_args){.dom = domain}, &err), -1);
    CHECK(!vireo_stream_open(c, &err));
    CHECK_INT(err.code, WIRE_ERR_INVALID_STREAM);
    vireo_error_clear(&err);
    vireo_close(c);
}

static void consoles(struct fixture *f)
{
    struct vireo *c = must_open(f);
    struct vireo_error err = {0};
    CHECK_INT(
        vireo_domain_open_console(c, &(struct wire_domain_open_console_args){.dom = domain}, &err),
        0);
    struct vireo_stream *s = vireo_stream_open(c, &err);
    CHECK(s);
    char text[64] = "";
    size_t len = 0;
    long n;
    while (!strstr(text, "hello\r\n")) {
        n = vireo_stream_read(s, text + len, sizeof(text) - 1 - len, 10000, &err);
        CHECK(n > 0);
        len += (size_t)n;
    }
    CHECK_INT(vireo_stream_write(s, "bye", 3, &err), 0);
    while ((n = vireo_stream_read(s, text + len, sizeof(text) - 1 - len, 10000, &err)) > 0)
        len += (size_t)n;
    CHECK_INT(n, 0); // the guest closed its end
    CHECK_STR(text, "hello\r\nbye");
    CHECK_INT(vireo_stream_finish(s, &err), 0);
    vireo_close(c);
}

#define RUN_CLIENT(test)                                                                           \
    do {                                                                                           \
        struct fixture f = {.client = test};                                                       \
        loop_run(run, &f);                                                                         \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)

int main(void)
{
    RUN_CLIENT(socket_paths);
    RUN_CLIENT(opening_times_out);
    RUN_CLIENT(opening);
    RUN_CLIENT(domain_events);
    RUN_CLIENT(legacy_events);
    RUN_CLIENT(other_events);
    RUN_CLIENT(monitor_events);
    RUN_CLIENT(slow_client);
    RUN_CLIENT(downloads);
    RUN_CLIENT(uploads);
    RUN_CLIENT(consoles);
    return 0;
}
