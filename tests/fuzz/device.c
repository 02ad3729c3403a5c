// SPDX-License-Identifier: GPL-2.0-or-later
// A domain document, a NUL byte, a device document: the device is found in the domain, plugged in,
// unplugged and changed, and every QMP command that would be sent is complete and well-formed.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>
#include "base/log.h"
#include "base/file.h"
#include "qemu/address/address.h"
#include "qemu/alias.h"
#include "qemu/complete.h"
#include "qemu/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct qemu_caps *caps(void)
{
    static struct qemu_caps *known;
    char *text = NULL;
    struct qemu_caps_key key = {.binary = (char *)"/usr/bin/qemu-system-x86_64"};
    if (known)
        return known;
    if (file_read(CAPS, 1 << 22, &text, NULL) < 0 || qemu_caps_parse(text, &key, &known, NULL) < 0)
        abort();
    return known;
}

// No value is missing; a disk without layers below says so with "backing": null.
static void check_values(struct json_object *j)
{
    if (!json_object_is_type(j, json_type_object))
        return;
    json_object_object_foreach(j, key, value)
    {
        if (!value && strcmp(key, "backing") != 0)
            abort();
        check_values(value);
    }
}

static void check_steps(int r, const struct device_steps *s, const struct error *err)
{
    if (r < 0 && (s->steps.n || !err->message))
        abort();
    VEC_FOREACH (it, &s->steps) {
        if (!it->command[0] || !json_object_is_type(it->args, json_type_object))
            abort();
        check_values(it->args);
        check_values(it->undo_args);
    }
}

static void describe_side(const struct domain_def *def, const struct device *dev)
{
    const struct device_class *class = device_class_of(dev->kind);
    struct device_side plan = {0};
    if (!class->side)
        return;
    class->side(def, dev, &plan);
    if (!plan.args.n || !plan.package || (plan.update.n && !plan.tool_package))
        abort();
    device_side_finish(&plan);
}

static void plug(const struct command_input *in, const struct device *wanted)
{
    AUTO_ERROR err = ERROR_INIT;
    struct complete_facts facts = {.arch = "x86_64", .caps = in->caps};
    struct device_steps steps = {0};
    struct device *dev = NULL;
    if (complete_device(in->def, wanted, &facts, &dev, &err) < 0)
        return;
    alias_assign_device(in->def, dev);
    describe_side(in->def, dev);
    if (address_assign_device(in->def, dev, &err) == 0)
        check_steps(device_plug_steps(in, dev, &steps, &err), &steps, &err);
    device_steps_finish(&steps);
    domain_device_destroy(dev);
}

static void change(const struct command_input *in, const struct device *wanted)
{
    AUTO_ERROR err = ERROR_INIT, again = ERROR_INIT;
    struct device_steps unplug = {0}, update = {0};
    const struct device *dev = device_find(in->def, wanted, &err);
    if (!dev)
        return;
    check_steps(device_unplug_steps(in, dev, &unplug, &err), &unplug, &err);
    if (unplug.steps.n && !dev->alias)
        abort();
    check_steps(device_update_steps(in, dev, wanted, &update, &again), &update, &again);
    device_steps_finish(&unplug);
    device_steps_finish(&update);
}

static void start(struct command_input *in)
{
    AUTO_ERROR err = ERROR_INIT;
    struct command command = {0};
    if (command_build(in, &command, &err) < 0 && (command.args.n || !err.message))
        abort();
    command_finish(&command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR); // not a line for all that is ignored
    AUTO_ERROR err = ERROR_INIT;
    const uint8_t *end = memchr(data, 0, size);
    size_t len = end ? (size_t)(end - data) : size, rest = end ? size - len - 1 : 0;
    struct complete_facts facts = {.arch = "x86_64", .caps = caps()};
    struct domain_def *def = domain_def_parse((const char *)data, len, 0, &err);
    if (!def || complete_definition(def, &facts, &err) < 0) {
        domain_def_destroy(def);
        return 0;
    }
    alias_assign(def);
    struct command_input in = {.def = def, .caps = caps(), .kvm_usable = true, .monitor_fd = -1};
    start(&in);
    struct device *wanted =
        rest ? domain_device_parse((const char *)end + 1, rest, DOMAIN_PARSE_LIVE, &err) : NULL;
    if (wanted) {
        plug(&in, wanted);
        change(&in, wanted);
    }
    domain_device_destroy(wanted);
    domain_def_destroy(def);
    return 0;
}
