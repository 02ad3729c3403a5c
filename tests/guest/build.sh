#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh DIR: builds the guests that the demo and the tests boot. In DIR afterwards:
#   halt.img echo.img spin.img poweroff.img reboot.img triple.img    boot sectors (bootsector.py)
#   vmlinuz, initrd.gz                 Linux: Debian's cloud kernel, busybox and ./init in memory
# The kernel comes from Debian's archive with apt-get download, once for all checkouts of a user: it is kept in
# ~/.cache/vireo-guests. Nothing is installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mkdir -p "${1:?usage: build.sh DIR}" && cd "$1" && pwd)
report() { printf '    guests: %s\n' "$*"; }

python3 "$here/bootsector.py" --all "$dir"

sources=("$here/build.sh" "$here/init" "$here/dhcp" "$here/udhcpc.script" "$here/fetch.c" "$here/dhcp6.c")
key=$(cat "${sources[@]}" | sha256sum | cut -c1-16)
if [[ -s $dir/vmlinuz && -s $dir/initrd.gz && $(cat "$dir/key" 2>/dev/null) == "$key" ]]; then
    report "ready in $dir"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vireo-guests
mkdir -p "$cache"
if ! compgen -G "$cache/linux-image-*.deb" >/dev/null; then
    package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
    [[ -n $package ]] || { echo "apt has no package linux-image-cloud-amd64: run apt-get update" >&2; exit 1; }
    report "fetching $package (27 MB)"
    (cd "$work" && apt-get download -q "$package" >"$work/apt.log" 2>&1) || { cat "$work/apt.log" >&2; exit 1; }
    mv "$work"/linux-image-*.deb "$cache/"
fi
report "packing the Linux guest"
deb=("$cache"/linux-image-*.deb)
dpkg-deb -x "${deb[-1]}" "$work/kernel"

# The root file system in memory.
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,etc,lib,tmp}
cp /bin/busybox "$root/bin/"
ln -s busybox "$root/bin/sh"
for program in fetch dhcp6; do
    cc -static -O2 -o "$root/bin/$program" "$here/$program.c"
done
install -m 755 "$here/init" "$root/init"
install -m 755 "$here/dhcp" "$root/bin/dhcp"
install -m 755 "$here/udhcpc.script" "$root/etc/udhcpc.script"
for module in drivers/input/evdev drivers/acpi/button \
    drivers/virtio/virtio{_ring,,_pci_legacy_dev,_pci_modern_dev,_pci} \
    net/core/failover drivers/net/net_failover drivers/net/virtio_net drivers/misc/pvpanic/pvpanic{,-mmio}; do
    cp "$work"/kernel/lib/modules/*/kernel/"$module".ko "$root/lib/"
done
# Reproducible: fixed order and times.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null) | gzip -n -6 >"$work/initrd.gz"

cp "$work"/kernel/boot/vmlinuz-* "$dir/vmlinuz"
mv "$work/initrd.gz" "$dir/initrd.gz"
chmod 644 "$dir/vmlinuz" "$dir/initrd.gz"
echo "$key" >"$dir/key"
report "ready in $dir"
