// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of what virtual networks need.
#include "clients/doctor.h"

void doctor_check_dnsmasq(const struct doctor *d, struct findings *ret)
{
    static const char *const names[] = {"dnsmasq", NULL};
    AUTO_FREE char *path = doctor_find_program(d, names);
    if (path)
        findings_good(ret, "dnsmasq", "%s", path);
    else
        findings_problem(ret, "dnsmasq", doctor_install_command(d, PACKAGE_DNSMASQ, false),
                         "is missing: networks provide neither DHCP nor DNS");
}

// Whether the running kernel has a module: loaded, built in, or loadable.
static enum answer has_module(const struct doctor *d, const char *name)
{
    AUTO_FREE char *loaded = doctor_read(d, "/proc/modules");
    AUTO_FREE char *loaded_line = xasprintf("\n%s ", name);
    AUTO_FREE char *file = xasprintf("/%s.ko", name);
    if (loaded && (str_starts(loaded, loaded_line + 1) || strstr(loaded, loaded_line)))
        return YES;
    static const char *const lists[] = {"modules.builtin", "modules.dep"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        AUTO_FREE char *path = xasprintf("/lib/modules/%s/%s", d->kernel, lists[i]);
        AUTO_FREE char *text = doctor_read(d, path);
        known |= text != NULL;
        if (text && strstr(text, file))
            return YES;
    }
    return known ? NO : UNKNOWN;
}

void doctor_check_firewall(const struct doctor *d, struct findings *ret)
{
    const struct {
        const char *name, *module;
        enum answer kernel;
    } all[] = {{"nftables", "nf_tables", d->nftables}, {"iptables", "ip_tables", d->iptables}};
    bool unknown = false, automatic = str_eq(d->firewall_backend, "auto");
    const char *module = NULL;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!automatic && !str_eq(d->firewall_backend, all[i].name))
            continue;
        enum answer a = all[i].kernel == UNKNOWN ? has_module(d, all[i].module) : all[i].kernel;
        if (a == YES) {
            findings_good(ret, "firewall", "the kernel has %s", all[i].name);
            return;
        }
        unknown |= a == UNKNOWN;
        if (!module)
            module = all[i].module;
    }
    if (unknown)
        findings_note(ret, "firewall", d->caller.root ? NULL : xstrdup("sudo vireo doctor"),
                      "cannot determine whether the kernel has %s",
                      automatic ? "nftables or iptables" : d->firewall_backend);
    else if (automatic)
        findings_problem(ret, "firewall", doctor_root_command(d, "modprobe %s", module),
                         "the kernel has neither nftables nor iptables: only isolated and open "
                         "networks work");
    else
        findings_problem(ret, "firewall", doctor_root_command(d, "modprobe %s", module),
                         "the kernel lacks %s, which firewall_backend selects: only isolated and "
                         "open networks work",
                         d->firewall_backend);
}
