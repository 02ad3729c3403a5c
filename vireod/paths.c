// SPDX-License-Identifier: GPL-2.0-or-later
#include "vireod/paths.h"
#include "base/alloc.h"

#include <pwd.h>
#include <unistd.h>

static char *home(void)
{
    const char *dir = getenv("HOME");
    if (dir && *dir == '/')
        return xstrdup(dir);
    struct passwd *pw = getpwuid(geteuid());
    return xstrdup(pw && pw->pw_dir ? pw->pw_dir : "/");
}

// An XDG directory: from the environment when that is absolute, else below the home directory.
static char *xdg(const char *variable, const char *below_home)
{
    const char *dir = getenv(variable);
    if (dir && *dir == '/')
        return xstrdup(dir);
    AUTO_FREE char *h = home();
    return xasprintf("%s/%s", h, below_home);
}

static void init_fixed(struct paths *p, const char *root)
{
    p->socket = xasprintf("%s/run/libvirt/libvirt-sock", root);
    p->config_dir = xasprintf("%s/etc/vireo", root);
    p->run_dir = xasprintf("%s/run/vireo", root);
    p->state_dir = xasprintf("%s/var/lib/vireo", root);
    p->log_dir = xasprintf("%s/var/log/vireo", root);
    p->cache_dir = xasprintf("%s/var/cache/vireo", root);
}

static void init_user(struct paths *p)
{
    AUTO_FREE char *run = xdg("XDG_RUNTIME_DIR", ".cache");
    AUTO_FREE char *config = xdg("XDG_CONFIG_HOME", ".config");
    AUTO_FREE char *data = xdg("XDG_DATA_HOME", ".local/share");
    AUTO_FREE char *cache = xdg("XDG_CACHE_HOME", ".cache");
    p->socket = xasprintf("%s/libvirt/libvirt-sock", run);
    p->config_dir = xasprintf("%s/vireo", config);
    p->run_dir = xasprintf("%s/vireo/run", run);
    p->state_dir = xasprintf("%s/vireo", data);
    p->log_dir = xasprintf("%s/vireo/log", cache);
    p->cache_dir = xasprintf("%s/vireo", cache);
}

void paths_init(struct paths *p, bool system_mode, const char *root, const char *listen)
{
    *p = (struct paths){0};
    if (root || system_mode)
        init_fixed(p, root ? root : "");
    else
        init_user(p);
    p->config_file = xasprintf("%s/vireod.conf", p->config_dir);
    if (listen)
        str_replace(&p->socket, listen);
    // A user's own daemon has no second socket: its clients ask for read-only by a flag.
    if (system_mode || listen)
        p->socket_ro = xasprintf("%s-ro", p->socket);
}

void paths_finish(struct paths *p)
{
    char **all[] = {&p->socket,  &p->socket_ro, &p->config_file, &p->config_dir,
                    &p->run_dir, &p->state_dir, &p->log_dir,     &p->cache_dir};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        free(*all[i]);
        *all[i] = NULL;
    }
}
