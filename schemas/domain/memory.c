// SPDX-License-Identifier: LGPL-2.1-or-later
// <memory>, <currentMemory> and <memoryBacking>.
#include "schemas/domain/internal.h"

#include <inttypes.h>

static DOC_ENUM_VALUES(memory_source_values, NULL, [MEMORY_SOURCE_FILE] = "file",
                       [MEMORY_SOURCE_ANONYMOUS] = "anonymous", [MEMORY_SOURCE_MEMFD] = "memfd");
static DOC_ENUM_VALUES(
    memory_access_values,
    NULL, [MEMORY_ACCESS_SHARED] = "shared", [MEMORY_ACCESS_PRIVATE] = "private");
static DOC_ENUM_VALUES(
    memory_allocation_values,
    NULL, [MEMORY_ALLOCATION_IMMEDIATE] = "immediate", [MEMORY_ALLOCATION_ONDEMAND] = "ondemand");

#define S struct domain_def
static const struct doc_row size_rows[] = {
    D_ONOFF(ATTR, "dumpCore", dump_core),
    D_KIB(TEXT, NULL, memory_kib, .flags = DOC_REQUIRED),
};
static const struct doc_type size_doc = DOC_TYPE("memory", S, size_rows);

static const struct doc_row memory_source_rows[] = {
    D_ENUM(ATTR, "type", memory_source, &memory_source_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_source_doc = DOC_TYPE("memorySource", S, memory_source_rows);
static const struct doc_row memory_access_rows[] = {
    D_ENUM(ATTR, "mode", memory_access, &memory_access_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_access_doc = DOC_TYPE("memoryAccess", S, memory_access_rows);
static const struct doc_row memory_allocation_rows[] = {
    D_ENUM(ATTR, "mode", memory_allocation, &memory_allocation_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_allocation_doc =
    DOC_TYPE("memoryAllocation", S, memory_allocation_rows);
static const struct doc_row backing_rows[] = {
    D_FLAG("nosharepages", nosharepages),         D_FLAG("locked", locked),
    D_ELEM("source", &memory_source_doc),         D_ELEM("access", &memory_access_doc),
    D_ELEM("allocation", &memory_allocation_doc),
};
static const struct doc_type backing_doc = DOC_TYPE("memoryBacking", S, backing_rows);

static const struct doc_row memory_rows[] = {
    D_ELEM("memory", &size_doc, .flags = DOC_REQUIRED),
    D_KIB(LEAF, "currentMemory", current_memory_kib),
    D_EMPTY("blkiotune"),
    D_EMPTY("memtune"),
    D_ELEM("memoryBacking", &backing_doc, .flags = DOC_ONCE),
};

static void fill_memory(struct domain_fill *f)
{
    if (!f->def->current_memory_kib)
        f->def->current_memory_kib = f->def->memory_kib;
}

static int check_memory(const struct domain_def *def, struct error *err)
{
    if (!def->memory_kib)
        return domain_fail(def, ERROR_XML, err, "<memory> must be more than 0");
    if (def->current_memory_kib > def->memory_kib)
        return domain_fail(def, ERROR_XML, err,
                           "<currentMemory> (%" PRIu64 " KiB) is more than <memory> (%" PRIu64
                           " KiB)",
                           def->current_memory_kib, def->memory_kib);
    return 0;
}

const struct part_schema memory_part = {
    .doc = DOC_TYPE("domainMemory", S, memory_rows),
    .fill = fill_memory,
    .check = check_memory,
};
#undef S
