// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain document as plain data: what the user stored, and what a running guest adds to it.
//
// Strings are owned and NULL when not given; enums are 0 when not given; numbers whose 0 would be
// meaningful are opt_uint. Fields marked "live" are shown and kept only with DOMAIN_XML_LIVE.
// Devices are separate heap objects, each starting with a struct device, so that one can be plugged
// in or out by moving a pointer. How they stand in XML is described once, in the tables of
// domain_doc.c and device_doc.c.
#pragma once

#include <stddef.h>
#include "base/error.h"
#include "base/vec.h"
#include "schemas/doc/value.h"

struct network_bandwidth;
struct network_vlan;

enum domain_type { DOMAIN_TYPE_NONE, DOMAIN_TYPE_QEMU, DOMAIN_TYPE_KVM };

// ---- devices: what all of them share

enum device_kind {
    DEVICE_NONE,
    DEVICE_DISK,
    DEVICE_CONTROLLER,
    DEVICE_INTERFACE,
    DEVICE_SERIAL,   // struct domain_chardev
    DEVICE_PARALLEL, // struct domain_chardev
    DEVICE_CONSOLE,  // struct domain_chardev
    DEVICE_CHANNEL,  // struct domain_chardev
    DEVICE_INPUT,
    DEVICE_GRAPHICS,
    DEVICE_SOUND,
    DEVICE_AUDIO,
    DEVICE_VIDEO,
    DEVICE_REDIRDEV,
    DEVICE_HUB,
    DEVICE_WATCHDOG,
    DEVICE_MEMBALLOON,
    DEVICE_RNG,
    DEVICE_PANIC,
    DEVICE_KIND_COUNT
};

enum address_type {
    ADDRESS_NONE,
    ADDRESS_PCI,
    ADDRESS_DRIVE,
    ADDRESS_VIRTIO_SERIAL,
    ADDRESS_USB,
    ADDRESS_ISA,
    ADDRESS_CCID,
    ADDRESS_CCW,
    ADDRESS_SPAPR_VIO,
    ADDRESS_VIRTIO_MMIO,
    ADDRESS_UNASSIGNED,
    ADDRESS_TYPE_COUNT
};

// Which numbers mean something depends on type; the others are not set.
struct device_address {
    enum address_type type;
    struct opt_uint domain, slot, function;   // pci
    struct opt_uint bus;                      // pci, drive, virtio-serial, usb
    enum toggle multifunction;                // pci
    struct opt_uint controller, target, unit; // drive; controller also virtio-serial
    struct opt_uint serial_port;              // virtio-serial
    char *usb_port;                           // usb: "1" or "1.2.3"
    struct opt_uint iobase, irq;              // isa
    struct opt_uint ccid_slot;                // ccid
    struct opt_uint cssid, ssid, devno;       // ccw
    struct opt_uint reg;                      // spapr-vio
};

// First member of every device.
struct device {
    enum device_kind kind;
    unsigned line;              // where it stood in the document; 0: made by us
    char *alias;                // live, but "ua-..." is the user's own and stays
    struct opt_uint boot_order; // <boot order='N'/>
    struct device_address address;
};

// <driver iommu= ats= packed= page_per_vq=> of virtio devices
struct virtio_options {
    enum toggle iommu, ats, packed, page_per_vq;
};

// ---- disk

