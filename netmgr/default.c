// SPDX-License-Identifier: GPL-2.0-or-later
// The network `default`: defined once, on the daemon's first start. A user who deletes it is not
// given it again.
#include "base/file.h"
#include "netmgr/internal.h"

#include <unistd.h>

static const char NAME[] = "default";

static int make(struct networks *all, struct error *err)
{
    struct ip_prefix p;
    char text[IP_TEXT_SIZE];
    if (subnet_choose(all, &p, err) < 0)
        return -1;
    ip_format(&p.addr, text);
    int net = (int)(strrchr(text, '.') - text);
    AUTO_FREE char *xml =
        xasprintf("<network><name>%s</name><forward mode='nat'/>"
                  "<ip address='%s' netmask='255.255.255.0'>"
                  "<dhcp><range start='%.*s.2' end='%.*s.254'/></dhcp></ip></network>",
                  NAME, text, net, text, net, text);
    AUTO_NETWORK_DEF struct network_def *def = network_def_load(xml, strlen(xml), 0, err);
    if (!def || fill_def(all, NULL, def, err) < 0)
        return -1;
    struct network *n = (struct network *)object_add(&all->table, NAME, &def->uuid.value);
    n->autostart = all->config.default_autostart;
    // Autostart first: without the definition it has no effect and is removed at the next start.
    if ((n->autostart && object_store_mark(NULL, &n->object, true, err) < 0) ||
        object_store(NULL, &n->object, def, err) < 0) {
        object_remove(&n->object);
        return -1;
    }
    n->def = STEAL(def);
    log_network(LOG_LEVEL_INFO, NAME, "defined on first start: %s on bridge %s",
                ip_prefix_format(&p, text), n->def->bridge);
    return 0;
}

void default_make(struct networks *all)
{
    AUTO_FREE char *done = path_join(all->config.state_dir, "default-network");
    AUTO_ERROR err = ERROR_INIT;
    if (!all->nl || !all->config.default_network || access(done, F_OK) == 0)
        return;
    if (!networks_find_name(all, NAME) && make(all, &err) < 0) {
        log_error("cannot define the network '%s': %s", NAME, error_message(&err));
        return;
    }
    int r = dir_make(all->config.state_dir, 0755);
    if (r == 0)
        r = file_write_atomic(done, "made\n", 5, 0600);
    if (r < 0)
        log_warn("cannot write '%s': the network '%s' will be defined again if it is deleted", done,
                 NAME);
}
