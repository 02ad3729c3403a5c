// SPDX-License-Identifier: GPL-2.0-or-later
// Machines of several shapes, as fixtures of /proc and /sys.
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "host/node.h"
#include "tests/check.h"

static char root[64];

static void put(const char *path, const char *text)
{
    AUTO_FREE char *full = path_join(root, path);
    AUTO_FREE char *dir = xstrdup(full);
    *strrchr(dir, '/') = '\0';
    CHECK_INT(dir_make(dir, 0755), 0);
    CHECK_INT(file_write_volatile(full, text, strlen(text), 0644), 0);
}

static void put_cpu(unsigned id, unsigned socket, unsigned core, const char *siblings)
{
    const char *const files[] = {"physical_package_id", "core_id", "thread_siblings_list"};
    AUTO_FREE char *s = xasprintf("%u\n", socket);
    AUTO_FREE char *c = xasprintf("%u\n", core);
    AUTO_FREE char *l = xasprintf("%s\n", siblings);
    const char *const texts[] = {s, c, l};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_FREE char *path = xasprintf("sys/devices/system/cpu/cpu%u/topology/%s", id, files[i]);
        put(path, texts[i]);
    }
}

static void put_node(unsigned id, const char *cpus, unsigned long kib, const char *distance)
{
    AUTO_FREE char *dir = xasprintf("sys/devices/system/node/node%u", id);
    AUTO_FREE char *cpulist = path_join(dir, "cpulist");
    AUTO_FREE char *meminfo = path_join(dir, "meminfo");
    AUTO_FREE char *distances = path_join(dir, "distance");
    AUTO_FREE char *huge = path_join(dir, "hugepages/hugepages-2048kB/nr_hugepages");
    AUTO_FREE char *text = xasprintf(
        "Node %u MemTotal:       %lu kB\nNode %u MemFree:        %lu kB\n", id, kib, id, kib / 2);
    put(cpulist, cpus);
    put(meminfo, text);
    put(distances, distance);
    put(huge, "16\n");
}

static void begin(const char *present, const char *online)
{
    snprintf(root, sizeof(root), "/tmp/vireo-node-XXXXXX");
    CHECK(mkdtemp(root));
    put("proc/meminfo", "MemTotal:        8000000 kB\nMemFree:         3000000 kB\n"
                        "MemAvailable:    5000000 kB\nBuffers:           20000 kB\n"
                        "Cached:          1000000 kB\nSwapCached:            7 kB\n");
    put("proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
        "model name\t: Intel(R) Xeon(R) Gold\nstepping\t: 4\nmicrocode\t: 0x2006e05\n"
        "cpu MHz\t\t: 2100.123\nflags\t\t: fpu sse2 ssse3 nx lm\n"
        "address sizes\t: 46 bits physical, 48 bits virtual\n\n"
        "processor\t: 1\nvendor_id\t: Other\n");
    put("sys/devices/system/cpu/present", present);
    put("sys/devices/system/cpu/online", online);
}

static void finish(void)
{
    CHECK_INT(dir_remove_all(root), 0);
}

static void expect(const char *want)
{
    AUTO_ERROR err = ERROR_INIT;
    struct node_info n;
    CHECK_INT(node_get_info(root, &n, &err), 0);
    AUTO_FREE char *got =
        xasprintf("%u cpus %u MHz %luK = %u nodes * %u * %u * %u", n.cpus, n.mhz,
                  (unsigned long)n.memory_kib, n.nodes, n.sockets, n.cores, n.threads);
    CHECK_STR(got, want);
}

static void one_socket(void)
{
    begin("0-3\n", "0-3\n");
    for (unsigned i = 0; i < 4; i++) {
        AUTO_FREE char *self = xasprintf("%u", i);
        put_cpu(i, 0, i, self);
    }
    expect("4 cpus 2100 MHz 8000000K = 1 nodes * 1 * 4 * 1");
    finish();
}

