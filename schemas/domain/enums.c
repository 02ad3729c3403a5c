// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of the domain document for the enums of domain_def.h. The second column lists what
// libvirt has besides and we don't provide.
#include "schemas/domain/internal.h"

DOC_ENUM_VALUES(
    domain_type_values,
    "xen lxc uml openvz test vmware hyperv vbox phyp parallels bhyve vz kqemu hvf linux",
    [DOMAIN_TYPE_QEMU] = "qemu", [DOMAIN_TYPE_KVM] = "kvm");
DOC_ENUM_VALUES(
    address_type_values, "dimm", [ADDRESS_PCI] = "pci", [ADDRESS_DRIVE] = "drive",
    [ADDRESS_VIRTIO_SERIAL] = "virtio-serial", [ADDRESS_USB] = "usb", [ADDRESS_ISA] = "isa",
    [ADDRESS_CCID] = "ccid", [ADDRESS_CCW] = "ccw", [ADDRESS_SPAPR_VIO] = "spapr-vio",
    [ADDRESS_VIRTIO_MMIO] = "virtio-mmio", [ADDRESS_UNASSIGNED] = "unassigned");
DOC_ENUM_VALUES(disk_type_values, "dir network nvme vhostuser", [DISK_TYPE_FILE] = "file",
                [DISK_TYPE_BLOCK] = "block", [DISK_TYPE_VOLUME] = "volume");
DOC_ENUM_VALUES(
    backing_type_values,
    "dir network volume nvme vhostuser", [DISK_TYPE_FILE] = "file", [DISK_TYPE_BLOCK] = "block");
DOC_ENUM_VALUES(disk_device_values,
                NULL, [DISK_DEVICE_DISK] = "disk", [DISK_DEVICE_CDROM] = "cdrom",
                [DISK_DEVICE_FLOPPY] = "floppy", [DISK_DEVICE_LUN] = "lun");
DOC_ENUM_VALUES(disk_bus_values, "xen uml", [DISK_BUS_IDE] = "ide", [DISK_BUS_FDC] = "fdc",
                [DISK_BUS_SCSI] = "scsi", [DISK_BUS_VIRTIO] = "virtio", [DISK_BUS_USB] = "usb",
                [DISK_BUS_SATA] = "sata", [DISK_BUS_SD] = "sd");
