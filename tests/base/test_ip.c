// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ip.h"
#include "tests/check.h"

#include <errno.h>
#include <sys/socket.h>

static const char *again(const char *text)
{
    static char buf[IP_TEXT_SIZE];
    struct ip_prefix p;
    return ip_prefix_parse(text, &p) < 0 ? "bad" : ip_prefix_format(&p, buf);
}

static const char *network(const char *text)
{
    static char buf[IP_TEXT_SIZE];
    struct ip_prefix p;
    CHECK_INT(ip_prefix_parse(text, &p), 0);
    p = ip_prefix_network(&p);
    return ip_prefix_format(&p, buf);
}

static void test_parse(void)
{
    CHECK_STR(again("192.168.122.1/24"), "192.168.122.1/24");
    CHECK_STR(again("10.0.0.1"), "10.0.0.1/32");
    CHECK_STR(again("fd00::1/64"), "fd00::1/64");
    CHECK_STR(again("0.0.0.0/0"), "0.0.0.0/0");
    CHECK_STR(again("::"), "::/128");
    static const char *const bad[] = {"",           "1.2.3",      "1.2.3.4/33", "fd00::/129",
                                      "1.2.3.4/",   "1.2.3.4/-1", "1.2.3.4/+1", "x/24",
                                      "1.2.3.4/1 ", "fe80::1%lo"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_STR(again(bad[i]), "bad");
}

static void test_network(void)
{
    CHECK_STR(network("192.168.122.77/24"), "192.168.122.0/24");
    CHECK_STR(network("10.255.255.255/9"), "10.128.0.0/9");
    CHECK_STR(network("10.1.2.3/0"), "0.0.0.0/0");
    CHECK_STR(network("10.1.2.3/32"), "10.1.2.3/32");
    CHECK_STR(network("fd00:1:2:3:4::5/60"), "fd00:1:2::/60");
}

static bool overlap(const char *a, const char *b)
{
    struct ip_prefix x, y;
    CHECK_INT(ip_prefix_parse(a, &x), 0);
    CHECK_INT(ip_prefix_parse(b, &y), 0);
    CHECK_INT(ip_prefix_overlap(&x, &y), ip_prefix_overlap(&y, &x));
    return ip_prefix_overlap(&x, &y);
}

static void test_overlap(void)
{
    CHECK(overlap("192.168.122.0/24", "192.168.122.128/25"));
    CHECK(overlap("0.0.0.0/0", "192.168.122.0/24"));
    CHECK(!overlap("192.168.122.0/24", "192.168.123.0/24"));
    CHECK(!overlap("0.0.0.0/0", "::/0"));
    CHECK(overlap("fd00::/8", "fd12::1/128"));
}

int main(void)
{
    RUN(test_parse);
    RUN(test_network);
    RUN(test_overlap);
    return 0;
}
