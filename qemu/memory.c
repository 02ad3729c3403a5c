// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

enum { KIB = 1024 };

const char *memory_backend_id(const struct out *o)
{
    const struct qemu_machine *m = qemu_caps_machine(o->caps, o->def->os.machine);
    return m ? m->default_ram_id : NULL;
}

static int build(struct out *o)
{
    const struct domain_def *def = o->def;
    // QEMU takes whole pages only; libvirt rounds to whole MiB, and so a guest moved here sees the
    // same size.
    uint64_t mib = (def->memory_kib + KIB - 1) / KIB;
    bool memfd = def->memory_source == MEMORY_SOURCE_MEMFD;
    if (def->memory_source == MEMORY_SOURCE_FILE)
        return out_unsupported(o, NULL,
                               "<memoryBacking><source type='file'>: not provided; use memfd");
    out_arg(o, "-m", "size=%lluk", (unsigned long long)mib * KIB);
    bool shared = def->memory_access == MEMORY_ACCESS_SHARED;
    const char *id = memory_backend_id(o);
    if (!id && (memfd || shared))
        return out_unsupported(o, NULL, "<memoryBacking>: machine '%s' takes no memory backend",
                               def->os.machine);
    if (id) {
        const char *type = memfd ? "memory-backend-memfd" : "memory-backend-ram";
        if (!qemu_caps_has_object(o->caps, type))
            return out_unsupported(o, NULL, "<memoryBacking>: this QEMU has no '%s'", type);
        struct json_object *j = json_object_new_object();
        put_str(j, "qom-type", type);
        put_str(j, "id", id);
        if (memfd || def->memory_access != MEMORY_ACCESS_NONE)
            put_bool(j, "share", shared);
        if (def->memory_allocation == MEMORY_ALLOCATION_IMMEDIATE)
            put_bool(j, "prealloc", true);
        put_uint(j, "size", mib * KIB * KIB);
        out_json(o, "-object", j);
    }
    out_arg(o, "-overcommit", "mem-lock=%s", def->locked ? "on" : "off");
    return 0;
}

const struct command_part memory_args = {.build = build};