static void two_sockets_smt_numa(void)
{
    AUTO_ERROR err = ERROR_INIT;
    begin("0-7\n", "0-7\n");
    for (unsigned i = 0; i < 8; i++) {
        AUTO_FREE char *siblings = xasprintf("%u,%u", i % 4, i % 4 + 4);
        put_cpu(i, i % 4 / 2, i % 2, siblings);
    }
    put("sys/devices/system/node/online", "0-1\n");
    put_node(0, "0-1,4-5\n", 4000000, "10 21\n");
    put_node(1, "2-3,6-7\n", 6000000, "21 10\n");
    expect("8 cpus 2100 MHz 10000000K = 2 nodes * 1 * 2 * 2");
    struct node_topology t;
    CHECK_INT(node_get_topology(root, &t, &err), 0);
    CHECK_INT(t.ncells, 2);
    CHECK_INT(t.cells[1].ncpus, 4);
    CHECK_INT(t.cells[1].cpus[2].id, 6);
    CHECK_STR(t.cells[1].cpus[2].siblings, "2,6");
    CHECK_INT(t.cells[1].distances[0], 21);
    CHECK_INT(t.cells[0].npages, 2);
    CHECK_INT(t.cells[0].pages[0].size_kib, 4);
    CHECK_INT(t.cells[0].pages[0].total, (4000000 - 16 * 2048) / 4);
    CHECK_INT(t.cells[0].pages[1].total, 16);
    node_topology_finish(&t);
    uint64_t bytes[4];
    size_t n;
    CHECK_INT(node_get_cells_free_memory(root, 0, bytes, 4, &n, &err), 0);
    CHECK_INT(n, 2);
    CHECK_INT(bytes[1], 3000000ULL * 1024);
    CHECK_INT(node_get_cells_free_memory(root, 2, bytes, 4, &n, &err), -1);
    CHECK_CONTAINS(err.message, "start cell 2 out of range (0-1)");
    CHECK_INT(node_get_free_memory(root, bytes, &err), 0);
    CHECK_INT(bytes[0], 5000000ULL * 1024);
    finish();
}

// One of four CPUs is offline: it counts in the product, but not among the CPUs, as in libvirt.
static void offline_cpu(void)
{
    AUTO_ERROR err = ERROR_INIT;
    begin("0-3\n", "0-2\n");
    for (unsigned i = 0; i < 3; i++) {
        AUTO_FREE char *self = xasprintf("%u", i);
        put_cpu(i, 0, i, self);
    }
    expect("3 cpus 2100 MHz 8000000K = 1 nodes * 1 * 4 * 1");
    struct node_cpu_map map;
    CHECK_INT(node_get_cpu_map(root, &map, &err), 0);
    CHECK_INT(map.present, 4);
    CHECK_INT(map.online, 3);
    CHECK_INT(map.map_size, 1);
    CHECK_INT(map.map[0], 7);
    free(map.map);
    finish();
}

// A virtual machine where each CPU is its own socket, in uneven numbers, and a machine without
// topology.
static void irregular_machines(void)
{
    begin("0-2\n", "0-2\n");
    put_cpu(0, 0, 0, "0");
    put_cpu(1, 1, 0, "1,2");
    put_cpu(2, 1, 0, "1,2");
    expect("3 cpus 2100 MHz 8000000K = 1 nodes * 1 * 3 * 1");
    finish();
    begin("", "");
    expect("1 cpus 2100 MHz 8000000K = 1 nodes * 1 * 1 * 1");
    finish();
}

static void times_and_memory(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct node_cpu_times t;
    struct node_memory m;
    long tick = 1000000000 / sysconf(_SC_CLK_TCK);
    begin("0-1\n", "0-1\n");
    put("proc/stat", "cpu  10 2 30 400 50 6 7 0 0 0\ncpu0 1 2 3 4 5 6 7 8\n"
                     "cpu10 9 9 9 9 9 9 9 0\nintr 5\n");
    CHECK_INT(node_get_cpu_times(root, NODE_ALL_CPUS, &t, &err), 0);
    CHECK_INT(t.user, 12 * tick);
    CHECK_INT(t.system, 43 * tick); // with irq and softirq, as in libvirt
    CHECK_INT(t.idle, 400 * tick);
    CHECK_INT(t.iowait, 50 * tick);
    CHECK_INT(node_get_cpu_times(root, 0, &t, &err), 0);
    CHECK_INT(t.idle, 4 * tick);
    CHECK_INT(node_get_cpu_times(root, 1, &t, &err), -1);
    CHECK_INT(err.code, ERROR_INVALID_ARG);
    CHECK_INT(node_get_memory(root, NODE_ALL_CELLS, &m, &err), 0);
    CHECK(m.has_buffers_cached && m.total == 8000000 && m.buffers == 20000 && m.cached == 1000000);
    CHECK_INT(node_get_memory(root, 0, &m, &err), 0);
    CHECK(!m.has_buffers_cached && m.free == 3000000);
    CHECK_INT(node_get_memory(root, 1, &m, &err), -1);
    finish();
}

