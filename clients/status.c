// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo status
#include "clients/status.h"
#include "base/file.h"
#include "clients/command.h"
#include "clients/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { INACTIVE_NETWORKS = 1, ACTIVE_NETWORKS = 2, PROC_MAX = 4096, START_TIME_FIELD = 22 };

void status_finish(struct status *s)
{
    free(s->process);
    free(s->socket);
    free(s->uri);
    free(s->hostname);
    domains_finish(&s->domains);
}

static void add_version(struct strbuf *b, uint64_t v)
{
    strbuf_printf(b, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, v / 1000000, v / 1000 % 1000, v % 1000);
}

static void add_daemon(struct strbuf *b, const struct status *s)
{
    strbuf_add(b, "daemon    ");
    text_add(b, s->process ? s->process : "unknown process");
    if (s->pid)
        strbuf_printf(b, ", pid %d", (int)s->pid);
    if (s->uptime_s >= 0) {
        strbuf_add(b, ", up ");
        text_add_duration(b, (uint64_t)s->uptime_s);
    }
    strbuf_add(b, ", libvirt protocol ");
    add_version(b, s->protocol_version);
    strbuf_add(b, "\nuri       ");
    text_add(b, s->uri);
    if (s->socket) {
        strbuf_add(b, " at ");
        text_add(b, s->socket);
    }
}

static void add_host(struct strbuf *b, const struct status *s)
{
    strbuf_add(b, "\nhost      ");
    text_add(b, s->hostname);
    char model[sizeof(s->node.model) + 1] = "";
    memcpy(model, s->node.model, sizeof(s->node.model));
    strbuf_printf(b, ": %d CPU%s ", s->node.cpus, s->node.cpus == 1 ? "" : "s");
    text_add(b, model);
    strbuf_add(b, ", ");
    text_add_memory(b, s->node.memory);
    strbuf_add(b, s->qemu_version ? " memory, QEMU " : " memory, no QEMU");
    if (s->qemu_version)
        add_version(b, s->qemu_version);
}

void status_add(struct strbuf *b, const struct status *s)
{
    add_daemon(b, s);
    add_host(b, s);
    strbuf_add(b, "\ndomains   ");
    domains_add_counts(b, &s->domains);
    strbuf_addc(b, '\n');
    if (s->has_networks)
        strbuf_printf(b, "networks  %u active, %u inactive\n", s->active_networks,
                      s->inactive_networks);
    if (s->domains.n) {
        strbuf_addc(b, '\n');
        domains_add_table(b, &s->domains);
    }
}

// ---- queries ------------------------------------------------------------------------------------

static char *read_proc(pid_t pid, const char *name)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/%s", (int)pid, name);
    char *text = NULL;
    return file_read(path, PROC_MAX, &text, NULL) < 0 ? NULL : text;
}

// Seconds since a process started; -1 when unknown.
static int64_t age_of(pid_t pid)
{
    AUTO_FREE char *text = read_proc(pid, "stat");
    AUTO_FREE char *uptime = NULL;
    // The second field, the name, may contain anything: parse from its closing parenthesis.
    char *p = text ? strrchr(text, ')') : NULL;
    if (!p || file_read("/proc/uptime", PROC_MAX, &uptime, NULL) < 0)
        return -1;
    for (int field = 2; field < START_TIME_FIELD; field++) {
        p = strchr(p + 1, ' ');
        if (!p)
            return -1;
    }
    double start = strtod(p, NULL) / (double)sysconf(_SC_CLK_TCK), now = strtod(uptime, NULL);
    return now > start ? (int64_t)(now - start) : 0;
}

// The daemon's process and socket. With socket activation the peer is systemd, pid 1: left unknown.
static void ask_socket(struct vireo *conn, struct status *s)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    s->uptime_s = -1;
    if (getsockopt(vireo_fd(conn), SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 1) {
        s->process = read_proc(peer.pid, "comm");
        if (s->process)
            s->process[strcspn(s->process, "\n")] = 0;
        s->pid = peer.pid;
        s->uptime_s = age_of(peer.pid);
    }
    struct sockaddr_un sa = {0};
    len = sizeof(sa) - 1;
    if (getpeername(vireo_fd(conn), (struct sockaddr *)&sa, &len) == 0 && sa.sun_path[0])
        s->socket = xstrdup(sa.sun_path);
}

static int count_networks(struct vireo *conn, unsigned flags, unsigned *ret)
{
    struct wire_connect_list_all_networks_args args = {.flags = flags};
    struct wire_connect_list_all_networks_ret all;
    if (vireo_connect_list_all_networks(conn, &args, &all, NULL) < 0)
        return -1;
    *ret = all.ret;
    return 0;
}

static int ask(struct vireo *conn, const struct options *o, struct status *s,
               struct vireo_error *err)
{
    struct wire_connect_get_uri_ret uri;
    struct wire_connect_get_hostname_ret host;
    struct wire_connect_get_version_ret qemu = {0};
    struct wire_connect_get_lib_version_ret lib = {0};
    ask_socket(conn, s);
    if (vireo_connect_get_uri(conn, &uri, err) < 0 ||
        vireo_connect_get_hostname(conn, &host, err) < 0 ||
        vireo_connect_get_lib_version(conn, &lib, err) < 0 ||
        vireo_node_get_info(conn, &s->node, err) < 0)
        return -1;
    s->uri = xstrdup(uri.uri);
    s->hostname = xstrdup(host.hostname);
    s->protocol_version = lib.lib_ver;
    // Fails where QEMU is not installed; the rest of the status is still valid.
    if (vireo_connect_get_version(conn, &qemu, NULL) == 0)
        s->qemu_version = qemu.hv_ver;
    // Some daemons have no networks.
    s->has_networks = count_networks(conn, ACTIVE_NETWORKS, &s->active_networks) == 0 &&
                      count_networks(conn, INACTIVE_NETWORKS, &s->inactive_networks) == 0;
    return domains_read(conn, o->args, o->nargs, &s->domains, err);
}

int command_status(const struct options *o)
{
    struct vireo_error err = {0};
    struct vireo *conn = command_connect(o);
    if (!conn)
        return 1;
    struct status s = {0};
    int r = ask(conn, o, &s, &err);
    vireo_close(conn);
    AUTO_STRBUF out = {0};
    if (r == 0)
        status_add(&out, &s);
    status_finish(&s);
    if (r < 0)
        return command_fail("cannot read the daemon's status", &err);
    fputs(strbuf_text(&out), stdout);
    return 0;
}
