// SPDX-License-Identifier: GPL-2.0-or-later
// CPU times, memory, and the map of CPUs.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "host/internal.h"

enum { STAT_MAX = 4 * 1024 * 1024, MEMINFO_MAX = 16384 };

int node_get_cpu_times(const char *root, int cpu, struct node_cpu_times *ret, struct error *err)
{
    AUTO_FREE char *text = node_read(root, STAT_MAX, "proc/stat");
    char name[16];
    if (cpu == NODE_ALL_CPUS)
        snprintf(name, sizeof(name), "cpu ");
    else
        snprintf(name, sizeof(name), "cpu%d ", cpu);
    const char *line = text;
    while (line && *line && !str_starts(line, name)) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    uint64_t v[7] = {0};
    if (!line || !*line || cpu < NODE_ALL_CPUS ||
        sscanf(line,
               "%*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]) < 4)
        return error_set(err, ERROR_INVALID_ARG, AREA_NONE, "no online CPU %d on this host", cpu);
    uint64_t ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
    *ret = (struct node_cpu_times){.user = (v[0] + v[1]) * ns,
                                   .system = (v[2] + v[5] + v[6]) * ns,
                                   .idle = v[3] * ns,
                                   .iowait = v[4] * ns};
    return 0;
}

int node_get_memory(const char *root, int cell, struct node_memory *ret, struct error *err)
{
    AUTO_FREE char *text =
        cell == NODE_ALL_CELLS
            ? node_read(root, MEMINFO_MAX, "proc/meminfo")
            : node_read(root, MEMINFO_MAX, "sys/devices/system/node/node%d/meminfo", cell);
    if (!text && cell == 0) // a machine without NUMA is cell 0
        text = node_read(root, MEMINFO_MAX, "proc/meminfo");
    if (!text || node_find_number(text, "MemTotal", 0) == 0)
        return error_set(err, ERROR_INVALID_ARG, AREA_NONE, "no NUMA cell %d on this host", cell);
    *ret = (struct node_memory){.total = node_find_number(text, "MemTotal", 0),
                                .free = node_find_number(text, "MemFree", 0)};
    if (cell == NODE_ALL_CELLS) {
        ret->has_buffers_cached = true;
        ret->buffers = node_find_number(text, "Buffers", 0);
        ret->cached = node_find_number(text, "Cached", 0);
    }
    return 0;
}

int node_get_cells_free_memory(const char *root, uint32_t first, uint64_t *bytes, size_t max,
                               size_t *n, struct error *err)
{
    size_t ncells;
    AUTO_FREE uint32_t *cells =
        node_read_list(root, NODE_CELL_MAX, &ncells, "sys/devices/system/node/online");
    uint32_t last = ncells ? cells[ncells - 1] : 0;
    *n = 0;
    if (first > last)
        return error_set(err, ERROR_INTERNAL, AREA_NONE, "start cell %u out of range (0-%u)", first,
                         last);
    for (uint32_t id = first; id <= last && *n < max; id++) {
        struct node_memory m = {0};
        if (node_get_memory(root, (int)id, &m, NULL) < 0)
            m.free = 0; // no cell has this number
        bytes[(*n)++] = m.free * 1024;
    }
    return 0;
}

// The sum over the cells, if there are any: after memory was removed from a virtual machine,
// /proc/meminfo still shows the former size.
int node_get_free_memory(const char *root, uint64_t *bytes, struct error *err)
{
    size_t ncells;
    AUTO_FREE uint32_t *cells =
        node_read_list(root, NODE_CELL_MAX, &ncells, "sys/devices/system/node/online");
    struct node_memory m;
    *bytes = 0;
    for (size_t i = 0; i < ncells; i++) {
        if (node_get_memory(root, (int)cells[i], &m, NULL) == 0)
            *bytes += m.free * 1024;
    }
    if (*bytes > 0)
        return 0;
    if (node_get_memory(root, NODE_ALL_CELLS, &m, NULL) < 0)
        return error_set(err, ERROR_INTERNAL, AREA_NONE, "cannot read the host's /proc/meminfo");
    *bytes = m.free * 1024;
    return 0;
}

int node_get_cpu_map(const char *root, struct node_cpu_map *ret, struct error *err)
{
    size_t npresent, nonline;
    AUTO_FREE uint32_t *present =
        node_read_list(root, NODE_CPU_MAX, &npresent, "sys/devices/system/cpu/present");
    AUTO_FREE uint32_t *online =
        node_read_list(root, NODE_CPU_MAX, &nonline, "sys/devices/system/cpu/online");
    if (npresent == 0)
        return error_set(err, ERROR_INTERNAL, AREA_NONE,
                         "cannot read the host's CPUs: no "
                         "/sys/devices/system/cpu/present");
    *ret = (struct node_cpu_map){.present = present[npresent - 1] + 1};
    ret->map_size = (ret->present + 7) / 8;
    ret->map = xcalloc(1, ret->map_size);
    for (size_t i = 0; i < nonline; i++) {
        if (online[i] >= ret->present)
            continue;
        ret->map[online[i] / 8] |= (uint8_t)(1u << (online[i] % 8));
        ret->online++;
    }
    return 0;
}
