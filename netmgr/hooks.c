// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hook.h"
#include "netmgr/internal.h"

static char *document(const struct network *net, const struct network_port_def *port)
{
    AUTO_STRBUF b = {0};
    const struct network_def *def = net->live ? net->live : net->def;
    AUTO_FREE char *xml = network_is_active(net) ? network_format_live(net, NETWORK_XML_LIVE)
                          : def                  ? network_def_format(def, NETWORK_XML_LIVE)
                                                 : xstrdup("");
    AUTO_FREE char *port_xml = port ? network_port_def_format(port) : xstrdup("");
    strbuf_printf(&b, "<hookData>\n%s%s</hookData>\n", xml, port_xml);
    return strbuf_steal(&b);
}

int network_hooks_run(struct task *t, struct network *net, const char *operation, const char *sub,
                      const struct network_port_def *port, struct error *err)
{
    const char *const *directories = net->all->config.hooks;
    if (!hook_is_present(directories, "network"))
        return 0;
    AUTO_FREE char *input = document(net, port);
    return hook_run(t, directories, "network", net->name, operation, sub, input, err);
}
