// SPDX-License-Identifier: LGPL-2.1-or-later
// A storage pool document and a volume document as plain data.
//
// Strings are owned and NULL when not given; enums are 0 when not given; numbers are opt_uint or
// opt_int. The tables in doc.c describe the XML form.
#pragma once

#include <stddef.h>
#include "base/error.h"
#include "schemas/doc/value.h"

enum {
    STORAGE_NAME_MAX = 250,  // used as a file name; a pool's gets a suffix
    STORAGE_PATH_MAX = 4095, // the kernel's limit
};

struct storage_permissions {
    struct opt_uint mode;        // the bits of chmod()
    struct opt_int owner, group; // -1: the creating process's
    char *label;                 // kept but not used
};

struct storage_timestamps { // "1795311702.068909262"
    char *atime, *mtime, *ctime, *btime;
};

// ---- pool ---------------------------------------------------------------------------------------
enum pool_type { POOL_TYPE_NONE, POOL_TYPE_DIR };

struct pool_def {
    enum pool_type type;
    char *name;
    struct opt_uuid uuid;                            // after post_parse: set
    struct opt_uint capacity, allocation, available; // output only; dropped from input
    char *source_dir, *source_name;                  // kept but not used by directory pools
    char *path;                                      // normalized by post_parse
    bool has_permissions;
    struct storage_permissions permissions;
};

// ---- volume -------------------------------------------------------------------------------------
enum volume_type { VOLUME_TYPE_NONE, VOLUME_TYPE_FILE, VOLUME_TYPE_DIR, VOLUME_TYPE_BLOCK };

// In libvirt's order of formats.
enum volume_format {
    VOLUME_FORMAT_NONE,
    VOLUME_FORMAT_RAW,
    VOLUME_FORMAT_DIR,
    VOLUME_FORMAT_BOCHS,
    VOLUME_FORMAT_CLOOP,
    VOLUME_FORMAT_DMG,
    VOLUME_FORMAT_ISO,
    VOLUME_FORMAT_VPC,
    VOLUME_FORMAT_VDI,
    VOLUME_FORMAT_FAT,
    VOLUME_FORMAT_VHD,
    VOLUME_FORMAT_PLOOP,
    VOLUME_FORMAT_COW,
    VOLUME_FORMAT_QCOW,
    VOLUME_FORMAT_QCOW2,
    VOLUME_FORMAT_QED,
    VOLUME_FORMAT_VMDK,
    VOLUME_FORMAT_COUNT
};
const char *volume_format_name(enum volume_format format); // "none" for NONE

struct volume_target {
    char *path; // output only: the pool decides
    enum volume_format format;
    bool has_permissions;
    struct storage_permissions permissions;
    struct storage_timestamps timestamps; // output only
    char *compat;                         // "0.10", "1.1"
    bool nocow;
    struct opt_uint cluster_size; // bytes
    bool has_features, lazy_refcounts, extended_l2;
};

struct volume_backing {
    char *path;
    enum volume_format format;
    struct storage_permissions permissions; // output only
    struct storage_timestamps timestamps;   // output only
};

struct volume_def {
    enum volume_type type; // output only
    char *name, *key;      // key: output only
    struct opt_uint capacity, allocation;
    struct opt_uint physical; // output only
    struct volume_target target;
    struct volume_backing *backing; // NULL: none
};

// ---- operations ---------------------------------------------------------------------------------
enum storage_parse_flags { STORAGE_PARSE_VALIDATE = 1 << 0 };

// Parses and completes; NULL with err.
struct pool_def *pool_def_load(const char *xml, size_t len, unsigned flags, struct error *err);
char *pool_def_format(const struct pool_def *def); // caller frees
struct pool_def *pool_def_copy(const struct pool_def *def);
void pool_def_destroy(struct pool_def *def);
// Whether libvirt has this type of pool ("fs", "logical", ...).
bool pool_type_known(const char *type);

struct volume_def *volume_def_load(const char *xml, size_t len, unsigned flags, struct error *err);
char *volume_def_format(const struct volume_def *def); // caller frees
struct volume_def *volume_def_copy(const struct volume_def *def);
void volume_def_destroy(struct volume_def *def);

// RELAX NG. Caller frees.
char *pool_doc_rng(void);
char *volume_doc_rng(void);

// Collapses slashes and drops trailing ones except in "/". Caller frees.
char *storage_clean_path(const char *path);

static inline void pool_def_cleanup(struct pool_def **p)
{
    pool_def_destroy(*p);
}
#define AUTO_POOL_DEF CLEANUP(pool_def_cleanup)
static inline void volume_def_cleanup(struct volume_def **p)
{
    volume_def_destroy(*p);
}
#define AUTO_VOLUME_DEF CLEANUP(volume_def_cleanup)
