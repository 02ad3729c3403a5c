// SPDX-License-Identifier: GPL-2.0-or-later
// <domainCapabilities> against goldens.
#include "qemu/domcaps.h"
#include "tests/golden.h"
#include "tests/qemu/fixture.h"

static bool has_program(const char *name)
{
    return str_eq(name, "swtpm");
}

static void compare(const char *name, const struct host_machine *m)
{
    AUTO_FREE char *path = xasprintf("%s/%s.xml", GOLDEN, name);
    AUTO_FREE char *got = domcaps_format(m, has_program);
    golden_compare(path, got);
}

static void documents(void)
{
    struct qemu_caps *caps = fixture_caps();
    struct host_machine m = {.caps = caps,
                             .arch = "x86_64",
                             .virt = QEMU_VIRT_TCG,
                             .machine = qemu_caps_machine(caps, "pc")};
    compare("domcaps-pc-tcg", &m);
    m.virt = QEMU_VIRT_KVM;
    m.machine = qemu_caps_machine(caps, "q35");
    m.firmware.efi = m.firmware.secure = true;
    strv_push(&m.firmware.loaders, "/usr/share/OVMF/a&b.fd");
    compare("domcaps-q35-kvm", &m);
    host_machine_finish(&m);
}

int main(void)
{
    RUN(documents);
    return 0;
}