DOC_ENUM_VALUES(
    disk_model_values,
    NULL, [DISK_MODEL_VIRTIO] = "virtio", [DISK_MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [DISK_MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional");
DOC_ENUM_VALUES(disk_cache_values,
                NULL, [DISK_CACHE_DEFAULT] = "default", [DISK_CACHE_OFF] = "none",
                [DISK_CACHE_WRITETHROUGH] = "writethrough", [DISK_CACHE_WRITEBACK] = "writeback",
                [DISK_CACHE_DIRECTSYNC] = "directsync", [DISK_CACHE_UNSAFE] = "unsafe");
DOC_ENUM_VALUES(
    disk_io_values,
    NULL, [DISK_IO_NATIVE] = "native", [DISK_IO_THREADS] = "threads", [DISK_IO_URING] = "io_uring");
DOC_ENUM_VALUES(disk_discard_values,
                NULL, [DISK_DISCARD_UNMAP] = "unmap", [DISK_DISCARD_IGNORE] = "ignore");
DOC_ENUM_VALUES(
    disk_zeroes_values,
    NULL, [DISK_ZEROES_OFF] = "off", [DISK_ZEROES_ON] = "on", [DISK_ZEROES_UNMAP] = "unmap");
DOC_ENUM_VALUES(disk_error_policy_values,
                NULL, [DISK_ERROR_STOP] = "stop", [DISK_ERROR_REPORT] = "report",
                [DISK_ERROR_IGNORE] = "ignore", [DISK_ERROR_ENOSPACE] = "enospace");
DOC_ENUM_VALUES(disk_startup_values, NULL, [DISK_STARTUP_MANDATORY] = "mandatory",
                [DISK_STARTUP_REQUISITE] = "requisite", [DISK_STARTUP_OPTIONAL] = "optional");
DOC_ENUM_VALUES(disk_tray_values, NULL, [DISK_TRAY_CLOSED] = "closed", [DISK_TRAY_OPEN] = "open");
DOC_ENUM_VALUES(
    disk_trans_values,
    NULL, [DISK_TRANS_AUTO] = "auto", [DISK_TRANS_LBA] = "lba", [DISK_TRANS_PLAIN] = "none");
DOC_ENUM_VALUES(
    controller_type_values,
    "xenbus isa", [CONTROLLER_IDE] = "ide", [CONTROLLER_FDC] = "fdc", [CONTROLLER_SCSI] = "scsi",
    [CONTROLLER_SATA] = "sata", [CONTROLLER_VIRTIO_SERIAL] = "virtio-serial",
    [CONTROLLER_CCID] = "ccid", [CONTROLLER_USB] = "usb", [CONTROLLER_PCI] = "pci");
DOC_ENUM_VALUES(
    usb_model_values,
    "qusb1 qusb2", [USB_PIIX3_UHCI] = "piix3-uhci", [USB_PIIX4_UHCI] = "piix4-uhci",
    [USB_EHCI] = "ehci", [USB_ICH9_EHCI1] = "ich9-ehci1", [USB_ICH9_UHCI1] = "ich9-uhci1",
    [USB_ICH9_UHCI2] = "ich9-uhci2", [USB_ICH9_UHCI3] = "ich9-uhci3",
    [USB_VT82C686B_UHCI] = "vt82c686b-uhci", [USB_PCI_OHCI] = "pci-ohci",
    [USB_NEC_XHCI] = "nec-xhci", [USB_QEMU_XHCI] = "qemu-xhci", [USB_OFF] = "none");
DOC_ENUM_VALUES(
    scsi_model_values, NULL, [SCSI_AUTO] = "auto", [SCSI_BUSLOGIC] = "buslogic",
    [SCSI_LSILOGIC] = "lsilogic", [SCSI_LSISAS1068] = "lsisas1068",
    [SCSI_LSISAS1078] = "lsisas1078", [SCSI_VMPVSCSI] = "vmpvscsi", [SCSI_IBMVSCSI] = "ibmvscsi",
    [SCSI_VIRTIO] = "virtio-scsi", [SCSI_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [SCSI_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional", [SCSI_AM53C974] = "am53c974",
    [SCSI_DC390] = "dc390");
DOC_ENUM_VALUES(
    pci_model_values, NULL, [PCI_ROOT] = "pci-root", [PCIE_ROOT] = "pcie-root",
    [PCI_BRIDGE] = "pci-bridge", [PCIE_DMI_TO_PCI_BRIDGE] = "dmi-to-pci-bridge",
    [PCIE_ROOT_PORT] = "pcie-root-port", [PCIE_SWITCH_UPSTREAM_PORT] = "pcie-switch-upstream-port",
    [PCIE_SWITCH_DOWNSTREAM_PORT] = "pcie-switch-downstream-port",
    [PCI_EXPANDER_BUS] = "pci-expander-bus", [PCIE_EXPANDER_BUS] = "pcie-expander-bus",
    [PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge");
DOC_ENUM_VALUES(ide_model_values,
                NULL, [IDE_PIIX3] = "piix3", [IDE_PIIX4] = "piix4", [IDE_ICH6] = "ich6");
DOC_ENUM_VALUES(
    virtio_serial_model_values,
    NULL, [VIRTIO_SERIAL_VIRTIO] = "virtio", [VIRTIO_SERIAL_TRANSITIONAL] = "virtio-transitional",
    [VIRTIO_SERIAL_NON_TRANSITIONAL] = "virtio-non-transitional");
DOC_ENUM_VALUES(
    interface_type_values, "vhostuser server client mcast internal hostdev udp vdpa null vds",
    [INTERFACE_USER] = "user", [INTERFACE_ETHERNET] = "ethernet", [INTERFACE_NETWORK] = "network",
    [INTERFACE_BRIDGE] = "bridge", [INTERFACE_DIRECT] = "direct");
DOC_ENUM_VALUES(interface_link_values, NULL, [LINK_UP] = "up", [LINK_DOWN] = "down");
DOC_ENUM_VALUES(interface_backend_values,
                NULL, [INTERFACE_BACKEND_QEMU] = "qemu", [INTERFACE_BACKEND_VHOST] = "vhost");
DOC_ENUM_VALUES(interface_txmode_values, NULL, [TOGGLE_YES] = "timer", [TOGGLE_NO] = "iothread");
DOC_ENUM_VALUES(
    chardev_type_values, "nmdm qemu-vdagent dbus", [CHARDEV_NULL] = "null", [CHARDEV_VC] = "vc",
    [CHARDEV_PTY] = "pty", [CHARDEV_DEV] = "dev", [CHARDEV_FILE] = "file", [CHARDEV_PIPE] = "pipe",
    [CHARDEV_STDIO] = "stdio", [CHARDEV_UDP] = "udp", [CHARDEV_TCP] = "tcp",
    [CHARDEV_UNIX] = "unix", [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport");
DOC_ENUM_VALUES(chardev_mode_values,
                NULL, [CHARDEV_MODE_BIND] = "bind", [CHARDEV_MODE_CONNECT] = "connect");
DOC_ENUM_VALUES(
    chardev_protocol_values,
    "telnets tls", [CHARDEV_PROTOCOL_RAW] = "raw", [CHARDEV_PROTOCOL_TELNET] = "telnet");
DOC_ENUM_VALUES(serial_target_values, "spapr-vio-serial system-serial sclp-serial",
                [SERIAL_TARGET_ISA] = "isa-serial", [SERIAL_TARGET_USB] = "usb-serial",
                [SERIAL_TARGET_PCI] = "pci-serial", [SERIAL_TARGET_ISA_DEBUG] = "isa-debug");
DOC_ENUM_VALUES(console_target_values, "xen uml lxc openvz sclp sclplm",
                [CONSOLE_TARGET_SERIAL] = "serial", [CONSOLE_TARGET_VIRTIO] = "virtio");
DOC_ENUM_VALUES(channel_target_values,
                "xen", [CHANNEL_TARGET_VIRTIO] = "virtio", [CHANNEL_TARGET_GUESTFWD] = "guestfwd");
DOC_ENUM_VALUES(channel_state_values,
                NULL, [CHANNEL_CONNECTED] = "connected", [CHANNEL_DISCONNECTED] = "disconnected");
DOC_ENUM_VALUES(input_type_values, "passthrough evdev", [INPUT_MOUSE] = "mouse",
                [INPUT_TABLET] = "tablet", [INPUT_KEYBOARD] = "keyboard");
DOC_ENUM_VALUES(input_bus_values, "xen parallels none", [INPUT_BUS_PS2] = "ps2",
                [INPUT_BUS_USB] = "usb", [INPUT_BUS_VIRTIO] = "virtio");
DOC_ENUM_VALUES(
    graphics_type_values,
    "sdl rdp desktop egl-headless dbus", [GRAPHICS_VNC] = "vnc", [GRAPHICS_SPICE] = "spice");
DOC_ENUM_VALUES(graphics_listen_type_values,
                NULL, [LISTEN_NONE] = "none", [LISTEN_ADDRESS] = "address",
                [LISTEN_NETWORK] = "network", [LISTEN_SOCKET] = "socket");
DOC_ENUM_VALUES(graphics_share_values, NULL, [GRAPHICS_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
                [GRAPHICS_SHARE_FORCE_SHARED] = "force-shared", [GRAPHICS_SHARE_IGNORE] = "ignore");
DOC_ENUM_VALUES(audio_type_values, "coreaudio dbus", [AUDIO_NONE] = "none", [AUDIO_SPICE] = "spice",
                [AUDIO_ALSA] = "alsa", [AUDIO_PULSEAUDIO] = "pulseaudio", [AUDIO_JACK] = "jack",
                [AUDIO_OSS] = "oss", [AUDIO_SDL] = "sdl", [AUDIO_FILE] = "file");
DOC_ENUM_VALUES(
    watchdog_action_values, NULL, [WATCHDOG_RESET] = "reset", [WATCHDOG_SHUTDOWN] = "shutdown",
    [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause", [WATCHDOG_DUMP] = "dump",
    [WATCHDOG_NONE] = "none", [WATCHDOG_INJECT_NMI] = "inject-nmi");
DOC_ENUM_VALUES(rng_backend_values,
                "egd", [RNG_BACKEND_RANDOM] = "random", [RNG_BACKEND_BUILTIN] = "builtin");
DOC_ENUM_VALUES(os_firmware_values, NULL, [FIRMWARE_BIOS] = "bios", [FIRMWARE_EFI] = "efi");
DOC_ENUM_VALUES(loader_type_values, NULL, [LOADER_ROM] = "rom", [LOADER_PFLASH] = "pflash");
DOC_ENUM_VALUES(boot_dev_values, NULL, [BOOT_FLOPPY] = "fd", [BOOT_DISK] = "hd",
                [BOOT_CDROM] = "cdrom", [BOOT_NETWORK] = "network");
DOC_ENUM_VALUES(cpu_mode_values,
                NULL, [CPU_MODE_CUSTOM] = "custom", [CPU_MODE_HOST_MODEL] = "host-model",
                [CPU_MODE_HOST_PASSTHROUGH] = "host-passthrough", [CPU_MODE_MAXIMUM] = "maximum");
DOC_ENUM_VALUES(cpu_match_values, NULL, [CPU_MATCH_MINIMUM] = "minimum",
                [CPU_MATCH_EXACT] = "exact", [CPU_MATCH_STRICT] = "strict");
DOC_ENUM_VALUES(
    cpu_check_values,
    NULL, [CPU_CHECK_NONE] = "none", [CPU_CHECK_PARTIAL] = "partial", [CPU_CHECK_FULL] = "full");
DOC_ENUM_VALUES(cpu_policy_values, NULL, [CPU_POLICY_FORCE] = "force",
                [CPU_POLICY_REQUIRE] = "require", [CPU_POLICY_OPTIONAL] = "optional",
                [CPU_POLICY_DISABLE] = "disable", [CPU_POLICY_FORBID] = "forbid");
DOC_ENUM_VALUES(cpu_fallback_values, NULL, [TOGGLE_YES] = "allow", [TOGGLE_NO] = "forbid");
DOC_ENUM_VALUES(
    clock_offset_values, NULL, [CLOCK_UTC] = "utc", [CLOCK_LOCALTIME] = "localtime",
    [CLOCK_VARIABLE] = "variable", [CLOCK_TIMEZONE] = "timezone", [CLOCK_ABSOLUTE] = "absolute");
DOC_ENUM_VALUES(clock_basis_values,
                NULL, [CLOCK_BASIS_UTC] = "utc", [CLOCK_BASIS_LOCALTIME] = "localtime");
DOC_ENUM_VALUES(timer_name_values,
                NULL, [TIMER_PLATFORM] = "platform", [TIMER_PIT] = "pit", [TIMER_RTC] = "rtc",
                [TIMER_HPET] = "hpet", [TIMER_TSC] = "tsc", [TIMER_KVMCLOCK] = "kvmclock",
                [TIMER_HYPERVCLOCK] = "hypervclock", [TIMER_ARMVTIMER] = "armvtimer");
DOC_ENUM_VALUES(timer_tickpolicy_values,
                NULL, [TICKPOLICY_DELAY] = "delay", [TICKPOLICY_CATCHUP] = "catchup",
                [TICKPOLICY_MERGE] = "merge", [TICKPOLICY_DISCARD] = "discard");
DOC_ENUM_VALUES(timer_track_values, NULL, [TRACK_BOOT] = "boot", [TRACK_GUEST] = "guest",
                [TRACK_WALL] = "wall", [TRACK_REALTIME] = "realtime");
DOC_ENUM_VALUES(lifecycle_action_values,
                NULL, [LIFECYCLE_DESTROY] = "destroy", [LIFECYCLE_RESTART] = "restart",
                [LIFECYCLE_RENAME_RESTART] = "rename-restart", [LIFECYCLE_PRESERVE] = "preserve",
                [LIFECYCLE_COREDUMP_DESTROY] = "coredump-destroy",
                [LIFECYCLE_COREDUMP_RESTART] = "coredump-restart");
DOC_ENUM_VALUES(vcpu_placement_values,
                NULL, [VCPU_PLACEMENT_STATIC] = "static", [VCPU_PLACEMENT_AUTO] = "auto");
DOC_ENUM_VALUES(memory_source_values, NULL, [MEMORY_SOURCE_FILE] = "file",
                [MEMORY_SOURCE_ANONYMOUS] = "anonymous", [MEMORY_SOURCE_MEMFD] = "memfd");
DOC_ENUM_VALUES(memory_access_values,
                NULL, [MEMORY_ACCESS_SHARED] = "shared", [MEMORY_ACCESS_PRIVATE] = "private");
DOC_ENUM_VALUES(
    memory_allocation_values,
    NULL, [MEMORY_ALLOCATION_IMMEDIATE] = "immediate", [MEMORY_ALLOCATION_ONDEMAND] = "ondemand");
DOC_ENUM_VALUES(
    device_kind_values, NULL, [DEVICE_DISK] = "disk", [DEVICE_CONTROLLER] = "controller",
    [DEVICE_INTERFACE] = "interface", [DEVICE_SERIAL] = "serial", [DEVICE_PARALLEL] = "parallel",
    [DEVICE_CONSOLE] = "console", [DEVICE_CHANNEL] = "channel", [DEVICE_INPUT] = "input",
    [DEVICE_GRAPHICS] = "graphics", [DEVICE_SOUND] = "sound", [DEVICE_AUDIO] = "audio",
    [DEVICE_VIDEO] = "video", [DEVICE_REDIRDEV] = "redirdev", [DEVICE_HUB] = "hub",
    [DEVICE_WATCHDOG] = "watchdog", [DEVICE_MEMBALLOON] = "memballoon", [DEVICE_RNG] = "rng",
    [DEVICE_PANIC] = "panic");

const char *device_kind_name(enum device_kind kind)
{
    return doc_enum_name(&device_kind_values, kind);
}

const char *domain_type_name(enum domain_type type)
{
    return doc_enum_name(&domain_type_values, type);
}

const char *disk_bus_name(enum disk_bus bus)
{
    return doc_enum_name(&disk_bus_values, bus);
}

const char *disk_device_name(enum disk_device device)
{
    return doc_enum_name(&disk_device_values, device);
}

const char *disk_cache_name(enum disk_cache cache)
{
    return doc_enum_name(&disk_cache_values, cache);
}

const char *disk_io_name(enum disk_io io)
{
    return doc_enum_name(&disk_io_values, io);
}

const char *controller_type_name(enum controller_type type)
{
    return doc_enum_name(&controller_type_values, type);
}

const char *chardev_type_name(enum chardev_type type)
{
    return doc_enum_name(&chardev_type_values, type);
}

const char *lifecycle_action_name(enum lifecycle_action action)
{
    return doc_enum_name(&lifecycle_action_values, action);
}

const char *watchdog_action_name(enum watchdog_action action)
{
    return doc_enum_name(&watchdog_action_values, action);
}

const char *timer_name_name(enum timer_name name)
{
    return doc_enum_name(&timer_name_values, name);
}

const char *controller_model_name(enum controller_model model)
{
    // One enum, a list of words for each type of controller.
    static const struct doc_enum *const lists[] = {&usb_model_values, &scsi_model_values,
                                                   &pci_model_values, &ide_model_values,
                                                   &virtio_serial_model_values};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (model < lists[i]->n && lists[i]->names[model])
            return lists[i]->names[model];
    }
    return "?";
}
