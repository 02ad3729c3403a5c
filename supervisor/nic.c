// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/nic.h"
#include "bridge/bridge.h"
#include "netmgr/netmgr.h"
#include "supervisor/private.h"

#include <errno.h>
#include <fcntl.h>

enum { SCRIPT_TIMEOUT_MS = 30000, SCRIPT_OUTPUT_MAX = 1000 };

// A numbered name in a document is one that an earlier start had.
static const char *wanted_tap(const struct domain_interface *iface)
{
    return iface->target && !interface_target_is_ours(iface->target) ? iface->target : NULL;
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
static int open_vhost(const struct domain *dom, struct nic *nic, struct error *err)
{
    const struct domain_interface *iface = nic->iface;
    bool asked = iface->driver == INTERFACE_BACKEND_VHOST;
    if (!is_virtio(iface) || iface->driver == INTERFACE_BACKEND_QEMU ||
        (!asked && dom->live->type != DOMAIN_TYPE_KVM))
        return 0;
    nic->vhost_fds = xcalloc(nic->tap.nfds, sizeof(int));
    for (unsigned i = 0; i < nic->tap.nfds; i++) {
        int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
        if (fd < 0 && asked)
            return error_set_errno(
                err, AREA_QEMU, errno,
                "cannot open /dev/vhost-net for the <driver name='vhost'> of guest "
                "'%s'; load the vhost_net module, or leave the driver out",
                dom->name);
        if (fd < 0)
            break;
        nic->vhost_fds[nic->nvhosts++] = fd;
    }
    if (nic->nvhosts < nic->tap.nfds) { // all queues or none
        while (nic->nvhosts > 0)
            close(nic->vhost_fds[--nic->nvhosts]);
    }
    return 0;
}

static struct network_plug_request request_of(const struct domain *dom,
                                              const struct domain_interface *iface)
{
    return (struct network_plug_request){
        .network = iface->network,
        .portgroup = iface->portgroup,
        .mac = iface->mac.b,
        .owner = dom->uuid,
        .owner_name = dom->name,
        .port_id = iface->port_id,
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
                            "this daemon has no networks for the interface of guest '%s'",
                            dom->name);
}

static int plug_direct(struct task *t, struct domain *dom, struct nic *nic, const char *name,
                       struct error *err)
{
    const struct domain_interface *iface = nic->iface;
    struct macvtap_config config = {
        .name = name,
        .lower = iface->direct_dev,
        .mode = iface->direct_mode,
        .mac = iface->mac.b,
        .mtu = iface->mtu.set ? (uint32_t)iface->mtu.value : 0,
        .queues = queues_of(iface),
        .vnet_hdr = is_virtio(iface),
    };
    return macvtap_plug(t, dom, nic, &config, err);
}

static int plug_network(struct task *t, struct domain *dom, struct nic *nic, struct error *err)
{
    struct domain_interface *iface = nic->iface;
    struct networks *networks;
    if (find_networks(dom, &networks, err) < 0)
        return -1;
    struct network_plug_request request = request_of(dom, iface);
    struct network_plug plug = {0};
    if (network_plug(t, networks, &request, &plug, err) < 0)
        return error_prefix(err, "guest '%s'", dom->name);
    iface->port_id = (struct opt_uuid){.set = true, .value = plug.port_id};
    if (plug.portgroup)
        str_replace(&iface->portgroup, plug.portgroup);
    free(plug.portgroup);
    if (*plug.dev) { // it says what it got, as libvirt's live document
        iface->type = INTERFACE_DIRECT;
        str_replace(&iface->direct_dev, plug.dev);
        iface->direct_mode = plug.mode;
        return plug_direct(t, dom, nic, plug.tap.name, err);
    }
    nic->tap = plug.tap;
    str_replace(&iface->bridge, plug.bridge);
    str_replace(&iface->target, plug.tap.name);
    return 0;
}

static int open_netlink(struct domains *all, struct error *err)
{
    return all->netlink ? 0 : netlink_open(&all->netlink, err);
}

// A bridge of the host, or (bridge NULL) nothing: type ethernet, whose script does the rest.
static int plug_tap(struct domain *dom, struct nic *nic, const char *bridge, struct error *err)
{
    struct domains *all = dom->all;
    struct domain_interface *iface = nic->iface;
    uint8_t mac[MAC_SIZE];
    tap_mac(iface->mac.b, mac);
    struct tap_config config = {
        .name = wanted_tap(iface),
        .queues = queues_of(iface),
        .vnet_hdr = is_virtio(iface),
        .mac = mac,
        .mtu = iface->mtu.set ? (uint32_t)iface->mtu.value : 0,
        .bridge = bridge,
        .port = {.set_isolated = bridge && iface->port_isolated != TOGGLE_UNSET,
                 .isolated = iface->port_isolated == TOGGLE_YES},
    };
    if (open_netlink(all, err) < 0 ||
        tap_open(all->config.sched, all->netlink, &config, &nic->tap, err) < 0)
        return error_prefix(err, "guest '%s'", dom->name);
    str_replace(&iface->target, nic->tap.name);
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
        return -1;
    if (status == 0)
        return 0;
    AUTO_FREE char *how = process_status_text(status);
    return error_set(err, ERROR_HOOK_FAILED, AREA_QEMU,
                     "the script '%s' for '%s' of guest '%s' failed: %s: %s", script, tap,
                     dom->name, how, strbuf_text(&output));
}

static int plug(struct task *t, struct domain *dom, struct nic *nic, struct error *err)
{
    struct domain_interface *iface = nic->iface;
    struct networks *networks;
    char name[IFNAMSIZ] = "";
    switch (iface->type) {
    case INTERFACE_NETWORK:
        if (plug_network(t, dom, nic, err) < 0)
            return -1;
        break;
    case INTERFACE_BRIDGE:
        if (plug_tap(dom, nic, iface->bridge, err) < 0)
            return -1;
        break;
    case INTERFACE_ETHERNET:
        if (plug_tap(dom, nic, NULL, err) < 0 ||
            (iface->script && run_script(t, dom, iface->script, nic->tap.name, err) < 0))
            return -1;
        break;
    case INTERFACE_DIRECT:
        if ((!wanted_tap(iface) && (find_networks(dom, &networks, err) < 0 ||
                                    networks_name_macvtap(networks, name, err) < 0)) ||
            plug_direct(t, dom, nic, *name ? name : iface->target, err) < 0)
            return -1;
        break;
    default:
        return 0;
    }
    return open_vhost(dom, nic, err);
}

int nic_plug(struct task *t, struct domain *dom, struct domain_interface *iface, struct nic *ret,
             struct error *err)
{
    *ret = (struct nic){.iface = iface};
    if (plug(t, dom, ret, err) == 0)
        return 0;
    nic_close(dom, ret);
    nic_unplug(dom, iface);
    return -1;
}

void nic_close(struct domain *dom, struct nic *nic)
{
    for (size_t i = 0; i < nic->nvhosts; i++)
        close(nic->vhost_fds[i]);
    free(nic->vhost_fds);
    nic->vhost_fds = NULL;
    nic->nvhosts = 0;
    if (nic->tap.nfds > 0)
        tap_close(dom->all->config.sched, &nic->tap);
    nic->tap.nfds = 0;
}

static void drop_port(struct domain *dom, struct domain_interface *iface)
{
    if (iface->network && iface->port_id.set && dom->all->config.networks)
        network_unplug(dom->all->config.networks, iface->network, &iface->port_id.value);
    iface->port_id.set = false;
}

void nic_unplug(struct domain *dom, struct domain_interface *iface)
{
    drop_port(dom, iface);
    if (iface->target)
        macvtap_unwant(dom, iface->target);
}

static bool same_source(const struct domain_interface *a, const struct domain_interface *b)
{
    if (a->network && b->type == INTERFACE_NETWORK)
        return str_eq(a->network, b->network) &&
               (!b->portgroup || str_eq(a->portgroup, b->portgroup));
    if (a->type != b->type)
        return false;
    if (a->type == INTERFACE_DIRECT)
        return str_eq(a->direct_dev, b->direct_dev) && a->direct_mode == b->direct_mode;
    return a->type != INTERFACE_BRIDGE || str_eq(a->bridge, b->bridge);
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
        "cannot change %s of interface %s while guest '%s' runs; only its link, network "
        "and bridge; detach it and attach another, or change the stored definition with "
        "--config",
        what, opt_mac_format(&iface->mac, mac), dom->name);
}