enum disk_type { DISK_TYPE_NONE, DISK_TYPE_FILE, DISK_TYPE_BLOCK, DISK_TYPE_VOLUME };
enum disk_device {
    DISK_DEVICE_NONE,
    DISK_DEVICE_DISK,
    DISK_DEVICE_CDROM,
    DISK_DEVICE_FLOPPY,
    DISK_DEVICE_LUN
};
enum disk_bus {
    DISK_BUS_NONE,
    DISK_BUS_IDE,
    DISK_BUS_FDC,
    DISK_BUS_SCSI,
    DISK_BUS_VIRTIO,
    DISK_BUS_USB,
    DISK_BUS_SATA,
    DISK_BUS_SD
};
enum disk_model {
    DISK_MODEL_NONE,
    DISK_MODEL_VIRTIO,
    DISK_MODEL_VIRTIO_TRANSITIONAL,
    DISK_MODEL_VIRTIO_NON_TRANSITIONAL
};
enum disk_cache {
    DISK_CACHE_NONE_GIVEN,
    DISK_CACHE_DEFAULT,
    DISK_CACHE_OFF, // cache='none'
    DISK_CACHE_WRITETHROUGH,
    DISK_CACHE_WRITEBACK,
    DISK_CACHE_DIRECTSYNC,
    DISK_CACHE_UNSAFE
};
enum disk_io { DISK_IO_NONE, DISK_IO_NATIVE, DISK_IO_THREADS, DISK_IO_URING };
enum disk_discard { DISK_DISCARD_NONE, DISK_DISCARD_UNMAP, DISK_DISCARD_IGNORE };
enum disk_zeroes { DISK_ZEROES_NONE, DISK_ZEROES_OFF, DISK_ZEROES_ON, DISK_ZEROES_UNMAP };
enum disk_error_policy {
    DISK_ERROR_NONE,
    DISK_ERROR_STOP,
    DISK_ERROR_REPORT,
    DISK_ERROR_IGNORE,
    DISK_ERROR_ENOSPACE
};
enum disk_startup {
    DISK_STARTUP_NONE,
    DISK_STARTUP_MANDATORY,
    DISK_STARTUP_REQUISITE,
    DISK_STARTUP_OPTIONAL
};
enum disk_tray { DISK_TRAY_NONE, DISK_TRAY_CLOSED, DISK_TRAY_OPEN };
enum disk_copy_on_read { DISK_COR_NONE, DISK_COR_ON, DISK_COR_OFF };
enum disk_geometry_trans { DISK_TRANS_NONE, DISK_TRANS_AUTO, DISK_TRANS_LBA, DISK_TRANS_PLAIN };

// One layer below a disk: <backingStore>. type NONE ends the chain: <backingStore/>.
struct disk_backing {
    enum disk_type type;
    struct opt_uint index; // live
    char *format;
    char *file, *dev;
    struct disk_backing *next;
};

struct domain_disk {
    struct device dev;
    enum disk_type type;
    enum disk_device device; // default disk
    enum disk_model model;
    char *driver_name;   // "qemu"
    char *driver_format; // <driver type=>: "raw", "qcow2", ...; NULL: raw
    enum disk_cache cache;
    enum disk_io io;
    enum disk_error_policy error_policy, rerror_policy;
    enum disk_discard discard;
    enum disk_zeroes detect_zeroes;
    enum toggle copy_on_read, ioeventfd, event_idx;
    struct opt_uint iothread, queues, queue_size;
    struct virtio_options virtio;
    char *source_file;                 // type file; NULL: empty drive
    char *source_dev;                  // type block
    char *source_pool, *source_volume; // type volume: a running guest's is of type file
    enum disk_startup startup;
    struct opt_uint source_index; // live
    struct disk_backing *backing; // live unless the user gave it
    char *target;                 // "vda"
    enum disk_bus bus;            // from target's name when not given
    enum disk_tray tray;
    enum toggle removable;
    struct opt_uint rotation_rate;
    struct opt_uint logical_block_size, physical_block_size, discard_granularity; // <blockio>
    struct opt_uint cyls, heads, secs;
    enum disk_geometry_trans trans;
    bool readonly, shareable;
    char *serial, *wwn, *vendor, *product;
};

// ---- controller

