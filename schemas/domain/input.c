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
const struct device_schema input_schema = {
    .doc = DEVICE_DOC("input", S, input_rows, DEVICE_INPUT),
};
#undef S
