// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of the administrator's: DIR/hooks/network, then DIR/hooks/network.d/* in order of their
// names, called as libvirt calls them: NETWORK OPERATION SUB-OPERATION "-", the documents on stdin.
#include "netmgr/private.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096 };

static char *document(const struct network *net, const struct network_port_def *port)
{
    AUTO_STRBUF b = {0};
    const struct network_def *def = net->live ? net->live : net->def;
    AUTO_FREE char *xml = def ? network_def_format(def, NETWORK_XML_LIVE) : xstrdup("");
    AUTO_FREE char *port_xml = port ? network_port_def_format(port) : xstrdup("");
    strbuf_printf(&b, "<hookData>\n%s%s</hookData>\n", xml, port_xml);
    return strbuf_steal(&b);
}

static int run_one(struct task *t, struct network *net, const char *path, const char *operation,
                   const char *sub, const char *input, struct error *err)
{
    char *argv[] = {(char *)path, net->name, (char *)operation, (char *)sub, (char *)"-", NULL};
    struct child_spec spec = CHILD_SPEC_INIT;
    AUTO_STRBUF output = {0};
    AUTO_ERROR e = ERROR_INIT;
    int status;
    spec.argv = argv;
    spec.new_session = true;
    if (child_run(t, &spec, input, OUTPUT_MAX, task_deadline_ms(NETWORK_HOOK_TIMEOUT_MS), &status,
                  &output, &e) < 0)
        return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                         "Hook script execution failed: '%s %s %s %s -': %s", path, net->name,
                         operation, sub, error_message(&e));
    if (status == 0)
        return 0;
    AUTO_FREE char *why = process_status_text(status);
    AUTO_FREE char *said = str_printable(strbuf_text(&output), output.len);
    return error_set(err, ERROR_HOOK_FAILED, AREA_HOOK,
                     "Hook script execution failed: '%s %s %s %s -' ended with %s: %s", path,
                     net->name, operation, sub, why, said);
}

static int is_script(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int run_dir(struct task *t, struct network *net, const char *dir, const char *operation,
                   const char *sub, const char *input, struct error *err)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, is_script, alphasort), r = 0;
    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", dir, entries[i]->d_name);
        if (r == 0 && access(path, X_OK) == 0)
            r = run_one(t, net, path, operation, sub, input, err);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return r;
}

int hooks_run(struct task *t, struct network *net, const char *operation, const char *sub,
              const struct network_port_def *port, struct error *err)
{
    const char *const *dirs = net->all->config.hooks;
    AUTO_FREE char *input = NULL;
    for (size_t i = 0; dirs && dirs[i]; i++) {
        AUTO_FREE char *file = xasprintf("%s/hooks/network", dirs[i]);
        AUTO_FREE char *more = xasprintf("%s/hooks/network.d", dirs[i]);
        bool has_file = access(file, X_OK) == 0;
        if (!has_file && access(more, X_OK) < 0)
            continue;
        if (!input)
            input = document(net, port);
        if (has_file && run_one(t, net, file, operation, sub, input, err) < 0)
            return -1;
        if (run_dir(t, net, more, operation, sub, input, err) < 0)
            return -1;
    }
    return 0;
}