enum controller_type {
    CONTROLLER_NONE,
    CONTROLLER_IDE,
    CONTROLLER_FDC,
    CONTROLLER_SCSI,
    CONTROLLER_SATA,
    CONTROLLER_VIRTIO_SERIAL,
    CONTROLLER_CCID,
    CONTROLLER_USB,
    CONTROLLER_PCI
};
enum controller_model {
    CONTROLLER_MODEL_NONE,
    // usb
    USB_PIIX3_UHCI,
    USB_PIIX4_UHCI,
    USB_EHCI,
    USB_ICH9_EHCI1,
    USB_ICH9_UHCI1,
    USB_ICH9_UHCI2,
    USB_ICH9_UHCI3,
    USB_VT82C686B_UHCI,
    USB_PCI_OHCI,
    USB_NEC_XHCI,
    USB_QEMU_XHCI,
    USB_OFF, // model='none': no USB at all
    // scsi
    SCSI_AUTO,
    SCSI_BUSLOGIC,
    SCSI_LSILOGIC,
    SCSI_LSISAS1068,
    SCSI_LSISAS1078,
    SCSI_VMPVSCSI,
    SCSI_IBMVSCSI,
    SCSI_VIRTIO,
    SCSI_VIRTIO_TRANSITIONAL,
    SCSI_VIRTIO_NON_TRANSITIONAL,
    SCSI_AM53C974,
    SCSI_DC390,
    // pci
    PCI_ROOT,
    PCIE_ROOT,
    PCI_BRIDGE,
    PCIE_DMI_TO_PCI_BRIDGE,
    PCIE_ROOT_PORT,
    PCIE_SWITCH_UPSTREAM_PORT,
    PCIE_SWITCH_DOWNSTREAM_PORT,
    PCI_EXPANDER_BUS,
    PCIE_EXPANDER_BUS,
    PCIE_TO_PCI_BRIDGE,
    // ide
    IDE_PIIX3,
    IDE_PIIX4,
    IDE_ICH6,
    // virtio-serial
    VIRTIO_SERIAL_VIRTIO,
    VIRTIO_SERIAL_TRANSITIONAL,
    VIRTIO_SERIAL_NON_TRANSITIONAL,
    CONTROLLER_MODEL_COUNT
};

struct domain_controller {
    struct device dev;
    enum controller_type type;
    struct opt_uint index; // always set after domain_def_post_parse()
    enum controller_model model;
    struct opt_uint ports;     // usb, virtio-serial
    struct opt_uint vectors;   // virtio-serial
    struct opt_uint startport; // usb companion: <master startport=>
    char *pci_model;           // <model name=>: "pcie-root-port", "ioh3420", ...
    struct opt_uint pci_chassis, pci_chassis_nr, pci_port, pci_bus_nr, pci_numa_node; // <target>
    enum toggle pci_hotplug;                                    // <target hotplug=>
    uint64_t pcihole64_kib;                                     // 0: not given
    struct opt_uint queues, cmd_per_lun, max_sectors, iothread; // scsi <driver>
    enum toggle ioeventfd;
    struct virtio_options virtio;
};

// ---- network interface

enum interface_type {
    INTERFACE_NONE,
    INTERFACE_USER,
    INTERFACE_ETHERNET,
    INTERFACE_NETWORK,
    INTERFACE_BRIDGE,
    INTERFACE_DIRECT // a macvtap
};
enum interface_link { LINK_NONE, LINK_UP, LINK_DOWN };
enum interface_backend { INTERFACE_BACKEND_NONE, INTERFACE_BACKEND_QEMU, INTERFACE_BACKEND_VHOST };

struct interface_ip {
    char *family; // "ipv4", "ipv6"
    char *address;
    struct opt_uint prefix;
    char *peer;
};

struct domain_interface {
    struct device dev;
    enum interface_type type;
    struct opt_mac mac; // always set after domain_def_post_parse()
    char *mac_type;     // mac type='generated|static', kept
    // Type network. An interface in a network of macvtaps is of type direct while it runs, and
    // these are live.
    char *network, *portgroup;
    char *bridge;     // type bridge; live with type network
    char *direct_dev; // type direct: the interface below
    enum direct_mode direct_mode;
    struct opt_uuid port_id; // live, type network
    char *target; // <target dev=>: name of the tap; live when it is one of ours, see below
    enum toggle target_managed;
    char *guest_dev;               // <guest dev=>, kept
    char *model;                   // "virtio", "e1000", "rtl8139", ...
    enum interface_backend driver; // <driver name=>
    struct opt_uint queues, rx_queue_size, tx_queue_size;
    enum toggle ioeventfd, event_idx, tx_timer;
    struct virtio_options virtio;
    char *script, *downscript;
    enum interface_link link;
    struct opt_uint mtu;
    struct opt_uint sndbuf;
    enum toggle rom_bar, rom_enabled;
    char *rom_file;
    enum toggle port_isolated;
    struct network_vlan *vlan;           // schemas/network/def.h; types network and bridge
    struct network_bandwidth *bandwidth; // types network, bridge and ethernet
    VEC(struct interface_ip *) ips;
};

