// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks that QEMU's user can reach the disk images.
#include "clients/doctor.h"
#include "clients/text.h"

// The command that lets QEMU's user search a directory: an access list entry where setfacl is
// installed, which opens a home directory to that user only; else the mode bit that applies to it.
static char *directory_fix(const struct doctor *d, const char *path, const struct stat *st)
{
    static const char *const names[] = {"setfacl", NULL};
    AUTO_FREE char *setfacl = doctor_find_program(d, names);
    AUTO_STRBUF quoted = {0}, user = {0};
    text_add_shell(&quoted, path);
    text_add_shell(&user, d->qemu.name);
    bool owner = st->st_uid == d->qemu.uid; // the owner's rights come from the mode alone
    if (setfacl && !owner)
        return doctor_root_command(d, "setfacl -m u:%s:x %s", strbuf_text(&user),
                                   strbuf_text(&quoted));
    char class = owner ? 'u' : doctor_in_group(&d->qemu, st->st_gid) ? 'g' : 'o';
    return doctor_root_command(d, "chmod %c+x %s", class, strbuf_text(&quoted));
}

static void report_missing(const struct doctor *d, struct findings *ret)
{
    AUTO_FREE char *blocked = doctor_blocked_at(d, &d->caller, d->images, false);
    AUTO_STRBUF quoted = {0};
    if (blocked) {
        findings_note(ret, "images", doctor_root_command(d, "vireo doctor"),
                      "directory %s keeps %s from checking %s: run vireo doctor as root", blocked,
                      d->caller.name, d->images);
        return;
    }
    text_add_shell(&quoted, d->images);
    char *fix = d->system_mode ? doctor_root_command(d, "mkdir -p -m 0711 %s", strbuf_text(&quoted))
                               : xasprintf("mkdir -p %s", strbuf_text(&quoted));
    if (d->images_is_default)
        findings_note(ret, "images", fix, "there is no directory %s, the default", d->images);
    else
        findings_problem(ret, "images", fix, "there is no directory %s", d->images);
}

void doctor_check_images(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    AUTO_FREE char *blocked = doctor_blocked_at(d, &d->qemu, d->images, true);
    if (blocked && doctor_stat(d, blocked, &st)) {
        AUTO_FREE char *how = doctor_describe(&st);
        findings_problem(ret, "images", directory_fix(d, blocked, &st),
                         "user %s cannot reach %s: it may not search directory %s (%s)",
                         d->qemu.name, d->images, blocked, how);
    } else if (doctor_stat(d, d->images, &st)) {
        findings_good(ret, "images", "user %s can reach %s", d->qemu.name, d->images);
    } else {
        report_missing(d, ret);
    }
}
