# SPDX-License-Identifier: GPL-2.0-or-later
"""A private world for a test: own mount, network and process namespaces.

enter() runs the calling script again inside; everything started there dies with it, so a test that
fails half-way leaves no guest, no daemon and no file behind. Inside,

    WORK (/run/t)      is the test's own directory, in memory
    HOME, XDG_*        point below it
    /run, /var/lib/libvirt, /etc/libvirt ...   are empty and private

where the host's are never seen. Process 1 is a bash, which reaps what the tests orphan.
"""
import os
import subprocess
import sys

SKIP = 77
WORK = "/run/t"

_SETUP = r"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/t/home /run/t/xdg /run/lock /run/user
chmod 700 /run/t/xdg
for d in /var/lib/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt /etc/vireo; do
    [ ! -d $d ] || mount -t tmpfs none $d
done
cp /etc/passwd /etc/group /run/t/
grep -q ^libvirt-qemu: /run/t/passwd || echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/bin/false' >>/run/t/passwd
grep -q ^libvirt-qemu: /run/t/group || echo 'libvirt-qemu:x:64055:' >>/run/t/group
echo 'vireo-user:x:64056:64056::/run/t/home:/bin/sh' >>/run/t/passwd
echo 'vireo-user:x:64056:' >>/run/t/group
mount --bind /run/t/passwd /etc/passwd
mount --bind /run/t/group /etc/group
ip link set lo up
set +e
"$@"
status=$?
exit $status
"""


def enter():
    """Returns inside the namespaces; skips the whole file (exit code 77) where they can't be made."""
    if os.environ.get("VIREO_IN_NS") == "1":
        return
    options = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        options.append("--map-root-user")
    probe = subprocess.run(["unshare", *options, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print("skipped: no private namespaces here:", probe.stderr.strip())
        sys.exit(SKIP)
    env = dict(os.environ, VIREO_IN_NS="1", HOME=f"{WORK}/home", XDG_RUNTIME_DIR=f"{WORK}/xdg",
               LC_ALL="C.UTF-8", PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                 "LIBVIRT_DEFAULT_URI", "NOTIFY_SOCKET"):
        env.pop(name, None)
    script = os.path.abspath(sys.argv[0])
    os.execvpe("unshare", ["unshare", *options, "bash", "-c", _SETUP, "bash", "/usr/bin/python3", script,
                           *sys.argv[1:]], env)
