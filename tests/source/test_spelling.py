#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""codespell on every file of text but recorded answers, license texts and inputs that are wrong on purpose."""
import sources

# Our own words and names that codespell takes for misspelt ones.
OURS = ["hda",          # a device
        "nknown",       # how many are known
        "inh",          # CapInh in /proc/PID/status
        "conectix",     # the signature of a VHD image
        "dows"]         # a piece of "windows", cut in a narrow column
NOT_TEXT = ("LICENSES/", "tests/fuzz/corpus/", "tests/host/replies/", "tests/fixtures/", "tests/real/virsh_transcript.txt",
            "tests/schemas/test_domain_errors.c", "tests/schemas/test_network_errors.c")

sources.run(sources.tool("codespell"), "--ignore-words-list", ",".join(OURS), "--ignore-regex", r"\\n",
            *[path for path in sources.files() if not path.startswith(NOT_TEXT)])
