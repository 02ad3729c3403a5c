// SPDX-License-Identifier: GPL-2.0-or-later
// <domain register='yes'>: the host resolves the network's names with the network's own DNS server.
#include "netmgr/internal.h"

enum { RESOLVED_TIMEOUT_MS = 5000, OUTPUT_MAX = 2048 };

static int run(struct task *t, const struct network *net, const char *verb, const char *value,
               struct error *err)
{
    char *argv[] = {(char *)"resolvectl", (char *)verb, net->runtime->plan->bridge, (char *)value,
                    NULL};
    struct child_spec spec = CHILD_SPEC_INIT;
    AUTO_STRBUF output = {0};
    int status;
    spec.argv = argv;
    spec.capabilities = CAPABILITY(CAP_NET_ADMIN);
    if (child_run(t, &spec, NULL, OUTPUT_MAX, task_deadline_ms(RESOLVED_TIMEOUT_MS), &status,
                  &output, err) == 0 &&
        status == 0)
        return 0;
    const char *text = strbuf_text(&output);
    AUTO_FREE char *failure = output.len ? str_printable(text, strcspn(text, "\n"))
                                         : xstrdup(err ? error_message(err) : "unknown error");
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "cannot register <domain name='%s' register='yes'> of network '%s' with "
                     "systemd-resolved ('resolvectl %s'): %s; start it, or remove register=",
                     net->live->domain, net->name, verb, failure);
}

int resolved_register(struct task *t, const struct network *net, struct error *err)
{
    const struct network_def *def = net->live;
    if (def->domain_register != TOGGLE_YES || !def->domain || !net->runtime->plan->dnsmasq ||
        net->runtime->plan->addresses.n == 0)
        return 0;
    char address[IP_TEXT_SIZE];
    ip_format(&net->runtime->plan->addresses.v[0].addr, address);
    // "~": a routing domain, not a search domain.
    AUTO_FREE char *domain = xasprintf("~%s", def->domain);
    return run(t, net, "dns", address, err) < 0 || run(t, net, "domain", domain, err) < 0 ? -1 : 0;
}
