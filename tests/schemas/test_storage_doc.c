// SPDX-License-Identifier: GPL-2.0-or-later
// Pool and volume documents: every fixture parses, fits vireod's schema and libvirt's, formats to
// the same text twice, survives copying, and equals its golden. Bad documents are refused with
// element and line.
#include "tests/check.h"
#include "tests/golden.h"

#include <dirent.h>
#include <libxml/relaxng.h>
#include "base/file.h"
#include "base/str.h"
#include "schemas/storage/def.h"

static char *read_text(const char *path)
{
    char *text;
    return file_read(path, 1 << 20, &text, NULL) == 0 ? text : NULL;
}

// Parses, copies, formats; NULL with err.
static char *rewrite(const char *xml, bool pool, unsigned flags, struct error *err)
{
    if (pool) {
        AUTO_POOL_DEF struct pool_def *def = pool_def_load(xml, strlen(xml), flags, err);
        AUTO_POOL_DEF struct pool_def *copy = def ? pool_def_copy(def) : NULL;
        return copy ? pool_def_format(copy) : NULL;
    }
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, strlen(xml), flags, err);
    AUTO_VOLUME_DEF struct volume_def *copy = def ? volume_def_copy(def) : NULL;
    return copy ? volume_def_format(copy) : NULL;
}

static char *must_rewrite(const char *path, const char *xml, bool pool, unsigned flags)
{
    AUTO_ERROR err = ERROR_INIT;
    char *text = rewrite(xml, pool, flags, &err);
    if (!text)
        fprintf(stderr, "%s: %s\n", path, err.message);
    CHECK(text);
    return text;
}

static void hide_uuid(char *text)
{
    char *at = strstr(text, "<uuid>");
    for (at = at ? at + 6 : text + strlen(text); *at && *at != '<'; at++)
        *at = *at == '-' ? '-' : '0';
}

static xmlRelaxNG *schema;

static void check_libvirt(const char *path, const char *text)
{
    if (!schema)
        return;
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), path, NULL, XML_PARSE_NONET);
    xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
    int r = xmlRelaxNGValidateDoc(valid, doc);
    if (r)
        fprintf(stderr, "%s does not fit libvirt's schema:\n%s\n", path, text);
    CHECK_INT(r, 0);
    xmlRelaxNGFreeValidCtxt(valid);
    xmlFreeDoc(doc);
}

static void check_fixture(const char *path, const char *xml, bool pool)
{
    AUTO_FREE char *first = must_rewrite(path, xml, pool, STORAGE_PARSE_VALIDATE);
    AUTO_FREE char *second = must_rewrite(path, first, pool, STORAGE_PARSE_VALIDATE);
    CHECK_STR(second, first);
    check_libvirt(path, first);
    hide_uuid(first);
    AUTO_FREE char *golden_path = xasprintf("%.*s.golden", (int)(strlen(path) - 4), path);
    golden_compare(golden_path, first);
}

static void ignore(void *arg, const char *fmt, ...)
{
    (void)arg, (void)fmt;
}

static void each_document(const char *dir, const char *libvirt, bool pool, size_t least)
{
    xmlRelaxNGParserCtxt *ctxt = xmlRelaxNGNewParserCtxt(libvirt);
    xmlRelaxNGSetParserErrors(ctxt, ignore, ignore, NULL);
    schema = xmlRelaxNGParse(ctxt);
    xmlRelaxNGFreeParserCtxt(ctxt);
    if (!schema)
        printf("no '%s' installed: not compared\n", libvirt);
    size_t n = 0;
    DIR *d = opendir(dir);
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!str_ends(e->d_name, ".xml"))
            continue;
        AUTO_FREE char *path = path_join(dir, e->d_name);
        AUTO_FREE char *xml = read_text(path);
        check_fixture(path, xml, pool);
        n++;
    }
    closedir(d);
    CHECK(n >= least);
    xmlRelaxNGFree(schema);
}

static void pools(void)
{
    each_document(POOLS, "/usr/share/libvirt/schemas/storagepool.rng", true, 2);
}

static void volumes(void)
{
    each_document(VOLUMES, "/usr/share/libvirt/schemas/storagevol.rng", false, 3);
}

