#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every network command of virsh, as a transcript compared with libvirt's.

net_steps.py has the commands. net_commands.golden is what libvirtd 9.0 answers; where Vireo answers otherwise on
purpose, net_commands.differences has its answer and the reason. Each difference must be there, and none besides.
    VIREO_TEST_SERVER=libvirtd test_net_commands.py            libvirtd still answers as written down
    VIREO_TEST_SERVER=libvirtd VIREO_GOLDEN_WRITE=1 ...        write its answers down
    VIREO_TRANSCRIPT=FILE ...                                  keep this run's answers
"""
import ns; ns.enter()
import os
import re
import shlex
import signal
import subprocess
import unittest

import libvirt
from net import DEFAULT, IS_VIREO, NetServer, Outside, VethGuest, links, members, sh, wait_for
from ns import WORK
from net_steps import DOCUMENTS, STEPS, UUID
from server import HERE, SLOW, Terminal, main

HEARD = f"{WORK}/net-events"
GOLDEN, DIFFERENCES = f"{HERE}/net_commands.golden", f"{HERE}/net_commands.differences"


def normalised(text):
    """Without what changes from run to run: generated uuids and addresses, numbers of taps, times, columns."""
    for pattern, text_for in (
            (r"(?!5bc8e6ea)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
            (r"52:54:00:(?!aa:(?:00|77):)[0-9a-f:]{8}", "MAC"), (r"fe:54:00:[0-9a-f:]{8}", "TAPMAC"), (r"vnet(?!99)\d+", "vnetN"),
            (r"(192\.168\.77\.1)\d\d(?=[ /])", r"\1xx"), (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"), (r"/run/t/[\w/.-]*/", ""), (r"-{4,}", "----"),
            (r"(?<=\S)[ \t]{2,}", "  "), (r"[ \t]+\n", "\n")):
        text = re.sub(pattern, text_for, text)
    return text.strip("\n")


def without_sentences(text):
    """virsh's own error line stays; what the server said is its own wording. (Its codes: test_codes_of_errors.)"""
    return re.sub(r"(^error: [^\n]*\n+)error: .*?(?=\n+=>|\n*\Z)", r"\1error: ...", text, flags=re.M | re.S)


def read_blocks(path):
    """Answers by step, `$ command` and for the second of the same `$ command (2)`; the comment before each."""
    blocks, reasons, comment, key = {}, {}, "", None
    with open(path) as file:
        for line in file.read().splitlines():
            if line.startswith("$ "):
                key, reasons[line], blocks[line], comment = line, comment, [], ""
            elif line.startswith("# "):
                comment = f"{comment} {line[2:]}".strip()
            elif key:
                blocks[key].append(line)
    return {key: "\n".join(lines).strip("\n") for key, lines in blocks.items()}, reasons


