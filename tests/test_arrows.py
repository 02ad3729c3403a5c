#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""arrows.py finds a wrong include, accepts the right ones, and lets vireod/ include every module."""
import os
import tempfile
import unittest

import arrows


class Arrows(unittest.TestCase):
    def check(self, **files):
        with tempfile.TemporaryDirectory() as source:
            for path, text in files["files"].items():
                os.makedirs(os.path.dirname(f"{source}/{path}"), exist_ok=True)
                with open(f"{source}/{path}", "w") as file:
                    file.write(text)
            return arrows.check(source)

    def test_right_way(self):
        self.assertEqual(self.check(files={"api/a.c": '#include "supervisor/x.h"\n#include "api/y.h"\n',
                                          "rpc/r.c": '#include "schemas/x.h"\n#include <rpc/x.h>\n'}), ([], 3))

    def test_wrong_way_is_named(self):
        wrong, _ = self.check(files={"rpc/r.c": '#include "base/log.h"\n #  include "supervisor/domain.h"\n'})
        self.assertEqual(wrong, ["rpc/r.c:2: rpc/ may not include from supervisor/"])

    def test_base_includes_no_other_module(self):
        self.assertEqual(len(self.check(files={"base/b.h": '#include "schemas/x.h"\n'})[0]), 1)

    def test_relative_paths_are_followed(self):
        self.assertEqual(len(self.check(files={"monitor/deep/m.c": '#include "../../api/x.h"\n'})[0]), 1)

    def test_only_vireod_includes_from_api(self):
        self.assertEqual(self.check(files={"vireod/main.c": '#include "api/x.h"\n'})[0], [])
        self.assertEqual(len(self.check(files={"supervisor/domain.c": '#include "api/x.h"\n'})[0]), 1)


if __name__ == "__main__":
    unittest.main()
