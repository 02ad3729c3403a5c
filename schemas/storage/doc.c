// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of <pool> and <volume>, in libvirt's order.
#include "schemas/storage/internal.h"

#include <ctype.h>

static const char pool_types_refused[] =
    "fs netfs logical disk iscsi iscsi-direct scsi mpath rbd sheepdog gluster zfs vstorage";
DOC_ENUM_VALUES(pool_type_values, pool_types_refused, [POOL_TYPE_DIR] = "dir");
// <volume type=> is output only: the directory decides the type.
DOC_ENUM_VALUES(volume_type_values, "network netdir ploop", [VOLUME_TYPE_FILE] = "file",
                [VOLUME_TYPE_DIR] = "dir", [VOLUME_TYPE_BLOCK] = "block");
DOC_ENUM_VALUES(
    volume_format_values,
    "linux fat16 fat32 linux-swap linux-lvm linux-raid extended", [VOLUME_FORMAT_RAW] = "raw",
    [VOLUME_FORMAT_DIR] = "dir", [VOLUME_FORMAT_BOCHS] = "bochs", [VOLUME_FORMAT_CLOOP] = "cloop",
    [VOLUME_FORMAT_DMG] = "dmg", [VOLUME_FORMAT_ISO] = "iso", [VOLUME_FORMAT_VPC] = "vpc",
    [VOLUME_FORMAT_VDI] = "vdi", [VOLUME_FORMAT_FAT] = "fat", [VOLUME_FORMAT_VHD] = "vhd",
    [VOLUME_FORMAT_PLOOP] = "ploop", [VOLUME_FORMAT_COW] = "cow", [VOLUME_FORMAT_QCOW] = "qcow",
    [VOLUME_FORMAT_QCOW2] = "qcow2", [VOLUME_FORMAT_QED] = "qed", [VOLUME_FORMAT_VMDK] = "vmdk");

const char *volume_format_name(enum volume_format format)
{
    return format == VOLUME_FORMAT_NONE ? "none" : doc_enum_name(&volume_format_values, format);
}

