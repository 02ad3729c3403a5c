// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked about the host.
#include "api/daemon.h"
#include "api/handlers.h"
#include "host/host.h"
#include "host/node.h"
#include "supervisor/domain.h"

int api_connect_get_version(struct call *call, struct wire_connect_get_version_ret *ret,
                            struct error *err)
{
    uint32_t version = 0;
    if (host_qemu_version(call->task, call_daemon(call)->host, &version, err) < 0)
        return -1;
    ret->hv_ver = version;
    return 0;
}

int api_connect_get_hostname(struct call *call, struct wire_connect_get_hostname_ret *ret,
                             struct error *err)
{
    char *name;
    if (node_get_hostname(&name, err) < 0)
        return -1;
    ret->hostname = arena_take(call->arena, name);
    return 0;
}

int api_connect_get_capabilities(struct call *call, struct wire_connect_get_capabilities_ret *ret,
                                 struct error *err)
{
    char *xml;
    if (host_capabilities_xml(call->task, call_daemon(call)->host, &xml, err) < 0)
        return -1;
    ret->capabilities = arena_take(call->arena, xml);
    return 0;
}

int api_connect_get_domain_capabilities(
    struct call *call, const struct wire_connect_get_domain_capabilities_args *args,
    struct wire_connect_get_domain_capabilities_ret *ret, struct error *err)
{
    char *xml;
    if (domains_capabilities_xml(call->task, call_daemon(call)->domains, args->emulatorbin,
                                 args->arch, args->machine, args->virttype, &xml, err) < 0)
        return -1;
    ret->capabilities = arena_take(call->arena, xml);
    return 0;
}

int api_connect_get_max_vcpus(struct call *call, const struct wire_connect_get_max_vcpus_args *args,
                              struct wire_connect_get_max_vcpus_ret *ret, struct error *err)
{
    uint32_t max;
    if (host_max_vcpus(call_daemon(call)->host, args->type, &max, err) < 0)
        return -1;
    ret->max_vcpus = (int32_t)max;
    return 0;
}

int api_node_get_info(struct call *call, struct wire_node_get_info_ret *ret, struct error *err)
{
    struct node_info info;
    if (node_get_info("", &info, err) < 0)
        return -1;
    memcpy(ret->model, info.model, sizeof(ret->model));
    ret->memory = info.memory_kib;
    ret->cpus = (int32_t)info.cpus;
    ret->mhz = (int32_t)info.mhz;
    ret->nodes = (int32_t)info.nodes;
    ret->sockets = (int32_t)info.sockets;
    ret->cores = (int32_t)info.cores;
    ret->threads = (int32_t)info.threads;
    return 0;
}

int api_node_get_free_memory(struct call *call, struct wire_node_get_free_memory_ret *ret,
                             struct error *err)
{
    return node_get_free_memory("", &ret->freeMem, err);
}

int api_node_get_cells_free_memory(struct call *call,
                                   const struct wire_node_get_cells_free_memory_args *args,
                                   struct wire_node_get_cells_free_memory_ret *ret,
                                   struct error *err)
{
    if (args->maxcells < 0 || args->maxcells > WIRE_NODE_MAX_CELLS)
        return error_set(err, ERROR_RPC, AREA_RPC, "maxCells > REMOTE_NODE_MAX_CELLS");
    if (args->startCell < 0)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "the first cell, %d, is negative",
                         args->startCell);
    size_t n;
    ret->cells.v = arena_calloc(call->arena, (size_t)args->maxcells, sizeof(*ret->cells.v));
    if (node_get_cells_free_memory("", (uint32_t)args->startCell, ret->cells.v,
                                   (size_t)args->maxcells, &n, err) < 0)
        return -1;
    ret->cells.n = (uint32_t)n;
    return 0;
}

// A client asks twice: with 0 how many there are, and then for just as many.
static int check_nparams(int32_t asked, int32_t n, struct error *err)
{
    if (asked == n)
        return 0;
    return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "nparams must be %d, not %d", n, asked);
}

int api_node_get_cpu_stats(struct call *call, const struct wire_node_get_cpu_stats_args *args,
                           struct wire_node_get_cpu_stats_ret *ret, struct error *err)
{
    struct node_cpu_times t;
    if (node_get_cpu_times("", args->cpuNum, &t, err) < 0)
        return -1;
    const struct wire_node_get_cpu_stats all[] = {
        {"kernel", t.system}, {"user", t.user}, {"idle", t.idle}, {"iowait", t.iowait}};
    const int32_t n = ARRAY_LEN(all);
    ret->nparams = n;
    if (args->nparams == 0)
        return 0;
    ret->params.v = arena_memdup(call->arena, all, sizeof(all));
    ret->params.n = (uint32_t)n;
    return check_nparams(args->nparams, n, err);
}

int api_node_get_memory_stats(struct call *call, const struct wire_node_get_memory_stats_args *args,
                              struct wire_node_get_memory_stats_ret *ret, struct error *err)
{
    struct node_memory m;
    if (node_get_memory("", args->cellNum, &m, err) < 0)
        return -1;
    const struct wire_node_get_memory_stats all[] = {
        {"total", m.total}, {"free", m.free}, {"buffers", m.buffers}, {"cached", m.cached}};
    const int32_t n = m.has_buffers_cached ? 4 : 2;
    ret->nparams = n;
    if (args->nparams == 0)
        return 0;
    ret->params.v = arena_memdup(call->arena, all, sizeof(all));
    ret->params.n = (uint32_t)n;
    return check_nparams(args->nparams, n, err);
}

int api_node_get_cpu_map(struct call *call, const struct wire_node_get_cpu_map_args *args,
                         struct wire_node_get_cpu_map_ret *ret, struct error *err)
{
    struct node_cpu_map m;
    if (node_get_cpu_map("", &m, err) < 0)
        return -1;
    if (args->need_map && m.map_size <= WIRE_CPUMAP_MAX) {
        ret->cpumap.v = arena_memdup(call->arena, m.map, m.map_size);
        ret->cpumap.n = (uint32_t)m.map_size;
    }
    free(m.map);
    if (args->need_online)
        ret->online = m.online;
    ret->ret = (int32_t)m.present;
    return 0;
}

// No model is in force. Clients take that for "nothing to show", and then ask no guest for its
// label.
int api_node_get_security_model(struct call *call, struct wire_node_get_security_model_ret *ret,
                                struct error *err)
{
    ret->model = (struct wire_chars){.v = "", .n = 1};
    ret->doi = ret->model;
    return 0;
}
