// SPDX-License-Identifier: GPL-2.0-or-later
// Documents as plans and as dnsmasq's files, compared with golden/; the real dnsmasq, where
// installed, checks every configuration. Lease files, status files.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "netmgr/lease.h"
#include "netmgr/internal.h"
#include "tests/netmgr/plan_text.h"
#include "tests/check.h"
#include "tests/golden.h"

enum { FILE_MAX = 1 << 20, GOLDENS_MIN = 30 };

static const struct dnsmasq_paths paths = {
    .conf = "/run/N.conf",
    .pid = "/run/N.pid",
    .hosts = "/lib/N.hosts",
    .addnhosts = "/lib/N.addnhosts",
    .leases = "/lib/N.leases",
};

static struct network_def *load(const char *xml, size_t len)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = network_def_load(xml, len, 0, &err);
    if (!def) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    if (!def->bridge && network_def_owns_bridge(def))
        def->bridge = xstrdup("virbr0");
    return def;
}

static char *describe(const struct network_def *def)
{
    AUTO_PLAN struct plan *plan = NULL;
    AUTO_ERROR err = ERROR_INIT;
    if (plan_make(def, &paths, &plan, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    return plan_text(plan);
}

static bool have_dnsmasq(void)
{
    return system("PATH=$PATH:/usr/sbin:/sbin command -v dnsmasq >/dev/null") == 0;
}

// dnsmasq's own check of the configuration.
static void check_by_dnsmasq(const char *name, const struct network_def *def)
{
    AUTO_PLAN struct plan *plan = NULL;
    AUTO_ERROR err = ERROR_INIT;
    char file[] = "/tmp/vireo-conf-XXXXXX";
    CHECK_INT(plan_make(def, &paths, &plan, &err), 0);
    if (!plan->dnsmasq)
        return;
    AUTO_CLOSE int fd = mkstemp(file);
    size_t n = strlen(plan->files.conf);
    CHECK(fd >= 0 && write(fd, plan->files.conf, n) == (ssize_t)n);
    AUTO_FREE char *command =
        xasprintf("output=$(PATH=$PATH:/usr/sbin:/sbin dnsmasq --test --conf-file=%s 2>&1) || "
                  "{ echo \"$output\"; false; }",
                  file);
    int status = system(command);
    unlink(file);
    if (status != 0)
        fprintf(stderr, "dnsmasq refuses %s\n", name);
    CHECK_INT(status, 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_xml(const struct dirent *e)
{
    return str_ends(e->d_name, ".xml");
}

static size_t goldens_of(const char *dir, bool dnsmasq)
{
    struct dirent **all;
    int n = scandir(dir, &all, is_xml, by_name);
    CHECK(n > 0);
    size_t done = 0;
    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", dir, all[i]->d_name);
        AUTO_FREE char *xml = NULL;
        size_t len;
        CHECK_INT(file_read(path, FILE_MAX, &xml, &len), 0);
        AUTO_NETWORK_DEF struct network_def *def = load(xml, len);
        // A free subnet is chosen by define, not here.
        bool planned = def->ips.n == 0 || def->ips.v[0]->address.family != 0;
        AUTO_FREE char *text = planned ? describe(def) : NULL;
        AUTO_FREE char *name = xstrndup(all[i]->d_name, strlen(all[i]->d_name) - 4);
        if (planned) {
            // Generated MAC addresses are random.
            if (!strstr(xml, "<mac ")) {
                char *mac = strstr(text, " mac ");
                if (mac)
                    memmove(mac, mac + 22, strlen(mac + 22) + 1);
            }
            AUTO_FREE char *golden = xasprintf("golden/%s.txt", name);
            golden_compare(golden, text);
            if (dnsmasq)
                check_by_dnsmasq(name, def);
            done++;
        }
        free(all[i]);
    }
    free(all);
    return done;
}

static void test_goldens(void)
{
    bool dnsmasq = have_dnsmasq();
    size_t n = goldens_of("../fixtures/network", dnsmasq) + goldens_of("documents", dnsmasq);
    CHECK(n >= GOLDENS_MIN);
}

// Text of the document cannot add an option.
static void test_no_injection(void)
{
    static const char xml[] =
        "<network><name>n</name><bridge name='b'/><dns><txt name='a.b' value='x'/></dns>"
        "<ip address='10.0.0.1' netmask='255.255.255.0'/></network>";
    AUTO_NETWORK_DEF struct network_def *def = load(xml, strlen(xml));
    AUTO_ERROR err = ERROR_INIT;
    struct dnsmasq_files files;
    str_replace(&def->dns->txts.v[0]->value, "x\ndhcp-script=/bin/sh");
    CHECK_INT(dnsmasq_files_make(def, &paths, &files, &err), -1);
    CHECK_CONTAINS(error_message(&err), "x\\x0adhcp-script");
    str_replace(&def->dns->txts.v[0]->value, "a,\"b\\");
    error_clear(&err);
    CHECK_INT(dnsmasq_files_make(def, &paths, &files, &err), 0);
    CHECK_CONTAINS(files.conf, "txt-record=a.b,\"a,\\\"b\\\\\"\n");
    dnsmasq_files_finish(&files);
}

static void test_stp(void)
{
    struct plan p = {.stp = true};
    CHECK(!plan_bridge_options(&p, false).stp);
    CHECK(plan_bridge_options(&p, true).stp);
    CHECK_INT(plan_bridge_options(&p, true).forward_delay_ms, 2000);
    CHECK_INT(plan_bridge_options(&p, false).forward_delay_ms, 0);
    p.forward_delay_ms = 4000;
    CHECK(plan_bridge_options(&p, false).stp);
    CHECK_INT(plan_bridge_options(&p, false).forward_delay_ms, 4000);
    p.stp = false;
    CHECK(!plan_bridge_options(&p, true).stp);
}

static void test_leases(void)
{
    static const char text[] =
        "1700000000 52:54:00:00:00:01 192.168.122.10 first 01:52:54:00:00:00:01\n"
        "0 52:54:00:00:00:02 192.168.122.11 * *\n"
        "1700000000 20-00:01:02:03:04:05 192.168.122.12 ib *\n"
        "nonsense\n"
        "duid 00:01:00:01:2c:aa:bb:cc:52:54:00:01:02:03\n"
        "1700000001 1234567 fd00::10 third 00:01:00:01:aa\n"
        "1700000001 2 fd00::20 * 00:01:00:01:2c:aa:bb:cc:52:54:00:00:00:04\n"
        "1700000001 2 fd00::21 * 00:03:00:01:52:54:00:00:00:05\n"
        "1700000001 2 fd00::22 * 00:03:00:06:52:54:00:00:00:05\n"
        "1700000001 T77 fd00::11 * 00:01:00:01:bb\n"
        "1700000002 52:54:00:00:00:03 192.168.122.1"; // truncated
    struct network_lease_vec v = {0};
    char ip[IP_TEXT_SIZE];
    CHECK_INT(lease_parse(text, strlen(text), &v), 2);
    CHECK_INT(v.n, 8);
    CHECK_STR(v.v[0].mac, "52:54:00:00:00:01");
    CHECK_STR(v.v[0].hostname, "first");
    CHECK_STR(v.v[0].clientid, "01:52:54:00:00:00:01");
    CHECK_INT(v.v[0].expiry_s, 1700000000);
    CHECK_INT(v.v[1].expiry_s, 0);
    CHECK(!v.v[1].hostname && !v.v[1].clientid);
    CHECK_STR(ip_format(&v.v[3].ip, ip), "fd00::10");
    CHECK_STR(v.v[3].iaid, "1234567");
    CHECK(!v.v[3].mac);
    CHECK_STR(v.v[4].mac, "52:54:00:00:00:04");
    CHECK_STR(v.v[5].mac, "52:54:00:00:00:05");
    CHECK(!v.v[6].mac);
    CHECK_STR(v.v[7].iaid, "T77");
    network_lease_vec_finish(&v);
    CHECK(!lease_is_whole(text, strlen(text)));
    CHECK(lease_is_whole(text, strlen(text) - strlen(strrchr(text, '\n') + 1)));
    // Truncated anywhere, no lease is invented: each prefix gives a prefix of the leases.
    for (size_t n = 0; n <= strlen(text); n++) {
        CHECK(lease_parse(text, n, &v) <= 2);
        CHECK(v.n <= 8);
        if (v.n > 0)
            CHECK_STR(ip_format(&v.v[0].ip, ip), "192.168.122.10");
        network_lease_vec_finish(&v);
    }
}

static void test_state(void)
{
    static const char text[] =
        "vireo-network 1\nphase stopping\nboot abc\nname a b\nbridge virbr0\nbridge virbr1\n"
        "address 10.0.0.1/24\nroute 10.1.0.0/16 10.0.0.9 3\n\nthis is no document";
    struct network_status s;
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(network_status_parse(text, strlen(text), &s, &err), 0);
    CHECK_INT(s.phase, PHASE_STOPPING);
    CHECK_STR(s.name, "a b");
    CHECK_STR(s.bridges.v[1], "virbr1");
    CHECK_INT(s.addresses.v[0].len, 24);
    CHECK_INT(s.routes.v[0].metric, 3);
    CHECK(!s.def); // what to remove is still known
    network_status_finish(&s);
    static const char both[] =
        "vireo-network 1\nphase active\nname a\nstored 33\n\n"
        "<network><name>a</name></network>\n<network><name>a</name></network>";
    CHECK_INT(network_status_parse(both, strlen(both), &s, &err), 0);
    CHECK_STR(s.def->name, "a");
    CHECK_STR(s.stored->name, "a");
    network_status_finish(&s);
    // Truncated, or with an invalid length, nothing is invented.
    for (size_t n = strlen(both) - 33; n < strlen(both); n++) {
        CHECK_INT(network_status_parse(both, n, &s, NULL), 0);
        CHECK(!s.def || !s.stored);
        network_status_finish(&s);
    }
    static const char *const bad[] = {
        "",
        "vireo-network 2\nname a\n\n",
        "vireo-network 1\nphase never\nname a\n\n",
        "vireo-network 1\nphase active\n\n",
        "vireo-network 1\nname a\nbridge ../x\n\n",
        "vireo-network 1\nname a\naddress 10.0.0.1/99\n\n",
        "vireo-network 1\nname a\nroute 10.0.0.0/8 nowhere 1\n\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        error_clear(&err);
        CHECK_INT(network_status_parse(bad[i], strlen(bad[i]), &s, &err), -1);
        CHECK(err.message);
    }
}

int main(void)
{
    RUN(test_goldens);
    RUN(test_no_injection);
    RUN(test_stp);
    RUN(test_leases);
    RUN(test_state);
    return 0;
}
