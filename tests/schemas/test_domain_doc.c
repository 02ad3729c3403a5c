// SPDX-License-Identifier: GPL-2.0-or-later
// Every fixture: parses, fits the schema, formats the same twice, survives copying, and is after
// completion as its golden says.
#include "tests/check.h"
#include "tests/golden.h"

#include <dirent.h>
#include <libxml/relaxng.h>
#include "base/str.h"
#include "schemas/domain/def.h"
#include "tests/qemu/complete.h"

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    struct strbuf b = {0};
    char buf[4096];
    for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
        strbuf_addn(&b, buf, n);
    fclose(f);
    return strbuf_steal(&b);
}

static struct domain_def *parse(const char *path, const char *xml, unsigned flags)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = domain_def_parse(xml, strlen(xml), flags, &err);
    if (!def) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        exit(1);
    }
    return def;
}

// Only where the document does not name what is random may the golden be compared.
static void check_golden(const char *path, const char *text)
{
    AUTO_FREE char *golden_path = xasprintf("%.*s.golden", (int)(strlen(path) - 4), path);
    golden_compare(golden_path, text);
}

static void check_round_trip(const char *path, const char *xml)
{
    struct domain_def *def = parse(path, xml, DOMAIN_PARSE_LIVE | DOMAIN_PARSE_VALIDATE);
    AUTO_FREE char *first = domain_def_format(def, DOMAIN_XML_STATE);
    struct domain_def *copy = domain_def_copy(def);
    domain_def_destroy(def);
    AUTO_FREE char *copied = domain_def_format(copy, DOMAIN_XML_STATE);
    CHECK_STR(copied, first);
    domain_def_destroy(copy);
    def = parse(path, first, DOMAIN_PARSE_LIVE | DOMAIN_PARSE_VALIDATE);
    AUTO_FREE char *second = domain_def_format(def, DOMAIN_XML_STATE);
    CHECK_STR(second, first);
    domain_def_destroy(def);
}

static void check_filled(const char *path, const char *xml, bool golden)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = fixture_parse(xml, 0, NULL, &err);
    if (!def)
        fprintf(stderr, "%s: %s\n", path, err.message);
    CHECK(def);
    AUTO_FREE char *text = domain_def_format(def, 0);
    CHECK_INT(fixture_complete(def, NULL, &err), 0);
    AUTO_FREE char *again = domain_def_format(def, 0);
    CHECK_STR(again, text);
    domain_def_destroy(def);
    // What clients read back they may define again.
    def = fixture_parse(text, DOMAIN_PARSE_VALIDATE, NULL, &err);
    CHECK_STR(def ? "" : err.message, "");
    AUTO_FREE char *back = domain_def_format(def, 0);
    CHECK_STR(back, text);
    domain_def_destroy(def);
    if (golden)
        check_golden(path, text);
}

static size_t each_document(const char *dir, bool golden)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!str_ends(e->d_name, ".xml"))
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);
        AUTO_FREE char *xml = read_file(path);
        CHECK(xml);
        check_round_trip(path, xml);
        check_filled(path, xml, golden);
        n++;
    }
    closedir(d);
    return n;
}

static void fixtures(void)
{
    CHECK(each_document(FIXTURES, true) >= 25);
}

static void examples(void)
{
    CHECK(each_document(EXAMPLES, false) >= 3);
}

// ---- single facts

#define HEAD "<domain type='qemu'><name>x</name><memory>1024</memory><os><type>hvm</type></os>"

static struct domain_def *load(const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = fixture_parse(xml, 0, NULL, &err);
    CHECK_STR(def ? "" : err.message, "");
    return def;
}

static void units(void)
{
    static const struct {
        const char *xml;
        uint64_t kib;
    } cases[] = {
        {"<memory>1024</memory>", 1024},
        {"<memory unit='b'>1025</memory>", 2},
        {"<memory unit='KB'>1024</memory>", 1000},
        {"<memory unit='M'>3</memory>", 3072},
        {"<memory unit='MiB'> 3 </memory>", 3072},
        {"<memory unit='GB'>1</memory>", 976563},
        {"<memory unit='TiB'>1</memory>", UINT64_C(1) << 30},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_FREE char *xml = xasprintf(
            "<domain type='qemu'><name>x</name>%s<os><type>hvm</type></os></domain>", cases[i].xml);
        struct domain_def *def = load(xml);
        CHECK_INT(def->memory_kib, cases[i].kib);
        CHECK_INT(def->current_memory_kib, cases[i].kib);
        domain_def_destroy(def);
    }
}

