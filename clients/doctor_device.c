// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of the kernel that guests need.
#include "clients/doctor.h"
#include "clients/text.h"

#include <grp.h>

// Whether a word stands in the "flags" lines of /proc/cpuinfo.
static bool cpu_has(const char *cpuinfo, const char *flag)
{
    size_t n = strlen(flag);
    for (const char *p = cpuinfo; p && (p = strstr(p, flag)); p += n) {
        bool starts = p == cpuinfo || p[-1] == ' ' || p[-1] == '\t';
        if (starts && strchr(" \n", p[n])) // the end of the text counts too
            return true;
    }
    return false;
}

// For a device that QEMU's user may not use: into its group where that has the right, else the
// usual group and mode.
static char *mend_device(const struct doctor *d, const char *path, const struct stat *st,
                         const char *usual_group, const char *usual_mode)
{
    AUTO_STRBUF user = {0};
    text_add_shell(&user, doctor_qemu_user_to_be(d));
    struct group *gr = getgrgid(st->st_gid);
    if (gr && st->st_gid != 0 && (st->st_mode & 060) == 060)
        return doctor_root_command(d, "usermod -aG %s %s", gr->gr_name, strbuf_text(&user));
    if (!usual_group)
        return doctor_root_command(d, "chmod %s %s", usual_mode, path);
    const char *sudo = d->me.root ? "" : "sudo ";
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
                         "is missing although the processor can do it: guests of type kvm cannot "
                         "start (if the command fails, virtualisation is off in the firmware)");
    else
        findings_note(ret, "/dev/kvm", NULL,
                      "is missing and the processor offers no virtualisation: guests of type qemu "
                      "run, slowly; type kvm needs other hardware, or the outer machine to allow "
                      "nesting");
}

void doctor_check_kvm(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (!doctor_stat(d, "/dev/kvm", &st)) {
        no_kvm(d, ret);
        return;
    }
    if (d->qemu.known && doctor_may(d, &d->qemu, "/dev/kvm", 6)) {
        findings_good(ret, "/dev/kvm", "user %s may use it", d->qemu.name);
        return;
    }
    AUTO_FREE char *how = doctor_describe(&st);
    findings_problem(ret, "/dev/kvm", mend_device(d, "/dev/kvm", &st, "kvm", "0660"),
                     "user %s may not use it (%s): guests of type kvm cannot start; %s",
                     d->qemu.name, how,
                     d->system_mode ? "restart vireod afterwards" : "log in again afterwards");
}

void doctor_check_tun(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (!doctor_stat(d, "/dev/net/tun", &st)) {
        findings_problem(ret, "/dev/net/tun", doctor_root_command(d, "modprobe tun"),
                         "is missing: guests get no network but 'user'");
        return;
    }
    if (d->qemu.known && doctor_may(d, &d->qemu, "/dev/net/tun", 6)) {
        findings_good(ret, "/dev/net/tun", "user %s may use it", d->qemu.name);
        return;
    }
    AUTO_FREE char *how = doctor_describe(&st);
    findings_note(ret, "/dev/net/tun", mend_device(d, "/dev/net/tun", &st, NULL, "0666"),
                  "user %s may not use it (%s): vireod, which runs as root, opens it for guests; "
                  "only a bridge helper or script run as %s misses it",
                  d->qemu.name, how, d->qemu.name);
}

void doctor_check_vhost(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    if (doctor_stat(d, "/dev/vhost-net", &st))
        findings_good(ret, "/dev/vhost-net", "is there");
    else
        findings_note(ret, "/dev/vhost-net", doctor_root_command(d, "modprobe vhost_net"),
                      "is missing: networks work, but take more of the processor");
}
