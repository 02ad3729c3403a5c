// SPDX-License-Identifier: GPL-2.0-or-later
// Recorded replies of QEMU 7.2 (cut short) -> struct -> documents; and the form on disk and back.
// Goldens are written anew with VIREO_UPDATE_GOLDEN=1.
#include <unistd.h>
#include "base/file.h"
#include "host/capabilities.h"
#include "host/firmware.h"
#include "host/qemu_learn.h"
#include "tests/check.h"

static struct json_object *load(const char *name)
{
    AUTO_FREE char *path = path_join("replies", name);
    AUTO_FREE char *text = NULL;
    CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
    struct json_object *o = json_tokener_parse(text);
    CHECK(o);
    return o;
}

static struct qemu_caps *make_caps(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qemu_caps *c = NEW(struct qemu_caps);
    struct json_object *machines = load("machines.json"), *cpus = load("cpus.json");
    struct json_object *devices = load("devices.json");
    struct json_object *target = json_tokener_parse("{\"arch\": \"x86_64\"}");
    struct json_object *commands =
        json_tokener_parse("[{\"name\":\"query-vnc\"},{\"name\":\"cont\"}]");
    struct json_object *options = json_tokener_parse(
        "[{\"option\":\"sandbox\",\"parameters\":[{\"name\":\"spawn\",\"type\":\"string\"}]}]");
    c->refs = 1;
    c->binary = xstrdup("/usr/bin/qemu-system-x86_64");
    c->version = 7002022;
    c->package = xstrdup("Debian <7.2>");
    c->kvm_built = true;
    CHECK_INT(qemu_learn_target(c, target, &err), 0);
    CHECK_INT(qemu_learn_machines(c, machines, &err), 0);
    for (size_t i = 0; i < QEMU_VIRT_COUNT; i++) {
        c->accel[i].usable = true;
        CHECK_INT(qemu_learn_cpus(&c->accel[i], cpus, &err), 0);
    }
    CHECK_INT(qemu_learn_names(&c->devices, "qom-list-types", devices, &err), 0);
    CHECK_INT(qemu_learn_names(&c->commands, "query-commands", commands, &err), 0);
    CHECK_INT(qemu_learn_options(c, options, &err), 0);
    json_object_put(target);
    json_object_put(machines);
    json_object_put(cpus);
    json_object_put(devices);
    json_object_put(commands);
    json_object_put(options);
    return c;
}

static void compare(const char *name, const char *got)
{
    AUTO_FREE char *path = path_join("golden", name);
    AUTO_FREE char *want = NULL;
    if (getenv("VIREO_UPDATE_GOLDEN"))
        CHECK_INT(file_write_volatile(path, got, strlen(got), 0644), 0);
    CHECK_INT(file_read(path, 1 << 20, &want, NULL), 0);
    CHECK_STR(got, want);
}

static void capabilities_document(void)
{
    AUTO_QEMU_CAPS struct qemu_caps *c = make_caps();
    char *flags[] = {"lm", "nx", "cx16", "ssse3", "sse4_1", "sse4_2", "popcnt", "aes", "pclmulqdq"};
    struct node_cpu_model cpu = {.vendor = "Intel",
                                 .family = 6,
                                 .model = 44,
                                 .stepping = 2,
                                 .microcode = 31,
                                 .flags = flags,
                                 .nflags = ARRAY_LEN(flags),
                                 .phys_bits = 40};
    struct node_cpu cpus[] = {{0, 0, 0, 0, "0-1"}, {1, 0, 0, 0, "0-1"}};
    struct node_page_size pages[] = {{4, 4096}, {2048, 8}};
    uint32_t distances[][2] = {{10, 20}, {20, 10}};
    struct node_cell cells[] = {{0, 32768, cpus, 2, pages, 2, distances[0], 2},
                                {1, 16384, NULL, 0, pages, 1, distances[1], 2}};
    struct node_topology topology = {cells, 2};
    struct node_info info = {
        .model = "x86_64", .cpus = 2, .nodes = 1, .sockets = 1, .cores = 1, .threads = 2};
    struct capabilities_guest guests[] = {{"i686", c}, {"x86_64", c}};
    struct capabilities_input in = {.arch = "x86_64",
                                    .info = &info,
                                    .topology = &topology,
                                    .cpu = &cpu,
                                    .guests = guests,
                                    .nguests = 2};
    uuid_parse("5ac43fe2-4707-4c6e-a0f5-21451e53374b", &in.uuid);
    CHECK_STR(capabilities_cpu_model(&cpu), "Westmere");
    AUTO_FREE char *two = capabilities_format(&in);
    compare("capabilities-numa-kvm.xml", two);
    c->accel[QEMU_VIRT_KVM].usable = false;
    topology.ncells = 1;
    cells[0].ndistances = 0;
    cpu.vendor = NULL;
    in.guests = &guests[1];
    in.nguests = 1;
    AUTO_FREE char *one = capabilities_format(&in);
    CHECK(!strstr(one, "kvm") && !strstr(one, "<model>West"));
    compare("capabilities-tcg.xml", one);
}