// Whether a tap's or macvtap's name is one that a daemon gives ("vnet*", "macvtap*"): made anew at
// each start.
bool interface_target_is_ours(const char *name);

// ---- character devices

enum chardev_type {
    CHARDEV_NONE,
    CHARDEV_NULL,
    CHARDEV_VC,
    CHARDEV_PTY,
    CHARDEV_DEV,
    CHARDEV_FILE,
    CHARDEV_PIPE,
    CHARDEV_STDIO,
    CHARDEV_UDP,
    CHARDEV_TCP,
    CHARDEV_UNIX,
    CHARDEV_SPICEVMC,
    CHARDEV_SPICEPORT
};
enum chardev_mode { CHARDEV_MODE_NONE, CHARDEV_MODE_BIND, CHARDEV_MODE_CONNECT };
enum chardev_protocol { CHARDEV_PROTOCOL_NONE, CHARDEV_PROTOCOL_RAW, CHARDEV_PROTOCOL_TELNET };

struct chardev_source {
    enum chardev_type type;
    char *path;                     // file, dev, pipe, unix; live for pty: the slave
    enum toggle append;             // file
    enum chardev_mode mode;         // unix, tcp
    char *host, *service;           // tcp; udp: where to send
    char *bind_host, *bind_service; // udp: where to listen
    enum chardev_protocol protocol; // tcp
    enum toggle tls;
    enum toggle reconnect;
    struct opt_uint reconnect_s;
    char *channel; // spiceport
    char *log_file;
    enum toggle log_append;
};

enum chardev_target {
    CHARDEV_TARGET_NONE,
    // serial
    SERIAL_TARGET_ISA,
    SERIAL_TARGET_USB,
    SERIAL_TARGET_PCI,
    SERIAL_TARGET_ISA_DEBUG,
    // console
    CONSOLE_TARGET_SERIAL,
    CONSOLE_TARGET_VIRTIO,
    // channel
    CHANNEL_TARGET_VIRTIO,
    CHANNEL_TARGET_GUESTFWD
};
enum channel_state { CHANNEL_STATE_NONE, CHANNEL_CONNECTED, CHANNEL_DISCONNECTED };

// serial, parallel, console, channel: dev.kind says which.
struct domain_chardev {
    struct device dev;
    struct chardev_source source;
    char *tty; // live, first console on a pty: same as source.path
    enum chardev_target target;
    char *target_model;           // serial <target><model name=>: "isa-serial", ...
    struct opt_uint port;         // serial, parallel, console; always set after post_parse
    char *name;                   // channel virtio: "org.qemu.guest_agent.0"
    enum channel_state state;     // live, channel virtio
    char *fwd_address, *fwd_port; // channel guestfwd
};
// consoles.v[0] with target CONSOLE_TARGET_SERIAL is serials.v[0] shown a second time: no device of
// its own.

// ---- the other devices

enum input_type { INPUT_NONE, INPUT_MOUSE, INPUT_TABLET, INPUT_KEYBOARD };
enum input_bus { INPUT_BUS_NONE, INPUT_BUS_PS2, INPUT_BUS_USB, INPUT_BUS_VIRTIO };

struct domain_input {
    struct device dev;
    enum input_type type;
    enum input_bus bus;
    char *model; // virtio, virtio-transitional, ...
    struct virtio_options virtio;
};

enum graphics_type { GRAPHICS_NONE, GRAPHICS_VNC, GRAPHICS_SPICE };
enum graphics_listen_type {
    LISTEN_NONE_GIVEN,
    LISTEN_NONE,
    LISTEN_ADDRESS,
    LISTEN_NETWORK,
    LISTEN_SOCKET
};
enum graphics_share {
    GRAPHICS_SHARE_NONE,
    GRAPHICS_SHARE_ALLOW_EXCLUSIVE,
    GRAPHICS_SHARE_FORCE_SHARED,
    GRAPHICS_SHARE_IGNORE
};

struct graphics_listen {
    enum graphics_listen_type type;
    char *address; // address; live with network
    char *network;
    char *socket;
};

struct spice_channel {
    char *name; // "main", "display", ...
    char *mode; // "any", "secure", "insecure"
};

