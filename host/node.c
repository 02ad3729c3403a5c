// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs and NUMA cells: the counts of node_get_info() and the topology of <capabilities>.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "base/file.h"
#include "base/str.h"
#include "host/internal.h"

#define CPU_DIR  "sys/devices/system/cpu"
#define NODE_DIR "sys/devices/system/node"

enum { CPUINFO_PREFIX = 16384 }; // includes the first processor

struct cpu_list {
    uint32_t *v;
    size_t n;
};

// The numbers of sockets, cores and threads of a cell.
struct cell_counts {
    uint32_t sockets, cores, threads;
};

static int compare_cpu(const void *a, const void *b)
{
    const struct node_cpu *x = a, *y = b;
    if (x->socket != y->socket)
        return x->socket < y->socket ? -1 : 1;
    if (x->die != y->die)
        return x->die < y->die ? -1 : 1;
    if (x->core != y->core)
        return x->core < y->core ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void read_cpu(const char *root, uint32_t id, struct node_cpu *c)
{
    c->id = id;
    c->socket =
        (uint32_t)node_read_number(root, 0, CPU_DIR "/cpu%u/topology/physical_package_id", id);
    c->die = (uint32_t)node_read_number(root, 0, CPU_DIR "/cpu%u/topology/die_id", id);
    c->core = (uint32_t)node_read_number(root, id, CPU_DIR "/cpu%u/topology/core_id", id);
    c->siblings = node_read(root, 4096, CPU_DIR "/cpu%u/topology/thread_siblings_list", id);
    if (c->siblings)
        c->siblings[strcspn(c->siblings, "\n")] = '\0';
    else
        c->siblings = xasprintf("%u", id);
}

// Distinct sockets, the largest number of cores in a socket and of threads in a core.
static struct cell_counts count_cell(const struct node_cell *cell)
{
    struct cell_counts max = {0, 0, 0};
    uint32_t cores = 0, threads = 0;
    struct node_cpu *cpus = xmemdup(cell->cpus, cell->ncpus * sizeof(*cpus));
    if (cell->ncpus > 0)
        qsort(cpus, cell->ncpus, sizeof(*cpus), compare_cpu);
    for (size_t i = 0; i < cell->ncpus; i++) {
        const struct node_cpu *c = &cpus[i], *before = i ? &cpus[i - 1] : NULL;
        bool new_socket = !before || before->socket != c->socket;
        bool new_core = new_socket || before->die != c->die || before->core != c->core;
        max.sockets += new_socket;
        cores = new_socket ? 1 : cores + new_core;
        threads = new_core ? 1 : threads + 1;
        max.cores = cores > max.cores ? cores : max.cores;
        max.threads = threads > max.threads ? threads : max.threads;
    }
    free(cpus);
    return max;
}

static struct cpu_list online_cpus(const char *root)
{
    struct cpu_list l;
    l.v = node_read_list(root, NODE_CPU_MAX, &l.n, CPU_DIR "/online");
    if (l.n ==
        0) { // a kernel without hotplug, or a container that hides it: one CPU runs this code
        free(l.v);
        l.v = node_read_list(root, NODE_CPU_MAX, &l.n, CPU_DIR "/present");
    }
    if (l.n == 0) {
        free(l.v);
        l.v = xcalloc(1, sizeof(*l.v));
        l.n = 1;
    }
    return l;
}

static bool contains(const struct cpu_list *l, uint32_t id)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i] == id)
            return true;
    }
    return false;
}

static int compare_pages(const void *a, const void *b)
{
    const struct node_page_size *x = a, *y = b;
    return (x->size_kib > y->size_kib) - (x->size_kib < y->size_kib);
}

struct page_scan {
    const char *root, *dir;
    VEC(struct node_page_size) pages;
};

static int add_page_size(const char *name, void *arg)
{
    struct page_scan *s = arg;
    uint64_t kib;
    if (!str_starts(name, "hugepages-") || !str_ends(name, "kB") || s->pages.n >= 16)
        return 0;
    AUTO_FREE char *digits = xstrndup(name + 10, strlen(name) - 12);
    if (str_to_u64(digits, 10, UINT32_MAX, &kib) < 0)
        return 0;
    struct node_page_size p = {.size_kib = (uint32_t)kib};
    p.total = node_read_number(s->root, 0, "%s/%s/nr_hugepages", s->dir, name);
    vec_push(&s->pages, p);
    return 0;
}

static void read_pages(const char *root, const char *dir, struct node_cell *cell)
{
    struct page_scan s = {.root = root, .dir = dir};
    uint64_t huge_kib = 0, base_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    AUTO_FREE char *path = xasprintf("%s/%s", root ? root : "", dir);
    dir_each(path, NULL, add_page_size, &s);
    VEC_FOREACH (p, &s.pages)
        huge_kib += p->total * p->size_kib;
    struct node_page_size base = {.size_kib = (uint32_t)base_kib};
    base.total = cell->memory_kib > huge_kib ? (cell->memory_kib - huge_kib) / base_kib : 0;
    vec_push(&s.pages, base);
    qsort(s.pages.v, s.pages.n, sizeof(*s.pages.v), compare_pages);
    cell->pages = s.pages.v;
    cell->npages = s.pages.n;
}

