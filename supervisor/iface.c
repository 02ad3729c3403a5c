// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/iface.h"
#include "bridge/bridge.h"
#include "netmgr/netmgr.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>

enum { SCRIPT_TIMEOUT_MS = 30000, SCRIPT_OUTPUT_MAX = 1000 };

// A numbered name in a document is one that an earlier start had.
static const char *wanted_tap(const struct domain_interface *iface)
{
    return iface->target && !interface_target_is_generated(iface->target) ? iface->target : NULL;
}

static bool is_virtio(const struct domain_interface *iface)
{
    return iface->model && str_starts(iface->model, "virtio");
}

static unsigned queues_of(const struct domain_interface *iface)
{
    return iface->queues.set && is_virtio(iface) ? (unsigned)iface->queues.value : 1;
}

// QEMU aborts on vhost where /dev/vhost-net doesn't open, so that it gets descriptors or nothing.
static int open_vhost(const struct domain *dom, struct iface_link *link, struct error *err)
{
    const struct domain_interface *iface = link->iface;
    bool asked = iface->driver == INTERFACE_BACKEND_VHOST;
    if (!is_virtio(iface) || iface->driver == INTERFACE_BACKEND_QEMU ||
        (!asked && dom->live->type != DOMAIN_TYPE_KVM))
        return 0;
    link->vhost_fds = xcalloc(link->tap.nfds, sizeof(int));
    for (unsigned i = 0; i < link->tap.nfds; i++) {
        int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
        if (fd < 0 && asked)
            return error_set_errno(
                err, AREA_QEMU, errno,
                "cannot open /dev/vhost-net for the <driver name='vhost'> of domain "
                "'%s'; load the vhost_net module, or leave the driver out",
                dom->name);
        if (fd < 0)
            break;
        link->vhost_fds[link->nvhosts++] = fd;
    }
    if (link->nvhosts < link->tap.nfds) { // all queues or none
        while (link->nvhosts > 0)
            close(link->vhost_fds[--link->nvhosts]);
    }
    return 0;
}

struct network_plug_request iface_request(const struct domain *dom,
                                          const struct domain_interface *iface)
{
    return (struct network_plug_request){
        .network = iface->network,
        .portgroup = iface->portgroup,
        .mac = iface->mac.b,
        .owner = dom->uuid,
        .owner_name = dom->name,
        .port_id = iface->port_id,
        .bandwidth = iface->bandwidth,
        .vlan = iface->vlan,
        .isolated = iface->port_isolated,
        .tap = wanted_tap(iface),
        .queues = queues_of(iface),
        .vnet_hdr = is_virtio(iface),
        .mtu = iface->mtu.set ? (uint32_t)iface->mtu.value : 0,
    };
}

static int find_networks(const struct domain *dom, struct networks **ret, struct error *err)
{
    *ret = dom->all->config.networks;
    return *ret ? 0
                : error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                            "this daemon has no networks for the interface of domain '%s'",
                            dom->name);
}

static int plug_direct(struct task *t, struct domain *dom, struct iface_link *link,
                       const char *name, struct error *err)
{
    const struct domain_interface *iface = link->iface;
    struct macvtap_config config = {
        .name = name,
        .lower = iface->direct_dev,
        .mode = iface->direct_mode,
        .mac = iface->mac.b,
        .mtu = iface->mtu.set ? (uint32_t)iface->mtu.value : 0,
        .queues = queues_of(iface),
        .vnet_hdr = is_virtio(iface),
    };
    return macvtap_plug(t, dom, link, &config, err);
}

static int plug_network(struct task *t, struct domain *dom, struct iface_link *link,
                        struct error *err)
{
    struct domain_interface *iface = link->iface;
    struct networks *networks;
    if (find_networks(dom, &networks, err) < 0)
        return -1;
    struct network_plug_request request = iface_request(dom, iface);
    struct network_plug plug = {0};
    if (network_plug(t, networks, &request, &plug, err) < 0)
        return error_prefix(err, "domain '%s'", dom->name);
    iface->port_id = (struct opt_uuid){.set = true, .value = plug.port_id};
    if (plug.portgroup)
        str_replace(&iface->portgroup, plug.portgroup);
    free(plug.portgroup);
    if (*plug.dev) { // it says what it got, as libvirt's live document
        iface->type = INTERFACE_DIRECT;
        str_replace(&iface->direct_dev, plug.dev);
        iface->direct_mode = plug.mode;
        return plug_direct(t, dom, link, plug.tap.name, err);
    }
    link->tap = plug.tap;
    str_replace(&iface->bridge, plug.bridge);
    str_replace(&iface->target, plug.tap.name);
    return 0;
}

