// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of the domain document for the enums of domain_def.h. The second column lists what
// libvirt has besides and we don't provide.
#include "schemas/domain_internal.h"

DOC_WORDS(domain_type_words,
          "xen lxc uml openvz test vmware hyperv vbox phyp parallels bhyve vz kqemu hvf linux",
          [DOMAIN_TYPE_QEMU] = "qemu", [DOMAIN_TYPE_KVM] = "kvm");
DOC_WORDS(address_type_words, "dimm", [ADDRESS_PCI] = "pci", [ADDRESS_DRIVE] = "drive",
          [ADDRESS_VIRTIO_SERIAL] = "virtio-serial", [ADDRESS_USB] = "usb", [ADDRESS_ISA] = "isa",
          [ADDRESS_CCID] = "ccid", [ADDRESS_CCW] = "ccw", [ADDRESS_SPAPR_VIO] = "spapr-vio",
          [ADDRESS_VIRTIO_MMIO] = "virtio-mmio", [ADDRESS_UNASSIGNED] = "unassigned");
DOC_WORDS(disk_type_words, "dir network nvme vhostuser", [DISK_TYPE_FILE] = "file",
          [DISK_TYPE_BLOCK] = "block", [DISK_TYPE_VOLUME] = "volume");
DOC_WORDS(
    backing_type_words,
    "dir network volume nvme vhostuser", [DISK_TYPE_FILE] = "file", [DISK_TYPE_BLOCK] = "block");
DOC_WORDS(disk_device_words, NULL, [DISK_DEVICE_DISK] = "disk", [DISK_DEVICE_CDROM] = "cdrom",
          [DISK_DEVICE_FLOPPY] = "floppy", [DISK_DEVICE_LUN] = "lun");
DOC_WORDS(disk_bus_words, "xen uml", [DISK_BUS_IDE] = "ide", [DISK_BUS_FDC] = "fdc",
          [DISK_BUS_SCSI] = "scsi", [DISK_BUS_VIRTIO] = "virtio", [DISK_BUS_USB] = "usb",
          [DISK_BUS_SATA] = "sata", [DISK_BUS_SD] = "sd");
