// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file.h"
#include "netmgr/private.h"

// What would be special in a file name is written %XX, so that no two names share a file.
static char *file_path(const char *dir, const char *name, const char *suffix)
{
    AUTO_STRBUF b = {0};
    strbuf_printf(&b, "%s/", dir);
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '/' || c == '%' || c < 0x20 || c == 0x7f || (c == '.' && p == name))
            strbuf_printf(&b, "%%%02X", c);
        else
            strbuf_addc(&b, (char)c);
    }
    strbuf_add(&b, suffix);
    return strbuf_steal(&b);
}

void network_files_init(struct network_files *f, const struct networks_config *c, const char *name)
{
    AUTO_FREE char *autostart = path_join(c->config_dir, "autostart");
    *f = (struct network_files){
        .conf = file_path(c->run_dir, name, ".conf"),
        .pid = file_path(c->run_dir, name, ".pid"),
        .state = file_path(c->run_dir, name, ".state"),
        .ports = file_path(c->run_dir, name, ".ports"),
        .hosts = file_path(c->state_dir, name, ".hosts"),
        .addnhosts = file_path(c->state_dir, name, ".addnhosts"),
        .leases = file_path(c->state_dir, name, ".leases"),
        .stored = file_path(c->config_dir, name, ".xml"),
        .mark = file_path(autostart, name, ".xml"),
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
    char **all[] = {&f->conf,  &f->pid,   &f->hosts,  &f->addnhosts, &f->leases,
                    &f->state, &f->ports, &f->stored, &f->mark};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(STEAL(*all[i]));
}