int domains_open_netlink(struct domains *all, struct error *err)
{
    return all->netlink ? 0 : netlink_open(&all->netlink, err);
}

// A bridge of the host, or (bridge NULL) nothing: type ethernet, whose script does the rest.
static int plug_tap(struct task *t, struct domain *dom, struct iface_link *link, const char *bridge,
                    struct error *err)
{
    struct domains *all = dom->all;
    struct domain_interface *iface = link->iface;
    uint8_t mac[MAC_SIZE];
    tap_mac(iface->mac.b, mac);
    struct tap_config config = {
        .name = wanted_tap(iface),
        .queues = queues_of(iface),
        .vnet_hdr = is_virtio(iface),
        .mac = mac,
        .mtu = iface->mtu.set ? (uint32_t)iface->mtu.value : 0,
        .bridge = bridge,
    };
    AUTO_FREE uint16_t *trunk = NULL;
    if (!bridge && iface->target_managed == TOGGLE_NO) {
        config.existing = true;
        config.name = iface->target;
        if (!config.name)
            return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                             "domain '%s': <target managed='no'> needs the name of a tap that is "
                             "there: <target dev=>",
                             dom->name);
    }
    if (bridge)
        config.port = network_port_change(iface->vlan, iface->port_isolated, &trunk);
    if (domains_open_netlink(all, err) < 0 ||
        (bridge && iface->vlan && bridge_check_vlans(all->netlink, bridge, err) < 0))
        return error_prefix(err, "domain '%s'", dom->name);
    AUTO_ERROR e = ERROR_INIT;
    int r = tap_open(all->config.sched, all->netlink, &config, &link->tap, &e);
    // Users are helped to a plain interface in a bridge, and to no more.
    bool plain = bridge && config.queues == 1 && !config.name && !iface->vlan &&
                 !iface->port_isolated && !iface->mtu.set;
    if (r < 0 && plain && !all->config.system_mode &&
        (e.sys_errno == EPERM || e.sys_errno == EACCES))
        r = tap_open_by_helper(t, bridge, config.vnet_hdr, &link->tap, &e);
    if (r < 0) {
        error_move(err, &e);
        return error_prefix(err, "domain '%s'", dom->name);
    }
    str_replace(&iface->target, link->tap.name);
    if (iface->bandwidth && bandwidth_apply(t, link->tap.name, iface->bandwidth, err) < 0)
        return error_prefix(err, "domain '%s'", dom->name);
    return 0;
}

static int run_script(struct task *t, const struct domain *dom, const char *script, const char *tap,
                      struct error *err)
{
    AUTO_STRBUF output = {0};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = (char *[]){(char *)script, (char *)tap, NULL};
    int status;
    if (child_run(t, &spec, NULL, SCRIPT_OUTPUT_MAX, task_deadline_ms(SCRIPT_TIMEOUT_MS), &status,
                  &output, err) < 0)
        return error_prefix(err, "the script for '%s' of domain '%s'", tap, dom->name);
    if (status == 0)
        return 0;
    AUTO_FREE char *how = process_status_text(status);
    AUTO_FREE char *said = str_one_line(strbuf_text(&output));
    return error_set(err, ERROR_HOOK_FAILED, AREA_QEMU,
                     "the script '%s' for '%s' of domain '%s' failed: %s%s%s", script, tap,
                     dom->name, how, *said ? ": " : "", said);
}

static int plug(struct task *t, struct domain *dom, struct iface_link *link, struct error *err)
{
    struct domain_interface *iface = link->iface;
    struct networks *networks;
    char name[IFNAMSIZ] = "";
    switch (iface->type) {
    case INTERFACE_NETWORK:
        if (plug_network(t, dom, link, err) < 0)
            return -1;
        break;
    case INTERFACE_BRIDGE:
        if (plug_tap(t, dom, link, iface->bridge, err) < 0)
            return -1;
        break;
    case INTERFACE_ETHERNET:
        if (plug_tap(t, dom, link, NULL, err) < 0 ||
            (iface->script && run_script(t, dom, iface->script, link->tap.name, err) < 0))
            return -1;
        break;
    case INTERFACE_DIRECT:
        if ((!wanted_tap(iface) && (find_networks(dom, &networks, err) < 0 ||
                                    networks_name_macvtap(networks, name, err) < 0)) ||
            plug_direct(t, dom, link, *name ? name : iface->target, err) < 0)
            return -1;
        break;
    default:
        return 0;
    }
    return open_vhost(dom, link, err);
}

