#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# boot.sh [--systemd] COMMAND...: runs COMMAND as root on a machine with Debian's own kernel: all of root's powers, modules,
# nothing of a container. Exits as COMMAND does; 77 where a piece is missing.
#
# The machine is a QEMU guest (TCG) whose root is this machine's own file system, read-only through 9p, with changes on a
# disk of its own: nothing here changes, and all that is installed here is there. /tmp and /run are empty but for the
# source tree, which has its usual path. With --systemd, process 1 is systemd and COMMAND one of its units; without, a
# shell. COMMAND runs 8 s after the start, with systemd 16 s, and again after each reboot, with what it left on the disk.
#
# Its clock counts instructions, one nanosecond each, so that a loaded host makes the machine slower but nothing in it
# late: limits of time mean the same there as on any machine.
#
# VM_KERNEL: the directory of kernel.sh (build/vm). VM_MEMORY in MiB (2048). VM_QEMU: more arguments for QEMU.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
kernel=$(realpath -m "${VM_KERNEL:-$source/build/vm}")
skip() { echo "skipped: $*"; exit 77; }

init=/run/vm/init
[[ ${1:-} != --systemd ]] || { init=/lib/systemd/systemd; shift; }
(($#)) || { sed -n '3,12s/^# \?//p' "$0" >&2; exit 2; }
((EUID == 0)) || skip "only root can share this machine's file system as it is"
for program in qemu-system-x86_64 busybox modprobe setpriv mkfs.ext4 "$init"; do
    [[ $program == /run/* ]] || command -v "$program" >/dev/null || skip "no $program"
done
compgen -G "$kernel/lib/modules/*/modules.dep" >/dev/null || skip "no kernel: run tests/vm/kernel.sh build/vm"
release=$(basename "$kernel"/lib/modules/*)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/i/{bin,dev,proc,sys,new,lib,vm}
cp "$(command -v busybox)" "$work/i/bin/busybox"
ln -s busybox "$work/i/bin/sh"
for name in virtio_pci virtio_blk 9p 9pnet_virtio overlay ext4; do
    modprobe -d "$kernel" -S "$release" --show-depends "$name"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
while read -r file; do
    cp "$file" "$work/i/lib/"
    echo "insmod /lib/$(basename "$file")"
done <"$work/modules" >"$work/insmod"

# ---- in the machine, before its root is there --------------------------------------------------------

cat >"$work/i/init" <<INIT
#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
$(cat "$work/insmod")
share() { mkdir -p "\$2"; mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose "\$1" "\$2"; }
above() { mkdir -p /up/\$1 /up/\$1.work "\$2"; mount -t overlay -o lowerdir=/\$1,upperdir=/up/\$1,workdir=/up/\$1.work none "\$2"; }
share root /root
share source /source
mkdir /up; mount -t ext4 /dev/vda /up
above root /new
share modules /new/lib/modules
mkdir -p -m 1777 /up/tmp; mount --bind /up/tmp /new/tmp; mount -t tmpfs -o mode=755 run /new/run
above source "/new$source"
: >/new/etc/fstab
cp -r /vm /new/run/
if [ $init != /run/vm/init ]; then
    for dir in run/systemd/system/multi-user.target.wants; do mkdir -p /new/\$dir; ln -s ../vm.service /new/\$dir/; done
    cp /vm/vm.service /new/run/systemd/system/
    umount /proc /sys /dev
fi
exec switch_root /new $init
INIT

# ---- in the machine -----------------------------------------------------------------------------------

cat >"$work/i/vm/init" <<'INIT'
#!/bin/bash
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts none /dev/pts; mount -t tmpfs none /dev/shm
mount -t cgroup2 none /sys/fs/cgroup
mkdir /dev/net; mknod -m 666 /dev/net/tun c 10 200 # as udev does
hostname vm; ip link set lo up
exec /run/vm/run
INIT
cat >"$work/i/vm/vm.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=exec
ExecStart=/run/vm/run
UNIT
{
    echo '#!/bin/bash'
    echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8'
    echo 'stty -F /dev/ttyS1 raw -echo'
    printf 'cd %q\n' "$PWD"
    for name in ${!VIREO*}; do printf 'export %s=%q\n' "$name" "${!name}"; done
    printf '%q ' "$@"
    echo '>/dev/ttyS1 2>&1 </dev/null'
    # The exit status goes out through QEMU's isa-debug-exit, one higher: 1 is QEMU's own failure.
    # shellcheck disable=SC2016,SC2028
    echo 'printf "\\x$(printf %02x $(($? + 1)))" >/run/vm/status; sync; dd if=/run/vm/status of=/dev/port bs=1 seek=244 2>/dev/null; sleep 10'
} >"$work/i/vm/run"
chmod +x "$work/i/init" "$work/i/vm/init" "$work/i/vm/run"
(cd "$work/i" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/initrd"

# ---- the machine --------------------------------------------------------------------------------------

truncate -s 8G "$work/disk"
mkfs.ext4 -q "$work/disk"
share() { echo "-fsdev local,id=$1,path=$2,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=$1,mount_tag=$1"; }
status=0
# shellcheck disable=SC2046,SC2086
setpriv --pdeathsig KILL qemu-system-x86_64 -machine q35 -cpu max -m "${VM_MEMORY:-2048}" -display none -nic none \
    -serial "file:$work/console" -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 -device virtio-rng-pci \
    -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" \
    -icount shift=0,sleep=on -kernel "$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
    -append "console=ttyS0 quiet systemd.show_status=0" \
    $(share root /) $(share modules "$kernel/lib/modules") $(share source "$source") ${VM_QEMU:-} </dev/null || status=$?
((status & 1 && status > 1)) || { tail -50 "$work/console"; echo "boot.sh: the machine ended without a result"; exit 1; }
exit $(((status >> 1) - 1))
