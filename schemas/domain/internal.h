// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tables of the domain document share.
#pragma once

#include "schemas/doc/doc.h"
#include "schemas/domain/def.h"

// domain_values.c
extern const struct doc_enum domain_type_values;
extern const struct doc_enum address_type_values;
extern const struct doc_enum disk_type_values, backing_type_values;
extern const struct doc_enum disk_device_values;
extern const struct doc_enum disk_bus_values;
extern const struct doc_enum disk_model_values;
extern const struct doc_enum disk_cache_values;
extern const struct doc_enum disk_io_values;
extern const struct doc_enum disk_discard_values;
extern const struct doc_enum disk_zeroes_values;
extern const struct doc_enum disk_error_policy_values;
extern const struct doc_enum disk_startup_values;
extern const struct doc_enum disk_tray_values;
extern const struct doc_enum disk_trans_values;
extern const struct doc_enum controller_type_values;
extern const struct doc_enum usb_model_values;
extern const struct doc_enum scsi_model_values;
extern const struct doc_enum pci_model_values;
extern const struct doc_enum ide_model_values;
extern const struct doc_enum virtio_serial_model_values;
extern const struct doc_enum interface_type_values;
extern const struct doc_enum interface_link_values;
extern const struct doc_enum interface_backend_values;
extern const struct doc_enum interface_txmode_values;
extern const struct doc_enum chardev_type_values;
extern const struct doc_enum chardev_mode_values;
extern const struct doc_enum chardev_protocol_values;
extern const struct doc_enum serial_target_values;
extern const struct doc_enum console_target_values;
extern const struct doc_enum channel_target_values;
extern const struct doc_enum channel_state_values;
extern const struct doc_enum input_type_values;
extern const struct doc_enum input_bus_values;
extern const struct doc_enum graphics_type_values;
extern const struct doc_enum graphics_listen_type_values;
extern const struct doc_enum graphics_share_values;
extern const struct doc_enum audio_type_values;
extern const struct doc_enum watchdog_action_values;
extern const struct doc_enum rng_backend_values;
extern const struct doc_enum os_firmware_values;
extern const struct doc_enum loader_type_values;
extern const struct doc_enum boot_dev_values;
extern const struct doc_enum cpu_mode_values;
extern const struct doc_enum cpu_match_values;
extern const struct doc_enum cpu_check_values;
extern const struct doc_enum cpu_policy_values;
extern const struct doc_enum cpu_fallback_values;
extern const struct doc_enum clock_offset_values;
extern const struct doc_enum clock_basis_values;
extern const struct doc_enum timer_name_values;
extern const struct doc_enum timer_tickpolicy_values;
extern const struct doc_enum timer_track_values;
extern const struct doc_enum lifecycle_action_values;
extern const struct doc_enum vcpu_placement_values;
extern const struct doc_enum memory_source_values;
extern const struct doc_enum memory_access_values;
extern const struct doc_enum memory_allocation_values;
extern const struct doc_enum device_kind_values;

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