static void drop_port(struct domain *dom, struct domain_interface *iface)
{
    if (iface->network && iface->port_id.set && dom->all->config.networks)
        network_unplug(dom->all->config.networks, iface->network, &iface->port_id.value);
    iface->port_id.set = false;
}

int iface_plug(struct task *t, struct domain *dom, struct domain_interface *iface,
               struct iface_link *ret, struct error *err)
{
    object_assert_locked(t, &dom->object);
    *ret = (struct iface_link){.iface = iface};
    if (plug(t, dom, ret, err) == 0)
        return 0;
    iface_close(dom, ret);
    drop_port(dom, iface);
    if (iface->target)
        macvtap_unwant(dom, iface->target);
    return -1;
}

void iface_close(struct domain *dom, struct iface_link *link)
{
    for (size_t i = 0; i < link->nvhosts; i++)
        close(link->vhost_fds[i]);
    free(link->vhost_fds);
    link->vhost_fds = NULL;
    link->nvhosts = 0;
    if (link->tap.nfds > 0)
        tap_close(dom->all->config.sched, &link->tap);
    link->tap.nfds = 0;
}

struct down {
    struct domain *dom;
    char *script, *tap;
};

static void down_main(struct task *t, void *arg)
{
    struct down *d = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (run_script(t, d->dom, d->script, d->tap, &err) < 0)
        log_domain(LOG_LEVEL_WARN, d->dom->name, "%s", error_message(&err));
    domain_unref(d->dom);
    free(d->script);
    free(d->tap);
    free(d);
}

static void run_downscript(struct domain *dom, const struct domain_interface *iface)
{
    if (iface->type != INTERFACE_ETHERNET || !iface->downscript || !iface->target)
        return;
    struct down *d = NEW(struct down);
    domain_ref(dom);
    *d = (struct down){
        .dom = dom, .script = xstrdup(iface->downscript), .tap = xstrdup(iface->target)};
    task_spawn(dom->all->config.sched, "script of an interface", down_main, d);
}

void iface_unplug(struct domain *dom, struct domain_interface *iface)
{
    drop_port(dom, iface);
    if (iface->target)
        macvtap_unwant(dom, iface->target);
    run_downscript(dom, iface);
}

// A portgroup that is not said is the default one.
static const char *portgroup_of(const struct domain *dom, const struct domain_interface *iface)
{
    const struct networks *networks = dom->all->config.networks;
    const struct network *net = networks ? networks_find_name(networks, iface->network) : NULL;
    const struct network_portgroup *pg =
        net ? network_def_find_portgroup(network_current(net), iface->portgroup) : NULL;
    return pg ? pg->name : iface->portgroup;
}

static bool same_source(const struct domain *dom, const struct domain_interface *a,
                        const struct domain_interface *b)
{
    if (a->network && b->type == INTERFACE_NETWORK)
        return str_eq(a->network, b->network) && str_eq(portgroup_of(dom, a), portgroup_of(dom, b));
    if (a->type != b->type)
        return false;
    if (a->type == INTERFACE_DIRECT)
        return str_eq(a->direct_dev, b->direct_dev) && a->direct_mode == b->direct_mode;
    return a->type != INTERFACE_BRIDGE || str_eq(a->bridge, b->bridge);
}

static bool same_driver(const struct domain_interface *a, const struct domain_interface *b)
{
    return a->driver == b->driver && opt_uint_eq(&a->queues, &b->queues) &&
           opt_uint_eq(&a->rx_queue_size, &b->rx_queue_size) &&
           opt_uint_eq(&a->tx_queue_size, &b->tx_queue_size) && a->ioeventfd == b->ioeventfd &&
           a->tx_timer == b->tx_timer && a->event_idx == b->event_idx &&
           opt_uint_eq(&a->sndbuf, &b->sndbuf) &&
           memcmp(&a->virtio, &b->virtio, sizeof(a->virtio)) == 0 && a->rom_bar == b->rom_bar &&
           a->rom_enabled == b->rom_enabled && str_eq(a->rom_file, b->rom_file);
}