static void old_clock_spelling(void)
{
    struct domain_def *def = load(HEAD "<clock sync='localtime'/></domain>");
    CHECK_INT(def->clock.offset, CLOCK_LOCALTIME);
    AUTO_FREE char *text = domain_def_format(def, 0);
    CHECK_CONTAINS(text, "<clock offset='localtime'/>");
    domain_def_destroy(def);
}

static void live_values(void)
{
    struct domain_def *def = load(
        HEAD "<devices><disk type='file'><source file='/a'/><target dev='vda'/>"
             "<alias name='ua-mine'/></disk><interface type='network'><source network='default'/>"
             "</interface><console type='pty'/><graphics type='vnc' passwd='secret'/></devices>"
             "</domain>");
    def->id = OPT_UINT(7);
    def->disks.v[0]->source_index = OPT_UINT(1);
    struct domain_interface *iface = def->interfaces.v[0];
    iface->target = xstrdup("vnet0");
    iface->bridge = xstrdup("virbr0");
    iface->dev.alias = xstrdup("net0");
    str_replace(&def->serials.v[0]->source.path, "/dev/pts/3");
    str_replace(&def->consoles.v[0]->tty, "/dev/pts/3");
    def->graphics.v[0]->live_port = OPT_INT(5901);

    AUTO_FREE char *live = domain_def_format(def, DOMAIN_XML_LIVE);
    CHECK_CONTAINS(live, "<domain type='qemu' id='7'>");
    CHECK_CONTAINS(live, "<source file='/a' index='1'/>");
    CHECK_CONTAINS(live, "<source network='default' bridge='virbr0'/>");
    CHECK_CONTAINS(live, "<target dev='vnet0'/>");
    CHECK_CONTAINS(live, "<alias name='net0'/>");
    CHECK_CONTAINS(live, "<source path='/dev/pts/3'/>");
    CHECK_CONTAINS(live, "<console type='pty' tty='/dev/pts/3'>");
    CHECK_CONTAINS(live, "<graphics type='vnc' port='5901' autoport='yes'>");
    CHECK(!strstr(live, "secret"));

    AUTO_FREE char *stored = domain_def_format(def, 0);
    CHECK(!strstr(stored, "vnet0") && !strstr(stored, "net0'") && !strstr(stored, "pts") &&
          !strstr(stored, "id='7'") && !strstr(stored, "virbr0") &&
          !strstr(stored, "index='1'/>\n "));
    CHECK_CONTAINS(stored, "<alias name='ua-mine'/>");
    CHECK_CONTAINS(stored, "<graphics type='vnc' port='-1' autoport='yes'>");
    AUTO_FREE char *secure = domain_def_format(def, DOMAIN_XML_SECURE);
    CHECK_CONTAINS(secure, "passwd='secret'");

    // Defining what a live dump shows gives the stored form again.
    struct domain_def *again = load(live);
    AUTO_FREE char *back = domain_def_format(again, 0);
    CHECK_STR(back, stored);
    domain_def_destroy(again);
    // The status file brings everything back.
    AUTO_FREE char *state = domain_def_format(def, DOMAIN_XML_STATE);
    AUTO_ERROR err = ERROR_INIT;
    again = domain_def_parse(state, strlen(state), DOMAIN_PARSE_LIVE, &err);
    CHECK(again);
    AUTO_FREE char *state2 = domain_def_format(again, DOMAIN_XML_STATE);
    CHECK_STR(state2, state);
    domain_def_destroy(again);
    domain_def_destroy(def);
}

static void one_device(void)
{
    static const char xml[] = "<disk type='block' device='cdrom'>\n"
                              "  <source dev='/dev/sr0'/>\n"
                              "  <target dev='hdc' bus='ide'/>\n"
                              "  <readonly/>\n"
                              "</disk>\n";
    AUTO_ERROR err = ERROR_INIT;
    struct device *dev = domain_device_parse(xml, sizeof(xml) - 1, 0, &err);
    CHECK(dev);
    CHECK_INT(dev->kind, DEVICE_DISK);
    CHECK_STR(((struct domain_disk *)dev)->source_dev, "/dev/sr0");
    struct device *copy = domain_device_copy(dev);
    domain_device_destroy(dev);
    AUTO_FREE char *text = domain_device_format(copy, 0);
    CHECK_STR(text, xml);
    domain_device_destroy(copy);

    CHECK(!domain_device_parse("<shmem/>", 8, 0, &err));
    CHECK_INT(err.code, ERROR_CONFIG_UNSUPPORTED);
}

