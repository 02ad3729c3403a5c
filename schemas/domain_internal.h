// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tables of the domain document share.
#pragma once

#include "schemas/doc.h"
#include "schemas/domain_def.h"

// domain_words.c
extern const struct doc_words domain_type_words;
extern const struct doc_words address_type_words;
extern const struct doc_words disk_type_words, backing_type_words;
extern const struct doc_words disk_device_words;
extern const struct doc_words disk_bus_words;
extern const struct doc_words disk_model_words;
extern const struct doc_words disk_cache_words;
extern const struct doc_words disk_io_words;
extern const struct doc_words disk_discard_words;
extern const struct doc_words disk_zeroes_words;
extern const struct doc_words disk_error_policy_words;
extern const struct doc_words disk_startup_words;
extern const struct doc_words disk_tray_words;
extern const struct doc_words disk_trans_words;
extern const struct doc_words controller_type_words;
extern const struct doc_words usb_model_words;
extern const struct doc_words scsi_model_words;
extern const struct doc_words pci_model_words;
extern const struct doc_words ide_model_words;
extern const struct doc_words virtio_serial_model_words;
extern const struct doc_words interface_type_words;
extern const struct doc_words interface_link_words;
extern const struct doc_words interface_backend_words;
extern const struct doc_words interface_txmode_words;
extern const struct doc_words chardev_type_words;
extern const struct doc_words chardev_mode_words;
extern const struct doc_words chardev_protocol_words;
extern const struct doc_words serial_target_words;
extern const struct doc_words console_target_words;
extern const struct doc_words channel_target_words;
extern const struct doc_words channel_state_words;
extern const struct doc_words input_type_words;
extern const struct doc_words input_bus_words;
extern const struct doc_words graphics_type_words;
extern const struct doc_words graphics_listen_type_words;
extern const struct doc_words graphics_share_words;
extern const struct doc_words audio_type_words;
extern const struct doc_words watchdog_action_words;
extern const struct doc_words rng_backend_words;
extern const struct doc_words os_firmware_words;
extern const struct doc_words loader_type_words;
extern const struct doc_words boot_dev_words;
extern const struct doc_words cpu_mode_words;
extern const struct doc_words cpu_match_words;
extern const struct doc_words cpu_check_words;
extern const struct doc_words cpu_policy_words;
extern const struct doc_words cpu_fallback_words;
extern const struct doc_words clock_offset_words;
extern const struct doc_words clock_basis_words;
extern const struct doc_words timer_name_words;
extern const struct doc_words timer_tickpolicy_words;
extern const struct doc_words timer_track_words;
extern const struct doc_words lifecycle_action_words;
extern const struct doc_words vcpu_placement_words;
extern const struct doc_words memory_source_words;
extern const struct doc_words memory_access_words;
extern const struct doc_words memory_allocation_words;
extern const struct doc_words device_kind_words;

// Tables of one file used by another.
extern const struct doc_type device_tail_doc;    // <alias>, <address> of struct device
extern const struct doc_type device_boot_doc;    // <boot order=>
extern const struct doc_type virtio_options_doc; // attributes of <driver>
extern const struct doc_type chardev_source_doc; // type=, <source>, <protocol>, <log>
extern const struct doc_type disk_doc, controller_doc, interface_doc;
extern const struct doc_type serial_doc, parallel_doc, console_doc, channel_doc, redirdev_doc;
extern const struct doc_type graphics_doc, video_doc, sound_doc, audio_doc, input_doc;
extern const struct doc_type hub_doc, watchdog_doc, memballoon_doc, rng_doc, panic_doc;
extern const struct doc_type os_doc, features_doc, cpu_doc, clock_doc;
extern const struct doc_type devices_doc, domain_doc_type;
extern const struct doc domain_doc;

// domain_fill.c: parts of domain_def_post_parse().
struct domain_fill {
    struct domain_def *def;
    bool x86, q35, pc; // pc: i440fx
};
void domain_fill_disks(const struct domain_fill *f);
void domain_fill_controllers(const struct domain_fill *f);
void domain_fill_interfaces(const struct domain_fill *f);
void domain_fill_chardevs(const struct domain_fill *f);

// domain_known.c
enum { DOMAIN_NKNOWN = 311 };
extern const struct doc_known domain_known[DOMAIN_NKNOWN];

// A table whose struct starts with a struct device.
#define DEVICE_DOC(name, struct_, rows_, kind_, ...)                                               \
    DOC_TYPE(name, struct_, rows_, .kind = (kind_), .line_at = offsetof(struct device, line) + 1,  \
             ##__VA_ARGS__)
