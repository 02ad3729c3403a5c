#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks at their edges: seen by others while they start, names as long as may be, many of them, several clients at once."""
import ns; ns.enter()
import os
import re
import threading
import unittest

import libvirt

from net import IS_VIREO, WORK, NetServer, links, network, wait_for
from server import main

HOOKS = "etc/vireo/hooks"
LONGEST = 236


class Edges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = NetServer("edges").start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.virsh, self.out = self.server.virsh, self.server.out
        self.conn = self.server.connect()

    def tearDown(self):
        self.conn.close()
        self.server.clear()

    def fails(self, code, call):
        with self.assertRaises(libvirt.libvirtError) as caught:
            call()
        self.assertEqual(caught.exception.get_error_code(), code, str(caught.exception))
        return str(caught.exception)

    @unittest.skipUnless(IS_VIREO, "libvirtd answers nobody who asks about a network that it starts")
    def test_a_network_that_starts_is_not_active_yet(self):
        hook, came, go = f"{self.server.root}/{HOOKS}/network", f"{WORK}/came", f"{WORK}/go"
        os.makedirs(os.path.dirname(hook), exist_ok=True)
        os.mkfifo(go)
        with open(hook, "w") as file:
            file.write(f'#!/bin/sh\n[ "$2" != started ] || {{ touch {came}; cat {go}; }}\n')
        os.chmod(hook, 0o755)
        self.addCleanup(os.unlink, go)
        self.addCleanup(os.unlink, hook)
        starts = self.server.connect()
        stored = starts.networkDefineXML(network("stored", 91))
        for what, start in ("stored", stored.create), ("passing", lambda: starts.networkCreateXML(network("passing", 92))):
            with self.subTest(what):
                there = [net.name() for net in self.conn.listAllNetworks()]
                thread = threading.Thread(target=start)
                thread.start()
                wait_for("the hook", lambda: os.path.exists(came))
                self.assertEqual([net.name() for net in self.conn.listAllNetworks()], there, "as before")
                self.assertNotIn(what, [net.name() for net in self.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)])
                self.assertEqual(self.conn.numOfNetworks(), len(self.conn.listNetworks()))
                self.assertNotIn(what, self.conn.listNetworks())
                if what == "stored":
                    net = self.conn.networkLookupByName(what)
                    self.assertFalse(net.isActive())
                    self.assertIn(what, self.conn.listDefinedNetworks())
                    self.assertEqual(net.XMLDesc(), net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
                    self.fails(libvirt.VIR_ERR_OPERATION_INVALID, lambda: net.update(3, 11, -1, "<txt name='a' value='b'/>", 1))
                else:
                    self.fails(libvirt.VIR_ERR_NO_NETWORK, lambda: self.conn.networkLookupByName(what))
                open(go, "w").close()
                thread.join()
                os.unlink(came)
                self.assertTrue(self.conn.networkLookupByName(what).isActive())
        starts.close()

    def test_names(self):
        """A name is a part of file names with suffixes; what would not fit is refused before anything is stored."""
        for name in ("n" * LONGEST, "%" * (LONGEST // 3)):
            net = self.conn.networkDefineXML(f"<network><name>{name}</name><ip address='192.168.93.1' prefix='24'><dhcp/></ip></network>")
            net.create()
            net.update(3, 11, -1, "<txt name='a' value='b'/>", 3)
            net.setAutostart(True)
            net.destroy()
            net.undefine()
        if not IS_VIREO:  # it says which of its files could not be made
            return
        files = sorted(os.listdir(f"{self.server.root}/etc"))
        for kind, tail, define, create in (
                ("network", "", self.conn.networkDefineXML, self.conn.networkCreateXML),
                ("domain", "<memory>1024</memory><os><type>hvm</type></os>", self.conn.defineXML, self.conn.createXML)):
            for name, told in (("n" * (LONGEST + 1), "has 237 octets, the most are 236"), ("n" * 4096, "has 4096 octets"),
                               ("%" * 79, "has 237 octets as part of a file's name")):
                for call in define, create:
                    text = self.fails(libvirt.VIR_ERR_XML_ERROR, lambda: call(
                        f"<{kind}{' type=' + repr('qemu') if kind == 'domain' else ''}>\n<name>{name}</name>{tail}</{kind}>"))
                    self.assertRegex(text, rf"{kind} document, line 2: <name> in <{kind}>: .*{re.escape(told)}")
        self.assertEqual((self.conn.listAllNetworks(), self.conn.listAllDomains()), ([], []))
        self.assertEqual(sorted(os.listdir(f"{self.server.root}/etc")), files)


if __name__ == "__main__":
    main()
