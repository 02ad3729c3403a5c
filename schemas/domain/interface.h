// SPDX-License-Identifier: LGPL-2.1-or-later
// <interface> of a domain.
#pragma once

#include "base/vec.h"
#include "schemas/domain/device.h"

struct network_bandwidth;
struct network_vlan;

enum interface_type {
    INTERFACE_NONE,
    INTERFACE_USER,
    INTERFACE_ETHERNET,
    INTERFACE_NETWORK,
    INTERFACE_BRIDGE,
    INTERFACE_DIRECT // a macvtap
};
enum interface_link { LINK_NONE, LINK_UP, LINK_DOWN };
enum interface_backend { INTERFACE_BACKEND_NONE, INTERFACE_BACKEND_QEMU, INTERFACE_BACKEND_VHOST };

struct interface_ip {
    char *family; // "ipv4", "ipv6"
    char *address;
    struct opt_uint prefix;
};

struct domain_interface {
    struct device dev;
    enum interface_type type;
    struct opt_mac mac; // always set when complete
    char *mac_type;     // mac type='generated|static', kept
    // Type network. An interface in a network of macvtaps is of type direct while it runs, and
    // these are live.
    char *network, *portgroup;
    char *bridge;     // type bridge; live with type network
    char *direct_dev; // type direct: the interface below
    enum direct_mode direct_mode;
    struct opt_uuid port_id; // live, type network
    char *target;            // <target dev=>: name of the tap; live when it is generated, see below
    enum toggle target_managed;
    char *model;                   // "virtio", "e1000", "rtl8139", ...
    enum interface_backend driver; // <driver name=>
    struct opt_uint queues, rx_queue_size, tx_queue_size;
    enum toggle ioeventfd, event_idx, tx_timer;
    struct virtio_options virtio;
    char *script, *downscript;
    enum interface_link link;
    struct opt_uint mtu;
    struct opt_uint sndbuf;
    enum toggle rom_bar, rom_enabled;
    char *rom_file;
    enum toggle port_isolated;
    struct network_vlan *vlan;           // schemas/network/def.h; types network and bridge
    struct network_bandwidth *bandwidth; // types network, bridge and ethernet
    VEC(struct interface_ip *) ips;
};

// Whether a tap's or macvtap's name is one that a daemon generates ("vnet*", "macvtap*"), at each
// start.
bool interface_target_is_generated(const char *name);
