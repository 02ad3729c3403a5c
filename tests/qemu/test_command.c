// SPDX-License-Identifier: GPL-2.0-or-later
// Every document against its golden arguments.
#include <json-c/json.h>
#include "qemu/device.h"
#include "tests/golden.h"
#include "tests/qemu/fixture.h"

static struct qemu_caps *caps;

// One line each; an option's values follow it indented. Environment and descriptors at the end.
static char *as_text(const struct fixture *f)
{
    const struct command *a = &f->command;
    struct strbuf b = {0};
    for (size_t i = 0; i < a->args.n; i++)
        strbuf_printf(&b, "%s\n", a->args.v[i]);
    for (size_t i = 0; i < a->env.n; i++)
        strbuf_printf(&b, "env %s\n", a->env.v[i]);
    for (size_t i = 0; i < a->fds.n; i++)
        strbuf_printf(&b, "fd %d as %d\n", a->fds.v[i].fd, a->fds.v[i].target);
    fixture_add_sides(f, &b);
    return strbuf_steal(&b);
}

static void one_golden(const char *name)
{
    struct fixture f;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text(name);
    AUTO_FREE char *path = xasprintf("%s/%s.args", FIXTURES, name);
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    if (command_build(&f.in, &f.command, &err) < 0) {
        fprintf(stderr, "%s: %s\n", name, error_message(&err));
        exit(1);
    }
    AUTO_FREE char *got = as_text(&f);
    golden_compare(path, got);
    // Completing it again changes nothing.
    AUTO_FREE char *before = domain_def_format(f.def, DOMAIN_XML_STATE);
    CHECK_INT(complete_definition(f.def, &(struct complete_facts){.caps = caps}, &err), 0);
    alias_assign(f.def);
    AUTO_FREE char *after = domain_def_format(f.def, DOMAIN_XML_STATE);
    CHECK_STR(after, before);
    // Nor does a trip through the stored document.
    AUTO_FREE char *stored = domain_def_format(f.def, DOMAIN_XML_SECURE);
    struct fixture again;
    fixture_load(&again, stored, caps, FIXTURE_DIR);
    CHECK_INT(command_build(&again.in, &again.command, &err), 0);
    AUTO_FREE char *second = as_text(&again);
    CHECK_STR(second, got);
    fixture_finish(&again);
    fixture_finish(&f);
}

static void goldens(void)
{
    struct strv names = {0};
    fixture_names(&names);
    for (size_t i = 0; i < names.n; i++)
        one_golden(names.v[i]);
    strv_finish(&names);
}

struct refusal {
    const char *name, *base, *from, *to; // the document, changed
    const char *says;
    enum error_code code;
};