static void refused(void)
{
    static const struct {
        bool pool;
        const char *xml;
        enum error_code code;
        const char *why;
    } cases[] = {
        {true, "<pool", ERROR_XML_DETAIL, "line 1"},
        {true, "<volume/>", ERROR_XML, "pool"},
        {true, "<pool/>", ERROR_XML, "type"},
        {true, "<pool type='x'><name>n</name></pool>", ERROR_XML, "dir"},
        {true, "<pool type='logical'><name>n</name></pool>", ERROR_CONFIG_UNSUPPORTED, "logical"},
        {true, "<pool type='iscsi-direct'><name>n</name></pool>", ERROR_CONFIG_UNSUPPORTED,
         "iscsi"},
        {true, "<pool type='dir'/>", ERROR_XML, "<name>"},
        {true, "<pool type='dir'>\n<name>n</name></pool>", ERROR_XML, "<target>"},
        {true, "<pool type='dir'><name>n</name>\n<target/></pool>", ERROR_XML, "<path>"},
        {true, "<pool type='dir'><name>a/b</name><target><path>/x</path></target></pool>",
         ERROR_XML, "name a/b cannot contain '/'"},
        {true, "<pool type='dir'><name>n</name><target><path>x</path></target></pool>", ERROR_XML,
         "does not begin with '/'"},
        {true, "<pool type='dir'><name>n&#10;</name><target><path>/x</path></target></pool>",
         ERROR_XML, "control character"},
        {true, "<pool type='dir'><name>n</name>\n<features><cow state='yes'/></features></pool>",
         ERROR_CONFIG_UNSUPPORTED, "line 2"},
        {false, "<volume/>", ERROR_XML, "<name>"},
        {false, "<volume><name></name></volume>", ERROR_XML, "<name>"},
        {false, "<volume><name>n</name><capacity>-1</capacity></volume>", ERROR_XML, "capacity"},
        {false, "<volume><name>n</name><capacity unit='X'>1</capacity></volume>", ERROR_XML, "'X'"},
        {false, "<volume><name>n</name><capacity unit='EiB'>8</capacity></volume>", ERROR_XML,
         "too large"},
        {false,
         "<volume><name>n</name><target>\n<permissions><mode>0888</mode></permissions></target>"
         "</volume>",
         ERROR_XML, "octal"},
        {false, "<volume><name>n</name><target><format type='x'/></target></volume>", ERROR_XML,
         "qcow2"},
        {false, "<volume><name>n</name><target>\n<encryption format='luks'/></target></volume>",
         ERROR_CONFIG_UNSUPPORTED, "line 2"},
        {false, "<volume><name>n</name><target><compat>2</compat></target></volume>", ERROR_XML,
         "1.1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ERROR err = ERROR_INIT;
        AUTO_FREE char *text = rewrite(cases[i].xml, cases[i].pool, 0, &err);
        if (text || err.code != cases[i].code)
            fprintf(stderr, "%s: %s\n", cases[i].xml, text ? text : err.message);
        CHECK(!text);
        CHECK_INT(err.code, cases[i].code);
        CHECK_CONTAINS(err.message, cases[i].why);
    }
}

static void values(void)
{
    static const char xml[] = "<volume><name>n</name><capacity unit='G'>2</capacity><target>"
                              "<permissions><mode>0640</mode><owner>-1</owner></permissions>"
                              "</target></volume>";
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, sizeof(xml) - 1, 0, NULL);
    CHECK(def && def->capacity.value == UINT64_C(2) << 30 && !def->allocation.set);
    CHECK_INT(def->target.permissions.mode.value, 0640);
    CHECK_INT(def->target.permissions.owner.value, -1);
    CHECK(!def->target.permissions.group.set && !def->backing);
    CHECK(pool_type_known("dir") && pool_type_known("iscsi") && !pool_type_known("isc"));
    static const char *const paths[][2] = {{"/", "/"}, {"//", "/"}, {"/a//b/", "/a/b"}, {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        AUTO_FREE char *clean = storage_clean_path(paths[i][0]);
        CHECK_STR(clean, paths[i][1]);
    }
}

int main(void)
{
    RUN(pools);
    RUN(volumes);
    RUN(refused);
    RUN(values);
    return 0;
}
