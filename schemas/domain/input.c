// SPDX-License-Identifier: LGPL-2.1-or-later
// <input>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(input_type_values, "passthrough evdev", [INPUT_MOUSE] = "mouse",
                       [INPUT_TABLET] = "tablet", [INPUT_KEYBOARD] = "keyboard");
static DOC_ENUM_VALUES(input_bus_values, "xen parallels none", [INPUT_BUS_PS2] = "ps2",
                       [INPUT_BUS_USB] = "usb", [INPUT_BUS_VIRTIO] = "virtio");

#define S struct domain_input
static const struct doc_row input_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type input_driver_doc = DOC_TYPE("inputDriver", S, input_driver_rows);
static const struct doc_row input_rows[] = {
    D_ENUM(ATTR, "type", type, &input_type_values, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "bus", bus, &input_bus_values),
    D_TOKEN(ATTR, "model", model),
    D_ELEM("driver", &input_driver_doc),
    D_INCLUDE(&device_tail_doc, dev),
};

static void add_input(struct domain_def *def, enum input_type type)
{
    for (size_t i = 0; i < def->inputs.n; i++) {
        if (def->inputs.v[i]->type == type && def->inputs.v[i]->bus == INPUT_BUS_PS2)
            return;
    }
    struct domain_input *input = NEW(struct domain_input);
    input->dev.kind = DEVICE_INPUT;
    input->type = type;
    input->bus = INPUT_BUS_PS2;
    vec_push(&def->inputs, input);
}

static void fill_inputs(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    for (size_t i = 0; i < def->inputs.n; i++) {
        struct domain_input *input = def->inputs.v[i];
        if (input->bus == INPUT_BUS_NONE)
            input->bus = input->type == INPUT_TABLET || !f->x86 ? INPUT_BUS_USB : INPUT_BUS_PS2;
    }
    // Every PC has these two; libvirt shows them always.
    if (f->x86) {
        add_input(def, INPUT_MOUSE);
        add_input(def, INPUT_KEYBOARD);
    }
}

static int check_input(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_input *input = (const struct domain_input *)dev;
    if (!input->model)
        return 0;
    if (input->bus != INPUT_BUS_VIRTIO)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "<input model='%.40s'> goes with bus='virtio' only", input->model);
    return device_check_virtio_model(def, dev, input->model, err);
}

const struct device_schema input_schema = {
    .doc = DEVICE_DOC("input", S, input_rows, DEVICE_INPUT),
    .fill = fill_inputs,
    .check = check_input,
};
#undef S