struct domain_graphics {
    struct device dev;
    enum graphics_type type;
    struct opt_int port, live_port;         // -1: automatic; live_port is what it became (live)
    struct opt_int tls_port, live_tls_port; // spice
    enum toggle autoport;
    struct opt_int websocket, live_websocket; // vnc
    char *socket;                             // vnc
    char *listen; // attribute; the same as the first listens entry of type address
    VEC(struct graphics_listen *) listens; // at least one after post_parse
    char *keymap;
    char *password;          // shown only with DOMAIN_XML_SECURE
    char *password_valid_to; // "2026-11-21T22:40:00"
    char *connected;         // "keep", "disconnect", "fail"
    enum graphics_share share_policy;
    enum toggle power_control;
    struct opt_uint audio; // <audio id=>
    // spice
    char *default_mode;
    VEC(struct spice_channel *) channels;
    char *image_compression, *jpeg_compression, *zlib_compression, *streaming_mode;
    enum toggle playback_compression, copy_paste, file_transfer;
    char *mouse_mode;
    enum toggle gl;
    char *render_node;
};

struct sound_codec {
    char *type; // "duplex", "micro", "output"
};
struct domain_sound {
    struct device dev;
    char *model; // "ich6", "ich9", "ac97", "es1370", "sb16", "usb", "pcspk"
    VEC(struct sound_codec *) codecs;
    struct opt_uint audio; // <audio id=>
};

enum audio_type {
    AUDIO_NONE_GIVEN,
    AUDIO_NONE,
    AUDIO_SPICE,
    AUDIO_ALSA,
    AUDIO_PULSEAUDIO,
    AUDIO_JACK,
    AUDIO_OSS,
    AUDIO_SDL,
    AUDIO_FILE
};
struct domain_audio {
    struct device dev;
    uint64_t id; // from 1
    enum audio_type type;
    struct opt_uint timer_period;
    char *server_name; // pulseaudio
    char *path;        // file
};

struct domain_video {
    struct device dev;
    char *model; // "vga", "cirrus", "qxl", "virtio", "bochs", "ramfb", "none"
    struct opt_uint ram_kib, vram_kib, vram64_kib, vgamem_kib, heads;
    enum toggle primary, blob;
    enum toggle accel3d, accel2d;
    char *render_node;
    struct opt_uint res_x, res_y;
    struct virtio_options virtio;
};

struct domain_redirdev {
    struct device dev;
    char *bus; // "usb"
    struct chardev_source source;
};

struct domain_hub {
    struct device dev;
    char *type; // "usb"
};

enum watchdog_action {
    WATCHDOG_NONE_GIVEN,
    WATCHDOG_RESET,
    WATCHDOG_SHUTDOWN,
    WATCHDOG_POWEROFF,
    WATCHDOG_PAUSE,
    WATCHDOG_DUMP,
    WATCHDOG_NONE,
    WATCHDOG_INJECT_NMI
};
struct domain_watchdog {
    struct device dev;
    char *model; // "i6300esb", "ib700", "diag288", "itco"
    enum watchdog_action action;
};

struct domain_memballoon {
    struct device dev;
    char *model; // "virtio", "virtio-transitional", "virtio-non-transitional", "none"
    enum toggle autodeflate, free_page_reporting;
    struct opt_uint stats_period_s;
    struct virtio_options virtio;
};

enum rng_backend { RNG_BACKEND_NONE, RNG_BACKEND_RANDOM, RNG_BACKEND_EGD, RNG_BACKEND_BUILTIN };
struct domain_rng {
    struct device dev;
    char *model; // "virtio", ...
    struct opt_uint rate_bytes, rate_period_ms;
    enum rng_backend backend;
    char *path; // random: the device's name
    struct virtio_options virtio;
};

struct domain_panic {
    struct device dev;
    char *model; // "isa", "pvpanic", "hyperv", ...
};

// ---- the machine

enum os_firmware { FIRMWARE_NONE, FIRMWARE_BIOS, FIRMWARE_EFI };
enum os_loader_type { LOADER_NONE, LOADER_ROM, LOADER_PFLASH };
enum boot_dev { BOOT_NONE, BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM, BOOT_NETWORK };

struct domain_boot {
    enum boot_dev dev;
};
struct firmware_feature {
    enum toggle enabled;
    char *name; // "secure-boot", "enrolled-keys"
};