static void refusals(void)
{
    static const struct refusal list[] = {
        {"model", "interfaces", "type='pcnet'", "type='tokenring'", "no device 'tokenring'",
         ERROR_CONFIG_UNSUPPORTED},
        {"hyperv without KVM", "windows", "<domain type='kvm'>", "<domain type='qemu'>",
         "<hyperv><vpindex state='on'/>: only with KVM", ERROR_CONFIG_UNSUPPORTED},
        {"passthrough without KVM", "host-passthrough", "<domain type='kvm'>",
         "<domain type='qemu'>", "mode='host-passthrough'>: only with KVM; use mode='maximum'",
         ERROR_CONFIG_UNSUPPORTED},
        {"cpu", "cpu-custom", "Skylake-Client", "Z80", "<cpu><model>Z80</model>",
         ERROR_CONFIG_UNSUPPORTED},
        {"cpu feature", "cpu-custom", "name='vmx'", "name='vmx,+x'", "not a feature's name",
         ERROR_CONFIG_UNSUPPORTED},
        {"too many", "no-usb", "<vcpu>1</vcpu>", "<vcpu>300</vcpu>", "takes at most 255",
         ERROR_CONFIG_UNSUPPORTED},
        {"tick policy", "pc-old-hardware", "name='rtc' tickpolicy='catchup'",
         "name='rtc' tickpolicy='merge'", "policies delay and catchup only",
         ERROR_CONFIG_UNSUPPORTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        struct fixture f;
        AUTO_ERROR err = ERROR_INIT;
        AUTO_FREE char *xml = fixture_text(list[i].base);
        AUTO_FREE char *changed = replace_all(xml, list[i].from, list[i].to);
        CHECK(strcmp(xml, changed) != 0);
        fixture_load(&f, changed, caps, FIXTURE_DIR);
        if (command_build(&f.in, &f.command, &err) == 0)
            fprintf(stderr, "%s: not refused\n", list[i].name);
        CHECK(err.code != ERROR_NONE);
        CHECK_CONTAINS(error_message(&err), list[i].says);
        CHECK_INT(err.code, list[i].code);
        CHECK_INT(f.command.args.n, 0);
        fixture_finish(&f);
    }
}

static void no_kvm_here(void)
{
    struct fixture f;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text("kvm-demo");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    f.in.kvm_usable = false;
    CHECK_INT(command_build(&f.in, &f.command, &err), -1);
    CHECK_CONTAINS(error_message(&err), "/dev/kvm cannot be used here");
    fixture_finish(&f);
}

static void no_spice_here(void)
{
    struct fixture f;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text("spice");
    AUTO_QEMU_CAPS struct qemu_caps *no_option = fixture_caps_without("spice");
    struct qemu_caps less = *no_option;
    AUTO_QEMU_CAPS struct qemu_caps *no_device = fixture_caps_without("qxl");
    less.devices = no_device->devices;
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    f.in.caps = &less;
    CHECK_INT(command_build(&f.in, &f.command, &err), -1);
    CHECK_CONTAINS(error_message(&err), "built without SPICE");
    CHECK_CONTAINS(error_message(&err), "line ");
    fixture_finish(&f);
}

static void plugging(void)
{
    struct fixture f;
    AUTO_ERROR err = ERROR_INIT;
    struct device_steps plug = {0};
    static const char disk_xml[] =
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source file='/i/h.qcow2'/><target dev='vdc' bus='virtio'/></disk>";
    AUTO_FREE char *xml = fixture_text("boot-order");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    struct device *dev = domain_device_parse(disk_xml, sizeof(disk_xml) - 1, 0, &err);
    CHECK(dev);
    CHECK_INT(address_assign_device(f.def, dev, &err), 0);
    alias_assign_device(f.def, dev);
    CHECK_STR(dev->alias, "virtio-disk2");
    CHECK_INT(device_plug_steps(&f.in, dev, &plug, &err), 0);
    CHECK_INT(plug.steps.n, 3);
    CHECK_STR(plug.steps.v[0].command, "blockdev-add");
    CHECK_STR(plug.steps.v[2].command, "device_add");
    const char *json = json_object_to_json_string(plug.steps.v[2].args);
    CHECK_CONTAINS(json, "virtio-blk-pci");
    CHECK_CONTAINS(json, "libvirt-4-format");
    device_steps_finish(&plug);
    domain_device_destroy(dev);
    fixture_finish(&f);
}

// Kinds that QEMU does not know by a name: refused before any command is made.
static void changes_refused_by_kind(void)
{
    static const char *const devices[] = {
        "<graphics type='vnc' port='5907'/>", "<audio id='1' type='none'/>",
        "<video><model type='vga'/></video>", "<serial type='pty'/>", "<panic model='isa'/>"};
    struct fixture f;
    AUTO_FREE char *xml = fixture_text("boot-order");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        struct device_steps steps = {0};
        AUTO_ERROR err = ERROR_INIT, again = ERROR_INIT, last = ERROR_INIT;
        struct device *dev = domain_device_parse(devices[i], strlen(devices[i]), 0, &err);
        CHECK(dev);
        CHECK_INT(device_unplug_steps(&f.in, dev, &steps, &err), -1);
        CHECK_INT(err.code, ERROR_OPERATION_UNSUPPORTED);
        CHECK_CONTAINS(error_message(&err), "live detach of device '");
        CHECK_INT(device_update_steps(&f.in, dev, dev, &steps, &again), -1);
        CHECK_INT(again.code, ERROR_OPERATION_UNSUPPORTED);
        CHECK_INT(device_plug_steps(&f.in, dev, &steps, &last), -1);
        CHECK_INT(last.code, ERROR_OPERATION_UNSUPPORTED);
        CHECK_INT(steps.steps.n, 0);
        domain_device_destroy(dev);
    }
    fixture_finish(&f);
}

// A name that is missing is an error, and no NULL for the JSON library.
static void a_missing_name_is_an_error(void)
{
    static const char rng[] = "<rng model='virtio'><backend model='random'/></rng>";
    struct fixture f;
    struct device_steps steps = {0};
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text("boot-order");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    struct device *dev = domain_device_parse(rng, strlen(rng), 0, &err);
    CHECK(dev);
    CHECK_INT(device_plug_steps(&f.in, dev, &steps, &err), -1);
    CHECK_INT(err.code, ERROR_INTERNAL);
    CHECK_INT(steps.steps.n, 0);
    domain_device_destroy(dev);
    free(f.def->disks.v[0]->dev.alias);
    f.def->disks.v[0]->dev.alias = NULL;
    CHECK_INT(command_build(&f.in, &f.command, &err), -1);
    CHECK_INT(err.code, ERROR_INTERNAL);
    CHECK_INT(f.command.args.n, 0);
    fixture_finish(&f);
}

int main(void)
{
    caps = fixture_caps();
    RUN(goldens);
    RUN(refusals);
    RUN(no_kvm_here);
    RUN(no_spice_here);
    RUN(plugging);
    RUN(changes_refused_by_kind);
    RUN(a_missing_name_is_an_error);
    qemu_caps_unref(caps);
    return 0;
}
