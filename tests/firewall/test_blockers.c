// SPDX-License-Identifier: GPL-2.0-or-later
// Rules of other programs that drop what vireod accepts, in a real kernel with real traffic: found
// and named, or joined where chains are shared.
#include "tests/firewall/stage.h"

static int do_blockers(struct task *t, struct op *op)
{
    return firewall_find_blockers(t, fw, op->bridge, true, op->blockers, &op->err);
}

static void find_blockers(struct strv *found)
{
    struct op op = {.fn = do_blockers, .bridge = "virbr0", .blockers = found};
    must(&op);
}

static void check_blocked(const char *part, const char *part2)
{
    struct strv found = {0};
    find_blockers(&found);
    CHECK_INT(found.n, 1);
    CHECK_CONTAINS(found.v[0], part);
    CHECK_CONTAINS(found.v[0], part2);
    strv_finish(&found);
}

static void check_not_blocked(void)
{
    struct strv found = {0};
    find_blockers(&found);
    if (found.n)
        fprintf(stderr, "%s\n", found.v[0]);
    CHECK_INT(found.n, 0);
    strv_finish(&found);
}

static void test_blockers(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    apply(&net);
    check_not_blocked();
    netns_sh("iptables-legacy -P FORWARD DROP");
    if (legacy) { // the same table: vireod's is first
        check_not_blocked();
        check_from(&guest, "udp", "10.99.0.2", "10.99.0.1");
    } else {
        check_from(&guest, "udp", "10.99.0.2", "timeout");
        check_blocked("FORWARD in the legacy iptables table 'filter' of another program",
                      "policy DROP");
    }
    netns_sh(
        "iptables-legacy -P FORWARD ACCEPT && iptables-nft -N ufw-before-forward && iptables-nft -P FORWARD DROP");
    check_from(&guest, "udp", "10.99.0.2", "timeout");
    check_blocked("nftables table 'ip filter' of ufw", "ufw route allow in on virbr0");
    netns_sh("iptables-nft -P FORWARD ACCEPT && iptables-nft -A FORWARD -j REJECT");
    check_from(&guest, "udp", "10.99.0.2", "refused");
    check_blocked("of ufw", "drops whatever is forwarded");
    netns_sh(
        "nft delete table ip filter; nft add table inet firewalld && nft 'add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }' && "
        "nft add rule inet firewalld filter_FORWARD ct state established accept && nft add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited");
    check_from(&guest, "udp", "10.99.0.2", "unreachable");
    check_blocked("'inet firewalld' of firewalld", "firewall-cmd");
    netns_sh("nft delete table inet firewalld");
    check_not_blocked();
    check_from(&guest, "tcp", "10.99.0.2", "10.99.0.1");
    netns_sh(
        "nft add table inet theirs && nft 'add chain inet theirs input { type filter hook input priority 0; policy drop; }' && "
        "nft add rule inet theirs input iifname lo accept");
    check_blocked("the chain 'input' in the nftables table 'inet theirs' of another program",
                  "the accept of DHCP and DNS from bridge 'virbr0'");
    // Its owner knows the bridge.
    netns_sh("nft add rule inet theirs input iifname 'virbr*' udp dport 67 accept");
    check_not_blocked();
    netns_sh("nft delete table inet theirs");
    remove_network("virbr0");
}

static unsigned count_tagged(const char *tool)
{
    AUTO_FREE char *text = netns_output("%s-save | grep -c 'vireo virbr0'; true", tool);
    return (unsigned)atoi(text);
}

