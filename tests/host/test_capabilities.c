// SPDX-License-Identifier: GPL-2.0-or-later
// Recorded replies of QEMU 7.2 (shortened) -> the stored text -> struct -> documents.
#include <json-c/json.h>
#include <unistd.h>
#include "base/file.h"
#include "host/capabilities.h"
#include "host/firmware.h"
#include "host/qemu_caps.h"
#include "host/qemu_learn.h"
#include "monitor/qmp_rows.h"
#include "tests/check.h"
#include "tests/golden.h"

static const struct qemu_caps_key key = {.binary = (char *)"/usr/bin/qemu-system-x86_64",
                                         .mtime_ns = 1700000000123456789,
                                         .ctime_ns = 2,
                                         .size = UINT64_MAX,
                                         .inode = 7,
                                         .kvm = true};

// Decodes a recorded reply as the monitor does, with its errors.
static int decode(const struct qmp_command *command, const char *text, void *ret, struct error *err)
{
    struct json_object *o = json_tokener_parse(text);
    int r = qmp_decode(command, o, ret, err);
    json_object_put(o);
    return r;
}

static void load(const struct qmp_command *command, const char *name, void *ret)
{
    AUTO_FREE char *path = path_join("replies", name);
    AUTO_FREE char *text = NULL;
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
    CHECK_INT(decode(command, text, ret, &err), 0);
}

static char *make_text(void)
{
    struct qmp_machine_info_list machines;
    struct qmp_cpu_definition_info_list cpus;
    struct qmp_named_info_list devices, commands;
    struct qmp_option_info_list options;
    struct strbuf b = {0};
    AUTO_ERROR err = ERROR_INIT;
    load(&qmp_command_query_machines, "machines.json", &machines);
    load(&qmp_command_query_cpu_definitions, "cpus.json", &cpus);
    load(&qmp_command_qom_list_types, "devices.json", &devices);
    CHECK_INT(decode(&qmp_command_query_commands,
                     "[{\"name\":\"query-vnc\"},{\"name\":\"a\\nb\"},{\"name\":\"cont\"}]",
                     &commands, &err),
              0);
    CHECK_INT(decode(&qmp_command_query_command_line_options,
                     "[{\"option\":\"sandbox\",\"parameters\":[]}]", &options, &err),
              0);
    AUTO_FREE char *first = qemu_caps_key_text(&key);
    strbuf_add(&b, first);
    qemu_learn_section(&b, QEMU_SECTION_BINARY);
    qemu_learn_binary(&b, 7002022, "x86_64", true, "Debian <7.2>");
    qemu_learn_section(&b, QEMU_SECTION_MACHINES);
    qemu_learn_machines(&b, &machines);
    qemu_learn_section(&b, QEMU_SECTION_TCG);
    qemu_learn_cpus(&b, &cpus);
    qemu_learn_section(&b, QEMU_SECTION_KVM);
    qemu_learn_cpus(&b, &cpus);
    qemu_learn_section(&b, QEMU_SECTION_DEVICES);
    qemu_learn_names(&b, &devices);
    qemu_learn_section(&b, QEMU_SECTION_OBJECTS);
    qemu_learn_section(&b, QEMU_SECTION_COMMANDS);
    qemu_learn_names(&b, &commands);
    qemu_learn_section(&b, QEMU_SECTION_OPTIONS);
    qemu_learn_options(&b, &options);
    qemu_learn_section(&b, QEMU_SECTION_END);
    qmp_machine_info_list_finish(&machines);
    qmp_cpu_definition_info_list_finish(&cpus);
    qmp_named_info_list_finish(&devices);
    qmp_named_info_list_finish(&commands);
    qmp_option_info_list_finish(&options);
    return strbuf_steal(&b);
}

static struct qemu_caps *make_caps(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qemu_caps *c = NULL;
    CHECK_INT(qemu_caps_parse(make_text(), &key, &c, &err), 0);
    return c;
}

