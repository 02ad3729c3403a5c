#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares enums.tsv and errors.tsv with the headers of the libvirt that is installed.

usage: wire_enums.py CC TABLE_DIR

Values that are newer than the headers, and those without a release (libvirt keeps them to itself),
are left out. Exits with 77, for "skipped", where there are no headers.
"""
import subprocess
import sys

HEADERS = "".join("#include <libvirt/%s.h>\n" % h for h in ("libvirt", "libvirt-qemu", "virterror"))


def compile_c(compiler, text):
    return subprocess.run([compiler, "-std=gnu17", "-fsyntax-only", "-x", "c", "-"], input=text, text=True,
                          stderr=subprocess.PIPE)


def rows(path):
    with open(path, encoding="utf-8") as f:
        head = f.readline().lstrip("#").split()
        return [dict(zip(head, line.rstrip("\n").split("\t"))) for line in f]


def version_number(since):
    major, minor, patch = (int(n) for n in since.split("."))
    return major * 1000000 + minor * 1000 + patch


def main():
    compiler, folder = sys.argv[1], sys.argv[2]
    if compile_c(compiler, HEADERS).returncode != 0:
        print("no libvirt headers: skipped")
        return 77
    checks = [HEADERS]
    for row in rows(folder + "/enums.tsv") + rows(folder + "/errors.tsv"):
        # A sentinel is another in each release.
        if row["since"] == "-" or row["name"].endswith("_LAST"):
            continue
        checks.append('#if LIBVIR_VERSION_NUMBER >= %d\n_Static_assert(%s == %s, "%s");\n#endif\n' % (
            version_number(row["since"]), row["name"], row["value"], row["name"]))
    done = compile_c(compiler, "".join(checks))
    sys.stderr.write(done.stderr)
    print("%d values compared" % (len(checks) - 1))
    return done.returncode


sys.exit(main())