static bool is_bridged(const struct domain_interface *iface)
{
    return iface->type == INTERFACE_NETWORK || iface->type == INTERFACE_BRIDGE;
}

static int refuse_move(const struct domain *dom, const struct domain_interface *iface,
                       const char *what, struct error *err)
{
    char mac[OPT_MAC_TEXT_SIZE];
    return error_set(
        err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
        "cannot change %s of interface %s while domain '%s' runs; only its link, network, "
        "bridge and bandwidth; detach it and attach another, or change the stored definition with "
        "--config",
        what, opt_mac_format(&iface->mac, mac), dom->name);
}

// Whether its port, or the one it would get, is in a VLAN.
static bool has_vlan(const struct domain *dom, const struct domain_interface *iface)
{
    const struct networks *networks = dom->all->config.networks;
    const struct network *net = networks && iface->type == INTERFACE_NETWORK
                                    ? networks_find_name(networks, iface->network)
                                    : NULL;
    const struct network_def *def = net ? network_current(net) : NULL;
    const struct network_portgroup *pg =
        def ? network_def_find_portgroup(def, iface->portgroup) : NULL;
    const struct network_port *port =
        net && iface->port_id.set ? network_find_port(net, &iface->port_id.value) : NULL;
    return iface->vlan || (pg && pg->vlan) || (def && def->vlan) || (port && port->def->vlan);
}

static int move_to_network(struct task *t, struct domain *dom, struct domain_interface *iface,
                           const struct domain_interface *wanted, struct error *err)
{
    struct networks *networks = dom->all->config.networks;
    struct network *net = networks ? networks_find_name(networks, wanted->network) : NULL;
    if (!net || !network_is_active(net))
        return error_set(err, net ? ERROR_OPERATION_INVALID : ERROR_NO_NETWORK, AREA_NETWORK,
                         "cannot plug domain '%s' into network '%s': %s", dom->name,
                         wanted->network,
                         net ? "it is not active; start it first" : "there is none of that name");
    if (network_def_direct_mode(net->live) != DIRECT_NONE)
        return refuse_move(dom, iface, "the type", err);
    struct network_plug_request request = iface_request(dom, iface);
    request.network = wanted->network;
    request.portgroup = wanted->portgroup;
    request.tap = iface->target;
    request.port_id = (struct opt_uuid){.set = true, .value = uuid_random()};
    if (network_replug(t, networks, &request, err) < 0)
        return -1;
    iface_unplug(dom, iface);
    net = networks_find_name(networks, wanted->network);
    str_replace(&iface->network, wanted->network);
    str_replace(&iface->portgroup, portgroup_of(dom, wanted));
    str_replace(&iface->bridge, net && net->live ? net->live->bridge : NULL);
    iface->port_id = request.port_id;
    return 0;
}

static int move_to_bridge(struct domain *dom, struct domain_interface *iface,
                          const struct domain_interface *wanted, struct error *err)
{
    struct link bridge, tap;
    if (domains_open_netlink(dom->all, err) < 0)
        return -1;
    struct netlink *nl = dom->all->netlink;
    int r = link_find(nl, wanted->bridge, &bridge, err);
    if (r == 0)
        r = link_find(nl, iface->target, &tap, err);
    if (r == -ENODEV)
        return error_set(
            err, ERROR_OPERATION_FAILED, AREA_NETWORK,
            "cannot plug '%s' of domain '%s' into bridge '%s': one of them is not there",
            iface->target, dom->name, wanted->bridge);
    struct link_change change = {.set_master = true, .master = bridge.index};
    if (r < 0 || link_change(nl, tap.index, iface->target, &change, err) < 0)
        return -1;
    iface_unplug(dom, iface);
    str_replace(&iface->network, NULL);
    str_replace(&iface->portgroup, NULL);
    str_replace(&iface->bridge, wanted->bridge);
    return 0;
}