struct domain_os {
    char *type; // "hvm"
    char *arch; // "x86_64", "i686"
    char *machine;
    enum os_firmware firmware;
    VEC(struct firmware_feature *) firmware_features;
    char *loader;
    enum toggle loader_readonly, loader_secure, loader_stateless;
    enum os_loader_type loader_type;
    char *loader_format;
    char *nvram, *nvram_template;
    char *kernel, *initrd, *cmdline, *dtb;
    VEC(struct domain_boot *) boot;
    enum toggle boot_menu;
    struct opt_uint boot_menu_timeout_ms;
    enum toggle bios_serial;
    struct opt_int reboot_timeout_ms;
};

struct domain_hyperv {
    char *mode; // "custom", "passthrough"
    enum toggle relaxed, vapic, spinlocks, vpindex, runtime, synic, stimer, stimer_direct, reset,
        vendor_id, frequencies, reenlightenment, tlbflush, ipi, evmcs, avic;
    struct opt_uint spinlock_retries;
    char *vendor_id_value;
};

struct domain_features {
    bool acpi, apic, pae, viridian, privnet;
    enum toggle apic_eoi;
    enum toggle hap;
    struct domain_hyperv *hyperv;
    enum toggle kvm_hidden, kvm_hint_dedicated, kvm_poll_control, kvm_pv_ipi;
    enum toggle pvspinlock, pmu, vmport, smm, vmcoreinfo;
    char *ioapic; // "kvm", "qemu"
    char *gic_version;
    bool gic;
};

enum cpu_mode {
    CPU_MODE_NONE,
    CPU_MODE_CUSTOM,
    CPU_MODE_HOST_MODEL,
    CPU_MODE_HOST_PASSTHROUGH,
    CPU_MODE_MAXIMUM
};
enum cpu_match { CPU_MATCH_NONE, CPU_MATCH_MINIMUM, CPU_MATCH_EXACT, CPU_MATCH_STRICT };
enum cpu_check { CPU_CHECK_NONE_GIVEN, CPU_CHECK_NONE, CPU_CHECK_PARTIAL, CPU_CHECK_FULL };
enum cpu_policy {
    CPU_POLICY_NONE,
    CPU_POLICY_FORCE,
    CPU_POLICY_REQUIRE,
    CPU_POLICY_OPTIONAL,
    CPU_POLICY_DISABLE,
    CPU_POLICY_FORBID
};

struct cpu_feature {
    enum cpu_policy policy; // NONE: require
    char *name;
};
struct domain_cpu {
    enum cpu_mode mode;
    enum cpu_match match;
    enum cpu_check check;
    enum toggle migratable;
    char *model;
    enum toggle model_fallback; // YES: allow, NO: forbid
    char *model_vendor_id;
    char *vendor;
    bool has_topology;
    struct opt_uint sockets, dies, cores,
        threads; // <topology>; sockets, cores, threads set together
    VEC(struct cpu_feature *) features;
};

enum clock_offset {
    CLOCK_NONE,
    CLOCK_UTC,
    CLOCK_LOCALTIME,
    CLOCK_VARIABLE,
    CLOCK_TIMEZONE,
    CLOCK_ABSOLUTE
};
enum clock_basis { CLOCK_BASIS_NONE, CLOCK_BASIS_UTC, CLOCK_BASIS_LOCALTIME };
enum timer_name {
    TIMER_NONE,
    TIMER_PLATFORM,
    TIMER_PIT,
    TIMER_RTC,
    TIMER_HPET,
    TIMER_TSC,
    TIMER_KVMCLOCK,
    TIMER_HYPERVCLOCK,
    TIMER_ARMVTIMER
};
enum timer_tickpolicy {
    TICKPOLICY_NONE,
    TICKPOLICY_DELAY,
    TICKPOLICY_CATCHUP,
    TICKPOLICY_MERGE,
    TICKPOLICY_DISCARD
};
enum timer_track { TRACK_NONE, TRACK_BOOT, TRACK_GUEST, TRACK_WALL, TRACK_REALTIME };

