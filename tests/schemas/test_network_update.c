// SPDX-License-Identifier: GPL-2.0-or-later
// Every update of tests/fixtures/network/updates.txt ends as it ended with libvirtd 9.0: the same
// code, and the same definition, but for the intended differences in `stricter`.
#include "tests/check.h"

#include "base/file.h"
#include "base/str.h"
#include "schemas/network/def.h"

// Updates that libvirt accepts and vireod refuses, by the element in the fixture.
static const struct {
    const char *xml, *part;
} stricter[] = {
    {"<host id='1:2' name='q' ip='192.168.5.19'/>", "id="},
    {"<host id='0:7' name='v6' ip='fd00:5::9'/>", ""},
    {"<host mac='52:54:00:00:00:09' name='h9' ip='192.168.5.19'/>", "not within"},
    {"<host mac='52:54:00:00:00:01' name='h1' ip='192.168.5.11'/>", "not within"},
    {"<interface dev='eth8'/>", "isolated"}, // libvirt reports success and drops it
    {"<interface dev='eth9'/>", "isolated"},
    {"<srv protocol='tcp' target='a' port='11'/>", "no entry"}, // deletes the one with port 10
};

struct base {
    char *name, *xml;
};
static struct base bases[16];
static size_t nbases;

static char *next_line(char **at)
{
    char *line = *at;
    if (!*line)
        return NULL;
    char *end = strchr(line, '\n');
    CHECK(end);
    *end = '\0';
    *at = end + 1;
    return line;
}

// Lines up to ".".
static char *read_block(char **at)
{
    AUTO_STRBUF b = {0};
    for (char *line; (line = next_line(at)) && !str_eq(line, ".");)
        strbuf_printf(&b, "%s\n", line);
    return strbuf_steal(&b);
}

static struct network_def *load(const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
    CHECK_STR(def ? "" : err.message, "");
    return def;
}

static const char *base_named(const char *name)
{
    for (size_t i = 0; i < nbases; i++) {
        if (str_eq(bases[i].name, name))
            return bases[i].xml;
    }
    fprintf(stderr, "no base %s\n", name);
    exit(1);
}

static bool is_stricter(const char *xml, const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(stricter); i++) {
        if (str_eq(stricter[i].xml, xml) && strstr(message, stricter[i].part))
            return true;
    }
    return false;
}

struct question {
    const char *base;
    unsigned section, command;
    int index;
    const char *xml;
};

// Compares libvirt's error number with vireod's; libvirt has several for a bad element.
static bool same_code(const struct question *q, int expected, enum error_code actual)
{
    // vireod checks the command first.
    if (q->command == 0 || q->command >= 5)
        return actual == ERROR_OPERATION_UNSUPPORTED;
    switch (expected) {
    case 55:
        return actual == ERROR_OPERATION_INVALID;
    case 84:
        return actual == ERROR_OPERATION_UNSUPPORTED;
    case 3:
        return actual == ERROR_NO_SUPPORT;
    case 35:
        // An invalid address is a wrong value like others.
        return actual == (strstr(q->xml, "ip='x'") ? ERROR_XML : ERROR_XML_DETAIL);
    case 1:
    case 27:
    case 38:
    case 67:
        return actual == ERROR_XML || actual == ERROR_CONFIG_UNSUPPORTED;
    default:
        return false;
    }
}

static int failures, ok, refused, strict;

static void ask(const struct question *q, int code, const char *theirs, const char *golden)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = load(base_named(q->base));
    int r = network_def_update(def, q->section, q->command, q->index, q->xml, &err);
    AUTO_FREE char *text = network_def_format(def, 0);
    bool good;
    if (r < 0 && is_stricter(q->xml, err.message)) {
        good = true;
        strict++;
    } else if (golden) {
        good = r == 0 && str_eq(text, golden);
        ok++;
    } else {
        good = r < 0 && same_code(q, code, err.code) && str_eq(text, base_named(q->base));
        refused++;
    }
    if (!good) {
        failures++;
        fprintf(
            stderr,
            "update of %s, section %u command %u index %d: %s\n  libvirt: %d %s\n  vireod: %s\n%s",
            q->base, q->section, q->command, q->index, q->xml, code, theirs,
            r < 0 ? err.message : "ok", r == 0 && golden ? text : "");
    }
    network_def_destroy(def);
}

static void as_libvirt(void)
{
    char *data;
    CHECK_INT(file_read(FIXTURES "/updates.txt", 1 << 22, &data, NULL), 0);
    char *at = data;
    for (char *line; (line = next_line(&at));) {
        char name[16];
        struct question q = {.base = name};
        if (*line == '#')
            continue;
        if (sscanf(line, "base %15s", name) == 1) {
            CHECK(nbases < ARRAY_LEN(bases));
            bases[nbases++] = (struct base){xstrdup(name), read_block(&at)};
            continue;
        }
        CHECK_INT(sscanf(line, "update %15s %u %u %d", name, &q.section, &q.command, &q.index), 4);
        q.xml = next_line(&at);
        char *answer = next_line(&at);
        CHECK(answer);
        int code = 0;
        if (sscanf(answer, "error %d", &code) == 1) {
            ask(&q, code, answer, NULL);
        } else {
            CHECK_STR(answer, "ok");
            AUTO_FREE char *golden = read_block(&at);
            ask(&q, 0, "ok", golden);
        }
    }
    printf("%d same result, %d same error, %d refused only by vireod\n", ok, refused, strict);
    CHECK_INT(failures, 0);
    CHECK(ok >= 100 && refused >= 400 && strict < 30);
    for (size_t i = 0; i < nbases; i++) {
        free(bases[i].name);
        free(bases[i].xml);
    }
    free(data);
}

static void dhcp_in_one_ip_of_each_family(void)
{
    static const char xml[] =
        "<network><name>x</name><bridge name='b'/>"
        "<ip address='192.168.1.1' prefix='24'/>"
        "<ip address='192.168.2.1' prefix='24'><dhcp>"
        "<range start='192.168.2.9' end='192.168.2.19'/></dhcp></ip></network>";
    static const char *const elements[] = {
        [NETWORK_SECTION_IP_DHCP_HOST] = "<host mac='52:54:00:00:00:01' ip='192.168.1.9'/>",
        [NETWORK_SECTION_IP_DHCP_RANGE] = "<range start='192.168.1.9' end='192.168.1.19'/>",
    };
    for (unsigned s = NETWORK_SECTION_IP_DHCP_HOST; s <= NETWORK_SECTION_IP_DHCP_RANGE; s++) {
        AUTO_ERROR err = ERROR_INIT;
        AUTO_NETWORK_DEF struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
        CHECK(def);
        CHECK_INT(network_def_update(def, s, NETWORK_COMMAND_ADD_LAST, 0, elements[s], &err), -1);
        CHECK_INT(err.code, ERROR_OPERATION_INVALID);
        CHECK_CONTAINS(err.message, "'192.168.2.1' has it; select it with --parent-index 1");
    }
}

int main(void)
{
    RUN(dhcp_in_one_ip_of_each_family);
    RUN(as_libvirt);
    return 0;
}
