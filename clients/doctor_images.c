// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the user that QEMU runs as can get to the images.
#include "clients/doctor.h"
#include "clients/text.h"

// Lets QEMU's user pass a directory: it alone where there are access lists, which a home directory
// is better off with, else the class of users it is of.
static char *mend_directory(const struct doctor *d, const char *path, const struct stat *st)
{
    static const char *const names[] = {"setfacl", NULL};
    AUTO_FREE char *setfacl = doctor_find_program(d, names);
    AUTO_STRBUF word = {0}, user = {0};
    text_add_shell(&word, path);
    text_add_shell(&user, d->qemu.name);
    bool owner = st->st_uid == d->qemu.uid; // whom lists don't concern
    if (setfacl && !owner)
        return doctor_root_command(d, "setfacl -m u:%s:x %s", strbuf_text(&user),
                                   strbuf_text(&word));
    char class = owner ? 'u' : doctor_in_group(&d->qemu, st->st_gid) ? 'g' : 'o';
    return doctor_root_command(d, "chmod %c+x %s", class, strbuf_text(&word));
}

static void told_missing(const struct doctor *d, struct findings *ret)
{
    AUTO_FREE char *own = doctor_blocked_at(d, &d->me, d->images, false);
    AUTO_STRBUF word = {0};
    if (own) {
        findings_note(ret, "images", doctor_root_command(d, "vireo doctor"),
                      "directory %s doesn't let %s look further on the way to %s: ask as root", own,
                      d->me.name, d->images);
        return;
    }
    text_add_shell(&word, d->images);
    char *mend = d->system_mode ? doctor_root_command(d, "mkdir -p -m 0711 %s", strbuf_text(&word))
                                : xasprintf("mkdir -p %s", strbuf_text(&word));
    if (d->images_is_default)
        findings_note(ret, "images", mend, "there is no directory %s, the usual one", d->images);
    else
        findings_problem(ret, "images", mend, "there is no directory %s", d->images);
}

void doctor_check_images(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    AUTO_FREE char *blocked = doctor_blocked_at(d, &d->qemu, d->images, true);
    if (blocked && doctor_stat(d, blocked, &st)) {
        AUTO_FREE char *how = doctor_describe(&st);
        findings_problem(ret, "images", mend_directory(d, blocked, &st),
                         "user %s cannot get to %s: directory %s doesn't let it pass (%s)",
                         d->qemu.name, d->images, blocked, how);
    } else if (doctor_stat(d, d->images, &st)) {
        findings_good(ret, "images", "user %s can get to %s", d->qemu.name, d->images);
    } else {
        told_missing(d, ret);
    }
}
