#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client learns about the daemon and the host before it touches a guest."""
import ns; ns.enter()
import os
import socket
import unittest
import xml.etree.ElementTree as xml
from glob import glob

import libvirt
from server import IS_VIREO, QEMU, Server, main


class Connect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_uri_names_driver(self):
        self.assertEqual(self.server.out("uri"), self.server.uri)
        self.assertEqual(self.server.connect().getType(), "QEMU")

    def test_version_has_library_and_qemu(self):
        out = self.server.out("version")
        self.assertRegex(out, r"Using API: QEMU \d+\.\d+\.\d+")
        self.assertRegex(out, r"Running hypervisor: QEMU 7\.2\.")

    def test_hostname(self):
        self.assertEqual(self.server.out("hostname"), socket.gethostname())

    def test_nodeinfo_agrees_with_proc(self):
        model, mem_mib, cpus, mhz, nodes, sockets, cores, threads = self.server.connect().getInfo()
        self.assertEqual(model, os.uname().machine)
        self.assertEqual(cpus, os.sysconf("SC_NPROCESSORS_ONLN"))
        # Where the kernel has NUMA nodes their sum counts; in some virtual machines it is not MemTotal.
        wanted = [self.total_mib(["/proc/meminfo"]), self.total_mib(glob("/sys/devices/system/node/node*/meminfo"))]
        self.assertLess(min(abs(mem_mib - total) for total in wanted), 8)
        self.assertGreaterEqual(nodes * sockets * cores * threads, cpus)

    @staticmethod
    def total_mib(files):
        total = 0
        for path in files:
            with open(path) as file:
                total += sum(int(line.split()[-2]) for line in file if "MemTotal:" in line)
        return total // 1024

    def test_freecell(self):
        self.assertRegex(self.server.out("freecell"), r"Total: +\d+ KiB|^\d+:? +\d+ KiB|\d+ KiB")
        self.assertGreater(self.server.connect().getFreeMemory(), 1 << 20)

    def test_capabilities_offer_what_runs_here(self):
        root = xml.fromstring(self.server.out("capabilities"))
        self.assertTrue(root.findtext("host/cpu/arch"))
        guests = {guest.find("arch").get("name"): guest for guest in root.findall("guest")}
        arch = guests["x86_64"].find("arch")
        self.assertEqual(arch.findtext("emulator"), QEMU)
        types = [domain.get("type") for domain in arch.findall("domain")]
        self.assertIn("qemu", types)
        self.assertEqual("kvm" in types, os.access("/dev/kvm", os.R_OK | os.W_OK))
        machines = [machine.text for machine in arch.findall("machine")]
        self.assertIn("pc", machines)
        self.assertIn("q35", machines)

    def test_domain_capabilities(self):
        root = xml.fromstring(self.server.out("domcapabilities", "--virttype", "qemu", "--arch", "x86_64",
                                              "--machine", "pc"))
        self.assertEqual(root.findtext("path"), QEMU)
        self.assertEqual(root.findtext("domain"), "qemu")
        self.assertTrue(root.findtext("machine").startswith("pc-i440fx-"))
        self.assertGreaterEqual(int(root.find("vcpu").get("max")), 1)

    def test_read_only_connection_reads_and_refuses(self):
        self.assertEqual(self.server.out("list", "--all", "--name", ro=True), "")
        self.assertIn("read only access prevents", self.server.error("define", self.server.write("<x/>"), ro=True))

    def test_read_only_socket_refuses_a_client_that_forgot_to_say_so(self):
        conn = libvirt.open(f"{self.server.driver}?socket={self.server.ro_sock}")
        with self.assertRaises(libvirt.libvirtError) as caught:
            conn.defineXML("<domain/>")
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_DENIED)
        self.assertIn("read only access prevents", str(caught.exception))

    def test_wrong_path_is_refused_with_the_right_one(self):
        done = self.server.virsh("-c", f"qemu:///elsewhere?socket={self.server.sock}", "uri", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("qemu:///", done.stderr)

    def test_secure_alive_encrypted(self):
        conn = self.server.connect()
        self.assertEqual(conn.isSecure(), 1)
        self.assertEqual(conn.isAlive(), 1)
        self.assertGreaterEqual(conn.getLibVersion(), 1)

    def test_sysinfo_answers_or_says_not_supported(self):
        done = self.server.virsh("sysinfo", check=False)
        if done.returncode != 0:
            self.assertRegex(done.stderr, "not supported|unsupported|not available|error")

    def test_security_model_lets_dominfo_work(self):
        try:
            self.assertIsInstance(self.server.connect().getSecurityModel(), list)
        except libvirt.libvirtError as error:
            self.assertIn(error.get_error_code(), (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_INTERNAL_ERROR))

    def test_many_clients_at_once(self):
        clients = [self.server.connect() for _ in range(60)]
        for conn in clients:
            self.assertEqual(conn.getType(), "QEMU")
        for conn in clients:
            self.assertEqual(conn.close(), 0)


if __name__ == "__main__":
    main()