static void metadata_is_kept(void)
{
    struct domain_def *def = load(
        "<domain type='qemu' xmlns:a='urn:a'><name>x</name><metadata><a:one b='1'><a:two>t &amp; "
        "u</a:two><!-- c --></a:one><p:q xmlns:p='urn:p'>  mixed <i/> text</p:q></metadata>"
        "<memory>1</memory><os><type>hvm</type></os></domain>");
    AUTO_FREE char *text = domain_def_format(def, 0);
    CHECK_CONTAINS(text, "  <metadata>\n"
                         "    <a:one xmlns:a=\"urn:a\" b=\"1\">\n"
                         "      <a:two>t &amp; u</a:two>\n"
                         "      <!-- c -->\n"
                         "    </a:one>\n"
                         "    <p:q xmlns:p=\"urn:p\">  mixed <i/> text</p:q>\n"
                         "  </metadata>\n");
    struct domain_def *again = load(text);
    AUTO_FREE char *back = domain_def_format(again, 0);
    CHECK_STR(back, text);
    domain_def_destroy(again);
    domain_def_destroy(def);
}

static void metadata_by_namespace(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = load(HEAD "<metadata><a:one xmlns:a='urn:a'/></metadata></domain>");
    CHECK(!domain_metadata_get(def->metadata, "urn:b"));
    CHECK_INT(
        domain_metadata_set(&def->metadata, "b", "urn:b", "<two x='1'><in>t</in></two>", &err), 0);
    AUTO_FREE char *two = domain_metadata_get(def->metadata, "urn:b");
    CHECK_STR(two, "<two x=\"1\">\n  <in>t</in>\n</two>");
    AUTO_FREE char *text = domain_def_format(def, 0);
    CHECK_CONTAINS(text, "  <metadata>\n    <a:one xmlns:a=\"urn:a\"/>\n"
                         "    <b:two xmlns:b=\"urn:b\" x=\"1\">\n      <b:in>t</b:in>\n"
                         "    </b:two>\n  </metadata>\n");
    struct domain_def *again = load(text);
    CHECK_STR(again->metadata, def->metadata);
    domain_def_destroy(again);
    CHECK_INT(domain_metadata_set(&def->metadata, "b", "urn:b", "<two", &err), -1);
    CHECK_INT(domain_metadata_set(&def->metadata, "a b", "urn:b", "<two/>", &err), -1);
    CHECK_INT(domain_metadata_set(&def->metadata, NULL, "urn:b", NULL, &err), 0);
    CHECK_INT(domain_metadata_set(&def->metadata, NULL, "urn:a", NULL, &err), 0);
    CHECK(!def->metadata);
    domain_def_destroy(def);
}

static void odd_characters_survive(void)
{
    struct domain_def *def = load(HEAD "<description>a&lt;b&#13;\n&quot;</description><devices>"
                                       "<disk><source file='/a&#10;b&#9;&apos;'/>"
                                       "<target dev='vda'/></disk></devices></domain>");
    CHECK_STR(def->disks.v[0]->source_file, "/a\nb\t'");
    CHECK_STR(def->description, "a<b\r\n\"");
    AUTO_FREE char *text = domain_def_format(def, 0);
    struct domain_def *again = load(text);
    CHECK_STR(again->disks.v[0]->source_file, "/a\nb\t'");
    CHECK_STR(again->description, "a<b\r\n\"");
    domain_def_destroy(again);
    domain_def_destroy(def);
}

static void ignore(void *arg, const char *fmt, ...)
{
    (void)arg, (void)fmt;
}

// libvirt's own schema as a second opinion on what we write.
static void libvirt_schema_agrees(void)
{
    static const char schema_path[] = "/usr/share/libvirt/schemas/domain.rng";
    xmlRelaxNGParserCtxt *ctxt = xmlRelaxNGNewParserCtxt(schema_path);
    xmlRelaxNGSetParserErrors(ctxt, ignore, ignore, NULL);
    xmlRelaxNG *schema = xmlRelaxNGParse(ctxt);
    xmlRelaxNGFreeParserCtxt(ctxt);
    if (!schema) {
        printf("no libvirt schemas here: not compared\n");
        return;
    }
    DIR *d = opendir(FIXTURES);
    for (struct dirent *e; (e = readdir(d));) {
        if (!str_ends(e->d_name, ".golden"))
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", FIXTURES, e->d_name);
        xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
        xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
        int r = xmlRelaxNGValidateDoc(valid, doc);
        if (r)
            fprintf(stderr, "%s does not fit libvirt's schema\n", path);
        CHECK_INT(r, 0);
        xmlRelaxNGFreeValidCtxt(valid);
        xmlFreeDoc(doc);
    }
    closedir(d);
    xmlRelaxNGFree(schema);
}

int main(void)
{
    RUN(units);
    RUN(old_clock_spelling);
    RUN(live_values);
    RUN(one_device);
    RUN(metadata_is_kept);
    RUN(metadata_by_namespace);
    RUN(odd_characters_survive);
    RUN(fixtures);
    RUN(examples);
    RUN(libvirt_schema_agrees);
    return 0;
}
