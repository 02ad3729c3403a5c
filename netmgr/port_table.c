// SPDX-License-Identifier: GPL-2.0-or-later
// The ports of a network.
//
// A domain's interface is a tap whose descriptors QEMU holds, so it exists as long as QEMU,
// whatever happens to vireod or the bridge; or a macvtap, see direct.c. RUN/NAME.ports/UUID.xml
// stores each port, with its tap's name in the first line, so that after a restart taps are put
// back into the bridge before their domains are adopted.
#include "base/file.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { PORT_FILE_MAX = 1 << 20 };

struct network_port *network_find_port(const struct network *net, const struct uuid *id)
{
    struct network_port *port;
    LIST_FOREACH (port, &net->ports, link) {
        if (uuid_eq(&port->def->uuid.value, id))
            return port;
    }
    return NULL;
}

struct network_port *network_next_port(const struct network *net, struct network_port *after)
{
    struct list *link = after ? after->link.next : net->ports.next;
    return link == &net->ports ? NULL : LIST_ITEM(link, struct network_port, link);
}

static char *port_path(const struct network_port *port)
{
    char id[UUID_TEXT_SIZE];
    return xasprintf("%s/%s.xml", port->net->runtime->files.ports,
                     uuid_format(&port->def->uuid.value, id));
}

void port_save(const struct network_port *port)
{
    AUTO_FREE char *path = port_path(port);
    AUTO_FREE char *xml = network_port_def_format(port->def);
    AUTO_FREE char *text = xasprintf("%s %u\n%s", *port->tap ? port->tap : "-", port->mtu, xml);
    int r = dir_make(port->net->runtime->files.ports, 0700);
    if (r == 0)
        r = file_write_volatile(path, text, strlen(text), 0600);
    if (r < 0)
        log_network(LOG_LEVEL_WARN, port->net->name, "cannot write '%s': %s", path,
                    strerrordesc_np(-r));
}

struct network_port *port_add(struct network *net, struct network_port_def *def, const char *tap)
{
    struct network_port *port = NEW(struct network_port);
    port->net = net;
    port->def = def;
    snprintf(port->tap, sizeof(port->tap), "%s", tap ? tap : "");
    list_append(&net->ports, &port->link);
    net->nports++;
    return port;
}

void port_remove(struct network_port *port)
{
    AUTO_FREE char *path = port_path(port);
    unlink(path);
    list_remove(&port->link);
    port->net->nports--;
    network_port_def_destroy(port->def);
    free(port);
}

void network_drop_ports(struct network *net, bool keep_taps)
{
    struct network_port *port, *tmp;
    LIST_FOREACH_SAFE (port, tmp, &net->ports, link) {
        if (!keep_taps || !*port->tap)
            port_remove(port);
    }
    if (list_empty(&net->ports))
        rmdir(net->runtime->files.ports);
}

static int load_one(const char *name, void *arg)
{
    struct network *net = arg;
    AUTO_FREE char *path = path_join(net->runtime->files.ports, name);
    AUTO_FREE char *text = NULL;
    AUTO_ERROR err = ERROR_INIT;
    size_t len;
    char tap[IFNAMSIZ];
    unsigned mtu;
    struct link l;
    if (file_read(path, PORT_FILE_MAX, &text, &len) < 0)
        return 0;
    const char *xml = strchr(text, '\n');
    struct network_port_def *def = NULL;
    if (xml && sscanf(text, "%15s %u", tap, &mtu) == 2)
        def = network_port_def_parse(xml, len - (size_t)(xml - text), 0, &err);
    bool has_tap = def && !str_eq(tap, "-");
    // The domain ended meanwhile, and its tap with it.
    bool ended = has_tap && net->all->nl && link_find(net->all->nl, tap, &l, NULL) == -ENODEV;
    if (!def || ended || network_find_port(net, &def->uuid.value)) {
        if (!def)
            log_network(LOG_LEVEL_WARN, net->name, "the port in '%s' is damaged: removed it", path);
        network_port_def_destroy(def);
        unlink(path);
        return 0;
    }
    struct network_port *port = port_add(net, def, has_tap ? tap : NULL);
    port->mtu = mtu;
    return 0;
}

void ports_load(struct network *net)
{
    (void)dir_sweep(net->runtime->files.ports);
    (void)dir_each(net->runtime->files.ports, ".xml", load_one, net);
}