static void compare(const char *name, const char *got)
{
    AUTO_FREE char *path = path_join("golden", name);
    golden_compare(path, got);
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

static int parse(const char *text, const struct qemu_caps_key *expected, struct error *err)
{
    struct qemu_caps *c = NULL;
    int r = qemu_caps_parse(xstrdup(text), expected, &c, err);
    qemu_caps_unref(c);
    return r;
}

static void stored_and_back(void)
{
    AUTO_FREE char *text = make_text();
    AUTO_QEMU_CAPS struct qemu_caps *c = make_caps();
    AUTO_ERROR err = ERROR_INIT;
    CHECK_STR(c->binary, "/usr/bin/qemu-system-x86_64");
    CHECK_INT(c->version, 7002022);
    CHECK_STR(c->package, "Debian <7.2>");
    CHECK_INT(qemu_caps_machine(c, NULL)->max_cpus, 255);
    CHECK_STR(qemu_caps_machine(c, "q35")->default_ram_id, "pc.ram");
    CHECK(!qemu_caps_machine(c, "none"));
    CHECK_INT(qemu_caps_cpu(c, QEMU_VIRT_KVM, "EPYC")->usable, QEMU_USABLE_NO);
    CHECK_INT(qemu_caps_cpu(c, QEMU_VIRT_TCG, "qemu64")->usable, QEMU_USABLE_UNKNOWN);
    CHECK(qemu_caps_has_option(c, "sandbox") && !qemu_caps_has_object(c, "sandbox"));
    CHECK(qemu_caps_has_command(c, "cont") && !qemu_caps_has_command(c, "con"));
    struct qemu_caps_key other = key;
    other.size--;
    CHECK_INT(parse(text, &other, &err), -1);
    CHECK_CONTAINS(err.message, "of another version of it");
    // Truncated anywhere: an error, never partial capabilities.
    for (size_t n = strlen(text) - 1; n > 0; n--) {
        text[n] = '\0';
        CHECK_INT(parse(text, &key, &err), -1);
    }
}

static void damaged_text(void)
{
    static const char *const wrong[][2] = {
        {"[machines]\n", ""},
        {"[machines]\n", "[machines]\n[machines]\n"},
        {"[machines]\n", "[nope]\n"},
        {"[machines]\n", "[machines]\na\tb\n"},
        {"7002022\t", "-1\t"},
        {"[end]\n", ""},
        {"\tusable\t", "\tusable\tx\t"},
        {"[binary]\n", "x\n[binary]\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_FREE char *text = make_text();
        AUTO_ERROR err = ERROR_INIT;
        char *at = strstr(text, wrong[i][0]);
        AUTO_FREE char *damaged =
            xasprintf("%.*s%s%s", (int)(at - text), text, wrong[i][1], at + strlen(wrong[i][0]));
        CHECK_INT(parse(damaged, &key, &err), -1);
        CHECK_CONTAINS(err.message, "are damaged");
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

// The descriptors that Debian's ovmf has.
static void firmware_for_flash(void)
{
    char dir[] = "/tmp/vireo-fw-XXXXXX";
    CHECK(mkdtemp(dir));
    static const char format[] =
        "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"executable\":"
        "{\"filename\":\"/code%s.fd\",\"format\":\"raw\"},\"nvram-template\":{\"filename\":"
        "\"/vars%s.fd\"}},\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"pc-q35-*\"%s]}],"
        "\"features\":[%s]}";
    static const struct {
        const char *name, *code, *vars, *machines, *features;
    } files[] = {
        {"40.json", ".ms", ".ms", "", "\"enrolled-keys\",\"requires-smm\",\"secure-boot\""},
        {"50.json", ".secboot", "", "", "\"requires-smm\",\"secure-boot\""},
        {"60.json", "", "", ",\"pc-i440fx-*\"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_FREE char *path = path_join(dir, files[i].name);
        AUTO_FREE char *text =
            xasprintf(format, files[i].code, files[i].vars, files[i].machines, files[i].features);
        CHECK_INT(file_write_volatile(path, text, strlen(text), 0644), 0);
    }
    static const struct {
        const char *machine;
        struct firmware_wanted wanted;
        const char *loader, *vars; // NULL: none
        bool smm;
    } cases[] = {
        {"pc-q35-7.2", {0}, "/code.ms.fd", "/vars.ms.fd", true},
        {"pc-q35-7.2", {.secure = TOGGLE_NO}, "/code.fd", "/vars.fd", false},
        {"pc-q35-7.2", {.no_smm = true}, "/code.fd", "/vars.fd", false},
        {"pc-q35-7.2",
         {.secure = TOGGLE_YES, .enrolled_keys = TOGGLE_NO},
         "/code.secboot.fd",
         "/vars.fd",
         true},
        {"pc-q35-7.2", {.loader = "/code.secboot.fd"}, "/code.secboot.fd", "/vars.fd", true},
        {"pc-q35-7.2", {.loader = "/other.fd"}, NULL, NULL, false},
        {"pc-i440fx-7.2", {0}, "/code.fd", "/vars.fd", false},
        {"pc-i440fx-7.2", {.secure = TOGGLE_YES}, NULL, NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct firmware_flash f;
        int r = firmware_find_flash(dir, "x86_64", cases[i].machine, &cases[i].wanted, &f);
        CHECK_INT(r, cases[i].loader ? 0 : -ENOENT);
        CHECK(str_eq(f.loader, cases[i].loader) && str_eq(f.nvram_template, cases[i].vars));
        CHECK(f.smm == cases[i].smm);
        firmware_flash_finish(&f);
    }
    CHECK_INT(dir_remove_all(dir), 0);
}

int main(void)
{
    RUN(capabilities_document);
    RUN(stored_and_back);
    RUN(damaged_text);
    RUN(firmware_descriptors);
    RUN(firmware_for_flash);
    return 0;
}
