// SPDX-License-Identifier: GPL-2.0-or-later
// What is kept on disk: definitions of guests, and the state of those that run.
#include <signal.h>
#include <sys/wait.h>
#include "base/file.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

static char *repeat(char c, size_t n)
{
    char *s = xmalloc(n + 1);
    memset(s, c, n);
    s[n] = 0;
    return s;
}

static void test_file_names(void)
{
    static const struct {
        const char *name, *file;
    } names[] = {
        {"web", "web.xml"},       {"a/b", "a%2Fb.xml"},
        {"a%2Fb", "a%252Fb.xml"}, {".x", "%2Ex.xml"},
        {"..", "%2E..xml"},       {"x.y", "x.y.xml"},
        {"a b", "a b.xml"},       {"a\nb", "a%0Ab.xml"},
        {"\x7f", "%7F.xml"},      {"h\xc3\xa9", "h\xc3\xa9.xml"},
        {"x.xml", "x.xml.xml"},   {"autostart", "autostart.xml"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_FREE char *path = path_for_name("/d", names[i].name, ".xml");
        CHECK_INT(strncmp(path, "/d/", 3), 0);
        CHECK_STR(path + 3, names[i].file);
    }
    // No two names of up to three bytes out of the difficult ones share a file.
    static const char bytes[] = {'.', '/', '%', '2', 'E', 'F', '\n'};
    AUTO_STRBUF seen = {0};
    for (unsigned i = 1; i < 8 * 8 * 8; i++) {
        char name[4];
        size_t n = 0;
        bool hole = false;
        for (unsigned v = i, k = 0; k < 3; k++, v /= 8) {
            if (v % 8 && n != k)
                hole = true;
            if (v % 8)
                name[n++] = bytes[v % 8 - 1];
        }
        if (hole)
            continue;
        name[n] = 0;
        AUTO_FREE char *path = path_for_name("", name, "\t");
        CHECK(strchr(path + 1, '/') == NULL && path[1] != '.');
        CHECK(!strstr(strbuf_text(&seen), path));
        strbuf_add(&seen, path);
    }
}

static struct domain *define(struct task *t, struct fixture *h, const char *name)
{
    struct domain *dom = fixture_define(t, h, name, NULL);
    CHECK_STR(dom->name, name);
    return dom;
}

static void names(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *longest = repeat('n', 236), *too_long = repeat('n', 250);
    const char *const good[] = {
        "web", "50%25", "%2Fetc",    ".hidden", "...", "h\xc3\xa9llo \xe2\x98\x83",
        "-x",  "x.xml", "autostart", longest};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct domain *dom = define(t, h, good[i]);
        CHECK_INT(domain_set_autostart(t, dom, i % 2, &err), 0);
        CHECK_INT(domain_set_autostart(t, dom, i % 2, &err), 0);
    }
    AUTO_FREE char *xml = fixture_document(h, too_long, NULL, NULL);
    struct domain_def *def = NULL;
    struct domain *dom = NULL;
    CHECK_INT(domains_parse(t, h->domains, xml, 0, &def, &err), -1);
    CHECK_CONTAINS(err.message, "has 250 bytes, the most are 236");
    CHECK(!domains_find_name(h->domains, too_long));
    fixture_close(h);
    fixture_open(h);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        dom = domains_find_name(h->domains, good[i]);
        CHECK(dom && dom->autostart == i % 2);
        domain_ref(dom);
        CHECK_INT(domain_undefine(t, dom, 0, &err), 0);
        domain_unref(dom);
    }
    CHECK(!domains_next(h->domains, NULL));
    fixture_close(h);
    fixture_open(h);
    CHECK(!domains_next(h->domains, NULL));
    // The longest also runs.
    fixture_script(h, longest, BOOT "serve\n");
    define(t, h, longest);
    dom = domains_find_name(h->domains, longest);
    error_clear(&err);
    domain_start(t, dom, 0, NULL, &err);
    CHECK_STR(err.message ? err.message : "", "");
}