static int move_to_network(struct task *t, struct domain *dom, struct domain_interface *iface,
                           const struct domain_interface *wanted, struct error *err)
{
    struct networks *networks = dom->all->config.networks;
    struct network *net = networks ? networks_find_name(networks, wanted->network) : NULL;
    if (!net || !network_is_active(net))
        return error_set(err, net ? ERROR_OPERATION_INVALID : ERROR_NO_NETWORK, AREA_NETWORK,
                         "cannot plug guest '%s' into network '%s': %s", dom->name, wanted->network,
                         net ? "it is not active; start it first" : "there is none of that name");
    if (network_def_direct_mode(net->live) != DIRECT_NONE)
        return refuse_move(dom, iface, "the type", err);
    struct network_plug_request request = request_of(dom, iface);
    request.network = wanted->network;
    request.portgroup = wanted->portgroup;
    request.tap = iface->target;
    request.port_id = (struct opt_uuid){.set = true, .value = uuid_random()};
    if (network_replug(t, networks, &request, err) < 0)
        return -1;
    nic_unplug(dom, iface);
    net = networks_find_name(networks, wanted->network);
    str_replace(&iface->network, wanted->network);
    str_replace(&iface->portgroup, wanted->portgroup);
    str_replace(&iface->bridge, net && net->live ? net->live->bridge : NULL);
    iface->port_id = request.port_id;
    return 0;
}

