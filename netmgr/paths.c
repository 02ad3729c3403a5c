// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file.h"
#include "netmgr/internal.h"

void network_files_init(struct network_files *f, const struct networks_config *c, const char *name)
{
    *f = (struct network_files){
        .conf = path_for_name(c->run_dir, name, ".conf"),
        .pid = path_for_name(c->run_dir, name, ".pid"),
        .status = path_for_name(c->run_dir, name, ".status"),
        .ports = path_for_name(c->run_dir, name, ".ports"),
        .hosts = path_for_name(c->state_dir, name, ".hosts"),
        .addnhosts = path_for_name(c->state_dir, name, ".addnhosts"),
        .leases = path_for_name(c->state_dir, name, ".leases"),
    };
    f->dnsmasq = (struct dnsmasq_paths){.conf = f->conf,
                                        .pid = f->pid,
                                        .hosts = f->hosts,
                                        .addnhosts = f->addnhosts,
                                        .leases = f->leases,
                                        .user = c->dnsmasq_user};
}

void network_files_finish(struct network_files *f)
{
    char **all[] = {&f->conf, &f->pid, &f->hosts, &f->addnhosts, &f->leases, &f->status, &f->ports};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(STEAL(*all[i]));
}
