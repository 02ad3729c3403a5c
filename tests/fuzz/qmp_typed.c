// SPDX-License-Identifier: GPL-2.0-or-later
// Replies and events as QEMU may send them, into structs; and what the probe makes of the replies,
// which must always be text that can be read back. The first byte chooses the row.
#include <json-c/json.h>
#include <stdlib.h>
#include "base/str.h"
#include "host/qemu_caps.h"
#include "host/qemu_learn.h"
#include "monitor/qmp_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct qmp_command *const commands[] = {&qmp_command_query_machines,
                                                     &qmp_command_query_cpu_definitions,
                                                     &qmp_command_qom_list_types,
                                                     &qmp_command_query_command_line_options,
                                                     &qmp_command_query_target,
                                                     &qmp_command_query_chardev,
                                                     &qmp_command_query_status,
                                                     &qmp_command_query_balloon,
                                                     &qmp_command_query_kvm,
                                                     &qmp_command_qom_list,
                                                     &qmp_command_human_monitor_command};

union reply {
    struct qmp_machine_info_list machines;
    struct qmp_cpu_definition_info_list cpus;
    struct qmp_named_info_list names;
    struct qmp_option_info_list options;
    struct qmp_target_info target;
    char space[256];
};

static void learn(size_t row, const union reply *r)
{
    struct strbuf b = {0};
    struct qemu_caps_key key = {.binary = (char *)"/q"};
    struct qemu_caps *caps = NULL;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *first = qemu_caps_key_text(&key);
    strbuf_add(&b, first);
    for (enum qemu_section s = 0; s < QEMU_SECTION_COUNT; s++) {
        qemu_learn_section(&b, s);
        if (s == QEMU_SECTION_BINARY)
            qemu_learn_binary(&b, 7, row == 4 ? r->target.arch : "x", false, "");
        else if (s == QEMU_SECTION_MACHINES && row == 0)
            qemu_learn_machines(&b, &r->machines);
        else if (s == QEMU_SECTION_TCG && row == 1)
            qemu_learn_cpus(&b, &r->cpus);
        else if (s == QEMU_SECTION_DEVICES && row == 2)
            qemu_learn_names(&b, &r->names);
        else if (s == QEMU_SECTION_OPTIONS && row == 3)
            qemu_learn_options(&b, &r->options);
    }
    if (qemu_caps_parse(strbuf_steal(&b), &key, &caps, &err) < 0)
        abort();
    qemu_caps_unref(caps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *text = xstrndup((const char *)data + 1, size - 1);
    struct json_object *o = json_tokener_parse(text);
    size_t row = data[0];
    if (row < ARRAY_LEN(commands)) {
        union reply r;
        if (qmp_decode(commands[row], o, &r, &err) == 0) {
            if (row <= 4)
                learn(row, &r);
            qmp_free(commands[row]->ret, &r);
        } else if (!err.message) {
            abort();
        }
    } else if (row - ARRAY_LEN(commands) < QMP_EVENT_COUNT - 1) {
        const char *name = qmp_event_rows[row - ARRAY_LEN(commands) + 1].name;
        struct qmp_event e = {.name = name, .data = o};
        if ((qmp_event_decode(&e, &err) < 0) != (err.message != NULL))
            abort();
        qmp_event_finish(&e);
    }
    json_object_put(o);
    return 0;
}