class Transcript(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.outside = Outside()
        sh("ip link add hostbr type bridge; ip link set hostbr up")
        self.guests, self.events = {}, None
        self.server = NetServer("commands").start()

    def tearDown(self):
        if self.events:
            self.events.kill()
            self.events.wait()
        self.server.clear()
        self.server.stop()
        for guest in [*self.guests.values(), self.outside]:
            guest.close()

    # What the lines with ! do; each gives its part of the transcript.
    def do(self, action, *args):
        return getattr(self, f"do_{action}")(*args)

    def do_events(self):
        heard = open(HEARD, "w")
        self.events = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "net-event", "--loop", "--event", "lifecycle"],
                                       stdin=subprocess.DEVNULL, stdout=heard, stderr=heard)
        heard.close()
        # A network that comes and goes until its event is seen: then it listens.
        path = self.server.write("<network><name>listening</name><ip address='192.168.199.1' prefix='24'/></network>", "probe.xml")

        def heard():
            self.server.virsh("net-define", path)
            self.server.virsh("net-undefine", "listening")
            return "listening" in self.heard()
        wait_for("events", heard)

    def do_heard(self):
        last = "event 'lifecycle' for network nat: Undefined"
        wait_for("the last event", lambda: last in self.heard())
        self.events.send_signal(signal.SIGINT)
        self.events.wait(10 * SLOW)
        return "\n".join(line for line in self.heard().splitlines() if "event 'lifecycle'" in line and "listening" not in line)

    @staticmethod
    def heard():
        with open(HEARD) as file:
            return file.read()

    def do_lease(self, name, bridge, mac):
        guest = self.guests[name] = VethGuest(name, bridge, mac)
        guest.dhcp()
        guest.run(f"busybox ping -c1 -W{2 * SLOW} {guest.router}")
        return f"{guest.ipv4} router={guest.router} dns={guest.dns} domain={guest.domain} name={guest.hostname}"

    def do_resolve(self, name, server, *names):
        return "\n".join(f"{one}: {self.guests[name].resolve(one, server)}" for one in names)

    def do_bridges(self, name):
        return re.findall("<bridge name='(virbr[0-9]+)'", self.server.out("net-dumpxml", name))[0]

    def do_boot(self, name):
        terminal = Terminal(self.server, "start", "--console", name)
        terminal.expect("VIREO-GUEST ready", 60)
        terminal.close()
        return "booted"

    def do_carrier(self, name):
        tap = re.search(r"vnet\d+", self.server.out("domiflist", name))[0]
        return re.search(r"master \S+", sh("ip", "-o", "link", "show", tap))[0]

    def do_members(self, bridge):
        return " ".join("vnetN" if one.startswith("vnet") else one for one in members(bridge))

    def do_ifstat(self, name, mac):
        tap = re.search(r"(vnet\d+).*" + mac, self.server.out("domiflist", name))[1]
        return re.sub(r"\d+$", "N", self.server.out("domifstat", name, tap).replace(tap, "vnetN"), flags=re.M)

    def do_gone(self, name, mac):
        wait_for("the interface to leave", lambda: mac not in self.server.out("domiflist", name))
        return "gone"

    def do_stray(self, _prefix):
        # Those of networks still active by then are none; deleting a bridge may take a moment.
        wait_for("bridges to go", lambda: not [one for one in links() if one.startswith("virbr")], 5)
        return "none"

    def virsh(self, line):
        env = {}
        if line.startswith("edit:"):
            editor, line = line[5:].split("|")
            env = {"EDITOR": editor, "VISUAL": editor}
        argv = [f"{self.server.root}/{arg}" if arg in DOCUMENTS else arg for arg in shlex.split(line)]
        done = subprocess.run(["virsh", "-c", self.server.uri, *argv], capture_output=True, text=True, timeout=60 * SLOW,
                              stdin=subprocess.DEVNULL, env={**os.environ, **env})
        # virsh edit names a temporary file, and asks on a bad document; without a terminal it gives up.
        return f"{done.stdout}{done.stderr}" + (f"\n=> {done.returncode}" if done.returncode else "")

    def transcript(self):
        answers = {}
        for name, text in DOCUMENTS.items():
            self.server.write(text, name)
        for step in STEPS:
            key, count = f"$ {step}", 1
            while key in answers:
                count += 1
                key = f"$ {step} ({count})"
            try:
                answer = (self.do(*shlex.split(step[1:])) if step.startswith("!") else self.virsh(step)) or ""
            except Exception as failed:  # noqa: the transcript goes on, and shows it
                answer = f"could not be done: {failed}"
            answers[key] = normalised(answer)
        return answers

    def test_transcript(self):
        answers = self.transcript()
        self.assertGreaterEqual(len([key for key in answers if " net-" in key]), 60)
        if os.environ.get("VIREO_TRANSCRIPT"):
            self.write(os.environ["VIREO_TRANSCRIPT"], answers)
        if not IS_VIREO and os.environ.get("VIREO_GOLDEN_WRITE"):
            self.write(GOLDEN, answers)
        golden, _ = read_blocks(GOLDEN)
        differing, reasons = read_blocks(DIFFERENCES) if IS_VIREO else ({}, {})
        self.assertEqual([key for key, reason in reasons.items() if not reason], [], "every difference has its reason")
        self.assertEqual(list(golden), list(answers), "the golden has other steps: write it again")
        wrong = []
        for key, answer in answers.items():
            theirs = without_sentences(golden[key])
            want = without_sentences(differing[key]) if key in differing else theirs
            if key in differing and theirs == want:
                wrong.append(f"{key}\n--- noted as a difference, but is libvirt's answer\n{want}\n")
            if without_sentences(answer) != want:
                wrong.append(f"{key}\n--- expected\n{want}\n--- answered\n{answer}\n")
        self.assertFalse(wrong, f"{len(wrong)} of {len(answers)} answers differ:\n\n" + "\n".join(wrong))

    def test_codes_of_errors(self):
        conn = self.server.connect()
        net = conn.networkDefineXML(DOCUMENTS["u.xml"])
        idle = conn.networkDefineXML(DOCUMENTS["auto.xml"])
        net.create()
        transient = conn.networkCreateXML(DOCUMENTS["routed.xml"])
        live, config = 1, 2
        # net.update(command, section, ...): commands are 1 modify, 2 delete, 3 add-last; sections 1 bridge, 4 ip-dhcp-host, 11 dns-txt
        host = "<host mac='52:54:00:aa:00:31' ip='192.168.84.31'/>"
        net.update(3, 4, -1, host, live)
        for what, call, code, *vireod in (
                ("look up by name", lambda: conn.networkLookupByName("nothing"), libvirt.VIR_ERR_NO_NETWORK),
                ("look up by uuid", lambda: conn.networkLookupByUUIDString(UUID), libvirt.VIR_ERR_NO_NETWORK),
                ("start an active one", net.create, libvirt.VIR_ERR_OPERATION_INVALID),
                ("destroy an inactive one", idle.destroy, libvirt.VIR_ERR_OPERATION_INVALID),
                ("autostart a transient one", lambda: transient.setAutostart(1), libvirt.VIR_ERR_OPERATION_INVALID),
                ("undefine a transient one", transient.undefine, libvirt.VIR_ERR_OPERATION_INVALID),
                ("create it again", lambda: conn.networkCreateXML(DOCUMENTS["routed.xml"]), libvirt.VIR_ERR_OPERATION_FAILED),
                ("the name with another uuid", lambda: conn.networkDefineXML(
                    DOCUMENTS["u.xml"].replace("<name>", f"<uuid>{UUID}</uuid><name>")), libvirt.VIR_ERR_OPERATION_FAILED),
                ("a bridge twice", lambda: conn.networkDefineXML(DOCUMENTS["u.xml"].replace(">u<", ">v<")),
                 libvirt.VIR_ERR_INTERNAL_ERROR),
                ("not XML", lambda: conn.networkDefineXML("<network"), libvirt.VIR_ERR_XML_DETAIL),
                ("another document", lambda: conn.networkDefineXML("<domain/>"), libvirt.VIR_ERR_XML_ERROR),
                ("no name", lambda: conn.networkDefineXML("<network/>"), libvirt.VIR_ERR_NO_NAME),
                ("an empty name", lambda: conn.networkDefineXML("<network><name/></network>"), libvirt.VIR_ERR_NO_NAME),
                ("a name with a slash", lambda: conn.networkDefineXML("<network><name>a/b</name></network>"), libvirt.VIR_ERR_XML_DETAIL),
                ("a guest without name", lambda: conn.defineXML("<domain type='qemu'/>"), libvirt.VIR_ERR_NO_NAME),
                ("a guest that is not XML", lambda: conn.defineXML("<domain"), libvirt.VIR_ERR_XML_DETAIL),
                ("a guest's name with a slash", lambda: conn.defineXML("<domain type='qemu'><name>a/b</name><memory>1024</memory>"
                                                                       "<os><type>hvm</type></os></domain>"), libvirt.VIR_ERR_XML_ERROR),
                ("a record without name", lambda: net.update(3, 11, -1, "<txt value='b'/>", live), libvirt.VIR_ERR_XML_DETAIL),
                ("not XML in an update", lambda: net.update(3, 11, -1, "<txt", live), libvirt.VIR_ERR_XML_DETAIL),
                ("a port that is not XML", lambda: net.portCreateXML("<networkport"), libvirt.VIR_ERR_XML_DETAIL),
                ("unknown flags", lambda: conn.networkDefineXMLFlags(DOCUMENTS["u.xml"], 1 << 20), libvirt.VIR_ERR_INVALID_ARG),
                ("live change of an inactive one", lambda: idle.update(3, 11, -1, "<txt name='a' value='b'/>", live),
                 libvirt.VIR_ERR_OPERATION_INVALID),
                ("stored change of a transient one", lambda: transient.update(3, 11, -1, "<txt name='a' value='b'/>", config),
                 libvirt.VIR_ERR_OPERATION_INVALID),
                ("a host twice", lambda: net.update(3, 4, -1, host, live), libvirt.VIR_ERR_OPERATION_INVALID),
                ("delete what is not there", lambda: net.update(2, 11, -1, "<txt name='a' value='b'/>", live),
                 libvirt.VIR_ERR_OPERATION_INVALID),
                ("modify a record", lambda: net.update(1, 11, -1, "<txt name='a' value='b'/>", live), libvirt.VIR_ERR_OPERATION_UNSUPPORTED),
                ("change the bridge", lambda: net.update(1, 1, -1, "<bridge name='b'/>", live), libvirt.VIR_ERR_OPERATION_UNSUPPORTED),
                ("another element", lambda: net.update(3, 11, -1, "<srv service='a'/>", live), libvirt.VIR_ERR_XML_ERROR),
                ("leases of an odd MAC", lambda: net.DHCPLeases("nonsense"), libvirt.VIR_ERR_INVALID_MAC),
                ("ports of an inactive one", idle.listAllPorts, libvirt.VIR_ERR_OPERATION_INVALID),
                ("look up a port", lambda: net.portLookupByUUIDString(UUID), libvirt.VIR_ERR_NO_NETWORK_PORT),
                ("a port of an inactive network", lambda: idle.portCreateXML(DOCUMENTS["port.xml"]), libvirt.VIR_ERR_OPERATION_INVALID),
                ("bridge name of none", lambda: conn.networkDefineXML("<network><name>h</name><forward mode='bridge'><interface dev='out0'/>"
                                                                      "</forward></network>").bridgeName(), libvirt.VIR_ERR_INTERNAL_ERROR),
        ):
            with self.subTest(what):
                with self.assertRaises(libvirt.libvirtError) as caught:
                    call()
                self.assertEqual(caught.exception.get_error_code(), vireod[0] if vireod and IS_VIREO else code, str(caught.exception))

    def test_read_only_clients_cannot_change_anything(self):
        net = self.server.connect().networkDefineXML(DOCUMENTS["isolated.xml"])
        reader = self.server.connect(ro=True)
        self.assertEqual(reader.networkLookupByName("isolated").XMLDesc(), net.XMLDesc())
        for call in (lambda: reader.networkDefineXML(DOCUMENTS["u.xml"]), reader.networkLookupByName("isolated").create,
                     reader.networkLookupByName("isolated").undefine):
            with self.assertRaises(libvirt.libvirtError) as caught:
                call()
            self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_DENIED)

    def test_old_list_calls(self):
        conn = self.server.connect()
        conn.networkDefineXML(DOCUMENTS["isolated.xml"]).create()
        conn.networkDefineXML(DOCUMENTS["open.xml"])
        self.assertEqual((conn.numOfNetworks(), conn.numOfDefinedNetworks()), (1, 1))
        self.assertEqual((conn.listNetworks(), conn.listDefinedNetworks()), (["isolated"], ["open"]))
        net = conn.networkLookupByName("isolated")
        self.assertEqual((net.isActive(), net.isPersistent(), net.bridgeName(), net.autostart()), (1, 1, "virbr8", 0))

    def write(self, path, answers):
        with open(path, "w") as file:
            file.write("# What libvirtd 9.0 answers to net_steps.py, normalised. Written by test_net_commands.py.\n\n"
                       if path == GOLDEN else "")
            file.write("\n".join(f"{key}\n{answer}\n" for key, answer in answers.items()))


if __name__ == "__main__":
    main()
