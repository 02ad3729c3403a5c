// SPDX-License-Identifier: GPL-2.0-or-later
// Networks of macvtaps: the choice of an interface, port documents, and adoption after a restart.
// The test creates the macvtaps, as a domain's start does otherwise.
#include "tests/netmgr/live.h"

#include <errno.h>
#include "base/str.h"
#include "bridge/macvtap.h"
#include "netmgr/internal.h"

enum { IFACES = 4 };

static const uint8_t any_mac[MAC_SIZE] = {0x52, 0x54, 0, 1, 2, 3};

struct iface {
    uint8_t mac[MAC_SIZE]; // unique on one interface
    struct network_plug plug;
    struct tap tap;
};

static int plug(struct live *l, const char *network, const char *tap, struct network_plug *ret,
                struct error *err)
{
    struct network_plug_request q = {
        .network = network, .mac = any_mac, .owner_name = "dom", .tap = tap, .queues = 1};
    return network_plug(l->t, l->all, &q, ret, err);
}

// Plugs in, and creates the macvtap.
static void put(struct live *l, const char *network, struct iface *iface)
{
    AUTO_ERROR err = ERROR_INIT;
    char conflict[IFNAMSIZ];
    static uint8_t last;
    memcpy(iface->mac, any_mac, MAC_SIZE);
    iface->mac[MAC_SIZE - 1] = ++last;
    CHECK_OK(plug(l, network, NULL, &iface->plug, &err), &err);
    CHECK_INT(iface->plug.tap.nfds, 0);
    CHECK_STR(iface->plug.bridge, "");
    struct macvtap_config c = {.name = iface->plug.tap.name,
                               .lower = iface->plug.dev,
                               .mode = iface->plug.mode,
                               .mac = iface->mac};
    CHECK_OK(macvtap_open(l->t, &c, &iface->tap, conflict, &err), &err);
}

static void take(struct live *l, struct iface *iface)
{
    AUTO_ERROR err = ERROR_INIT;
    netns_close_tap(&iface->tap);
    CHECK_OK(macvtap_delete(l->t, iface->tap.name, iface->tap.index, iface->mac, &err), &err);
    network_unplug_tap(l->all, iface->tap.name);
}

static void refuses(int r, const struct error *err, enum error_code code, const char *part)
{
    CHECK_INT(r, -1);
    CHECK_CONTAINS(error_message(err), part);
    CHECK_INT(err->code, code);
}

static void finish(struct live *l, struct network *net)
{
    AUTO_ERROR err = ERROR_INIT;
    live_destroy(l, net);
    CHECK_OK(network_undefine(l->t, net, &err), &err);
    live_settle(l);
}

static const char POOL_XML[] =
    "<network><name>pool</name><forward mode='bridge'><interface dev='low0'/>"
    "<interface dev='low1'/></forward><portgroup name='web'/></network>";

