// SPDX-License-Identifier: LGPL-2.1-or-later
// How the small devices stand in the domain document, and <devices> itself.
#include "schemas/domain/internal.h"

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
const struct doc_type input_doc = DEVICE_DOC("input", S, input_rows, DEVICE_INPUT);
#undef S

#define S struct domain_hub
static const struct doc_row hub_rows[] = {
    D_TOKEN(ATTR, "type", type, .flags = DOC_REQUIRED),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type hub_doc = DEVICE_DOC("hub", S, hub_rows, DEVICE_HUB);
#undef S

#define S struct domain_watchdog
static const struct doc_row watchdog_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "action", action, &watchdog_action_values),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type watchdog_doc = DEVICE_DOC("watchdog", S, watchdog_rows, DEVICE_WATCHDOG);
#undef S

#define S struct domain_memballoon
static const struct doc_row stats_rows[] = {
    D_UINT(ATTR, "period", stats_period_s, 0, 0x7fffffff, .flags = DOC_REQUIRED, .unit = "seconds"),
};
static const struct doc_type stats_doc = DOC_TYPE("memballoonStats", S, stats_rows);
static const struct doc_row memballoon_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type memballoon_driver_doc =
    DOC_TYPE("memballoonDriver", S, memballoon_driver_rows);
static const struct doc_row memballoon_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ONOFF(ATTR, "autodeflate", autodeflate),
    D_ONOFF(ATTR, "freePageReporting", free_page_reporting),
    D_ELEM("stats", &stats_doc),
    D_INCLUDE(&device_tail_doc, dev),
    D_ELEM("driver", &memballoon_driver_doc),
};
const struct doc_type memballoon_doc =
    DEVICE_DOC("memballoon", S, memballoon_rows, DEVICE_MEMBALLOON);
#undef S

#define S struct domain_rng
static const struct doc_row rate_rows[] = {
    D_UINT(ATTR, "bytes", rate_bytes, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "period", rate_period_ms, 1, 0xffffffff, .unit = "milliseconds"),
};
static const struct doc_type rate_doc = DOC_TYPE("rngRate", S, rate_rows);
static const struct doc_row backend_rows[] = {
    D_ENUM(ATTR, "model", backend, &rng_backend_values, .flags = DOC_REQUIRED),
    D_TOKEN(TEXT, NULL, path),
};
static const struct doc_type backend_doc = DOC_TYPE("rngBackend", S, backend_rows);
static const struct doc_row rng_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type rng_driver_doc = DOC_TYPE("rngDriver", S, rng_driver_rows);
static const struct doc_row rng_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ELEM("rate", &rate_doc),
    D_ELEM("backend", &backend_doc, .flags = DOC_REQUIRED),
    D_ELEM("driver", &rng_driver_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type rng_doc = DEVICE_DOC("rng", S, rng_rows, DEVICE_RNG);
#undef S

#define S struct domain_panic
static const struct doc_row panic_rows[] = {
    D_TOKEN(ATTR, "model", model),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type panic_doc = DEVICE_DOC("panic", S, panic_rows, DEVICE_PANIC);
#undef S

#define S struct domain_def
static const struct doc_row devices_rows[] = {
    D_TOKEN(LEAF, "emulator", emulator),
    D_LIST("disk", &disk_doc, disks),
    D_LIST("controller", &controller_doc, controllers),
    D_LIST("interface", &interface_doc, interfaces),
    D_LIST("serial", &serial_doc, serials),
    D_LIST("parallel", &parallel_doc, parallels),
    D_LIST("console", &console_doc, consoles),
    D_LIST("channel", &channel_doc, channels),
    D_LIST("input", &input_doc, inputs),
    D_LIST("graphics", &graphics_doc, graphics),
    D_LIST("sound", &sound_doc, sounds),
    D_LIST("audio", &audio_doc, audios),
    D_LIST("video", &video_doc, videos),
    D_LIST("redirdev", &redirdev_doc, redirdevs),
    D_LIST("hub", &hub_doc, hubs),
    D_LIST("watchdog", &watchdog_doc, watchdogs),
    D_CHILD("memballoon", &memballoon_doc, memballoon),
    D_LIST("rng", &rng_doc, rngs),
    D_LIST("panic", &panic_doc, panics),
};
const struct doc_type devices_doc = DOC_TYPE("devices", S, devices_rows);
#undef S