static void processor(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct node_cpu_model m;
    begin("0\n", "0\n");
    CHECK_INT(node_get_cpu_model(root, &m, &err), 0);
    CHECK_STR(m.vendor, "Intel");
    CHECK_STR(m.name, "Intel(R) Xeon(R) Gold");
    CHECK_INT(m.family, 6);
    CHECK_INT(m.model, 85);
    CHECK_INT(m.stepping, 4);
    CHECK_INT(m.microcode, 0x2006e05);
    CHECK_INT(m.phys_bits, 46);
    CHECK_INT(m.nflags, 5);
    CHECK_STR(m.flags[4], "lm");
    node_cpu_model_finish(&m);
    finish();
}

static void uuid(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct uuid u, again;
    char text[UUID_TEXT_SIZE];
    begin("0\n", "0\n");
    CHECK_INT(node_get_uuid(root, &u, &err), -1);
    put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    CHECK_INT(node_get_uuid(root, &u, &err), 0);
    CHECK_INT(node_get_uuid(root, &again, &err), 0);
    CHECK(uuid_eq(&u, &again));
    CHECK(strcmp(uuid_format(&u, text), "01234567-89ab-cdef-0123-456789abcdef") != 0);
    put("sys/class/dmi/id/product_uuid", "00000000-0000-0000-0000-000000000000\n");
    CHECK_INT(node_get_uuid(root, &again, &err), 0);
    CHECK(uuid_eq(&u, &again));
    put("sys/class/dmi/id/product_uuid", "5AC43FE2-4707-4C6E-A0F5-21451E53374B\n");
    CHECK_INT(node_get_uuid(root, &u, &err), 0);
    CHECK_STR(uuid_format(&u, text), "5ac43fe2-4707-4c6e-a0f5-21451e53374b");
    finish();
}

static void smbios(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct node_smbios s;
    begin("0\n", "0\n");
    CHECK_INT(node_get_smbios(root, &s, &err), -1);
    CHECK_INT(err.code, ERROR_CONFIG_UNSUPPORTED);
    CHECK_CONTAINS(err.message, "Host SMBIOS information is not available");
    put("sys/class/dmi/id/chassis_serial", "\n");
    put("sys/class/dmi/id/product_name", "Sample, with a comma\n");
    put("sys/class/dmi/id/bios_vendor", "Example");
    CHECK_INT(node_get_smbios(root, &s, &err), 0);
    CHECK_INT(s.fields.n, 2);
    CHECK(s.fields.v[0].type == 0 && s.fields.v[1].type == 1);
    CHECK_STR(s.fields.v[0].name, "vendor");
    CHECK_STR(s.fields.v[0].value, "Example");
    CHECK_STR(s.fields.v[1].value, "Sample, with a comma");
    node_smbios_finish(&s);
    finish();
}

static void cpu_lists(void)
{
    static const char *const wrong[] = {"x",   "1-", "3-1", "-1", "1,,x", "0-99999999999",
                                        "1 2", "64"};
    uint32_t *cpus;
    size_t n;
    CHECK_INT(node_parse_cpu_list("0-2,5\n", 64, &cpus, &n), 0);
    CHECK_INT(n, 4);
    CHECK_INT(cpus[3], 5);
    free(cpus);
    CHECK_INT(node_parse_cpu_list("\n", 64, &cpus, &n), 0);
    CHECK_INT(n, 0);
    free(cpus);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        CHECK_INT(node_parse_cpu_list(wrong[i], 64, &cpus, &n), -1);
}

static void this_machine(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct node_info n;
    CHECK_INT(node_get_info("", &n, &err), 0);
    CHECK_INT(n.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    CHECK(n.memory_kib > 0 && n.nodes * n.sockets * n.cores * n.threads >= n.cpus);
    AUTO_FREE char *name = NULL;
    CHECK_INT(node_get_hostname(&name, &err), 0);
    CHECK(name[0]);
}

int main(void)
{
    RUN(one_socket);
    RUN(two_sockets_smt_numa);
    RUN(offline_cpu);
    RUN(irregular_machines);
    RUN(times_and_memory);
    RUN(processor);
    RUN(uuid);
    RUN(smbios);
    RUN(cpu_lists);
    RUN(this_machine);
    return 0;
}
