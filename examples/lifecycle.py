#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A domain's lifetime through libvirt-python: connect, list, define, start, watch events, stop, undefine.

    lifecycle.py URI DOCUMENT.xml        for example: lifecycle.py qemu:///session demo.xml
"""
import sys
import time

import libvirt

NAMES = ["defined", "undefined", "started", "suspended", "resumed", "stopped", "shut down", "pmsuspended", "crashed"]


def wait_until(seen, name):
    end = time.monotonic() + 20
    while name not in seen:
        if time.monotonic() > end:
            sys.exit(f"no event '{name}' within 20 s")
        libvirt.virEventRunDefaultImpl()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    uri, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        document = file.read()

    # Events need a loop, and the loop must be there before the connection.
    libvirt.virEventRegisterDefaultImpl()
    timer = libvirt.virEventAddTimeout(100, lambda *_: None, None)
    conn = libvirt.open(uri)
    for title, which in (("active", libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE),
                         ("inactive", libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE)):
        print(f"{title} domains:", *[dom.name() for dom in conn.listAllDomains(which)])

    dom = conn.defineXML(document)
    seen = []

    def on_lifecycle(_conn, domain, event, detail, _opaque):
        print(f"event: {domain.name()} {NAMES[event]} (detail {detail})")
        seen.append(NAMES[event])

    callback = conn.domainEventRegisterAny(dom, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_lifecycle, None)
    dom.create()
    wait_until(seen, "started")
    print("active domains:", *[dom.name() for dom in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)])
    dom.destroy()
    wait_until(seen, "stopped")
    dom.undefine()

    conn.domainEventDeregisterAny(callback)
    libvirt.virEventRemoveTimeout(timer)
    conn.close()
    print("done")


if __name__ == "__main__":
    try:
        main()
    except libvirt.libvirtError as error:
        sys.exit(str(error))
