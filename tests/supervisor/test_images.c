// SPDX-License-Identifier: GPL-2.0-or-later
// Images that are given to QEMU's user for as long as a guest runs.
#include <sys/stat.h>
#include "base/file.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

enum { OWNER = 12345, QEMU = 64055, GROUP = 23456 };

static const gid_t groups[] = {GROUP};

static char *make(const struct fixture *h, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
    char *path = path_join(h->dir, name);
    CHECK_INT(file_write_volatile(path, "image", 5, mode), 0);
    CHECK_INT(chown(path, uid, gid), 0);
    return path;
}

static void check_owner(const char *path, uid_t uid, gid_t gid)
{
    struct stat st;
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_uid, uid);
    CHECK_INT(st.st_gid, gid);
}

static void as_qemu(struct fixture *h)
{
    fixture_close(h);
    h->config.set_user = true;
    h->config.qemu_uid = h->config.qemu_gid = QEMU;
    h->config.qemu_user = "libvirt-qemu";
    h->config.qemu_groups = groups;
    h->config.nqemu_groups = ARRAY_LEN(groups);
    fixture_open(h);
}

// A guest as it is when its images are granted; its lock is held.
static struct domain *guest(struct task *t, struct fixture *h, const char *name,
                            const char *devices)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = NULL;
    struct domain *dom = NULL;
    AUTO_FREE char *xml = fixture_document(h, name, NULL, devices);
    int r = domains_parse(t, h->domains, xml, 0, &def, &err);
    if (r == 0)
        r = domain_define(t, h->domains, def, &dom, &err);
    CHECK_STR(err.message ? err.message : "", "");
    CHECK_INT(r, 0);
    dom->live = domain_def_copy(dom->def);
    dom->id = 1;
    CHECK_INT(dir_make(h->run_dir, 0700), 0);
    CHECK_OK(domain_lock(t, dom, "test", &err), &err);
    return dom;
}

static void ends(struct task *t, struct domain *dom)
{
    images_hand_back(t, dom, 0);
    status_remove(dom);
    domain_def_destroy(STEAL(dom->live));
    dom->id = -1;
}

static char *disk(const char *path, const char *target, const char *more)
{
    return xasprintf("<disk type='file'><driver name='qemu' type='raw'/><source file='%s'/>%s"
                     "<target dev='%s'/></disk>",
                     path, more, target);
}

static void given_and_handed_back(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    as_qemu(h);
    AUTO_FREE char *a = make(h, "private.img", OWNER, OWNER, 0600);
    AUTO_FREE char *b = make(h, "readable.img", OWNER, OWNER, 0644);
    AUTO_FREE char *c = make(h, "open.img", OWNER, OWNER, 0666);
    AUTO_FREE char *d = make(h, "group.img", OWNER, GROUP, 0660);
    AUTO_FREE char *own = make(h, "own.img", QEMU, OWNER, 0600);
    AUTO_FREE char *x = disk(a, "hda", ""), *y = disk(b, "hdb", "<readonly/>"),
                   *z = disk(c, "hdc", ""), *u = disk(d, "sda", ""), *v = disk(own, "sdb", "");
    AUTO_FREE char *devices = xasprintf("%s%s%s%s%s", x, y, z, u, v);
    struct domain *dom = guest(t, h, "web", devices);
    CHECK_INT(images_grant(t, dom, &err), 0);
    check_owner(a, QEMU, QEMU);
    // Files that QEMU can use as they are stay as they are.
    check_owner(b, OWNER, OWNER);
    check_owner(c, OWNER, OWNER);
    check_owner(d, OWNER, GROUP);
    check_owner(own, QEMU, OWNER);
    CHECK_INT(dom->granted.n, 1);
    // vireod's own rights are as before.
    CHECK_INT(geteuid(), 0);
    CHECK_INT(access(a, R_OK | W_OK), 0);
    ends(t, dom);
    check_owner(a, OWNER, OWNER);
    check_owner(own, QEMU, OWNER);
    // A file that got another owner meanwhile keeps it.
    dom->live = domain_def_copy(dom->def);
    CHECK_INT(images_grant(t, dom, &err), 0);
    CHECK_INT(chown(a, 777, 777), 0);
    ends(t, dom);
    check_owner(a, 777, 777);
    domain_unlock(dom);
}

