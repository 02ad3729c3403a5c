#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `cmake --install` puts into a distribution's places is enough to build and run a program with libvireo.

    test_install.py CMAKE BUILD PREFIX COMPILER [FLAG]...
"""
import os
import subprocess
import sys
import tempfile

CMAKE, BUILD, PREFIX, COMPILER, *FLAGS = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command, status=0, **env):
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **env), timeout=100)
    if done.returncode != status:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def installed(top, ending):
    """The only file below top whose path has this ending."""
    found = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
    found = [path for path in found if path.endswith(ending)]
    if len(found) != 1:
        sys.exit(f"{ending}: {len(found)} installed, not one: {found}")
    return found[0]


def main():
    with tempfile.TemporaryDirectory() as top:
        run(CMAKE, "--install", BUILD, DESTDIR=top)
        for ending in ("/man/man1/vireo.1", "/share/bash-completion/completions/vireo", "/bin/vireo"):
            installed(top, ending)
        config = os.path.dirname(installed(top, "/pkgconfig/libvireo.pc"))
        library = os.path.dirname(os.path.realpath(installed(top, "/libvireo.so")))
        env = {"PKG_CONFIG_PATH": config, "PKG_CONFIG_SYSROOT_DIR": top, "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
               "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
        flags = run("pkg-config", "--cflags", "--libs", "libvireo", **env).split()
        for flag in flags:
            if flag[:2] in ("-I", "-L") and not flag[2:].startswith(top + PREFIX):
                sys.exit(f"{flag} is not below {top}{PREFIX}")
        # Builds where only the installed headers can be found.
        program = f"{top}/user"
        run(COMPILER, "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", *FLAGS, f"{HERE}/user.c", "-o", program,
            *flags)
        out = run(program, "/nonexistent/sock", status=1, LD_LIBRARY_PATH=library)
        if "socket /nonexistent/sock\n" not in out or "error 38: cannot connect to the daemon's socket" not in out:
            sys.exit(out)
        # The installed command finds the installed library by its run path.
        run(f"{top}{PREFIX}/bin/vireo", "--version",
            **({"LD_LIBRARY_PATH": library} if PREFIX == "/usr" else {}))
        # The library exports only its own names.
        names = run("nm", "-D", "--defined-only", f"{library}/libvireo.so").split("\n")
        foreign = [line for line in names if line and not line.split()[-1].startswith(("vireo_", "LIBVIREO_"))]
        if foreign:
            sys.exit("foreign names exported: " + ", ".join(foreign))
        print("installed, built, run")


main()