static void test_pool(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    struct iface ifaces[IFACES];
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_start(&l, POOL_XML);
    netns_sh("ip link add macvtap1 type veth"); // this number is in use
    static const char *const devices[IFACES] = {"low0", "low1", "low0", "low1"};
    static const char *const names[IFACES] = {"macvtap0", "macvtap2", "macvtap3", "macvtap4"};
    for (size_t i = 0; i < IFACES; i++) {
        put(&l, "pool", &ifaces[i]);
        CHECK_STR(ifaces[i].plug.dev, devices[i]);
        CHECK_STR(ifaces[i].tap.name, names[i]);
        CHECK_INT(ifaces[i].plug.mode, DIRECT_BRIDGE);
    }
    netns_sh("ip link del macvtap1");
    CHECK_INT(net->nports, IFACES);
    CHECK_INT(network_count_on(net, "low0"), 2);
    CHECK_INT(network_count_on(net, "low9"), 0);
    AUTO_FREE char *xml =
        network_port_def_format(network_find_port(net, &ifaces[1].plug.port_id)->def);
    CHECK_CONTAINS(xml, "<plug type='direct' dev='low1' mode='bridge'/>");
    // The next one gets the interface that became free.
    take(&l, &ifaces[1]);
    CHECK_INT(network_count_on(net, "low1"), 1);
    put(&l, "pool", &ifaces[1]);
    CHECK_STR(ifaces[1].plug.dev, "low1");
    CHECK_STR(ifaces[1].tap.name, "macvtap5");
    // A client's port gets an interface, too; it cannot have rates.
    static const char PORT_XML[] =
        "<networkport><owner><name>o</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
        "<mac address='52:54:00:00:00:09'/></networkport>";
    struct network_port_def *def = network_port_def_parse(PORT_XML, strlen(PORT_XML), 0, &err);
    struct network_port *port;
    CHECK_OK(network_port_create(t, net, def, &port, &err), &err);
    CHECK_INT(port->def->plug, NETWORK_PLUG_DIRECT);
    CHECK_STR(port->def->dev, "low0");
    refuses(network_port_set_bandwidth(t, net, &port->def->uuid.value, NULL, &err), &err,
            ERROR_OPERATION_UNSUPPORTED, "networks with a bridge");
    CHECK_OK(network_port_delete(t, net, &port->def->uuid.value, &err), &err);
    def = network_port_def_parse(PORT_XML, strlen(PORT_XML), 0, &err);
    def->plug = NETWORK_PLUG_DIRECT; // an existing macvtap, on the interface it names
    def->dev = xstrdup("low1");
    CHECK_OK(network_port_create(t, net, def, &port, &err), &err);
    CHECK_STR(port->def->dev, "low1");
    CHECK_OK(network_port_delete(t, net, &port->def->uuid.value, &err), &err);
    // Options that macvtaps do not support.
    struct network_plug_request q = {
        .network = "pool", .mac = any_mac, .owner_name = "dom", .isolated = TOGGLE_YES};
    struct network_plug p;
    refuses(network_plug(t, l.all, &q, &p, &err), &err, ERROR_CONFIG_UNSUPPORTED, "isolated");
    CHECK_INT(net->nports, IFACES);
    CHECK_OK(plug(&l, "pool", "mytap", &p, &err), &err);
    CHECK_STR(p.tap.name, "mytap");
    // After a restart: ports with an existing macvtap are kept; "mytap" never existed.
    take(&l, &ifaces[0]);
    live_close(&l);
    netns_close_tap(&ifaces[2].tap);
    CHECK_OK(macvtap_delete(t, ifaces[2].tap.name, ifaces[2].tap.index, ifaces[2].mac, &err), &err);
    live_open(&l, t);
    live_settle(&l);
    net = networks_find_name(l.all, "pool");
    CHECK(network_is_active(net));
    CHECK_INT(net->nports, 2);
    CHECK_INT(network_count_on(net, "low1"), 2);
    // A running domain reports its port, of which no record is left.
    struct uuid id = ifaces[3].plug.port_id;
    network_unplug(l.all, "pool", &id);
    CHECK_INT(net->nports, 1);
    struct network_plug_request again = {.network = "pool",
                                         .mac = ifaces[3].mac,
                                         .owner_name = "dom",
                                         .port_id = {.set = true, .value = id},
                                         .tap = ifaces[3].tap.name,
                                         .dev = "low1"};
    CHECK_OK(network_replug(t, l.all, &again, &err), &err);
    CHECK_INT(network_count_on(net, "low1"), 2);
    // New names skip existing ones.
    put(&l, "pool", &ifaces[0]);
    CHECK_STR(ifaces[0].plug.dev, "low0");
    CHECK_STR(ifaces[0].tap.name, "macvtap0");
    take(&l, &ifaces[0]);
    take(&l, &ifaces[1]);
    take(&l, &ifaces[3]);
    CHECK_INT(net->nports, 0);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

static void test_alone(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    struct iface ifaces[2];
    struct network_plug p;
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_start(
        &l, "<network><name>own</name><forward mode='passthrough'><interface dev='low0'/>"
            "<interface dev='nosuch0'/><interface dev='low1'/></forward></network>");
    put(&l, "own", &ifaces[0]);
    CHECK_STR(ifaces[0].plug.dev, "low0");
    CHECK_INT(ifaces[0].plug.mode, DIRECT_PASSTHROUGH);
    // An interface in use elsewhere, or missing, is not chosen.
    netns_sh("ip link add hbr type bridge; ip link set low1 master hbr");
    refuses(
        plug(&l, "own", NULL, &p, &err), &err, ERROR_INTERNAL,
        "'low0' is used by another domain; 'nosuch0' does not exist; 'low1' is in use by bridge 'hbr'");
    netns_sh("ip link del hbr");
    put(&l, "own", &ifaces[1]);
    CHECK_STR(ifaces[1].plug.dev, "low1");
    take(&l, &ifaces[0]);
    CHECK_OK(plug(&l, "own", NULL, &p, &err), &err);
    CHECK_STR(p.dev, "low0");
    network_unplug(l.all, "own", &p.port_id);
    take(&l, &ifaces[1]);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

static void run(const char *name, task_fn fn)
{
    netns_sh("rm -rf " LIVE_DIR);
    run_task(fn, NULL);
    printf("ok %s\n", name);
    fflush(stdout);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    netns_enter();
    netns_sh(
        "ip link add low0 type veth peer name far0; ip link add low1 type veth peer name far1");
    if (netns_sh_status("ip link add link low0 name probe type macvtap && ip link del probe") != 0)
        SKIP("this kernel has no macvtaps");
    run("test_pool", test_pool);
    run("test_alone", test_alone);
    return 0;
}
