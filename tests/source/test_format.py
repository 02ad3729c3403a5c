#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every C file is as clang-format would write it: clang-format -i FILE corrects one."""
import sources

sources.run(sources.tool("clang-format"), "--dry-run", "-Werror", "--style=file", *sources.files(".c", ".h"))