bool pool_type_known(const char *type)
{
    size_t n = strlen(type);
    if (str_eq(type, "dir"))
        return true;
    for (const char *p = pool_types_refused; n && (p = strstr(p, type)); p += n) {
        if ((p == pool_types_refused || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    }
    return false;
}

// ---- shared by both -----------------------------------------------------------------------------
#define S struct storage_permissions
static const struct doc_row permissions_rows[] = {
    D_OCTAL(LEAF, "mode", mode, 07777),
    D_INT(LEAF, "owner", owner, -1, 0xfffffffe),
    D_INT(LEAF, "group", group, -1, 0xfffffffe),
    D_STR(LEAF, "label", label),
};
static const struct doc_type permissions_doc = DOC_TYPE("storagePermissions", S, permissions_rows);
#undef S

#define S struct storage_timestamps
static const struct doc_row timestamps_rows[] = {
    D_TOKEN(LEAF, "atime", atime),
    D_TOKEN(LEAF, "mtime", mtime),
    D_TOKEN(LEAF, "ctime", ctime),
    D_TOKEN(LEAF, "btime", btime),
};
static const struct doc_type timestamps_doc = DOC_TYPE("storageTimestamps", S, timestamps_rows);
#undef S

static int check_name(const struct doc_where *where, const char *name)
{
    if (!*name)
        return doc_fail(where, ERROR_XML, "<name> is empty");
    if (strlen(name) > STORAGE_NAME_MAX)
        return doc_fail(where, ERROR_XML, "<name> has more than %d characters", STORAGE_NAME_MAX);
    for (const char *p = name; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return doc_fail(where, ERROR_XML, "<name> contains a control character");
    }
    return 0;
}

// ---- pool ---------------------------------------------------------------------------------------
#define S struct pool_def
static const struct doc_row source_dir_rows[] = {
    D_STR(ATTR, "path", source_dir, .flags = DOC_OLD),
};
static const struct doc_type source_dir_doc = DOC_TYPE("poolSourceDir", S, source_dir_rows);
static const struct doc_row source_rows[] = {
    D_ELEM("dir", &source_dir_doc),
    D_STR(LEAF, "name", source_name, .flags = DOC_OLD),
};
static const struct doc_type source_doc = DOC_TYPE("poolSource", S, source_rows);
static const struct doc_row pool_target_rows[] = {
    D_STR(LEAF, "path", path, .flags = DOC_REQUIRED),
    D_ELEM_AT("permissions", &permissions_doc, permissions, DOC_PRESENT(has_permissions)),
};
static int check_target(const struct doc_where *where, void *obj)
{
    const struct pool_def *def = obj;
    if (*def->path != '/')
        return doc_fail(where, ERROR_XML, "<path> is '%s', which does not begin with '/'",
                        def->path);
    if (strlen(def->path) > STORAGE_PATH_MAX)
        return doc_fail(where, ERROR_XML, "<path> has more than %d characters", STORAGE_PATH_MAX);
    return 0;
}
static const struct doc_type pool_target_doc =
    DOC_TYPE("poolTarget", S, pool_target_rows, .check = check_target);
static const struct doc_row pool_rows[] = {
    D_ENUM(ATTR, "type", type, &pool_type_values, .flags = DOC_REQUIRED),
    D_STR(LEAF, "name", name, .flags = DOC_REQUIRED),
    D_UUID(LEAF, "uuid", uuid),
    D_BYTES("capacity", capacity, "bytes"),
    D_BYTES("allocation", allocation, "bytes"),
    D_BYTES("available", available, "bytes"),
    D_ELEM("source", &source_doc, .flags = DOC_ALWAYS | DOC_OPEN),
    D_ELEM("target", &pool_target_doc, .flags = DOC_REQUIRED),
};
static int check_pool(const struct doc_where *where, void *obj)
{
    const struct pool_def *def = obj;
    if (strchr(def->name, '/'))
        return doc_fail(where, ERROR_XML, "name %s cannot contain '/'", def->name);
    return check_name(where, def->name);
}
static const struct doc_type pool_type = DOC_TYPE("pool", S, pool_rows, .check = check_pool);
#undef S

// ---- volume -------------------------------------------------------------------------------------
#define S struct volume_target
static const struct doc_row target_format_rows[] = {
    D_ENUM(ATTR, "type", format, &volume_format_values, .flags = DOC_REQUIRED),
};
static const struct doc_type target_format_doc = DOC_TYPE("volumeFormat", S, target_format_rows);
static const struct doc_row features_rows[] = {
    D_FLAG("lazy_refcounts", lazy_refcounts),
    D_FLAG("extended_l2", extended_l2),
};
static const struct doc_type features_doc = DOC_TYPE("volumeFeatures", S, features_rows);
static const struct doc_row volume_target_rows[] = {
    D_STR(LEAF, "path", path),
    D_ELEM("format", &target_format_doc),
    D_ELEM_AT("permissions", &permissions_doc, permissions, DOC_PRESENT(has_permissions)),
    D_ELEM_AT("timestamps", &timestamps_doc, timestamps),
    D_TOKEN(LEAF, "compat", compat),
    D_FLAG("nocow", nocow),
    D_BYTES("clusterSize", cluster_size, "B"),
    D_ELEM("features", &features_doc, DOC_PRESENT(has_features)),
};
static int check_volume_target(const struct doc_where *where, void *obj)
{
    const struct volume_target *t = obj;
    if (t->compat && !str_eq(t->compat, "0.10") && !str_eq(t->compat, "1.1"))
        return doc_fail(where, ERROR_XML, "<compat> is '%s', neither 0.10 nor 1.1", t->compat);
    return 0;
}
static const struct doc_type volume_target_doc =
    DOC_TYPE("volumeTarget", S, volume_target_rows, .check = check_volume_target);
#undef S

#define S struct volume_backing
static const struct doc_row backing_format_rows[] = {
    D_ENUM(ATTR, "type", format, &volume_format_values, .flags = DOC_REQUIRED),
};
static const struct doc_type backing_format_doc =
    DOC_TYPE("volumeBackingFormat", S, backing_format_rows);
static const struct doc_row backing_rows[] = {
    D_STR(LEAF, "path", path),
    D_ELEM("format", &backing_format_doc),
    D_ELEM_AT("permissions", &permissions_doc, permissions),
    D_ELEM_AT("timestamps", &timestamps_doc, timestamps),
};
static const struct doc_type backing_doc = DOC_TYPE("volumeBacking", S, backing_rows);
#undef S

#define S struct volume_def
// <source> is for the extents of a block device; libvirt shows an empty one for others.
static const struct doc_row volume_rows[] = {
    D_ENUM(ATTR, "type", type, &volume_type_values),
    D_STR(LEAF, "name", name, .flags = DOC_REQUIRED),
    D_STR(LEAF, "key", key),
    D_EMPTY("source"),
    D_BYTES("capacity", capacity, "bytes"),
    D_BYTES("allocation", allocation, "bytes"),
    D_BYTES("physical", physical, "bytes"),
    D_ELEM_AT("target", &volume_target_doc, target),
    D_CHILD("backingStore", &backing_doc, backing),
};
static int check_volume(const struct doc_where *where, void *obj)
{
    const struct volume_def *def = obj;
    return check_name(where, def->name);
}
static const struct doc_type volume_type =
    DOC_TYPE("volume", S, volume_rows, .check = check_volume);
#undef S

// ---- documents ----------------------------------------------------------------------------------
// clang-format off
static const struct doc_known pool_known[] = {
    {"adapter", "@managed @name @parent @parent_fabric_wwn @parent_wwnn @parent_wwpn @type @wwnn @wwpn parentaddr"},
    {"auth", "@type @username secret"},
    {"cow", "@state"},
    {"device", "@part_separator @path freeExtent"},
    {"dir", "@path"},
    {"features", "cow"},
    {"format", "@type"},
    {"host", "@name @port"},
    {"pool", "@type allocation available capacity features name refresh source target uuid"},
    {"product", "@name"},
    {"protocol", "@ver"},
    {"refresh", "volume"},
    {"source", "adapter auth device dir format host initiator name product protocol vendor"},
    {"target", "encryption path permissions"},
    {"vendor", "@name"},
};
static const struct doc_known volume_known[] = {
    {"backingStore", "format path permissions timestamps"},
    {"encryption", "@format cipher ivgen secret"},
    {"features", "extended_l2 lazy_refcounts"},
    {"format", "@type"},
    {"source", "device"},
    {"target", "clusterSize compat encryption features format nocow path permissions timestamps"},
    {"volume", "@type allocation backingStore capacity key name physical source target"},
};
// clang-format on

const struct doc pool_doc = {
    .what = "storage pool",
    .area = AREA_STORAGE,
    .root = "pool",
    .type = &pool_type,
    .known = pool_known,
    .nknown = ARRAY_LEN(pool_known),
};
const struct doc volume_doc = {
    .what = "storage volume",
    .area = AREA_STORAGE,
    .root = "volume",
    .type = &volume_type,
    .known = volume_known,
    .nknown = ARRAY_LEN(volume_known),
};

// ---- operations ---------------------------------------------------------------------------------
char *storage_clean_path(const char *path)
{
    AUTO_STRBUF b = {0};
    for (const char *p = path; *p; p++) {
        if (*p != '/' || (p[1] && p[1] != '/') || (!b.len && !p[1]))
            strbuf_addc(&b, *p);
    }
    if (!b.len && *path == '/')
        strbuf_addc(&b, '/');
    return strbuf_steal(&b);
}

// -1: the owner that it has.
static void drop_any_owner(struct storage_permissions *p)
{
    p->owner.set = p->owner.set && p->owner.value >= 0;
    p->group.set = p->group.set && p->group.value >= 0;
}

struct pool_def *pool_def_load(const char *xml, size_t len, unsigned flags, struct error *err)
{
    AUTO_POOL_DEF struct pool_def *def = NEW(struct pool_def);
    unsigned how = flags & STORAGE_PARSE_VALIDATE ? DOC_STRICT : 0;
    if (doc_parse(&pool_doc, xml, len, how, def, err) < 0)
        return NULL;
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    def->capacity = def->allocation = def->available = (struct opt_uint){0};
    str_replace(&def->source_dir, NULL);
    str_replace(&def->source_name, NULL);
    char *clean = storage_clean_path(def->path);
    free(def->path);
    def->path = clean;
    drop_any_owner(&def->permissions);
    return STEAL(def);
}

char *pool_def_format(const struct pool_def *def)
{
    return doc_format(&pool_doc, def, 0);
}

struct pool_def *pool_def_copy(const struct pool_def *def)
{
    struct pool_def *copy = xmalloc(sizeof(*copy));
    doc_copy(&pool_type, copy, def);
    return copy;
}

void pool_def_destroy(struct pool_def *def)
{
    if (!def)
        return;
    doc_finish(&pool_type, def);
    free(def);
}

struct volume_def *volume_def_load(const char *xml, size_t len, unsigned flags, struct error *err)
{
    AUTO_VOLUME_DEF struct volume_def *def = NEW(struct volume_def);
    unsigned how = flags & STORAGE_PARSE_VALIDATE ? DOC_STRICT : 0;
    if (doc_parse(&volume_doc, xml, len, how, def, err) < 0)
        return NULL;
    // libvirt shows an empty <backingStore> for a volume without a backing image.
    if (def->backing && !def->backing->path) {
        doc_finish(&backing_doc, def->backing);
        free(def->backing);
        def->backing = NULL;
    }
    return STEAL(def);
}

char *volume_def_format(const struct volume_def *def)
{
    return doc_format(&volume_doc, def, 0);
}

struct volume_def *volume_def_copy(const struct volume_def *def)
{
    struct volume_def *copy = xmalloc(sizeof(*copy));
    doc_copy(&volume_type, copy, def);
    return copy;
}

void volume_def_destroy(struct volume_def *def)
{
    if (!def)
        return;
    doc_finish(&volume_type, def);
    free(def);
}

char *pool_doc_rng(void)
{
    return doc_rng(&pool_doc);
}

char *volume_doc_rng(void)
{
    return doc_rng(&volume_doc);
}