static int move_to_bridge(struct domain *dom, struct domain_interface *iface,
                          const struct domain_interface *wanted, struct error *err)
{
    struct link bridge, tap;
    if (open_netlink(dom->all, err) < 0)
        return -1;
    struct netlink *nl = dom->all->netlink;
    int r = link_find(nl, wanted->bridge, &bridge, err);
    if (r == 0)
        r = link_find(nl, iface->target, &tap, err);
    if (r == -ENODEV)
        return error_set(
            err, ERROR_OPERATION_FAILED, AREA_NETWORK,
            "cannot plug '%s' of guest '%s' into bridge '%s': one of them is not there",
            iface->target, dom->name, wanted->bridge);
    struct link_change change = {.set_master = true, .master = bridge.index};
    if (r < 0 || link_change(nl, tap.index, iface->target, &change, err) < 0)
        return -1;
    nic_unplug(dom, iface);
    str_replace(&iface->network, NULL);
    str_replace(&iface->portgroup, NULL);
    str_replace(&iface->bridge, wanted->bridge);
    return 0;
}

int nic_move(struct task *t, struct domain *dom, struct domain_interface *iface,
             const struct domain_interface *wanted, struct error *err)
{
    if (wanted->model && !str_eq(wanted->model, iface->model))
        return refuse_move(dom, iface, "the model", err);
    if (wanted->mtu.set && wanted->mtu.value != iface->mtu.value)
        return refuse_move(dom, iface, "the MTU", err);
    if (same_source(iface, wanted))
        return 0;
    if (!is_bridged(iface) || !is_bridged(wanted) || !iface->target)
        return refuse_move(dom, iface, iface->type == wanted->type ? "the source" : "the type",
                           err);
    int r = wanted->type == INTERFACE_NETWORK ? move_to_network(t, dom, iface, wanted, err)
                                              : move_to_bridge(dom, iface, wanted, err);
    if (r == 0)
        iface->type = wanted->type;
    return r;
}

int nic_plug_all(struct task *t, struct domain *dom, struct nic_vec *ret, struct error *err)
{
    VEC_FOREACH (iface, &dom->live->interfaces) {
        struct nic nic;
        if (nic_plug(t, dom, *iface, &nic, err) < 0)
            return -1; // those before are unplugged with the guest
        vec_push(ret, nic);
    }
    return 0;
}

void nic_unplug_all(struct task *t, struct domain *dom)
{
    VEC_FOREACH (iface, &dom->live->interfaces)
        drop_port(dom, *iface);
    macvtap_delete_all(t, dom);
}

void nic_vec_finish(struct domain *dom, struct nic_vec *nics)
{
    VEC_FOREACH (nic, nics)
        nic_close(dom, nic);
    vec_finish(nics);
}

struct argv_nic nic_for_argv(const struct nic *nic)
{
    return (struct argv_nic){.nic = nic->iface,
                             .tap_fds = nic->tap.fds,
                             .ntaps = nic->tap.nfds,
                             .vhost_fds = nic->vhost_fds,
                             .nvhosts = nic->nvhosts};
}

void nic_replug_all(struct task *t, struct domain *dom)
{
    if (!dom->all->config.networks)
        return;
    VEC_FOREACH (it, &dom->live->interfaces) {
        struct domain_interface *iface = *it;
        if (!iface->network || !iface->port_id.set)
            continue;
        AUTO_ERROR err = ERROR_INIT;
        struct network_plug_request request = request_of(dom, iface);
        request.tap = iface->target;
        request.dev = iface->direct_dev;
        if (network_replug(t, dom->all->config.networks, &request, &err) < 0)
            log_domain(LOG_LEVEL_WARN, dom->name, "its '%s' is not plugged into network '%s': %s",
                       iface->target ? iface->target : "interface", iface->network,
                       error_message(&err));
    }
}