// Chains that all users of iptables share, with policies as ufw sets them.
static void shared(const char *tool)
{
    bool in_the_way = !(legacy && str_eq(tool, "iptables-legacy"));
    struct firewall_network net = network(FIREWALL_NAT);
    netns_sh(
        "%s -P INPUT DROP && %s -P FORWARD DROP && %s -N ufw-user-forward && %s -A FORWARD -j ufw-user-forward",
        tool, tool, tool, tool);
    apply(&net);
    check_complete(&net);
    check_not_blocked();
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&outside, "192.168.122.2", "refused"); // vireod's rules still decide
    if (in_the_way) {
        AUTO_FREE char *input = netns_output("%s -S INPUT", tool);
        CHECK_CONTAINS(input, "-i virbr0 -p udp -m udp --dport 67 ");
        CHECK_CONTAINS(input, "-i virbr0 -p tcp -m tcp --dport 53 ");
        AUTO_FREE char *output = netns_output("%s -S OUTPUT", tool);
        CHECK(!strstr(output, "virbr0")); // drops nothing
        unsigned count = count_tagged(tool);
        // Read back from a file they differ.
        netns_sh("%s-save >/run/saved && %s-restore </run/saved", tool, tool);
        check_complete(&net);
        apply(&net);
        CHECK_INT(count_tagged(tool), count);
        netns_sh("%s -D FORWARD 1", tool);
        check_missing(&net, "FORWARD");
        apply(&net);
        check_both(&guest, "10.99.0.2", "10.99.0.1");
        // A rule that drops all traffic before vireod's is there on purpose and stays.
        netns_sh("%s -I FORWARD -j DROP", tool);
        check_complete(&net);
        check_blocked("FORWARD", "drops whatever is forwarded");
        netns_sh("%s -D FORWARD 1", tool);
        netns_sh("%s -P INPUT ACCEPT && %s -P FORWARD ACCEPT", tool, tool);
        check_complete(&net);
        apply(&net);
        CHECK_INT(count_tagged(tool), 0);
        netns_sh("%s -P INPUT DROP && %s -P FORWARD DROP", tool, tool);
        check_missing(&net, "accept in the chain");
        apply(&net);
    }
    remove_network("virbr0");
    CHECK_INT(count_tagged(tool), 0);
    netns_sh("%s -P INPUT ACCEPT && %s -P FORWARD ACCEPT && %s -F && %s -X", tool, tool, tool,
             tool);
    check_clean();
}

static void test_shared_chains(void)
{
    shared("iptables-legacy");
    shared("iptables-nft");
    netns_sh("nft delete table ip filter");
}

static void docker(const char *tool)
{
    netns_sh("%s -N DOCKER-USER && %s -A DOCKER-USER -j RETURN && %s -N DOCKER && "
             "%s -I FORWARD -j DOCKER-USER && %s -P FORWARD DROP",
             tool, tool, tool, tool, tool);
    struct firewall_network net = network(FIREWALL_NAT);
    struct firewall_network other = neighbours(FIREWALL_ISOLATED);
    apply(&net);
    apply(&other);
    check_complete(&net);
    check_not_blocked();
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&outside, "192.168.122.2", "refused"); // vireod's rules still decide
    check_both(&neighbour, "10.99.0.2", "refused");
    // Docker restarted: its chain again, in front.
    netns_sh("%s -F DOCKER-USER", tool);
    check_missing(&net, "DOCKER-USER");
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    AUTO_FREE char *with = netns_output("%s -S DOCKER-USER", tool);
    CHECK_CONTAINS(with, "virbr0");
    remove_network("virbr0");
    remove_network("virbr9");
    AUTO_FREE char *without = netns_output("%s -S DOCKER-USER", tool);
    CHECK(!strstr(without, "virbr"));
    netns_sh("%s -P FORWARD ACCEPT && %s -F && %s -X", tool, tool, tool);
    check_clean();
}

static void test_docker(void)
{
    docker("iptables-legacy");
    docker("iptables-nft");
    netns_sh("nft delete table ip filter");
}

static void run(void)
{
    RUN(test_blockers);
    RUN(test_shared_chains);
    RUN(test_docker);
}

int main(int argc, char **argv)
{
    return stage_main(argc, argv, run);
}
