#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed daemon as systemd's service, over three boots: installed, shut down in order, cut off.

    boot.sh --systemd test_systemd.py BUILD GUESTS

boot.sh runs it at each boot; what was done already is written down on the disk.
"""
import json
import os
import signal
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../real"))
from capsets import documented, of_status, read_status, wanted, wrap  # noqa: E402

BUILD, GUESTS = sys.argv[1:]
STAGE = "/var/lib/vm-stage"
SOCKETS = ("vireod.socket", "vireod-ro.socket")
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator><disk type='file' device='disk'>
<driver name='qemu' type='raw'/><source file='{image}'/><target dev='hda' bus='ide'/></disk><interface type='network'>
<source network='default'/></interface><serial type='pty'/><memballoon model='none'/></devices></domain>"""


def sh(command, check=True):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=300)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}: {done.stdout}{done.stderr}\n{journal()[-4000:]}")
    return done.stdout.strip()


def virsh(command, check=True):
    return sh(f"virsh -q -c qemu:///system {command}", check)


def journal():
    return sh("journalctl -b -o cat -u vireod.service", check=False)


def wait_for(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}\n{journal()[-4000:]}")
        time.sleep(0.2)


def equal(is_, wanted):
    if is_ != wanted:
        raise AssertionError(f"{is_!r} is not {wanted!r}\n{journal()[-4000:]}")


def main_pid():
    return int(sh("systemctl show -P MainPID vireod.service"))


def pids():
    """Of all that must go on when vireod doesn't."""
    return {name: sorted(sh(f"pgrep -x {name}").split()) for name in ("dnsmasq", "qemu-system-x86")}


def install():
    for command in (f"cmake --install {BUILD}", "ldconfig", "systemd-sysusers", "systemctl daemon-reload",
                    "systemctl enable --now vireod.service"):
        sh(command)
    equal(sh("stat -c '%A %U:%G' /run/libvirt/libvirt-sock /run/libvirt/libvirt-sock-ro").split("\n"),
          ["srw-rw---- root:libvirt", "srw-rw-rw- root:root"])
    wait_for("the default network", lambda: virsh("net-list --name") == "default")
    for name in ("one", "two", "manual"):
        image = f"/var/lib/libvirt/images/{name}.img"
        os.makedirs(os.path.dirname(image), exist_ok=True)
        shutil.copy(f"{GUESTS}/halt.img", image)
        with open(f"/root/{name}.xml", "w") as file:
            file.write(DOMAIN.format(name=name, image=image))
        virsh(f"define /root/{name}.xml")
        virsh(f"start {name}")
    for name in ("one", "two"):
        virsh(f"autostart {name}")
    equal(sh("ps -o user:20= -C qemu-system-x86_64").split(), ["libvirt-qemu"] * 3)


def has_only_its_capabilities():
    """vireod and all it starts have exactly what vireod(8) lists, effective and bounding."""
    names = documented()
    vireod, (dnsmasq, running) = names["vireod"][0], names["dnsmasq"][:2]
    equal(of_status(read_status(main_pid())), wanted(vireod))
    for pid in pids()["dnsmasq"]:
        equal(of_status(read_status(pid)), wanted(running, bounding=dnsmasq))
    for pid in pids()["qemu-system-x86"]:
        equal(of_status(read_status(pid)), wanted(names["QEMU"][0]))
    os.makedirs("/etc/vireo/hooks", exist_ok=True)
    for path, program, record in (("/etc/vireo/hooks/qemu", "/bin/true", "/root/hook"),
                                  ("/usr/local/sbin/qemu-img", "/usr/bin/qemu-img", "/root/qemu-img")):
        wrap(path, program, record)
    virsh("destroy manual")
    virsh("start manual")
    virsh("pool-create-as pool dir --target /var/tmp")
    virsh("vol-create-as pool v.qcow2 1M --format qcow2")
    virsh("pool-destroy pool")
    for record, what in (("hook", vireod), ("qemu-img", names["qemu-img"][0])):
        with open(f"/root/{record}") as file:
            equal(of_status(file.read()), wanted(what))
    os.unlink("/etc/vireo/hooks/qemu")
    os.unlink("/usr/local/sbin/qemu-img")


def outlives_its_service():
    before = pids()
    sh(f"systemctl stop {' '.join(SOCKETS)} vireod.service")
    equal(sh("ls /run/libvirt/libvirt-sock", check=False), "")
    equal(pids(), before)
    sh(f"systemctl start {' '.join(SOCKETS)}")
    equal(sh("systemctl is-active vireod.service", check=False), "inactive")
    equal(sorted(virsh("list --name").split()), ["manual", "one", "two"])  # starts it by its socket
    equal(sh("systemctl is-active vireod.service"), "active")
    equal(pids(), before)
    old = main_pid()
    os.kill(old, signal.SIGKILL)
    wait_for("systemd to start it again", lambda: main_pid() not in (0, old))
    equal(sorted(virsh("list --name").split()), ["manual", "one", "two"])
    equal(pids(), before)
    sh("systemctl reload vireod.service")
    virsh("net-destroy default")
    virsh("net-start default")


def is_back():
    """What is marked for autostart runs after a boot without any client's asking, networks first."""
    wait_for("the guests", lambda: len(sh("pgrep -x qemu-system-x86", check=False).split()) == 2)
    equal(sorted(virsh("list --name").split()), ["one", "two"])
    equal(virsh("net-list --name"), "default")
    equal(virsh("domstate manual"), "shut off")
    order = [(name, start) for line in sh("journalctl -b -o json -u vireod.service").splitlines() for entry in [json.loads(line)]
             for name, start in (("NETWORK", "started on"), ("DOMAIN", "booted"))
             if name in entry and entry["MESSAGE"].startswith(start)]
    equal(order, [("NETWORK", "started on"), ("DOMAIN", "booted"), ("DOMAIN", "booted")])
    equal(sh("journalctl -b -q -o cat -p warning _COMM=vireod"), "")


def next_boot(stage, how):
    """Ends this boot, and with it this program."""
    with open(STAGE, "w") as file:
        file.write(str(stage))
    os.sync()
    print(f"boot {stage} done", flush=True)
    sh(how)
    signal.pause()


def main():
    stage = int(open(STAGE).read()) if os.path.exists(STAGE) else 0
    if stage == 0:
        install()
        has_only_its_capabilities()
        outlives_its_service()
        next_boot(1, "systemctl reboot")
    is_back()
    if stage == 1:
        virsh("start manual")
        next_boot(2, "echo b >/proc/sysrq-trigger")
    print("boot 3 done")


main()