struct clock_timer {
    enum timer_name name;
    enum toggle present;
    enum timer_tickpolicy tickpolicy;
    enum timer_track track;
    struct opt_uint frequency_hz;
    char *mode;
};
struct domain_clock {
    enum clock_offset offset;
    char *adjustment;            // utc, localtime: "reset" or seconds
    struct opt_int adjustment_s; // variable
    enum clock_basis basis;      // variable
    char *timezone;
    struct opt_uint start; // absolute: seconds since the epoch
    VEC(struct clock_timer *) timers;
};

enum lifecycle_action {
    LIFECYCLE_NONE,
    LIFECYCLE_DESTROY,
    LIFECYCLE_RESTART,
    LIFECYCLE_RENAME_RESTART,
    LIFECYCLE_PRESERVE,
    LIFECYCLE_COREDUMP_DESTROY,
    LIFECYCLE_COREDUMP_RESTART
};

enum vcpu_placement { VCPU_PLACEMENT_NONE, VCPU_PLACEMENT_STATIC, VCPU_PLACEMENT_AUTO };
enum memory_source {
    MEMORY_SOURCE_NONE,
    MEMORY_SOURCE_FILE,
    MEMORY_SOURCE_ANONYMOUS,
    MEMORY_SOURCE_MEMFD
};
enum memory_access { MEMORY_ACCESS_NONE, MEMORY_ACCESS_SHARED, MEMORY_ACCESS_PRIVATE };
enum memory_allocation {
    MEMORY_ALLOCATION_NONE,
    MEMORY_ALLOCATION_IMMEDIATE,
    MEMORY_ALLOCATION_ONDEMAND
};

struct domain_seclabel {
    char *type; // "none", "dynamic", ...
    char *model;
    enum toggle relabel;
    char *label, *baselabel, *imagelabel;
};

struct qemu_arg {
    char *value;
};
struct qemu_env {
    char *name, *value;
};

struct domain_def {
    enum domain_type type;
    struct opt_uint id; // live
    char *name;
    struct opt_uuid uuid; // always set after post_parse
    bool has_genid;
    struct opt_uuid genid; // not set: made at each start
    char *title, *description;
    char *metadata; // children of <metadata> as XML text

    uint64_t memory_kib, current_memory_kib; // both set after post_parse
    enum toggle dump_core;
    bool nosharepages, locked; // <memoryBacking>
    enum memory_source memory_source;
    enum memory_access memory_access;
    enum memory_allocation memory_allocation;
    bool memory_discard;

    uint64_t vcpus;                // the maximum; at least 1 after post_parse
    struct opt_uint vcpus_current; // when fewer are there at start
    enum vcpu_placement vcpu_placement;
    char *vcpu_cpuset;
    uint64_t iothreads;
    char *resource_partition; // kept; the guest's cgroup is ours to choose

    struct domain_os os;
    struct domain_features features;
    struct domain_cpu *cpu;
    struct domain_clock clock;
    enum lifecycle_action on_poweroff, on_reboot, on_crash; // set after post_parse
    enum toggle suspend_to_mem, suspend_to_disk;

    // devices
    char *emulator;
    VEC(struct domain_disk *) disks;
    VEC(struct domain_controller *) controllers;
    VEC(struct domain_interface *) interfaces;
    VEC(struct domain_chardev *) serials, parallels, consoles, channels;
    VEC(struct domain_input *) inputs;
    VEC(struct domain_graphics *) graphics;
    VEC(struct domain_sound *) sounds;
    VEC(struct domain_audio *) audios;
    VEC(struct domain_video *) videos;
    VEC(struct domain_redirdev *) redirdevs;
    VEC(struct domain_hub *) hubs;
    VEC(struct domain_watchdog *) watchdogs;
    struct domain_memballoon *memballoon; // always there after post_parse; model "none": no device
    VEC(struct domain_rng *) rngs;
    VEC(struct domain_panic *) panics;

    VEC(struct domain_seclabel *) seclabels;
    VEC(struct qemu_arg *) qemu_args; // <qemu:commandline>
    VEC(struct qemu_env *) qemu_env;
};

// ---- operations

enum domain_parse_flags {
    DOMAIN_PARSE_LIVE = 1 << 0,     // keep what belongs to a running guest (our own state files)
    DOMAIN_PARSE_VALIDATE = 1 << 1, // also against the RELAX NG: ERROR_XML_SCHEMA
};

