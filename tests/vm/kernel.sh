#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel.sh DIR: unpacks Debian's own kernel (linux-image-amd64, with its modules) in DIR, for boot.sh. The package comes
# from Debian's archive with apt-get download, once for all checkouts of a user. Nothing is installed.
set -euo pipefail
dir=${1:?usage: kernel.sh DIR}
if compgen -G "$dir/lib/modules/*/modules.dep" >/dev/null; then
    exit 0
fi
kept=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vireo-guests/host
mkdir -p "$kept"
if ! compgen -G "$kept/linux-image-*.deb" >/dev/null; then
    package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
    [[ -n $package ]] || { echo "apt knows no linux-image-amd64: run apt-get update" >&2; exit 1; }
    echo "    machine: fetching $package (70 MB)"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && apt-get download -q "$package" >apt.log 2>&1) || { cat "$work/apt.log" >&2; exit 1; }
    mv "$work"/linux-image-*.deb "$kept/"
fi
deb=("$kept"/linux-image-*.deb)
rm -rf "$dir"
mkdir -p "$dir"
dpkg-deb -x "${deb[-1]}" "$dir"
depmod -b "$dir" "$(basename "$dir"/lib/modules/*)"
echo "    machine: ready in $dir"
