#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""shellcheck on every shell script."""
import os
import re
import sources

SHELL = re.compile(rb"#!.*/(ba|da)?sh\b")


def is_script(path):
    with open(os.path.join(sources.SOURCE, path), "rb") as file:
        return SHELL.match(file.readline(100))


sources.run(sources.tool("shellcheck"), "--severity=warning", *filter(is_script, sources.files()))