// A damaged file is set aside, and the others load.
static void damaged(struct task *t, struct fixture *h)
{
    static const struct {
        const char *file, *text;
    } bad[] = {
        {"empty.xml", ""},
        {"cut.xml", "<domain type='qemu'><name>cut</name><mem"},
        {"other.xml", "<network><name>other</name></network>"},
        {"no-uuid.xml", "<domain type='qemu'><name>no-uuid</name><memory>1</memory></domain>"},
        {"bomb.xml", "<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><domain>&b;</domain>"},
    };
    define(t, h, "web");
    define(t, h, "mail");
    AUTO_FREE char *xml = fixture_document(h, "copied", NULL, NULL);
    AUTO_FREE char *copy = path_join(h->config_dir, "copy.xml");
    CHECK_INT(file_write_volatile(copy, xml, strlen(xml), 0600), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_FREE char *path = path_join(h->config_dir, bad[i].file);
        CHECK_INT(file_write_volatile(path, bad[i].text, strlen(bad[i].text), 0600), 0);
    }
    AUTO_FREE char *dir = path_join(h->config_dir, "directory.xml");
    CHECK_INT(mkdir(dir, 0700), 0);
    // --check changes nothing.
    size_t total;
    CHECK_INT(objects_check(&domain_class, h->config_dir, &total), ARRAY_LEN(bad) + 2);
    CHECK_INT(total, ARRAY_LEN(bad) + 4);
    CHECK(fixture_has(h, h->config_dir, "empty.xml"));
    fixture_close(h);
    fixture_open(h);
    CHECK(domains_find_name(h->domains, "web") && domains_find_name(h->domains, "mail"));
    // Under another's name it would come back once undefined.
    CHECK(!domains_find_name(h->domains, "copied"));
    CHECK(fixture_has(h, h->config_dir, "copy.xml.damaged"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", bad[i].file);
        CHECK(fixture_has(h, h->config_dir, aside) && !fixture_has(h, h->config_dir, bad[i].file));
    }
    CHECK_INT(objects_check(&domain_class, h->config_dir, &total), 0);
    CHECK_INT(total, 2);
}

// Killed at any instant while it stores: the old or the new one, whole.
static void test_killed_while_storing(void)
{
    char dir[] = "/tmp/vireo-stored-XXXXXX";
    CHECK(mkdtemp(dir));
    AUTO_FREE char *path = path_join(dir, "web.xml");
    AUTO_FREE char *a = repeat('a', 100000), *b = repeat('b', 60000);
    const char *texts[] = {a, b};
    CHECK_INT(file_write_atomic(path, texts[0], 100000, 0600), 0);
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (int k = 0;; k++)
                file_write_atomic(path, texts[k % 2], strlen(texts[k % 2]), 0600);
        }
        struct timespec some = {.tv_nsec = 100000 * (i % 20 + 1)};
        nanosleep(&some, NULL);
        kill(pid, SIGKILL);
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        AUTO_FREE char *text = NULL;
        CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
        CHECK(str_eq(text, texts[0]) || str_eq(text, texts[1]));
    }
    CHECK_INT(dir_remove_all(dir), 0);
}

