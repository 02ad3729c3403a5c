#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""arrows.py finds a wrong include, lets the right ones be, and knows main's exception."""
import os
import tempfile
import unittest

import arrows


class Arrows(unittest.TestCase):
    def look(self, **files):
        with tempfile.TemporaryDirectory() as source:
            for path, text in files["files"].items():
                os.makedirs(os.path.dirname(f"{source}/{path}"), exist_ok=True)
                with open(f"{source}/{path}", "w") as file:
                    file.write(text)
            return arrows.check(source)

    def test_right_way(self):
        self.assertEqual(self.look(files={"api/a.c": '#include "supervisor/x.h"\n#include "api/y.h"\n',
                                          "rpc/r.c": '#include "schemas/x.h"\n#include <rpc/x.h>\n'}), ([], 3))

    def test_wrong_way_is_named(self):
        wrong, _ = self.look(files={"rpc/r.c": '#include "base/log.h"\n #  include "supervisor/domain.h"\n'})
        self.assertEqual(wrong, ["rpc/r.c:2: rpc/ may not include from supervisor/"])

    def test_the_ground_floor_includes_nobody(self):
        self.assertEqual(len(self.look(files={"base/b.h": '#include "schemas/x.h"\n'})[0]), 1)

    def test_a_way_round_does_not_help(self):
        self.assertEqual(len(self.look(files={"monitor/deep/m.c": '#include "../../api/x.h"\n'})[0]), 1)

    def test_the_daemon_ties_the_modules_together(self):
        self.assertEqual(self.look(files={"vireod/main.c": '#include "api/x.h"\n'})[0], [])
        self.assertEqual(len(self.look(files={"supervisor/domain.c": '#include "api/x.h"\n'})[0]), 1)


if __name__ == "__main__":
    unittest.main()
