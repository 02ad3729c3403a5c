// SPDX-License-Identifier: GPL-2.0-or-later
// Placing devices: where libvirt puts them, conflicts, hotplug.
#include "tests/qemu/fixture.h"

static struct qemu_caps *caps;

static const char *place(const struct device *dev, char buf[static 32])
{
    snprintf(buf, 32, "%02x:%02x.%x", (unsigned)dev->address.bus.value,
             (unsigned)dev->address.slot.value, (unsigned)dev->address.function.value);
    return buf;
}

// The places libvirt 9.0 gave to the same documents.
static void q35_as_libvirt(void)
{
    struct fixture f;
    char buf[32];
    AUTO_FREE char *xml = fixture_text("q35-virtio");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    struct domain_def *d = f.def;
    CHECK_STR(place(&d->interfaces.v[0]->dev, buf), "02:00.0");
    CHECK_STR(place(&d->interfaces.v[1]->dev, buf), "03:00.0");
    CHECK_STR(place(alias_find(d, "scsi0"), buf), "04:00.0");
    CHECK_STR(place(alias_find(d, "usb"), buf), "05:00.0");
    CHECK_STR(place(alias_find(d, "virtio-serial0"), buf), "06:00.0");
    CHECK_STR(place(alias_find(d, "virtio-disk0"), buf), "07:00.0");
    CHECK_STR(place(&d->memballoon->dev, buf), "08:00.0");
    CHECK_STR(place(&d->rngs.v[0]->dev, buf), "09:00.0");
    CHECK_STR(place(&d->watchdogs.v[0]->dev, buf), "0a:01.0");
    CHECK_STR(place(&d->videos.v[0]->dev, buf), "00:01.0");
    CHECK_STR(place(&d->sounds.v[0]->dev, buf), "00:1b.0");
    CHECK_STR(place(alias_find(d, "ide"), buf), "00:1f.2");
    CHECK_STR(place(alias_find(d, "pci.1"), buf), "00:02.0");
    CHECK_STR(place(alias_find(d, "pci.9"), buf), "00:03.0");
    CHECK_STR(place(alias_find(d, "pci.10"), buf), "01:00.0");
    CHECK_STR(place(alias_find(d, "pci.11"), buf), "00:03.1");
    CHECK(!alias_find(d, "pci.12"));
    CHECK(((struct domain_controller *)alias_find(d, "pci.11"))->pci_port.value == 0x19);
    fixture_finish(&f);
}

static void pc_as_libvirt(void)
{
    struct fixture f;
    char buf[32];
    AUTO_FREE char *xml = fixture_text("pc-old-hardware");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    struct domain_def *d = f.def;
    CHECK_STR(place(&d->videos.v[0]->dev, buf), "00:02.0");
    CHECK_STR(place(&d->interfaces.v[0]->dev, buf), "00:03.0");
    CHECK_STR(place(&d->sounds.v[0]->dev, buf), "00:04.0");
    CHECK_STR(place(&d->sounds.v[1]->dev, buf), "00:05.0");
    CHECK_STR(place(alias_find(d, "sound2"), buf), "00:06.0");
    CHECK_STR(d->hubs.v[0]->dev.address.usb_port, "1");
    CHECK_STR(d->disks.v[0]->dev.alias[0] ? alias_find(d, "usb-disk0")->address.usb_port : "", "2");
    CHECK_INT(alias_find(d, "scsi0-0-1")->address.unit.value, 1);
    unsigned long long slot = 0;
    VEC_FOREACH (it, &d->controllers)
        if ((*it)->type == CONTROLLER_USB) {
            CHECK(!slot || slot == (*it)->dev.address.slot.value);
            slot = (*it)->dev.address.slot.value;
            CHECK_STR((*it)->dev.alias, "usb");
        }
    CHECK_INT(slot, 7);
    fixture_finish(&f);
}

static void pc_overflows_to_a_bridge(void)
{
    struct fixture f;
    AUTO_FREE char *xml = fixture_text("pc-many");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    CHECK(alias_find(f.def, "pci.1"));
    CHECK(!alias_find(f.def, "pci.2"));
    CHECK_INT(f.def->memballoon->dev.address.bus.value, 1);
    fixture_finish(&f);
}

