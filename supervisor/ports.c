// SPDX-License-Identifier: GPL-2.0-or-later
// Ports for the graphics of guests.
#include "supervisor/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { VNC_PORT_FIRST = 5900, VNC_PORT_LAST = 65535 };

static bool port_is_taken(const struct domains *all, int64_t port)
{
    struct domain *dom = NULL;
    while ((dom = domains_next(all, dom))) {
        if (!dom->live)
            continue;
        VEC_FOREACH (g, &dom->live->graphics)
            if (((*g)->live_port.set && (*g)->live_port.value == port) ||
                ((*g)->live_tls_port.set && (*g)->live_tls_port.value == port))
                return true;
    }
    return false;
}

// Whether no process listens there; found by trying to.
static bool port_is_free(int64_t port)
{
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_ANY)};
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    return fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
}

static int choose_port(struct domain *dom, struct opt_int wanted, bool automatic,
                       struct opt_int *live, struct error *err)
{
    if (wanted.set && wanted.value > 0 && !automatic) {
        *live = wanted;
        return 0;
    }
    for (int64_t port = VNC_PORT_FIRST; port <= VNC_PORT_LAST; port++) {
        if (!port_is_taken(dom->all, port) && port_is_free(port)) {
            *live = OPT_INT(port);
            return 0;
        }
    }
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                     "no port from %d to %d is free for the graphics of domain '%s'",
                     VNC_PORT_FIRST, VNC_PORT_LAST, dom->name);
}

// Clients take the address from the live document; without one it would be "localhost" to them.
static void fill_listen_address(struct domain_graphics *g)
{
    VEC_FOREACH (it, &g->listens) {
        struct graphics_listen *listen = *it;
        if (listen->type != LISTEN_ADDRESS || listen->address)
            continue;
        listen->address = xstrdup(g->listen ? g->listen : "127.0.0.1");
        if (!g->listen)
            g->listen = xstrdup(listen->address);
    }
}

int ports_choose(struct domain *dom, struct error *err)
{
    VEC_FOREACH (it, &dom->live->graphics) {
        struct domain_graphics *g = *it;
        fill_listen_address(g);
        bool by_socket = g->socket;
        VEC_FOREACH (listen, &g->listens)
            by_socket =
                by_socket || (*listen)->type == LISTEN_SOCKET || (*listen)->type == LISTEN_NONE;
        bool automatic = g->autoport == TOGGLE_YES || !g->port.set || g->port.value <= 0;
        if (!by_socket && choose_port(dom, g->port, automatic, &g->live_port, err) < 0)
            return -1;
    }
    return 0;
}