static void domcaps_document(void)
{
    AUTO_QEMU_CAPS struct qemu_caps *c = make_caps();
    struct strv loaders = {0};
    struct domcaps_input in = {.caps = c,
                               .arch = "x86_64",
                               .virt = QEMU_VIRT_TCG,
                               .machine = qemu_caps_machine(c, "pc"),
                               .loaders = &loaders};
    AUTO_FREE char *least = domcaps_format(&in);
    compare("domcaps-pc-tcg.xml", least);
    in.virt = QEMU_VIRT_KVM;
    in.machine = qemu_caps_machine(c, "q35");
    in.efi = in.secure = true;
    strv_push(&loaders, "/usr/share/OVMF/a&b.fd");
    in.support = (struct domcaps_support){
        .rng = true, .channel = true, .cpu = true, .memory_backing = true, .genid = true};
    AUTO_FREE char *most = domcaps_format(&in);
    compare("domcaps-q35-kvm.xml", most);
    strv_finish(&loaders);
}

static void stored_and_back(void)
{
    AUTO_QEMU_CAPS struct qemu_caps *c = make_caps();
    AUTO_QEMU_CAPS struct qemu_caps *back = NULL;
    AUTO_ERROR err = ERROR_INIT;
    struct qemu_caps_key key = {.binary = c->binary,
                                .mtime_ns = 1700000000123456789,
                                .ctime_ns = 2,
                                .size = UINT64_MAX,
                                .inode = 7,
                                .kvm = true};
    struct json_object *doc = qemu_caps_to_json(c, &key);
    CHECK_INT(qemu_caps_from_json(doc, &key, &back, &err), 0);
    struct json_object *again = qemu_caps_to_json(back, &key);
    CHECK_STR(json_object_to_json_string(again), json_object_to_json_string(doc));
    json_object_put(again);
    CHECK_INT(qemu_caps_machine(back, NULL)->max_cpus, 255);
    CHECK(!qemu_caps_cpu(back, QEMU_VIRT_KVM, "EPYC")->usable);
    CHECK(qemu_caps_has_option(back, "sandbox", "spawn"));
    key.size--;
    struct qemu_caps *other = NULL;
    CHECK_INT(qemu_caps_from_json(doc, &key, &other, &err), -1);
    CHECK_CONTAINS(err.message, "about another version of it");
    key.size++;
    // Each member taken away in turn: never half an answer.
    static const char *const members[] = {"version",  "package",    "arch",    "machines",
                                          "tcg",      "kvm",        "devices", "objects",
                                          "commands", "properties", "options", "key"};
    AUTO_FREE char *text = xstrdup(json_object_to_json_string(doc));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct json_object *less = json_tokener_parse(text);
        json_object_object_del(less, members[i]);
        CHECK_INT(qemu_caps_from_json(less, &key, &other, &err), -1);
        json_object_put(less);
    }
    json_object_put(doc);
}

static void wrong_replies(void)
{
    static const char *const wrong[] = {
        "{}", "[7]", "[{}]", "[{\"name\": 7}]", "null", "[{\"name\": \"pc\"}]"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct qemu_caps *c = NEW(struct qemu_caps);
        struct json_object *o = json_tokener_parse(wrong[i]);
        c->refs = 1;
        CHECK_INT(qemu_learn_machines(c, o, &err), -1);
        CHECK_CONTAINS(err.message, "'query-machines' is not what it documents");
        CHECK_INT(qemu_learn_options(c, o, &err), -1);
        CHECK_INT(qemu_learn_target(c, o, &err), -1);
        json_object_put(o);
        qemu_caps_unref(c);
    }
}

static void firmware_descriptors(void)
{
    struct firmware_choice f;
    char dir[] = "/tmp/vireo-fw-XXXXXX";
    CHECK(mkdtemp(dir));
    static const char *const files[][2] = {
        {"50-b.json", "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\","
                      "\"executable\":{\"filename\":\"/b.fd\"}},\"targets\":[{\"architecture\":"
                      "\"x86_64\",\"machines\":[\"pc-q35-*\"]}],\"features\":[\"secure-boot\"]}"},
        {"40-a.json", "{\"interface-types\":[\"uefi\"],\"mapping\":{\"executable\":{\"filename\":"
                      "\"/a.fd\"}},\"targets\":[{\"architecture\":\"x86_64\",\"machines\":"
                      "[\"pc-i440fx-*\",\"pc-q35-*\"]}]}"},
        {"30-damaged.json", "{\"mapping\": ["},
        {"20-other.json", "{\"targets\":[{\"architecture\":\"aarch64\",\"machines\":[\"*\"]}]}"}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_FREE char *path = path_join(dir, files[i][0]);
        CHECK_INT(file_write_volatile(path, files[i][1], strlen(files[i][1]), 0644), 0);
    }
    firmware_find(dir, "x86_64", "pc-q35-7.2", &f);
    CHECK(f.efi && f.secure && f.loaders.n == 2);
    CHECK_STR(f.loaders.v[0], "/a.fd");
    firmware_choice_finish(&f);
    firmware_find(dir, "x86_64", "pc-i440fx-7.2", &f);
    CHECK(f.efi && !f.secure && f.loaders.n == 1);
    firmware_choice_finish(&f);
    firmware_find("/nowhere", "x86_64", "pc", &f);
    CHECK(!f.efi && f.loaders.n == 0);
    firmware_choice_finish(&f);
    CHECK_INT(dir_remove_all(dir), 0);
}

int main(void)
{
    RUN(capabilities_document);
    RUN(domcaps_document);
    RUN(stored_and_back);
    RUN(wrong_replies);
    RUN(firmware_descriptors);
    return 0;
}
