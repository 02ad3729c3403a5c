// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of <networkport>, the document of net-port-create and net-port-dumpxml.
#include "schemas/network/internal.h"

DOC_ENUM_VALUES(plug_values, "hostdev-pci", [NETWORK_PLUG_NETWORK] = "network",
                [NETWORK_PLUG_BRIDGE] = "bridge", [NETWORK_PLUG_DIRECT] = "direct");

#define S struct network_port_def
static const struct doc_row owner_rows[] = {
    D_STR(LEAF, "name", owner_name, .flags = DOC_REQUIRED),
    D_UUID(LEAF, "uuid", owner_uuid, .flags = DOC_REQUIRED),
};
static const struct doc_type owner_doc = DOC_TYPE("portOwner", S, owner_rows);
static const struct doc_row mac_rows[] = {
    D_MAC(ATTR, "address", mac, .flags = DOC_REQUIRED),
};
static const struct doc_type mac_doc = DOC_TYPE("portMac", S, mac_rows);
static const struct doc_row rxfilters_rows[] = {
    D_ENUM(ATTR, "trustGuest", trust_guest_rx_filters, &network_trust_values,
           .flags = DOC_REQUIRED),
};
static const struct doc_type rxfilters_doc = DOC_TYPE("portRxfilters", S, rxfilters_rows);
static const struct doc_row port_rows[] = {
    D_YESNO(ATTR, "isolated", isolated),
};
static const struct doc_type options_doc = DOC_TYPE("portOptions", S, port_rows);
#define BRIDGED .when = DOC_BIT(NETWORK_PLUG_NETWORK) | DOC_BIT(NETWORK_PLUG_BRIDGE)
#define DIRECT  .when = DOC_BIT(NETWORK_PLUG_DIRECT)
static const struct doc_row plug_rows[] = {
    D_ENUM(ATTR, "type", plug, &plug_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_TOKEN(ATTR, "bridge", bridge, BRIDGED, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "macTableManager", mac_table, &network_mac_table_values, BRIDGED),
    D_TOKEN(ATTR, "dev", dev, DIRECT, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "mode", mode, &doc_direct_mode_values, DIRECT, .flags = DOC_REQUIRED),
};
static const struct doc_type plug_doc =
    DOC_TYPE("portPlug", S, plug_rows, DOC_TAGGED(S, plug, &plug_values));
#undef BRIDGED
#undef DIRECT
static const struct doc_row networkport_rows[] = {
    D_UUID(LEAF, "uuid", uuid),
    D_ELEM("owner", &owner_doc, .flags = DOC_REQUIRED),
    D_TOKEN(LEAF, "group", group),
    D_ELEM("mac", &mac_doc, .flags = DOC_REQUIRED),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth),
    D_ELEM("rxfilters", &rxfilters_doc),
    D_ELEM("port", &options_doc),
    D_CHILD("vlan", &network_vlan_doc, vlan),
    D_ELEM("plug", &plug_doc),
};
static const struct doc_type networkport_doc = DOC_TYPE("networkport", S, networkport_rows);
#undef S

const struct doc network_port_doc = {
    .what = "network port",
    .area = AREA_NETWORK,
    .root = "networkport",
    .type = &networkport_doc,
    .known = network_known,
    .nknown = NETWORK_NKNOWN,
};

struct network_port_def *network_port_def_parse(const char *xml, size_t len, unsigned flags,
                                                struct error *err)
{
    struct network_port_def *def = NEW(struct network_port_def);
    unsigned how = flags & NETWORK_PARSE_VALIDATE ? DOC_STRICT : 0;
    if (doc_parse(&network_port_doc, xml, len, how, def, err) < 0) {
        network_port_def_destroy(def);
        return NULL;
    }
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    return def;
}

char *network_port_def_format(const struct network_port_def *def)
{
    return doc_format(&network_port_doc, def, 0);
}

struct network_port_def *network_port_def_copy(const struct network_port_def *def)
{
    struct network_port_def *copy = xmalloc(sizeof(*copy));
    doc_copy(&networkport_doc, copy, def);
    return copy;
}

void network_port_def_destroy(struct network_port_def *def)
{
    if (!def)
        return;
    doc_finish(&networkport_doc, def);
    free(def);
}

char *network_port_doc_rng(void)
{
    return doc_rng(&network_port_doc);
}
