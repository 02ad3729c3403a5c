# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of the source tree, for the tests that read them."""
import os
import shutil
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77


def files(*endings):
    """Paths below SOURCE that git tracks or would, or all of an unpacked archive; only those that end so, if given."""
    git = subprocess.run(["git", "-C", SOURCE, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=False)
    if git.returncode == 0:
        paths = git.stdout.splitlines()
    else:
        paths = [os.path.relpath(os.path.join(folder, name), SOURCE) for folder, _, names in os.walk(SOURCE) for name in names]
        paths = [path for path in paths if path.split(os.sep)[0] not in ("build", ".git")]
    paths = sorted(path for path in paths if os.path.isfile(os.path.join(SOURCE, path)))
    return [path for path in paths if path.endswith(endings)] if endings else paths


def tool(name):
    """The program's path; the test is skipped where it is not installed."""
    path = shutil.which(name)
    if not path:
        print(f"{name} is not installed (packaging/apt-test)")
        sys.exit(SKIPPED)
    return path


def run(*command):
    """Runs in SOURCE, with the tool's own output; exits as it does."""
    sys.exit(subprocess.run([str(part) for part in command], cwd=SOURCE, check=False).returncode)
