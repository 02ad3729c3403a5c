// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of the kernel devices that guests need.
#include "clients/doctor.h"
#include "clients/text.h"

#include <grp.h>

// Whether /proc/cpuinfo lists a CPU flag.
static bool cpu_has(const char *cpuinfo, const char *flag)
{
    size_t n = strlen(flag);
    for (const char *p = cpuinfo; p && (p = strstr(p, flag)); p += n) {
        bool starts = p == cpuinfo || p[-1] == ' ' || p[-1] == '\t';
        if (starts && strchr(" \n", p[n])) // strchr() also finds the final NUL
            return true;
    }
    return false;
}

// The command that gives QEMU's user access to a device: joins the device's group where the group
// may read and write, else sets `usual_group` and `usual_mode`.
static char *device_fix(const struct doctor *d, const char *path, const struct stat *st,
                        const char *usual_group, const char *usual_mode)
{
    AUTO_STRBUF user = {0};
    text_add_shell(&user, doctor_intended_qemu_user(d));
    struct group *gr = getgrgid(st->st_gid);
    if (gr && st->st_gid != 0 && (st->st_mode & 060) == 060)
        return doctor_root_command(d, "usermod -aG %s %s", gr->gr_name, strbuf_text(&user));
    if (!usual_group)
        return doctor_root_command(d, "chmod %s %s", usual_mode, path);
    const char *sudo = d->caller.root ? "" : "sudo ";
    return xasprintf("%sgroupadd -f --system %s && %schgrp %s %s && %schmod %s %s && "
                     "%susermod -aG %s %s",
                     sudo, usual_group, sudo, usual_group, path, sudo, usual_mode, path, sudo,
                     usual_group, strbuf_text(&user));
}

static void no_kvm(const struct doctor *d, struct findings *ret)
{
    AUTO_FREE char *cpuinfo = doctor_read(d, "/proc/cpuinfo");
    const char *module = cpu_has(cpuinfo, "vmx")   ? "kvm_intel"
                         : cpu_has(cpuinfo, "svm") ? "kvm_amd"
                                                   : NULL;
    if (module)
        findings_problem(ret, "/dev/kvm", doctor_root_command(d, "modprobe %s", module),
                         "is missing although the processor supports it: domains of type kvm "
                         "cannot start (if modprobe fails, enable virtualization in the firmware)");
    else
        findings_note(ret, "/dev/kvm", NULL,
                      "is missing and the processor offers no virtualization: domains of type "
                      "qemu run slowly; type kvm needs other hardware, or nested virtualization "
                      "enabled on the outer host");
}

void doctor_check_kvm(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (!doctor_stat(d, "/dev/kvm", &st)) {
        no_kvm(d, ret);
        return;
    }
    if (d->qemu.known && doctor_may(d, &d->qemu, "/dev/kvm", 6)) {
        findings_good(ret, "/dev/kvm", "user %s can use it", d->qemu.name);
        return;
    }
    AUTO_FREE char *how = doctor_describe(&st);
    findings_problem(ret, "/dev/kvm", device_fix(d, "/dev/kvm", &st, "kvm", "0660"),
                     "user %s cannot use it (%s): domains of type kvm cannot start; %s",
                     d->qemu.name, how,
                     d->system_mode ? "restart vireod afterwards" : "log in again afterwards");
}

void doctor_check_tun(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (!doctor_stat(d, "/dev/net/tun", &st)) {
        findings_problem(ret, "/dev/net/tun", doctor_root_command(d, "modprobe tun"),
                         "is missing: domains can have no network interfaces but type 'user'");
        return;
    }
    if (d->qemu.known && doctor_may(d, &d->qemu, "/dev/net/tun", 6)) {
        findings_good(ret, "/dev/net/tun", "user %s can use it", d->qemu.name);
        return;
    }
    AUTO_FREE char *how = doctor_describe(&st);
    findings_note(ret, "/dev/net/tun", device_fix(d, "/dev/net/tun", &st, NULL, "0666"),
                  "user %s cannot use it (%s): vireod, which runs as root, opens it for domains; "
                  "only a bridge helper or script run as %s needs this access",
                  d->qemu.name, how, d->qemu.name);
}

void doctor_check_vhost(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (doctor_stat(d, "/dev/vhost-net", &st))
        findings_good(ret, "/dev/vhost-net", "exists");
    else
        findings_note(ret, "/dev/vhost-net", doctor_root_command(d, "modprobe vhost_net"),
                      "is missing: guest networking works but uses more CPU time");
}
