#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of .clang-tidy on every source file that the build compiles: test_tidy.py BUILD"""
import subprocess
import sys
import sources

sources.tool("clang-tidy")
# Generated files are in the build folder.
done = subprocess.run([sources.tool("run-clang-tidy"), "-p", sys.argv[1], "-quiet", "-j2", f"^{sources.SOURCE}/(?!build/)"],
                      cwd=sources.SOURCE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
# Of the output only the findings.
print("\n".join(line for line in done.stdout.splitlines() if line and not line.startswith("clang-tidy")))
sys.exit(done.returncode)
