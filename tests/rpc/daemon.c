// SPDX-License-Identifier: GPL-2.0-or-later
// The wire alone, for trying real clients: serves the connection and event procedures at a socket, and
// sends a lifecycle event every 100 ms while someone is connected. usage: wire_daemon SOCKET
#include "api/daemon.h"
#include "api/event_table.h"
#include "api/programs.h"
#include "api/session.h"
#include "rpc/server.h"

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

static void tick(struct task *t, void *arg)
{
    struct daemon *d = arg;
    struct wire_domain_ref dom = {.name = "guest", .uuid = {1, 2, 3}, .id = 7};
    while (task_sleep(t, task_deadline_ms(100)) == 0) {
        api_event_domain(d, &dom, 2, 0);
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
