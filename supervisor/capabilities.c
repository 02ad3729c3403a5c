// SPDX-License-Identifier: GPL-2.0-or-later
// <domainCapabilities>: what the host has, and what qemu/ makes of it.
#include "base/child.h"
#include "qemu/domcaps.h"
#include "supervisor/internal.h"

int domains_capabilities_xml(struct task *t, struct domains *all, const char *emulator,
                             const char *arch, const char *machine, const char *virt_type,
                             char **xml, struct error *err)
{
    struct host_machine m;
    if (host_find_machine(t, all->config.host, emulator, arch, machine, virt_type, &m, err) < 0)
        return -1;
    *xml = domcaps_format(&m, child_has_program);
    host_machine_finish(&m);
    return 0;
}
