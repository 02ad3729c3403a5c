// SPDX-License-Identifier: GPL-2.0-or-later
// Every row of the network document against the plan and dnsmasq's files, and of a port's document
// against what plugs it in.
#include <stdio.h>
#include "base/file.h"
#include "netmgr/internal.h"
#include "schemas/network/internal.h"
#include "tests/check.h"
#include "tests/netmgr/plan_text.h"
#include "tests/rows/rows.h"

enum { DOCUMENT_MAX = 1 << 20 };

#define PORTS "netmgr/ports.c"
#define RATES "netmgr/bandwidth.c"

static const struct rows_exempt network_exempt[] = {
    {"network/name", "its name", NULL, NULL},
    {"network/uuid", "its name", NULL, NULL},
    {"network/title", "for people", NULL, NULL},
    {"network/description", "for people", NULL, NULL},
    {"network/metadata", "for clients", NULL, NULL},
    {"network@trustGuestRxFilters", "no is the only one", NULL, NULL},
    {"network/portgroup@trustGuestRxFilters", "no is the only one", NULL, NULL},
    {"network/ip/dhcp", "without a range or a host it serves no client", NULL, NULL},
    // What a port that is plugged in gets.
    {"network/bridge@macTableManager", "of its ports", PORTS, "mac_table"},
    {"network/vlan*", "of its ports", PORTS, "live->vlan"},
    {"network/port@isolated", "of its ports", PORTS, "live->port_isolated"},
    {"network/portgroup@name", "chosen by a port", PORTS, "portgroup"},
    {"network/portgroup/vlan*", "of its ports", PORTS, "pg->vlan"},
    {"network/portgroup/bandwidth*", "of its ports", PORTS, "pg->bandwidth"},
    {"network/bandwidth*", "on its bridge", RATES, "inbound"},
};
static const struct rows_exempt port_exempt[] = {
    {"networkport/uuid", "its name", NULL, NULL},
    {"networkport/owner*", "for people", NULL, NULL},
    {"networkport/group", "the portgroup it came from", PORTS, "def->group"},
    {"networkport/mac@address", "with macTableManager='libvirt'", PORTS, "def->mac"},
    {"networkport/rxfilters@trustGuest", "no is the only one", NULL, NULL},
    {"networkport/bandwidth*", "on its tap", RATES, "inbound"},
    {"networkport/port@isolated", "of its bridge port", PORTS, "def->isolated"},
    {"networkport/vlan*", "of its bridge port", PORTS, "def->vlan"},
    {"networkport/plug*", "what it is plugged into", PORTS, "def->plug"},
};

static const struct dnsmasq_paths paths = {
    .conf = "/run/N.conf",
    .pid = "/run/N.pid",
    .hosts = "/lib/N.hosts",
    .addnhosts = "/lib/N.addnhosts",
    .leases = "/lib/N.leases",
};

static char *network_outcome(const char *xml, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_PLAN struct plan *plan = NULL;
    AUTO_NETWORK_DEF struct network_def *parsed = network_def_parse(xml, strlen(xml), 0, &err);
    if (!parsed && err.code != ERROR_CONFIG_UNSUPPORTED)
        return NULL;
    error_clear(&err);
    AUTO_NETWORK_DEF struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
    if (!def)
        return xstrdup(error_message(&err));
    if (!def->bridge && network_def_owns_bridge(def))
        def->bridge = xstrdup("virbr0");
    if (!parsed->mac.set)
        def->mac = (struct opt_mac){.set = true, .b = {0x52, 0x54, 0, 0, 0, 1}};
    if (plan_make(def, &paths, &plan, &err) < 0)
        return xstrdup(error_message(&err));
    return plan_text(plan);
}

static char *port_outcome(const char *xml, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    struct network_port_def *def = network_port_def_parse(xml, strlen(xml), 0, &err);
    network_port_def_destroy(def);
    if (!def && err.code != ERROR_CONFIG_UNSUPPORTED)
        return NULL;
    return xstrdup(def ? "" : error_message(&err));
}

static int add_document(const char *name, void *arg)
{
    struct strv *documents = arg;
    AUTO_FREE char *path = path_join(documents->v[0], name);
    char *text;
    CHECK_INT(file_read(path, DOCUMENT_MAX, &text, NULL), 0);
    strv_take(documents, text);
    return 0;
}

// documents->v[0] is the directory that was read last.
static void add_documents(struct strv *documents, const char *dir)
{
    if (!documents->n)
        strv_push(documents, dir);
    str_replace(&documents->v[0], dir);
    CHECK_INT(dir_each(dir, ".xml", add_document, documents), 0);
}

int main(void)
{
    struct strv networks = {0}, ports = {0};
    struct rows_subject network = {.doc = &network_doc,
                                   .outcome = network_outcome,
                                   .exempt = network_exempt,
                                   .nexempt = ARRAY_LEN(network_exempt)};
    struct rows_subject port = {.doc = &network_port_doc,
                                .outcome = port_outcome,
                                .exempt = port_exempt,
                                .nexempt = ARRAY_LEN(port_exempt)};
    add_documents(&networks, SOURCE_DIR "/tests/fixtures/network");
    add_documents(&networks, SOURCE_DIR "/tests/netmgr/documents");
    add_documents(&ports, SOURCE_DIR "/tests/fixtures/networkport");
    unsigned wrong = rows_check(&network, networks.v + 1, networks.n - 1);
    wrong += rows_check(&port, ports.v + 1, ports.n - 1);
    strv_finish(&networks);
    strv_finish(&ports);
    return wrong != 0;
}