DOC_WORDS(
    disk_model_words,
    NULL, [DISK_MODEL_VIRTIO] = "virtio", [DISK_MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [DISK_MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional");
DOC_WORDS(disk_cache_words, NULL, [DISK_CACHE_DEFAULT] = "default", [DISK_CACHE_OFF] = "none",
          [DISK_CACHE_WRITETHROUGH] = "writethrough", [DISK_CACHE_WRITEBACK] = "writeback",
          [DISK_CACHE_DIRECTSYNC] = "directsync", [DISK_CACHE_UNSAFE] = "unsafe");
DOC_WORDS(
    disk_io_words,
    NULL, [DISK_IO_NATIVE] = "native", [DISK_IO_THREADS] = "threads", [DISK_IO_URING] = "io_uring");
DOC_WORDS(disk_discard_words,
          NULL, [DISK_DISCARD_UNMAP] = "unmap", [DISK_DISCARD_IGNORE] = "ignore");
DOC_WORDS(disk_zeroes_words,
          NULL, [DISK_ZEROES_OFF] = "off", [DISK_ZEROES_ON] = "on", [DISK_ZEROES_UNMAP] = "unmap");
DOC_WORDS(disk_error_policy_words, NULL, [DISK_ERROR_STOP] = "stop", [DISK_ERROR_REPORT] = "report",
          [DISK_ERROR_IGNORE] = "ignore", [DISK_ERROR_ENOSPACE] = "enospace");
DOC_WORDS(disk_startup_words, NULL, [DISK_STARTUP_MANDATORY] = "mandatory",
          [DISK_STARTUP_REQUISITE] = "requisite", [DISK_STARTUP_OPTIONAL] = "optional");
DOC_WORDS(disk_tray_words, NULL, [DISK_TRAY_CLOSED] = "closed", [DISK_TRAY_OPEN] = "open");
DOC_WORDS(disk_trans_words,
          NULL, [DISK_TRANS_AUTO] = "auto", [DISK_TRANS_LBA] = "lba", [DISK_TRANS_PLAIN] = "none");
DOC_WORDS(
    controller_type_words,
    "xenbus isa", [CONTROLLER_IDE] = "ide", [CONTROLLER_FDC] = "fdc", [CONTROLLER_SCSI] = "scsi",
    [CONTROLLER_SATA] = "sata", [CONTROLLER_VIRTIO_SERIAL] = "virtio-serial",
    [CONTROLLER_CCID] = "ccid", [CONTROLLER_USB] = "usb", [CONTROLLER_PCI] = "pci");
DOC_WORDS(usb_model_words,
          "qusb1 qusb2", [USB_PIIX3_UHCI] = "piix3-uhci", [USB_PIIX4_UHCI] = "piix4-uhci",
          [USB_EHCI] = "ehci", [USB_ICH9_EHCI1] = "ich9-ehci1", [USB_ICH9_UHCI1] = "ich9-uhci1",
          [USB_ICH9_UHCI2] = "ich9-uhci2", [USB_ICH9_UHCI3] = "ich9-uhci3",
          [USB_VT82C686B_UHCI] = "vt82c686b-uhci", [USB_PCI_OHCI] = "pci-ohci",
          [USB_NEC_XHCI] = "nec-xhci", [USB_QEMU_XHCI] = "qemu-xhci", [USB_OFF] = "none");
DOC_WORDS(scsi_model_words,
          NULL, [SCSI_AUTO] = "auto", [SCSI_BUSLOGIC] = "buslogic", [SCSI_LSILOGIC] = "lsilogic",
          [SCSI_LSISAS1068] = "lsisas1068", [SCSI_LSISAS1078] = "lsisas1078",
          [SCSI_VMPVSCSI] = "vmpvscsi", [SCSI_IBMVSCSI] = "ibmvscsi", [SCSI_VIRTIO] = "virtio-scsi",
          [SCSI_VIRTIO_TRANSITIONAL] = "virtio-transitional",
          [SCSI_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional", [SCSI_AM53C974] = "am53c974",
          [SCSI_DC390] = "dc390");
DOC_WORDS(pci_model_words,
          NULL, [PCI_ROOT] = "pci-root", [PCIE_ROOT] = "pcie-root", [PCI_BRIDGE] = "pci-bridge",
          [PCIE_DMI_TO_PCI_BRIDGE] = "dmi-to-pci-bridge", [PCIE_ROOT_PORT] = "pcie-root-port",
          [PCIE_SWITCH_UPSTREAM_PORT] = "pcie-switch-upstream-port",
          [PCIE_SWITCH_DOWNSTREAM_PORT] = "pcie-switch-downstream-port",
          [PCI_EXPANDER_BUS] = "pci-expander-bus", [PCIE_EXPANDER_BUS] = "pcie-expander-bus",
          [PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge");
DOC_WORDS(ide_model_words, NULL, [IDE_PIIX3] = "piix3", [IDE_PIIX4] = "piix4", [IDE_ICH6] = "ich6");
DOC_WORDS(
    virtio_serial_model_words,
    NULL, [VIRTIO_SERIAL_VIRTIO] = "virtio", [VIRTIO_SERIAL_TRANSITIONAL] = "virtio-transitional",
    [VIRTIO_SERIAL_NON_TRANSITIONAL] = "virtio-non-transitional");
DOC_WORDS(
    interface_type_words, "vhostuser server client mcast internal hostdev udp vdpa null vds",
    [INTERFACE_USER] = "user", [INTERFACE_ETHERNET] = "ethernet", [INTERFACE_NETWORK] = "network",
    [INTERFACE_BRIDGE] = "bridge", [INTERFACE_DIRECT] = "direct");
DOC_WORDS(interface_link_words, NULL, [LINK_UP] = "up", [LINK_DOWN] = "down");
DOC_WORDS(interface_backend_words,
          NULL, [INTERFACE_BACKEND_QEMU] = "qemu", [INTERFACE_BACKEND_VHOST] = "vhost");
DOC_WORDS(interface_txmode_words, NULL, [TOGGLE_YES] = "timer", [TOGGLE_NO] = "iothread");
DOC_WORDS(
    chardev_type_words, "nmdm qemu-vdagent dbus", [CHARDEV_NULL] = "null", [CHARDEV_VC] = "vc",
    [CHARDEV_PTY] = "pty", [CHARDEV_DEV] = "dev", [CHARDEV_FILE] = "file", [CHARDEV_PIPE] = "pipe",
    [CHARDEV_STDIO] = "stdio", [CHARDEV_UDP] = "udp", [CHARDEV_TCP] = "tcp",
    [CHARDEV_UNIX] = "unix", [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport");
DOC_WORDS(chardev_mode_words,
          NULL, [CHARDEV_MODE_BIND] = "bind", [CHARDEV_MODE_CONNECT] = "connect");
DOC_WORDS(chardev_protocol_words,
          "telnets tls", [CHARDEV_PROTOCOL_RAW] = "raw", [CHARDEV_PROTOCOL_TELNET] = "telnet");
DOC_WORDS(serial_target_words, "spapr-vio-serial system-serial sclp-serial",
          [SERIAL_TARGET_ISA] = "isa-serial", [SERIAL_TARGET_USB] = "usb-serial",
          [SERIAL_TARGET_PCI] = "pci-serial", [SERIAL_TARGET_ISA_DEBUG] = "isa-debug");
DOC_WORDS(console_target_words, "xen uml lxc openvz sclp sclplm",
          [CONSOLE_TARGET_SERIAL] = "serial", [CONSOLE_TARGET_VIRTIO] = "virtio");
DOC_WORDS(channel_target_words,
          "xen", [CHANNEL_TARGET_VIRTIO] = "virtio", [CHANNEL_TARGET_GUESTFWD] = "guestfwd");
DOC_WORDS(channel_state_words,
          NULL, [CHANNEL_CONNECTED] = "connected", [CHANNEL_DISCONNECTED] = "disconnected");
DOC_WORDS(input_type_words, "passthrough evdev", [INPUT_MOUSE] = "mouse", [INPUT_TABLET] = "tablet",
          [INPUT_KEYBOARD] = "keyboard");
DOC_WORDS(input_bus_words, "xen parallels none", [INPUT_BUS_PS2] = "ps2", [INPUT_BUS_USB] = "usb",
          [INPUT_BUS_VIRTIO] = "virtio");
DOC_WORDS(graphics_type_words,
          "sdl rdp desktop egl-headless dbus", [GRAPHICS_VNC] = "vnc", [GRAPHICS_SPICE] = "spice");
DOC_WORDS(graphics_listen_type_words, NULL, [LISTEN_NONE] = "none", [LISTEN_ADDRESS] = "address",
          [LISTEN_NETWORK] = "network", [LISTEN_SOCKET] = "socket");
DOC_WORDS(graphics_share_words, NULL, [GRAPHICS_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
          [GRAPHICS_SHARE_FORCE_SHARED] = "force-shared", [GRAPHICS_SHARE_IGNORE] = "ignore");
DOC_WORDS(audio_type_words, "coreaudio dbus", [AUDIO_NONE] = "none", [AUDIO_SPICE] = "spice",
          [AUDIO_ALSA] = "alsa", [AUDIO_PULSEAUDIO] = "pulseaudio", [AUDIO_JACK] = "jack",
          [AUDIO_OSS] = "oss", [AUDIO_SDL] = "sdl", [AUDIO_FILE] = "file");
DOC_WORDS(watchdog_action_words, NULL, [WATCHDOG_RESET] = "reset", [WATCHDOG_SHUTDOWN] = "shutdown",
          [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause", [WATCHDOG_DUMP] = "dump",
          [WATCHDOG_NONE] = "none", [WATCHDOG_INJECT_NMI] = "inject-nmi");
DOC_WORDS(rng_backend_words,
          "egd", [RNG_BACKEND_RANDOM] = "random", [RNG_BACKEND_BUILTIN] = "builtin");
DOC_WORDS(os_firmware_words, NULL, [FIRMWARE_BIOS] = "bios", [FIRMWARE_EFI] = "efi");
DOC_WORDS(loader_type_words, NULL, [LOADER_ROM] = "rom", [LOADER_PFLASH] = "pflash");
DOC_WORDS(boot_dev_words, NULL, [BOOT_FLOPPY] = "fd", [BOOT_DISK] = "hd", [BOOT_CDROM] = "cdrom",
          [BOOT_NETWORK] = "network");
DOC_WORDS(cpu_mode_words, NULL, [CPU_MODE_CUSTOM] = "custom", [CPU_MODE_HOST_MODEL] = "host-model",
          [CPU_MODE_HOST_PASSTHROUGH] = "host-passthrough", [CPU_MODE_MAXIMUM] = "maximum");
DOC_WORDS(cpu_match_words, NULL, [CPU_MATCH_MINIMUM] = "minimum", [CPU_MATCH_EXACT] = "exact",
          [CPU_MATCH_STRICT] = "strict");
DOC_WORDS(
    cpu_check_words,
    NULL, [CPU_CHECK_NONE] = "none", [CPU_CHECK_PARTIAL] = "partial", [CPU_CHECK_FULL] = "full");
DOC_WORDS(cpu_policy_words, NULL, [CPU_POLICY_FORCE] = "force", [CPU_POLICY_REQUIRE] = "require",
          [CPU_POLICY_OPTIONAL] = "optional", [CPU_POLICY_DISABLE] = "disable",
          [CPU_POLICY_FORBID] = "forbid");
DOC_WORDS(cpu_fallback_words, NULL, [TOGGLE_YES] = "allow", [TOGGLE_NO] = "forbid");
DOC_WORDS(clock_offset_words,
          NULL, [CLOCK_UTC] = "utc", [CLOCK_LOCALTIME] = "localtime", [CLOCK_VARIABLE] = "variable",
          [CLOCK_TIMEZONE] = "timezone", [CLOCK_ABSOLUTE] = "absolute");
DOC_WORDS(clock_basis_words,
          NULL, [CLOCK_BASIS_UTC] = "utc", [CLOCK_BASIS_LOCALTIME] = "localtime");
DOC_WORDS(timer_name_words,
          NULL, [TIMER_PLATFORM] = "platform", [TIMER_PIT] = "pit", [TIMER_RTC] = "rtc",
          [TIMER_HPET] = "hpet", [TIMER_TSC] = "tsc", [TIMER_KVMCLOCK] = "kvmclock",
          [TIMER_HYPERVCLOCK] = "hypervclock", [TIMER_ARMVTIMER] = "armvtimer");
DOC_WORDS(timer_tickpolicy_words,
          NULL, [TICKPOLICY_DELAY] = "delay", [TICKPOLICY_CATCHUP] = "catchup",
          [TICKPOLICY_MERGE] = "merge", [TICKPOLICY_DISCARD] = "discard");
DOC_WORDS(timer_track_words, NULL, [TRACK_BOOT] = "boot", [TRACK_GUEST] = "guest",
          [TRACK_WALL] = "wall", [TRACK_REALTIME] = "realtime");
DOC_WORDS(lifecycle_action_words, NULL, [LIFECYCLE_DESTROY] = "destroy",
          [LIFECYCLE_RESTART] = "restart", [LIFECYCLE_RENAME_RESTART] = "rename-restart",
          [LIFECYCLE_PRESERVE] = "preserve", [LIFECYCLE_COREDUMP_DESTROY] = "coredump-destroy",
          [LIFECYCLE_COREDUMP_RESTART] = "coredump-restart");
DOC_WORDS(vcpu_placement_words,
          NULL, [VCPU_PLACEMENT_STATIC] = "static", [VCPU_PLACEMENT_AUTO] = "auto");
DOC_WORDS(memory_source_words, NULL, [MEMORY_SOURCE_FILE] = "file",
          [MEMORY_SOURCE_ANONYMOUS] = "anonymous", [MEMORY_SOURCE_MEMFD] = "memfd");
DOC_WORDS(memory_access_words,
          NULL, [MEMORY_ACCESS_SHARED] = "shared", [MEMORY_ACCESS_PRIVATE] = "private");
DOC_WORDS(
    memory_allocation_words,
    NULL, [MEMORY_ALLOCATION_IMMEDIATE] = "immediate", [MEMORY_ALLOCATION_ONDEMAND] = "ondemand");
DOC_WORDS(device_kind_words, NULL, [DEVICE_DISK] = "disk", [DEVICE_CONTROLLER] = "controller",
          [DEVICE_INTERFACE] = "interface", [DEVICE_SERIAL] = "serial",
          [DEVICE_PARALLEL] = "parallel", [DEVICE_CONSOLE] = "console",
          [DEVICE_CHANNEL] = "channel", [DEVICE_INPUT] = "input", [DEVICE_GRAPHICS] = "graphics",
          [DEVICE_SOUND] = "sound", [DEVICE_AUDIO] = "audio", [DEVICE_VIDEO] = "video",
          [DEVICE_REDIRDEV] = "redirdev", [DEVICE_HUB] = "hub", [DEVICE_WATCHDOG] = "watchdog",
          [DEVICE_MEMBALLOON] = "memballoon", [DEVICE_RNG] = "rng", [DEVICE_PANIC] = "panic");

const char *device_kind_name(enum device_kind kind)
{
    return doc_word(&device_kind_words, kind);
}

const char *domain_type_name(enum domain_type type)
{
    return doc_word(&domain_type_words, type);
}

const char *disk_bus_name(enum disk_bus bus)
{
    return doc_word(&disk_bus_words, bus);
}

const char *disk_device_name(enum disk_device device)
{
    return doc_word(&disk_device_words, device);
}

const char *disk_cache_name(enum disk_cache cache)
{
    return doc_word(&disk_cache_words, cache);
}

const char *disk_io_name(enum disk_io io)
{
    return doc_word(&disk_io_words, io);
}

const char *controller_type_name(enum controller_type type)
{
    return doc_word(&controller_type_words, type);
}

const char *chardev_type_name(enum chardev_type type)
{
    return doc_word(&chardev_type_words, type);
}

const char *lifecycle_action_name(enum lifecycle_action action)
{
    return doc_word(&lifecycle_action_words, action);
}

const char *watchdog_action_name(enum watchdog_action action)
{
    return doc_word(&watchdog_action_words, action);
}

const char *timer_name_name(enum timer_name name)
{
    return doc_word(&timer_name_words, name);
}

const char *controller_model_name(enum controller_model model)
{
    // One enum, a list of words for each type of controller.
    static const struct doc_words *const lists[] = {&usb_model_words, &scsi_model_words,
                                                    &pci_model_words, &ide_model_words,
                                                    &virtio_serial_model_words};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (model < lists[i]->n && lists[i]->names[model])
            return lists[i]->names[model];
    }
    return "?";
}
