// SPDX-License-Identifier: GPL-2.0-or-later
// Facts of the machine: CPUs, memory, NUMA cells, names. Files are read below `root` ("" or "/" for
// the real machine), so that tests can supply /proc and /sys. Nothing suspends; the kernel
// generates these files without delay.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/uuid.h"
#include "base/vec.h"

enum { NODE_CPU_MAX = 16384, NODE_CELL_MAX = 1024, NODE_MODEL_SIZE = 32 };

// Counted like libvirt's virNodeGetInfo: nodes * sockets * cores * threads may exceed cpus, as it
// includes offline ones, but is never less; sockets are per node. A topology that cannot be
// expressed as a product is reported as 1 node, 1 socket, all present CPUs as cores, 1 thread.
struct node_info {
    char model[NODE_MODEL_SIZE]; // "x86_64"
    uint64_t memory_kib;
    uint32_t cpus; // online
    uint32_t mhz;  // 0: unknown
    uint32_t nodes, sockets, cores, threads;
};
int node_get_info(const char *root, struct node_info *ret, struct error *err);

struct node_cpu {
    uint32_t id;
    uint32_t socket, die, core;
    char *siblings; // "0-1": threads of the same core
};
struct node_page_size {
    uint32_t size_kib;
    uint64_t total;
};
struct node_cell {
    uint32_t id;
    uint64_t memory_kib;
    struct node_cpu *cpus; // online CPUs
    size_t ncpus;
    struct node_page_size *pages; // base pages, then huge pages by size
    size_t npages;
    uint32_t *distances; // to each cell, in order; NULL: unknown
    size_t ndistances;
};
// A machine without NUMA has one cell, number 0.
struct node_topology {
    struct node_cell *cells;
    size_t ncells;
};
int node_get_topology(const char *root, struct node_topology *ret, struct error *err);
void node_topology_finish(struct node_topology *t);

int node_get_free_memory(const char *root, uint64_t *bytes, struct error *err);
// Free bytes of each cell from `first`, at most max; *n is the number filled in.
int node_get_cells_free_memory(const char *root, uint32_t first, uint64_t *bytes, size_t max,
                               size_t *n, struct error *err);

struct node_cpu_times { // nanoseconds since boot
    uint64_t user, system, idle, iowait;
};
enum { NODE_ALL_CPUS = -1 };
// user has nice, system has irq and softirq. ERROR_INVALID_ARG for a cpu that is not online.
int node_get_cpu_times(const char *root, int cpu, struct node_cpu_times *ret, struct error *err);

struct node_memory { // KiB; cells report no buffers and cached
    uint64_t total, free, buffers, cached;
    bool has_buffers_cached;
};
enum { NODE_ALL_CELLS = -1 };
int node_get_memory(const char *root, int cell, struct node_memory *ret, struct error *err);

// Present CPUs as a bit map: bit n of byte n/8 is set when CPU n is online. Caller frees *map.
struct node_cpu_map {
    uint32_t present, online;
    uint8_t *map;
    size_t map_size;
};
int node_get_cpu_map(const char *root, struct node_cpu_map *ret, struct error *err);

// The host name, fully qualified if it is set so (no resolver is queried). Caller frees.
int node_get_hostname(char **ret, struct error *err);
// From the firmware (product_uuid, needs root), else derived from /etc/machine-id, else from
// boot_id, which changes at each boot. Never fails on Linux with /proc.
int node_get_uuid(const char *root, struct uuid *ret, struct error *err);

// The processor for <capabilities>, from /proc/cpuinfo.
struct node_cpu_model {
    char *vendor; // "Intel", "AMD", ...; NULL: unknown
    char *name;   // "Intel(R) Xeon(R) Processor"
    uint32_t family, model, stepping;
    uint64_t microcode;
    char **flags; // the kernel's names
    size_t nflags;
    uint32_t phys_bits;
};
int node_get_cpu_model(const char *root, struct node_cpu_model *ret, struct error *err);
void node_cpu_model_finish(struct node_cpu_model *m);
// "0-3,8": at most max CPUs. 0 and *cpus (caller frees), or -1.
int node_parse_cpu_list(const char *text, uint32_t max, uint32_t **cpus, size_t *n);

// The machine's SMBIOS tables 0 to 3, in their order, without what is empty or this user may not
// read.
struct node_smbios_field {
    unsigned type;
    const char *name; // as in <sysinfo>: "vendor"
    char *value;
};
struct node_smbios {
    VEC(struct node_smbios_field) fields;
};
// ERROR_CONFIG_UNSUPPORTED: the machine shows none. The caller finishes *ret, also on failure.
int node_get_smbios(const char *root, struct node_smbios *ret, struct error *err);
void node_smbios_finish(struct node_smbios *s);
