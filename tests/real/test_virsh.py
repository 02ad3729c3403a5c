#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What virsh prints and how it ends, command by command, as with libvirtd 9.0: virsh_transcript.txt is libvirtd's, made by

    VIREO_TEST_SERVER=libvirtd VIREO_RECORD=1 tests/real/test_virsh.py

A command that Vireo does not provide yet may say so instead; every other difference is in KNOWN, and in docs/differences.md.
"""
import ns; ns.enter()
import os
import re
import unittest

from server import GUESTS, IS_VIREO, Server, boot_guest, main

TRANSCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "virsh_transcript.txt")
UUID = "8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0021"
INTERFACE = ("<interface type='user'><mac address='52:54:00:00:00:21'/><model type='virtio'/></interface>"
             "<graphics type='vnc' port='-1'/>")

# Read-only commands, run while the guest is off and while it runs.
READ = """list
list --all
list --all --uuid
list --all --title
list --id
list --inactive --name
dominfo g
domstate g
domstate g --reason
domcontrol g
domid g
domuuid g
domname {uuid}
domblklist g
domblklist g --details
domblkinfo g hda
domblkstat g hda
domblkerror g
domiflist g
domifstat g vnet0
domifaddr g
domif-getlink g 52:54:00:00:00:21
domdisplay g
vncdisplay g
domhostname g
domtime g
domfsinfo g
guestinfo g
domjobinfo g
dommemstat g
vcpucount g
vcpuinfo g
vcpupin g
emulatorpin g
schedinfo g
memtune g
blkiotune g
numatune g
iothreadinfo g
perf g
domlaunchsecinfo g
snapshot-list g
snapshot-current g
checkpoint-list g
metadata g http://example.org/none
desc g
desc g --title
desc g --title A title
desc g --title
autostart g
autostart g --disable
dumpxml g --xpath //name
dumpxml g --inactive --xpath //devices/interface/mac
managedsave-remove g
dompmwakeup g
send-key g KEY_NOSUCH
set-user-password g root x
qemu-monitor-command g --hmp info name
qemu-monitor-command g nosuch
screenshot g /run/t/screen
shutdown g --mode acpi,agent
define /run/t/nonexistent
console nosuch
dominfo nosuch
dominfo 00000000-0000-0000-0000-000000000000
domid 4711
start nosuch
destroy nosuch
undefine nosuch
edit nosuch
autostart nosuch
event --list
connect
echo --xml <a>
maxvcpus qemu
maxvcpus nosuch
freepages --all --cellno 0
sysinfo
secret-list
nwfilter-list
pool-list --all
vol-list nosuch
vol-info /no/such/volume
nodesuspend mem 60"""

OFF = ["suspend g", "resume g", "reset g", "reboot g", "shutdown g", "destroy g", "save g /run/t/save", "dump g /run/t/dump",
       "managedsave g", "setvcpus g 1 --live", "setmem g 16384 --live", "ttyconsole g", "start g"]
ON = ["start g", "create {document}", "undefine g --nosuch", "suspend g", "domstate g --reason", "suspend g", "resume g", "resume g",
      "reset g", "define {document}", "list --all", "undefine g", "dominfo g", "autostart g", "define {document}", "destroy g",
      "destroy g", "undefine g", "undefine g", "list --all"]

# Command: what vireod says instead.
KNOWN = {
    "dominfo g": r"Managed save: +no\nends with 0$",  # no security model, no taint
    "vcpupin g": r"^\nends with 0$",  # what virsh prints where the pinning is not known
    "shutdown g --mode acpi,agent": "domain is not running",  # libvirtd says yes to a guest that is off
    "create {document}": "domain is already active as 'g'",
    "resume g": "domain 'g' is already running",
    "domifstat g vnet0": "'vnet0' is not a known interface of domain 'g'",
}


def normal(text):
    text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
    text = re.sub(r"\b\d+\.\d+s", "SECONDS", text)
    text = re.sub(r"^rss \d+", "rss NUMBER", text.replace(GUESTS, "GUESTS"), flags=re.MULTILINE)
    text = re.sub(r"(rd|wr|flush|fl)_(\w+) \d+", r"\1_\2 NUMBER", text)
    text = re.sub(r"libvirt-\d+", "libvirt-NUMBER", text)
    return re.sub(r"/run/t/\S+", "PATH", text)


class Virsh(unittest.TestCase):
    def test_transcript(self):
        server = Server("virsh").start()
        try:
            seen = self.walk(server)
        finally:
            server.stop()
        if os.environ.get("VIREO_RECORD"):
            with open(TRANSCRIPT, "w") as file:
                file.writelines(f"$ {command}\n{text}\n" for command, text in seen)
            return
        with open(TRANSCRIPT) as file:
            wanted = re.split(r"^\$ ", file.read(), flags=re.MULTILINE)[1:]
        wanted = [tuple(part.rstrip("\n").split("\n", 1)) for part in wanted]
        self.assertEqual([command for command, _ in seen], [command for command, _ in wanted])
        provided = 0
        for (command, text), (_, libvirts) in zip(seen, wanted):
            if text == libvirts:
                provided += 1
            elif not (IS_VIREO and ("vireod does not provide" in text or re.search(KNOWN.get(command, "$^"), text))):
                with self.subTest(command=command):
                    self.assertEqual(text, libvirts)
        print(f"{provided} of {len(seen)} alike", end=" ")

    def walk(self, server):
        document = server.write(boot_guest("g", uuid=UUID, devices=INTERFACE))
        server.virsh("define", document)
        seen = []
        for command in [*READ.split("\n"), *OFF, *READ.split("\n"), *ON]:
            args = command.format(uuid=UUID, document=document).split()
            done = server.virsh(*args, check=False)
            seen.append((command, f"{normal(done.stdout + done.stderr)}\nends with {done.returncode}"))
        return seen


if __name__ == "__main__":
    main()