static void refuse(const char *base, const char *from, const char *to, const char *says)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text(base);
    AUTO_FREE char *changed = replace_all(xml, from, to);
    CHECK(strcmp(xml, changed) != 0);
    struct domain_def *def = fixture_parse(changed, 0, caps, &err);
    CHECK(!def);
    CHECK_CONTAINS(error_message(&err), says);
    CHECK(err.code == ERROR_XML || err.code == ERROR_CONFIG_UNSUPPORTED);
}

static void conflicts(void)
{
#define PCI(slot) "<address type='pci' domain='0' bus='0' slot='" slot "' function='0'/>"
    refuse(
        "kvm-demo", "<graphics",
        "<rng model='virtio'><backend model='builtin'/><address type='usb' bus='0' port='1'/></rng>"
        "<graphics",
        "<rng> cannot have an address of type 'usb'");
    refuse("kvm-demo", "<mac address='24:42:53:21:52:45'/>",
           "<mac address='24:42:53:21:52:45'/>" PCI("0x1"),
           "PCI address 0000:00:01.0 is used by the chipset already");
    refuse("kvm-demo", "<mac address='24:42:53:21:52:45'/>",
           "<mac address='24:42:53:21:52:45'/><address type='pci' domain='0' bus='0' slot='1' "
           "function='1'/>",
           "PCI address 0000:00:01.1 is used by the chipset already");
    refuse("kvm-demo", "<graphics",
           "<interface type='user'>" PCI("0x5") "</interface><interface type='user'>" PCI(
               "0x5") "</interface><graphics",
           "PCI address 0000:00:05.0 is used by the <interface> at line");
    refuse("kvm-demo", "<graphics", "<interface type='user'>" PCI("0x20") "</interface><graphics",
           "0x20");
    refuse("chardevs", "name='org.qemu.guest_agent.0'/>",
           "name='org.qemu.guest_agent.0'/><address type='virtio-serial' controller='0' bus='0' "
           "port='0'/></channel><channel type='null'><target type='virtio' name='x'/><address "
           "type='virtio-serial' controller='0' bus='0' port='3'/></channel><channel type='null'>"
           "<target type='virtio' name='y'/><address type='virtio-serial' controller='0' bus='0' "
           "port='3'/>",
           "port 3 is used by the <channel>");
    refuse("ramfb-inputs", "<input type='mouse' bus='usb'/>",
           "<input type='mouse' bus='usb'><address type='usb' bus='0' port='2'/></input><input "
           "type='mouse' bus='usb'><address type='usb' bus='0' port='2'/></input>",
           "USB bus 0 port 2 is used by the <input>");
    refuse("no-usb", "<video>", "<input type='tablet' bus='usb'/><video>", "no USB");
#undef PCI
}

static void hotplug(void)
{
    struct fixture f;
    char buf[32];
    AUTO_ERROR err = ERROR_INIT;
    static const char iface[] = "<interface type='user'><mac address='52:54:00:00:00:aa'/><model "
                                "type='virtio'/></interface>";
    AUTO_FREE char *xml = fixture_text("q35-virtio");
    fixture_load(&f, xml, caps, FIXTURE_DIR);
    struct device *dev = domain_device_parse(iface, sizeof(iface) - 1, 0, &err);
    CHECK(dev);
    CHECK_INT(address_assign_device(f.def, dev, &err), 0);
    CHECK_STR(place(dev, buf), "0b:00.0"); // the spare port
    alias_assign_device(f.def, dev);
    CHECK_STR(dev->alias, "net2");
    vec_push(&f.def->interfaces, (struct domain_interface *)dev);
    dev = domain_device_parse(iface, sizeof(iface) - 1, 0, &err);
    CHECK(dev);
    CHECK_INT(address_assign_device(f.def, dev, &err), -1);
    CHECK_CONTAINS(error_message(&err), "pcie-root-port");
    domain_device_destroy(dev);
    // Defined again, the guest gets a port for the next one.
    CHECK_INT(complete_definition(f.def, &(struct complete_facts){.caps = caps}, &err), 0);
    size_t ports = 0;
    VEC_FOREACH (it, &f.def->controllers)
        ports += (*it)->model == PCIE_ROOT_PORT;
    CHECK_INT(ports, 11);
    fixture_finish(&f);
}

int main(void)
{
    caps = fixture_caps();
    RUN(q35_as_libvirt);
    RUN(pc_as_libvirt);
    RUN(pc_overflows_to_a_bridge);
    RUN(conflicts);
    RUN(hotplug);
    qemu_caps_unref(caps);
    return 0;
}