int iface_move(struct task *t, struct domain *dom, struct domain_interface *iface,
               const struct domain_interface *wanted, struct error *err)
{
    object_assert_locked(t, &dom->object);
    if (wanted->model && !str_eq(wanted->model, iface->model))
        return refuse_move(dom, iface, "the model", err);
    if (wanted->mtu.set && wanted->mtu.value != iface->mtu.value)
        return refuse_move(dom, iface, "the MTU", err);
    if (!network_vlan_eq(wanted->vlan, iface->vlan))
        return refuse_move(dom, iface, "the VLAN", err);
    if (wanted->target && !str_eq(wanted->target, iface->target))
        return refuse_move(dom, iface, "the tap", err);
    if (!same_driver(wanted, iface))
        return refuse_move(dom, iface, "the driver", err);
    if (wanted->port_isolated != iface->port_isolated)
        return refuse_move(dom, iface, "the isolation", err);
    if (!opt_uint_eq(&wanted->dev.boot_order, &iface->dev.boot_order))
        return refuse_move(dom, iface, "the boot order", err);
    if (!str_eq(wanted->script, iface->script) || !str_eq(wanted->downscript, iface->downscript))
        return refuse_move(dom, iface, "a script", err);
    if (same_source(dom, iface, wanted))
        return iface_plug_back(t, dom, iface, err);
    if (!is_bridged(iface) || !is_bridged(wanted) || !iface->target)
        return refuse_move(dom, iface, iface->type == wanted->type ? "the source" : "the type",
                           err);
    if (has_vlan(dom, iface) || has_vlan(dom, wanted))
        return refuse_move(dom, iface, "the VLAN", err);
    int r = wanted->type == INTERFACE_NETWORK ? move_to_network(t, dom, iface, wanted, err)
                                              : move_to_bridge(dom, iface, wanted, err);
    if (r == 0)
        iface->type = wanted->type;
    return r;
}

int iface_set_bandwidth(struct task *t, struct domain *dom, struct domain_interface *iface,
                        const struct network_bandwidth *wanted, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct networks *networks = dom->all->config.networks;
    struct network_bandwidth *own = network_bandwidth_copy(wanted);
    int r;
    if (iface->type == INTERFACE_NETWORK && iface->port_id.set && networks) {
        struct network *found = networks_find_name(networks, iface->network);
        AUTO_NETWORK struct network *net = found ? network_ref(found) : NULL;
        AUTO_FREE struct network_bandwidth *rates = network_bandwidth_copy(
            own ? own : network_port_default_bandwidth(networks, iface->network, iface->portgroup));
        struct uuid id = iface->port_id.value;
        r = net ? network_port_set_bandwidth(t, net, &id, rates, err)
                : error_set(err, ERROR_NO_NETWORK, AREA_NETWORK,
                            "no network with matching name '%s'", iface->network);
    } else {
        AUTO_FREE char *tap = xstrdup(iface->target ? iface->target : "");
        AUTO_FREE struct network_bandwidth *before = network_bandwidth_copy(iface->bandwidth);
        r = bandwidth_apply(t, tap, own, err);
        if (r < 0) // maybe half of it was done
            (void)bandwidth_apply(t, tap, before, NULL);
    }
    if (r < 0) {
        network_bandwidth_destroy(own);
        return error_prefix(err, "domain '%s'", dom->name);
    }
    network_bandwidth_destroy(iface->bandwidth);
    iface->bandwidth = own;
    return 0;
}

int iface_plug_all(struct task *t, struct domain *dom, struct iface_vec *ret, struct error *err)
{
    object_assert_locked(t, &dom->object);
    VEC_FOREACH (iface, &dom->live->interfaces) {
        struct iface_link link;
        if (iface_plug(t, dom, *iface, &link, err) < 0)
            return -1; // those before are unplugged with the guest
        vec_push(ret, link);
    }
    return 0;
}

void iface_unplug_all(struct task *t, struct domain *dom)
{
    object_assert_locked(t, &dom->object);
    VEC_FOREACH (iface, &dom->live->interfaces) {
        drop_port(dom, *iface);
        run_downscript(dom, *iface);
    }
    macvtap_delete_all(t, dom);
}

void iface_vec_finish(struct domain *dom, struct iface_vec *ifaces)
{
    VEC_FOREACH (link, ifaces)
        iface_close(dom, link);
    vec_finish(ifaces);
}

struct command_iface iface_for_command(const struct iface_link *link)
{
    return (struct command_iface){.iface = link->iface,
                                  .tap_fds = link->tap.fds,
                                  .ntaps = link->tap.nfds,
                                  .vhost_fds = link->vhost_fds,
                                  .nvhosts = link->nvhosts};
}
