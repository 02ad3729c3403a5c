// SPDX-License-Identifier: GPL-2.0-or-later
// What is kept on disk about a QEMU binary, below its line with the key.
#include "base/str.h"
#include "host/qemu_caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qemu_caps_key key = {.binary = (char *)"/q"};
    struct qemu_caps *c = NULL;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *first = qemu_caps_key_text(&key);
    struct strbuf b = {0};
    strbuf_add(&b, first);
    strbuf_addn(&b, data, size);
    if (qemu_caps_parse(strbuf_steal(&b), &key, &c, &err) < 0)
        return 0;
    qemu_caps_machine(c, "q35");
    qemu_caps_cpu(c, QEMU_VIRT_TCG, "max");
    qemu_caps_cpu(c, QEMU_VIRT_KVM, "max");
    qemu_caps_has_device(c, "a");
    qemu_caps_has_object(c, "a");
    qemu_caps_has_command(c, "a");
    qemu_caps_has_option(c, "a");
    qemu_caps_unref(c);
    return 0;
}
