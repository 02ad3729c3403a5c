// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the user that QEMU runs as can get to the images.
#include "clients/doctor.h"
#include "clients/text.h"

// chmod's letter for the class of users that who is of.
static char letter_for(const struct who *who, const struct stat *st)
{
    return st->st_uid == who->uid ? 'u' : doctor_in_group(who, st->st_gid) ? 'g' : 'o';
}

void doctor_check_images(const struct doctor *d, struct findings *ret)
{
    struct stat st;
    AUTO_STRBUF word = {0};
    AUTO_FREE char *blocked = doctor_blocked_at(d, &d->qemu, d->images, true);
    if (blocked && doctor_stat(d, blocked, &st)) {
        AUTO_FREE char *how = doctor_describe(&st);
        text_add_shell(&word, blocked);
        findings_problem(
            ret, "images",
            doctor_root_command(d, "chmod %c+x %s", letter_for(&d->qemu, &st), strbuf_text(&word)),
            "user %s cannot get to %s: directory %s doesn't let it pass (%s)", d->qemu.name,
            d->images, blocked, how);
        return;
    }
    if (doctor_stat(d, d->images, &st)) {
        findings_good(ret, "images", "user %s can get to %s", d->qemu.name, d->images);
        return;
    }
    AUTO_FREE char *own = doctor_blocked_at(d, &d->me, d->images, false);
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
