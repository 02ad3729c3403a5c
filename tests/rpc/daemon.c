// SPDX-License-Identifier: GPL-2.0-or-later
// The wire alone, for trying real clients: serves the connection and event procedures at a socket,
// and sends a few events every 100 ms. There is one guest, "guest", whose console runs cat(1).
// usage: wire_daemon SOCKET
#include "api/daemon.h"
#include "api/event_table.h"
#include "api/object.h"
#include "api/programs.h"
#include "api/session.h"
#include "rpc/server.h"
#include "rpc/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

static const struct wire_domain_ref guest = {.name = "guest", .uuid = {1, 2, 3}, .id = 7};

static void *find(const struct rpc_object_class *class, struct call *call, const void *ref,
                  void **held, struct error *err)
{
    return *held = (void *)&guest;
}

static void unref(void *held)
{
}

static int require(const struct rpc_object_class *class, const void *object, unsigned needs,
                   struct error *err)
{
    return 0;
}

const struct api_class api_domain_class = {.rpc = {find, unref, require}};

int api_object_lookup_by_name(struct call *call, const struct api_class *class, const char *name,
                              void *ref, struct error *err)
{
    if (strcmp(name, guest.name) != 0)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no guest '%s'", name);
    *(struct wire_domain_ref *)ref = guest;
    return 0;
}

int api_domain_get_state(struct call *call, struct domain *dom,
                         struct wire_domain_get_state_ret *ret, struct error *err)
{
    ret->state = VIR_DOMAIN_RUNNING;
    ret->reason = VIR_DOMAIN_RUNNING_BOOTED;
    return 0;
}

static int console(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);
    if (pid < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot open a terminal");
    if (pid == 0) {
        execlp("cat", "cat", NULL);
        _exit(1);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int r = stream_bridge(t, s, fd, err);
    close(fd);
    return r;
}

int api_domain_open_console(struct call *call, struct domain *dom,
                            const struct wire_domain_open_console_args *args, struct error *err)
{
    return stream_open(call, console, NULL, NULL, err);
}

static void tick(struct task *t, void *arg)
{
    struct daemon *d = arg;
    struct wire_domain_ref dom = guest;
    while (task_sleep(t, task_deadline_ms(100)) == 0) {
        api_send_domain_event_callback_lifecycle(
            d, &(struct wire_domain_event_callback_lifecycle_msg){
                   .msg = {.dom = dom, .event = VIR_DOMAIN_EVENT_STARTED}});
        api_send_domain_event_callback_reboot(
            d, &(struct wire_domain_event_callback_reboot_msg){.msg.dom = dom});
        api_send_qemu_domain_monitor_event(
            d, &(struct wire_qemu_domain_monitor_event_msg){
                   .dom = dom, .event = "STOP", .seconds = 5, .details = "{\"a\":1}"});
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    sd_event *event;
    if (sd_event_new(&event) < 0)
        return 1;
    struct daemon d = {.sched = sched_create(event), .system_mode = true, .uri = "qemu:///system"};
    list_init(&d.sessions);
    struct server_config config;
    server_config_init(&config);
    config.session_create = session_create;
    config.session_disconnected = session_disconnected;
    config.session_destroy = session_destroy;
    d.server = server_create(d.sched, &config, api_programs, API_PROGRAMS, &d);
    AUTO_ERROR err = ERROR_INIT;
    if (server_listen(d.server, argv[1], 0700, false, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        return 1;
    }
    task_spawn(d.sched, "tick", tick, &d);
    return sd_event_loop(event) < 0;
}