static void status_round_trip(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = fixture_start(t, h, "web", "<title>&lt;&amp;'</title>", BOOT "serve\n");
    AUTO_FREE char *path = path_join(h->run_dir, "web.status");
    struct granted g = {.path = xstrdup("/img/it's <a> & \"b\""),
                        .uid = 12,
                        .gid = 4294967294u,
                        .dev = 7,
                        .ino = UINT64_MAX};
    vec_push(&dom->granted, g);
    struct granted none = {.path = xstrdup("/b")};
    vec_push(&dom->granted, none);
    for (int i = MOVE_LAUNCHED; i < DOMAIN_MOVE_COUNT; i++) {
        if (domain_moves[i].to == DOMAIN_SHUTOFF)
            continue;
        dom->state = domain_moves[i].to;
        dom->reason = (enum domain_move)i;
        CHECK_INT(status_save(dom, &err), 0);
        AUTO_FREE char *text = NULL;
        size_t len;
        struct status s;
        CHECK_INT(file_read(path, 1 << 20, &text, &len), 0);
        int r = status_parse(text, len, &s, &err);
        if (r < 0)
            fprintf(stderr, "%s\n", error_message(&err));
        CHECK_INT(r, 0);
        CHECK_INT(s.state, dom->state);
        CHECK_INT(s.reason, i);
        CHECK_INT(s.id, dom->id);
        CHECK_INT(s.pid, dom->process.pid);
        CHECK_INT(s.start_time, dom->process.start_time);
        CHECK_INT(s.granted.n, 2);
        CHECK_STR(s.granted.v[0].path, "/img/it's <a> & \"b\"");
        CHECK_INT(s.granted.v[0].uid, 12);
        CHECK_INT(s.granted.v[0].gid, 4294967294u);
        AUTO_FREE char *a = domain_def_format(dom->live, DOMAIN_XML_STATE);
        AUTO_FREE char *b = domain_def_format(s.def, DOMAIN_XML_STATE);
        CHECK_STR(b, a);
        status_finish(&s);
        status_finish(&s);
        // Cut off anywhere it is refused, and nothing is left.
        for (size_t cut = 0; i == MOVE_BOOTED && cut < len - 2; cut += 7) {
            error_clear(&err);
            CHECK_INT(status_parse(text, cut, &s, &err), -1);
            CHECK(err.message && !s.def && s.granted.n == 0);
        }
    }
    dom->state = DOMAIN_RUNNING;
    dom->reason = MOVE_BOOTED;
    granted_finish(&dom->granted);
}

static void test_damaged_status(void)
{
#define ROOT(attributes)                                                                           \
    "<vireo-domain " attributes                                                                    \
    "><domain type='qemu'><name>x</name><memory>1</memory><os><type>hvm</type></os></domain></vireo-domain>"
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "not well-formed"},
        {"<vireo-domain", "not well-formed"},
        {"<!DOCTYPE x [<!ENTITY e 'x'>]><vireo-domain/>", "document type"},
        {"<guest/>", "no status file"},
        {ROOT("version='1' id='1' pid='0'"), "no status file"},
        {ROOT("version='1' id='-1' pid='0' start-time='0'"), "no status file"},
        {ROOT("version='1' id='1' pid='99999999999' start-time='0'"), "no status file"},
        {ROOT("version='2' id='1' pid='0' start-time='0' state='booted'"), "version 2, not 1"},
        {ROOT("version='1' id='1' pid='0' start-time='0'"), "its state"},
        {ROOT("version='1' id='1' pid='0' start-time='0' state='flying'"), "its state"},
        {ROOT("version='1' id='1' pid='0' start-time='0' state='stopped-failed'"), "its state"},
        {ROOT("version='1' id='1' pid='0' start-time='0' state='booted'"), "no uuid"},
        {"<vireo-domain version='1' id='1' pid='0' start-time='0' state='booted'/>",
         "lacks the domain's document"},
        {"<vireo-domain version='1' id='1' pid='0' start-time='0' state='booted'><granted/>"
         "<granted uid='0' gid='0' dev='1' ino='2' path='/x'/></vireo-domain>",
         "lacks the domain's document"},
        {"<vireo-domain version='1' id='1' pid='0' start-time='0' state='booted'><network/>"
         "</vireo-domain>",
         "domain"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct status s;
        CHECK_INT(status_parse(bad[i].text, strlen(bad[i].text), &s, &err), -1);
        CHECK_CONTAINS(err.message, bad[i].why);
        CHECK(!s.def && s.granted.n == 0);
    }
}

static void test_names(void)
{
    fixture_run(names);
}

static void test_damaged(void)
{
    fixture_run(damaged);
}

static void test_status(void)
{
    fixture_run(status_round_trip);
}

int main(void)
{
    RUN(test_file_names);
    RUN(test_names);
    RUN(test_damaged);
    RUN(test_killed_while_storing);
    RUN(test_status);
    RUN(test_damaged_status);
    return 0;
}