enum domain_xml_flags {
    DOMAIN_XML_LIVE = 1 << 0,       // with id, aliases, ptys, ports, tap names
    DOMAIN_XML_SECURE = 1 << 1,     // with passwords
    DOMAIN_XML_STATE = 1 << 2,      // everything, for our own state files: LIVE | SECURE and more
    DOMAIN_XML_MIGRATABLE = 1 << 3, // without what a plain restart would work out again
};

// None of these suspends. ERROR_XML: malformed, wrong or missing; ERROR_CONFIG_UNSUPPORTED: libvirt
// has it, we don't; both name line, element and attribute. `xml` needs no terminator. The caller
// destroys.
struct domain_def *domain_def_parse(const char *xml, size_t len, unsigned flags, struct error *err);

// What the host decides where the document is silent.
struct domain_defaults {
    const char *arch; // "x86_64"
    // Canonical machine type for an arch and what the document says (NULL, "pc", "q35", ...), or
    // NULL when there is none such. Borrowed. May be NULL: the document's own, else "pc".
    const char *(*machine)(const char *arch, const char *machine, void *arg);
    const char *(*emulator)(const char *arch, enum domain_type type,
                            void *arg); // NULL: leave empty
    void *arg;
};

// Fills in what libvirt fills in: uuid, currentMemory, buses, implicit controllers and inputs,
// MACs, the console, balloon, actions, clock. Idempotent.
int domain_def_post_parse(struct domain_def *def, const struct domain_defaults *defaults,
                          struct error *err);
// What the tables cannot see: names, ranges that depend on each other, duplicates. After
// post_parse.
int domain_def_validate(const struct domain_def *def, struct error *err);

// parse, post_parse and validate: what define and create do.
struct domain_def *domain_def_load(const char *xml, size_t len, unsigned flags,
                                   const struct domain_defaults *defaults, struct error *err);

char *domain_def_format(const struct domain_def *def, unsigned flags); // caller frees
struct domain_def *domain_def_copy(const struct domain_def *def); // everything, live values too
// The stored document seen as a running guest's first definition: live values dropped.
void domain_def_drop_live(struct domain_def *def);
void domain_def_destroy(struct domain_def *def);

// One element of def->metadata by its namespace, without it, as clients see it. NULL: none. Caller
// frees.
char *domain_metadata_get(const char *metadata, const char *uri);
// Puts `xml` (NULL: nothing) in the place of the element of namespace uri, with `key` as its
// prefix.
int domain_metadata_set(char **metadata, const char *key, const char *uri, const char *xml,
                        struct error *err);

// One device by itself, as attach, detach and update take and give it. The device's kind is in it.
struct device *domain_device_parse(const char *xml, size_t len, unsigned flags, struct error *err);
char *domain_device_format(const struct device *dev, unsigned flags);
struct device *domain_device_copy(const struct device *dev);
void domain_device_destroy(struct device *dev);
// Calls fn for every device in the order of the document until it returns non-zero; returns that.
int domain_def_each_device(const struct domain_def *def, int (*fn)(struct device *dev, void *arg),
                           void *arg);

// Puts a device at its place in the document; takes dev.
void domain_def_add_device(struct domain_def *def, struct device *dev);
// Puts a device in the place of one of its kind, which the caller owns again; takes new.
void domain_def_replace_device(struct domain_def *def, struct device *old, struct device *new);
// Takes a device out; the caller owns it again. 0, or -ENOENT when it is not there.
int domain_def_remove_device(struct domain_def *def, struct device *dev);

// The words of XML for enum values, as argv and messages want them. "?" when out of range.
const char *device_kind_name(enum device_kind kind); // "disk", "interface", ...
const char *domain_type_name(enum domain_type type);
const char *disk_bus_name(enum disk_bus bus);
const char *disk_device_name(enum disk_device device);
const char *disk_cache_name(enum disk_cache cache);
const char *disk_io_name(enum disk_io io);
const char *controller_type_name(enum controller_type type);
const char *controller_model_name(enum controller_model model);
const char *chardev_type_name(enum chardev_type type);
const char *lifecycle_action_name(enum lifecycle_action action);
const char *watchdog_action_name(enum watchdog_action action);
const char *timer_name_name(enum timer_name name);

// The RELAX NG of the domain document, from the same tables. Caller frees.
char *domain_doc_rng(void);
