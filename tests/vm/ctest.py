#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ctest.py BUILD REGEX [EXCEPT]: runs tests of a build as ctest does, two at a time, but with ten times their time limits.

The machine of boot.sh is emulated: everything takes longer there. VIREO_SLOW=10 says so to tests that measure.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

SLOWER = 10
SKIP = 77


def tests(build, regex, without):
    listed = json.loads(subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True,
                                       check=True).stdout)["tests"]
    return [one for one in listed if re.search(regex, one["name"]) and not (without and re.search(without, one["name"]))]


def run(test):
    properties = {one["name"]: one["value"] for one in test["properties"]}
    env = dict(os.environ, VIREO_SLOW=str(SLOWER), **dict(setting.split("=", 1) for setting in properties.get("ENVIRONMENT", [])))
    started = time.monotonic()
    try:
        done = subprocess.run(test["command"], cwd=properties["WORKING_DIRECTORY"], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=SLOWER * properties.get("TIMEOUT", 60))
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as e:
        status, output = "timeout", (e.stdout or b"").decode(errors="replace")
    how = {0: "passed", SKIP: "skipped"}.get(status, f"FAILED ({status})")
    print(f"{test['name']}: {how} in {time.monotonic() - started:.0f} s", flush=True)
    if status == SKIP:
        print(output.strip()[-300:])
    elif status != 0:
        print(output[-12000:], flush=True)
    return status in (0, SKIP)


def main():
    build, regex, *without = sys.argv[1:]
    chosen = tests(build, regex, without[0] if without else None)
    if not chosen:
        sys.exit(f"no test of {build} matches '{regex}'")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        good = list(pool.map(run, chosen))
    print(f"{sum(good)} of {len(good)} good")
    sys.exit(0 if all(good) else 1)


main()