static void fill_cpus(const char *root, struct node_cell *cell, const struct cpu_list *present,
                      const struct cpu_list *online)
{
    cell->cpus = xcalloc(present->n + 1, sizeof(*cell->cpus));
    for (size_t i = 0; i < present->n; i++) {
        if (contains(online, present->v[i]))
            read_cpu(root, present->v[i], &cell->cpus[cell->ncpus++]);
    }
}

static void read_cell(const char *root, uint32_t id, const struct cpu_list *online,
                      struct node_cell *cell)
{
    cell->id = id;
    AUTO_FREE char *meminfo = node_read(root, 16384, NODE_DIR "/node%u/meminfo", id);
    cell->memory_kib = meminfo ? node_find_number(meminfo, "MemTotal", 0) : 0;
    struct cpu_list cpus;
    cpus.v = node_read_list(root, NODE_CPU_MAX, &cpus.n, NODE_DIR "/node%u/cpulist", id);
    fill_cpus(root, cell, &cpus, online);
    free(cpus.v);
    AUTO_FREE char *dir = xasprintf(NODE_DIR "/node%u/hugepages", id);
    read_pages(root, dir, cell);
    AUTO_FREE char *distance = node_read(root, 16384, NODE_DIR "/node%u/distance", id);
    VEC(uint32_t) distances = {0};
    for (char *p = distance, *end; p && distances.n < NODE_CELL_MAX; p = end) {
        unsigned long d = strtoul(p, &end, 10);
        if (end == p)
            break;
        vec_push(&distances, (uint32_t)d);
    }
    cell->distances = distances.v;
    cell->ndistances = distances.n;
}

static void read_only_cell(const char *root, const struct cpu_list *online, struct node_cell *cell)
{
    AUTO_FREE char *meminfo = node_read(root, 16384, "proc/meminfo");
    cell->memory_kib = meminfo ? node_find_number(meminfo, "MemTotal", 0) : 0;
    fill_cpus(root, cell, online, online);
    read_pages(root, "sys/kernel/mm/hugepages", cell);
}

int node_get_topology(const char *root, struct node_topology *ret, struct error *err)
{
    size_t ncells;
    uint32_t *ids = node_read_list(root, NODE_CELL_MAX, &ncells, NODE_DIR "/online");
    struct cpu_list online = online_cpus(root);
    *ret = (struct node_topology){.ncells = ncells ? ncells : 1};
    ret->cells = xcalloc(ret->ncells, sizeof(*ret->cells));
    for (size_t i = 0; i < ncells; i++)
        read_cell(root, ids[i], &online, &ret->cells[i]);
    if (ncells == 0)
        read_only_cell(root, &online, &ret->cells[0]);
    free(ids);
    free(online.v);
    uint64_t memory = 0;
    for (size_t i = 0; i < ret->ncells; i++)
        memory += ret->cells[i].memory_kib;
    if (memory > 0)
        return 0;
    node_topology_finish(ret);
    return error_set(err, ERROR_INTERNAL, AREA_NONE,
                     "cannot read the host's memory: no MemTotal in %s/proc/meminfo",
                     root ? root : "");
}

void node_topology_finish(struct node_topology *t)
{
    for (size_t i = 0; i < t->ncells; i++) {
        struct node_cell *c = &t->cells[i];
        for (size_t k = 0; k < c->ncpus; k++)
            free(c->cpus[k].siblings);
        free(c->cpus);
        free(c->pages);
        free(c->distances);
    }
    free(t->cells);
    *t = (struct node_topology){0};
}

static uint32_t read_mhz(const char *root)
{
    AUTO_FREE char *cpuinfo = node_read(root, CPUINFO_PREFIX, "proc/cpuinfo");
    uint32_t mhz = cpuinfo ? (uint32_t)node_find_number(cpuinfo, "cpu MHz", 0) : 0;
    if (mhz == 0) // arm64 and others report it only here, in kHz
        mhz =
            (uint32_t)(node_read_number(root, 0, CPU_DIR "/cpu0/cpufreq/cpuinfo_max_freq") / 1000);
    return mhz;
}

int node_get_info(const char *root, struct node_info *ret, struct error *err)
{
    struct node_topology topology;
    struct utsname uts;
    size_t npresent;
    if (node_get_topology(root, &topology, err) < 0)
        return -1;
    *ret = (struct node_info){.mhz = read_mhz(root)};
    uname(&uts);
    snprintf(ret->model, sizeof(ret->model), "%.31s", uts.machine);
    for (size_t i = 0; i < topology.ncells; i++) {
        const struct node_cell *cell = &topology.cells[i];
        struct cell_counts c = count_cell(cell);
        ret->memory_kib += cell->memory_kib;
        ret->cpus += (uint32_t)cell->ncpus;
        ret->nodes++;
        ret->sockets = c.sockets > ret->sockets ? c.sockets : ret->sockets;
        ret->cores = c.cores > ret->cores ? c.cores : ret->cores;
        ret->threads = c.threads > ret->threads ? c.threads : ret->threads;
    }
    node_topology_finish(&topology);
    free(node_read_list(root, NODE_CPU_MAX, &npresent, CPU_DIR "/present"));
    uint32_t all = npresent > ret->cpus ? (uint32_t)npresent : ret->cpus;
    if ((uint64_t)ret->nodes * ret->sockets * ret->cores * ret->threads != all) {
        ret->nodes = ret->sockets = ret->threads = 1;
        ret->cores = all;
    }
    return 0;
}