static void denied(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    as_qemu(h);
    AUTO_FREE char *dir = path_join(h->dir, "private");
    CHECK_INT(mkdir(dir, 0700), 0);
    AUTO_FREE char *path = make(h, "private/a.img", OWNER, OWNER, 0666);
    AUTO_FREE char *first = make(h, "first.img", OWNER, OWNER, 0600);
    AUTO_FREE char *x = disk(first, "hda", ""), *y = disk(path, "hdb", "");
    AUTO_FREE char *devices = xasprintf("%s%s", x, y);
    struct domain *dom = guest(t, h, "web", devices);
    CHECK_INT(images_grant(t, dom, &err), -1);
    AUTO_FREE char *text =
        xasprintf("cannot open disk '%s' as user libvirt-qemu: permission denied "
                  "on directory '%s'; let that user pass",
                  path, dir);
    CHECK_CONTAINS(err.message, text);
    check_owner(first, OWNER, OWNER); // nothing was given in vain
    images_hand_back(t, dom, 0);
    check_owner(first, OWNER, OWNER);
    // The remedy that the error names.
    CHECK_INT(chmod(dir, 0701), 0);
    CHECK_INT(images_grant(t, dom, &err), 0);
    images_hand_back(t, dom, 0);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(images_grant(t, dom, &err), -1);
    CHECK_CONTAINS(err.message, "No such file");
    CHECK_CONTAINS(err.message, path);
    ends(t, dom);
    check_owner(first, OWNER, OWNER);
    domain_unlock(dom);
}

// The last domain that uses a file hands it back, whatever it uses it as and by whatever path.
static void shared(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    as_qemu(h);
    AUTO_FREE char *base = make(h, "base.img", OWNER, OWNER, 0600);
    AUTO_FREE char *top = make(h, "top.img", OWNER, OWNER, 0600);
    AUTO_FREE char *link_path = path_join(h->dir, "link.img");
    CHECK_INT(symlink(base, link_path), 0);
    AUTO_FREE char *x = disk(base, "hda", "<shareable/>");
    AUTO_FREE char *backing = xasprintf("<backingStore type='file'><format type='raw'/>"
                                        "<source file='%s'/><backingStore/></backingStore>",
                                        base);
    AUTO_FREE char *y = disk(top, "hda", backing), *z = disk(link_path, "hda", "<shareable/>");
    struct domain *a = guest(t, h, "a", x), *b = guest(t, h, "b", y), *c = guest(t, h, "c", z);
    CHECK_INT(images_grant(t, a, &err), 0);
    CHECK_INT(images_grant(t, b, &err), 0);
    CHECK_INT(images_grant(t, c, &err), 0);
    CHECK_INT(b->granted.n, 2); // its own, and that shared with a
    ends(t, a);
    check_owner(base, QEMU, QEMU);
    // It is in the status file, for the next daemon.
    AUTO_FREE char *state = path_join(h->run_dir, "b.status"), *text = NULL;
    CHECK_INT(file_read(state, 1 << 20, &text, NULL), 0);
    CHECK_CONTAINS(text, "<granted uid='12345' gid='12345' dev='");
    CHECK_CONTAINS(text, base);
    ends(t, b);
    check_owner(top, OWNER, OWNER);
    check_owner(base, QEMU, QEMU);
    ends(t, c);
    check_owner(base, OWNER, OWNER);
    domain_unlock(a);
    domain_unlock(b);
    domain_unlock(c);
}

// Both the daemon that gave the file and the guest end; the next daemon hands it back.
static void handed_back_later(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    as_qemu(h);
    AUTO_FREE char *path = make(h, "a.img", OWNER, GROUP, 0600);
    AUTO_FREE char *x = disk(path, "hda", "");
    struct domain *dom = guest(t, h, "web", x);
    CHECK_INT(images_grant(t, dom, &err), 0);
    check_owner(path, QEMU, QEMU);
    domain_unlock(dom);
    fixture_close(h);
    strbuf_finish(&h->moves);
    fixture_open(h);
    fixture_expect_moves(t, h, "stopped-start-failed");
    check_owner(path, OWNER, GROUP);
}

// QEMU runs as vireod's user: nothing is changed.
static void as_ourselves(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *path = make(h, "a.img", OWNER, OWNER, 0600);
    AUTO_FREE char *x = disk(path, "hda", "");
    struct domain *dom = guest(t, h, "web", x);
    CHECK_INT(images_grant(t, dom, &err), 0);
    check_owner(path, OWNER, OWNER);
    ends(t, dom);
    domain_unlock(dom);
}

static void test_given_and_handed_back(void)
{
    fixture_run(given_and_handed_back);
    fixture_run(as_ourselves);
}

static void test_denied(void)
{
    fixture_run(denied);
}

static void test_shared(void)
{
    fixture_run(shared);
}

static void test_handed_back_later(void)
{
    fixture_run(handed_back_later);
}

int main(void)
{
    if (geteuid() != 0)
        SKIP("only root can give files to another user");
    RUN(test_given_and_handed_back);
    RUN(test_denied);
    RUN(test_shared);
    RUN(test_handed_back_later);
    return 0;
}
