// SPDX-License-Identifier: GPL-2.0-or-later
// Every row of the storage pool and volume documents: what storage/ does with it is shown by the
// file that does.
#include <stdio.h>
#include "base/file.h"
#include "schemas/storage/internal.h"
#include "tests/check.h"
#include "tests/rows/rows.h"

enum { DOCUMENT_MAX = 1 << 20 };

#define LIFECYCLE "storage/pool_lifecycle.c"
#define CREATE    "storage/create.c"

static const struct rows_exempt pool_exempt[] = {
    {"pool@type", "dir is the only one", NULL, NULL},
    {"pool/name", "its name", NULL, NULL},
    {"pool/uuid", "its name", NULL, NULL},
    {"pool/capacity", "shown", NULL, NULL},
    {"pool/allocation", "shown", NULL, NULL},
    {"pool/available", "shown", NULL, NULL},
    {"pool/target/path", "its directory", LIFECYCLE, "def->path"},
    {"pool/target/permissions/label", "there is no security driver", NULL, NULL},
    {"pool/target/permissions*", "of its directory when it is built", LIFECYCLE, "permissions"},
};
static const struct rows_exempt volume_exempt[] = {
    {"volume@type", "shown", NULL, NULL},
    {"volume/key", "shown", NULL, NULL},
    {"volume/physical", "shown", NULL, NULL},
    {"volume/target/path", "shown: its place is its pool's", NULL, NULL},
    {"volume/target/timestamps*", "shown", NULL, NULL},
    {"volume/backingStore/permissions*", "shown", NULL, NULL},
    {"volume/backingStore/timestamps*", "shown", NULL, NULL},
    {"volume/target/permissions/label", "there is no security driver", NULL, NULL},
    {"volume/name", "the name of its file", CREATE, "def->name"},
    {"volume/capacity", "its size", CREATE, "capacity"},
    {"volume/allocation", "what is allocated at once", CREATE, "allocation"},
    {"volume/target/format@type", "qemu-img", CREATE, "VOLUME_FORMAT_QCOW2"},
    {"volume/target/permissions*", "of its file", CREATE, "set_permissions"},
    {"volume/target/compat", "qemu-img", CREATE, "compat=%s"},
    {"volume/target/nocow", "of its file", CREATE, "nocow"},
    {"volume/target/clusterSize", "qemu-img", CREATE, "cluster_size=%ju"},
    {"volume/target/features*", "qemu-img", CREATE, "lazy_refcounts=on"},
    {"volume/backingStore/path", "qemu-img", CREATE, "backing->path"},
    {"volume/backingStore/format@type", "qemu-img", CREATE, "backing->format"},
};

static char *pool_outcome(const char *xml, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *def = pool_def_load(xml, strlen(xml), 0, &err);
    if (!def && err.code != ERROR_CONFIG_UNSUPPORTED)
        return NULL;
    return xstrdup(def ? "" : error_message(&err));
}

static char *volume_outcome(const char *xml, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, strlen(xml), 0, &err);
    if (!def && err.code != ERROR_CONFIG_UNSUPPORTED)
        return NULL;
    return xstrdup(def ? "" : error_message(&err));
}

static char *document(const char *name)
{
    AUTO_FREE char *path = xasprintf(SOURCE_DIR "/tests/fixtures/%s.xml", name);
    char *text;
    CHECK_INT(file_read(path, DOCUMENT_MAX, &text, NULL), 0);
    return text;
}

int main(void)
{
    AUTO_FREE char *a = document("storagepool/live");
    AUTO_FREE char *b = document("storagevol/qcow2");
    struct rows_subject pool = {.doc = &pool_doc,
                                .outcome = pool_outcome,
                                .exempt = pool_exempt,
                                .nexempt = ARRAY_LEN(pool_exempt)};
    struct rows_subject volume = {.doc = &volume_doc,
                                  .outcome = volume_outcome,
                                  .exempt = volume_exempt,
                                  .nexempt = ARRAY_LEN(volume_exempt)};
    return rows_check(&pool, &a, 1) + rows_check(&volume, &b, 1) != 0;
}
