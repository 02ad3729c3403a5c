// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes of a domain when its guest powers off, reboots or crashes; <pm>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    stop_action_values,
    "rename-restart coredump-destroy coredump-restart", [LIFECYCLE_DESTROY] = "destroy",
    [LIFECYCLE_RESTART] = "restart", [LIFECYCLE_PRESERVE] = "preserve");
static DOC_ENUM_VALUES(
    crash_action_values,
    "rename-restart", [LIFECYCLE_DESTROY] = "destroy", [LIFECYCLE_RESTART] = "restart",
    [LIFECYCLE_PRESERVE] = "preserve", [LIFECYCLE_COREDUMP_DESTROY] = "coredump-destroy",
    [LIFECYCLE_COREDUMP_RESTART] = "coredump-restart");

#define S struct domain_def
static const struct doc_row suspend_mem_rows[] = {
    D_YESNO(ATTR, "enabled", suspend_to_mem),
};
static const struct doc_type suspend_mem_doc = DOC_TYPE("suspendToMem", S, suspend_mem_rows);
static const struct doc_row suspend_disk_rows[] = {
    D_YESNO(ATTR, "enabled", suspend_to_disk),
};
static const struct doc_type suspend_disk_doc = DOC_TYPE("suspendToDisk", S, suspend_disk_rows);
static const struct doc_row pm_rows[] = {
    D_ELEM("suspend-to-mem", &suspend_mem_doc),
    D_ELEM("suspend-to-disk", &suspend_disk_doc),
};
static const struct doc_type pm_doc = DOC_TYPE("pm", S, pm_rows);

static const struct doc_row lifecycle_rows[] = {
    D_ENUM(LEAF, "on_poweroff", on_poweroff, &stop_action_values),
    D_ENUM(LEAF, "on_reboot", on_reboot, &stop_action_values),
    D_ENUM(LEAF, "on_crash", on_crash, &crash_action_values),
    D_ELEM("pm", &pm_doc, .flags = DOC_ONCE),
};

static void fill_lifecycle(struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (def->on_poweroff == LIFECYCLE_NONE)
        def->on_poweroff = LIFECYCLE_DESTROY;
    if (def->on_reboot == LIFECYCLE_NONE)
        def->on_reboot = LIFECYCLE_RESTART;
    if (def->on_crash == LIFECYCLE_NONE)
        def->on_crash = LIFECYCLE_DESTROY;
}

static int check_lifecycle(const struct domain_def *def, struct error *err)
{
    if (def->on_poweroff == LIFECYCLE_RESTART && def->on_reboot != LIFECYCLE_RESTART)
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "<on_poweroff>restart</on_poweroff> needs "
                           "<on_reboot>restart</on_reboot>, not '%s'",
                           lifecycle_action_name(def->on_reboot));
    return 0;
}

const struct part_schema lifecycle_part = {
    .doc = DOC_TYPE("domainLifecycle", S, lifecycle_rows),
    .fill = fill_lifecycle,
    .check = check_lifecycle,
};
#undef S

const char *lifecycle_action_name(enum lifecycle_action action)
{
    return doc_enum_name(&crash_action_values, action);
}
