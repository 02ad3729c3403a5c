// SPDX-License-Identifier: GPL-2.0-or-later
// Every row of the domain document against the command line that comes of it.
#include "tests/qemu/fixture.h"
#include "tests/rows/rows.h"

#include "schemas/domain/internal.h"

#define DOCUMENTS SOURCE_DIR "/tests/rows/documents"

static struct qemu_caps *caps;

static const char *const shared[] = {"address",          "chardevSource",  "chardevSourceElement",
                                     "chardevReconnect", "chardevUdpBind", "chardevUdpConnect",
                                     "chardevProtocol",  "chardevLog",     NULL};

#define START  "supervisor/start.c"
#define IFACE  "supervisor/iface.c"
#define EVENTS "tests/supervisor/test_events.c"

static const struct rows_exempt exempt[] = {
    // For people and clients: kept and shown.
    {"domain/title", "for people", NULL, NULL},
    {"domain/description", "for people", NULL, NULL},
    {"domain/metadata", "for clients", NULL, NULL},
    {"domain/devices/graphics/alias@name", "QEMU has no name for it", NULL, NULL},
    {"domain/devices/panic/alias@name", "QEMU has no name for it", NULL, NULL},
    {"domain/devices/console/target@port", "libvirt's number, which QEMU does not have", NULL,
     NULL},
    {"domain/devices/interface/mac@type", "how another hypervisor made it", NULL, NULL},
    {"domain/devices/disk/target@tray",
     "its state when the document was written; a domain starts "
     "with it closed, as libvirt's do",
     NULL, NULL},
    // Values that ask for what is so anyway.
    {"domain/vcpu@placement", "static is the only one", NULL, NULL},
    {"domain/features/apic", "every x86 guest has it", NULL, NULL},
    {"domain/features/pae", "every x86 guest has it", NULL, NULL},
    {"domain/cpu@match", "exact is the only one", NULL, NULL},
    {"domain/devices/tpm/backend@type", "emulator is the only one", NULL, NULL},
    {"domain/os/smbios@mode=emulate", "QEMU makes them itself", NULL, NULL},
    {"domain/cpu@check=partial", "as none: QEMU says what it lacks", NULL, NULL},
    {"domain/cpu/model@fallback", "no other model is ever taken in its place", NULL, NULL},
    {"domain/cpu/feature@policy=force", "as require: QEMU gives it or does not start", NULL, NULL},
    {"domain/devices/graphics@defaultMode(spice)=insecure", "there is no TLS", NULL, NULL},
    {"domain/devices/graphics/channel(spice)@mode=insecure", "there is no TLS", NULL, NULL},
    {"domain/devices/video/model@primary=no", "one of them must be", NULL, NULL},
    {"domain/devices/controller@model(ide)", "piix3 is the only one", NULL, NULL},
    {"domain/devices/controller@model(scsi)=auto", "virtio-scsi or lsilogic", NULL, NULL},
    // Acted on by the supervisor, before or after the command line.
    {"domain/os/firmware/feature@enabled", "chooses the firmware", START, "enrolled-keys"},
    {"domain/on_poweroff=preserve", "when the guest ends", EVENTS, "poweroff-preserve"},
    {"domain/on_reboot=preserve", "when the guest reboots", EVENTS, "reset-preserve"},
    {"domain/on_crash", "when the guest panics", EVENTS, "crash-dump-restart"},
    {"domain/devices/watchdog@action=dump", "when it fires", EVENTS, "watchdog-dump"},
    {"domain/devices/disk@type=volume", "becomes a file first", START, "complete_disk"},
    {"domain/devices/disk/source@pool(volume)", "the same", START, "complete_disk"},
    {"domain/devices/disk/source@volume(volume)", "the same", START, "complete_disk"},
    {"domain/devices/disk/source@startupPolicy", "an optional image may be missing",
     "qemu/devices/disk.c", "DISK_STARTUP_OPTIONAL"},
    {"domain/devices/memballoon/stats@period", "by QMP", START, "stats_period_s"},
    {"domain/devices/graphics@port", "which port it gets", "supervisor/ports.c", "g->port"},
    {"domain/devices/graphics@autoport", "which port it gets", "supervisor/ports.c", "autoport"},
    {"domain/devices/graphics@connected", "by QMP", START, "graphics_connected_name"},
    {"domain/devices/interface/source*", "what it is plugged into", IFACE, "portgroup"},
    {"domain/devices/interface/port@isolated", "of its bridge port", IFACE, "port_isolated"},
    {"domain/devices/interface/vlan*", "of its bridge port", IFACE, "vlan"},
    {"domain/devices/interface/bandwidth*", "on its tap", IFACE, "bandwidth"},
    {"domain/devices/interface/script*", "run when its tap is there", IFACE, "iface->script"},
    {"domain/devices/interface/downscript*", "run at its end", IFACE, "downscript"},
    {"domain/devices/interface/target@managed(ethernet)", "who makes the tap", IFACE,
     "target_managed"},
    {"domain/devices/interface/target@dev", "the name of its tap", IFACE, "target"},
    {"domain/devices/interface/link@state", "by QMP", START, "LINK_DOWN"},
};

static char *command_text(struct fixture *f, struct error *err)
{
    AUTO_STRBUF b = {0};
    fixture_ready(f, caps, FIXTURE_DIR);
    f->in.host_vendor = "Intel";
    if (command_build(&f->in, &f->command, err) < 0)
        return NULL;
    for (size_t i = 0; i < f->command.args.n; i++)
        strbuf_printf(&b, "%s\n", f->command.args.v[i]);
    for (size_t i = 0; i < f->command.env.n; i++)
        strbuf_printf(&b, "env %s\n", f->command.env.v[i]);
    fixture_add_sides(f, &b);
    return strbuf_steal(&b);
}

static char *outcome(const char *xml, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    struct fixture f = {.def = domain_def_parse(xml, strlen(xml), 0, &err)};
    if (!f.def && err.code != ERROR_CONFIG_UNSUPPORTED)
        return NULL;
    char *text = NULL;
    if (f.def && fixture_complete(f.def, caps, &err) == 0) {
        alias_assign(f.def);
        text = command_text(&f, &err);
    }
    if (!text)
        text = xstrdup(error_message(&err));
    fixture_finish(&f);
    return text;
}

static int add_document(const char *name, void *documents)
{
    AUTO_FREE char *path = xasprintf(DOCUMENTS "/%s", name);
    char *text;
    CHECK_INT(file_read(path, FIXTURE_MAX, &text, NULL), 0);
    strv_take(documents, text);
    return 0;
}

int main(void)
{
    struct strv names = {0}, documents = {0};
    setenv("TZ", "Asia/Tokyo", 1); // where local time is another
    caps = fixture_caps();
    fixture_names(&names);
    for (size_t i = 0; i < names.n; i++)
        strv_take(&documents, fixture_text(names.v[i]));
    CHECK_INT(dir_each(DOCUMENTS, ".xml", add_document, &documents), 0);
    struct rows_subject s = {.doc = &domain_doc,
                             .outcome = outcome,
                             .shared = shared,
                             .exempt = exempt,
                             .nexempt = ARRAY_LEN(exempt)};
    unsigned wrong = rows_check(&s, documents.v, documents.n);
    strv_finish(&documents);
    strv_finish(&names);
    qemu_caps_unref(caps);
    return wrong != 0;
}
