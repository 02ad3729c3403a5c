// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands print: tables and JSON against golden/, and the functions that format text.
#include "clients/domains.h"
#include "clients/status.h"
#include "clients/text.h"
#include "tests/golden.h"

#include <inttypes.h>

static void add(struct domains *g, const char *name, int32_t id, unsigned state, unsigned vcpus,
                uint64_t kib)
{
    struct domain_info one = {.name = xstrdup(name),
                              .id = id,
                              .state = state,
                              .vcpus = vcpus,
                              .memory_kib = kib,
                              .max_memory_kib = kib * 2};
    for (size_t i = 0; i < sizeof(one.uuid); i++)
        one.uuid[i] = (uint8_t)(16 * g->n + i);
    vec_push(g, one);
}

static struct domains some_domains(void)
{
    struct domains g = {0};
    add(&g, "zoé", -1, 5, 2, 2048 * 1024);
    add(&g, "win\x1b[31m\"\\dows\xff", 12, 3, 1, 1536 * 1024);
    add(&g, "demo", 3, 1, 1, 131072);
    add(&g, "Archive of a machine with a long name", -1, 5, 16, 100);
    add(&g, "日本", 4, 1, 128, UINT64_C(3) << 30);
    add(&g, "later", 100, 99, 1, 1024);
    domains_sort(&g);
    return g;
}

static void list(void)
{
    struct domains g = some_domains();
    AUTO_STRBUF b = {0};
    domains_add_table(&b, &g);
    golden_compare("golden/list.txt", strbuf_text(&b));
    strbuf_reset(&b);
    domains_add_json(&b, &g);
    golden_compare("golden/list.json", strbuf_text(&b));
    strbuf_reset(&b);
    domains_add_names(&b, &g);
    golden_compare("golden/names.txt", strbuf_text(&b));
    domains_finish(&g);
}

static void no_domains(void)
{
    struct domains g = {0};
    AUTO_STRBUF b = {0};
    domains_add_table(&b, &g);
    domains_add_names(&b, &g);
    CHECK_INT(b.len, 0);
    domains_add_json(&b, &g);
    CHECK_STR(strbuf_text(&b), "[]\n");
}

static void status(void)
{
    struct status s = {.process = xstrdup("vireod"),
                       .pid = 4711,
                       .uptime_s = 93784,
                       .socket = xstrdup("/run/libvirt/libvirt-sock-ro"),
                       .uri = xstrdup("qemu:///system"),
                       .hostname = xstrdup("host.example"),
                       .qemu_version = 7002022,
                       .protocol_version = 9000000,
                       .node = {.model = "x86_64", .memory = 8192 * 1024, .cpus = 4},
                       .has_networks = true,
                       .active_networks = 1,
                       .inactive_networks = 2,
                       .domains = some_domains()};
    AUTO_STRBUF b = {0};
    status_add(&b, &s);
    golden_compare("golden/status.txt", strbuf_text(&b));
    status_finish(&s);
    // The daemon process is unknown behind systemd's socket; no domains, no networks.
    s = (struct status){.uptime_s = -1,
                        .uri = xstrdup("qemu:///session"),
                        .hostname = xstrdup("h"),
                        .protocol_version = 9000000,
                        .node = {.memory = 1000, .cpus = 1}};
    memset(s.node.model, 'm', sizeof(s.node.model)); // without a final NUL
    strbuf_reset(&b);
    status_add(&b, &s);
    golden_compare("golden/status-bare.txt", strbuf_text(&b));
    status_finish(&s);
}

static void amounts(void)
{
    static const struct {
        uint64_t kib;
        const char *want;
    } memory[] = {{0, "0 KiB"},         {1023, "1023 KiB"},          {1024, "1 MiB"},
                  {1536, "1.5 MiB"},    {131072, "128 MiB"},         {1048576, "1 GiB"},
                  {6081740, "5.8 GiB"}, {UINT64_MAX, "16777216 PiB"}};
    for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
        AUTO_STRBUF b = {0};
        text_add_memory(&b, memory[i].kib);
        CHECK_STR(strbuf_text(&b), memory[i].want);
    }
    static const struct {
        uint64_t s;
        const char *want;
    } times[] = {{0, "0 s"},           {59, "59 s"},
                 {60, "1 min"},        {3599, "59 min"},
                 {3600, "1 h 0 min"},  {86399, "23 h 59 min"},
                 {86400, "1 day 0 h"}, {1000000, "11 days 13 h"}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        AUTO_STRBUF b = {0};
        text_add_duration(&b, times[i].s);
        CHECK_STR(strbuf_text(&b), times[i].want);
    }
}

// A shell reads back what text_add_shell() quoted.
static void shell_arguments(void)
{
    static const char *const texts[] = {
        "plain/path-1.0", "", "a b", "it's", "$(id)`id`$HOME", "-n\\n", "é", "new\nline", "*", "'"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO_STRBUF b = {0};
        strbuf_add(&b, "printf '%s.' ");
        text_add_shell(&b, texts[i]);
        FILE *f = popen(strbuf_text(&b), "re");
        char got[64] = "";
        CHECK(f);
        size_t n = fread(got, 1, sizeof(got) - 1, f);
        CHECK_INT(pclose(f), 0);
        CHECK(n > 0 && got[n - 1] == '.');
        got[n - 1] = 0;
        CHECK_STR(got, texts[i]);
    }
}

// Characters that turn the rest of a line around, or that are not seen, are written out.
static void hidden_characters(void)
{
    AUTO_STRBUF b = {0};
    CHECK_INT(text_add(&b, "\u202egpj.exe\u200b"), 31);
    CHECK_STR(strbuf_text(&b), "\\xe2\\x80\\xaegpj.exe\\xe2\\x80\\x8b");
}

int main(void)
{
    text_init();
    RUN(list);
    RUN(no_domains);
    RUN(status);
    RUN(amounts);
    RUN(shell_arguments);
    RUN(hidden_characters);
    return 0;
}
