# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the cost benchmark's report: ktest/bench_cost.py --selftest"""
import copy
import json
import pathlib
import unittest

import cost_report as report

OUTPUT = """\
setting absent
lock 20 200 9 199
switch 3000 7 - -
setting off
lock 20 200 9 200
switch 3000 8 - -
end 2
"""
# Both ways through a lock; a switch has one way only, and is in all marks.
BOUNDS = {"lock": {"mark_lock": [5, 6], "all": [5, 6]}, "spin": {},
          "switch": {"marks": [50, 0], "boosts": [10, 0]}}
ABSENT = {"lock": [20, 9], "spin": [10, 9], "switch": [3000, None]}


def with_marks():
    """Within all bounds, some of them just so."""
    marked = {"lock": [25, 15], "spin": [10, 9], "switch": [3050, None]}
    return {"absent": dict(ABSENT), "off": dict(ABSENT), "mark_lock": marked,
            "all": copy.deepcopy(marked), "absent-again": dict(ABSENT)}


def whole(settings):
    found = report.verdicts(settings, [], BOUNDS)
    return {"qemu": "0", "failed": {}, "kernels": {
        "6.12": {"release": "6.12.0-test", "settings": settings, "verdicts": found}}}


class Parse(unittest.TestCase):
    def test_good(self):
        readings = report.parse(OUTPUT)
        self.assertEqual([setting for setting, _ in readings], ["absent", "off"])
        self.assertEqual(readings[0][1], {"lock": ([20, 9], None),
                                          "switch": ([3000, None], None)})

    def test_few_alike(self):
        cost, complaint = report.parse(OUTPUT.replace("199", "99"))[0][1]["lock"]
        self.assertEqual(cost, [20, 9])
        self.assertIn("200 and 99 alike", complaint)

    def test_broken(self):
        for text, why in (("", "cut off"), (OUTPUT[:-6], "cut off"),
                          (OUTPUT.replace("end 2", "end 3"), "missing"),
                          (OUTPUT + "x", None), (OUTPUT.replace("200 9 200", "200"), "not und"),
                          ("setting absent\nsetting off\nend 2\n", "missing"),
                          ("error insmod ecs_cost", "insmod ecs_cost"),
                          ("lock 1 200 1 200\nend 0\n", "not understood"),
                          (OUTPUT.replace("20 200", "x 200"), "invalid")):
            if why is None:
                report.parse(text)		# nothing after the end counts
                continue
            with self.assertRaisesRegex(ValueError, why):
                report.parse(text)


class Settle(unittest.TestCase):
    def test_alike(self):
        readings = report.parse(OUTPUT)
        settings, complaints = report.settle([readings, readings])
        self.assertEqual(complaints, [])
        self.assertEqual(settings, {name: {"lock": [20, 9], "switch": [3000, None]}
                                    for name in ("absent", "off")})

    def test_different(self):
        other = report.parse(OUTPUT.replace("3000 8", "3001 8"))
        _, complaints = report.settle([report.parse(OUTPUT), other])
        self.assertEqual(complaints, ["boot 2, off, switch: [3001, None], before it was "
                                      "[3000, None]"])

    def test_different_in_a_boot(self):
        _, complaints = report.settle([report.parse(OUTPUT.replace("setting off",
                                                                   "setting absent")
                                                    .replace("9 200", "8 200"))])
        self.assertEqual(len(complaints), 1)

    def test_other_rows(self):
        _, complaints = report.settle([report.parse(OUTPUT), report.parse(
            OUTPUT.replace("lock", "block"))])
        self.assertEqual(len(complaints), 2)

    def test_few_alike(self):
        _, complaints = report.settle([report.parse(OUTPUT.replace("199", "3"))])
        self.assertEqual(complaints, ["boot 1, absent, lock: 200 and 3 alike"])


class Verdicts(unittest.TestCase):
    def failed(self, settings, complaints=(), bounds=None):
        found = report.verdicts(settings, list(complaints), bounds or BOUNDS)
        return {what: details for what, good, details in found if good is False}

    def test_good(self):
        self.assertEqual(self.failed(with_marks()), {})

    def test_added(self):
        more = report.added(with_marks())
        self.assertNotIn("absent", more)
        self.assertEqual(more["mark_lock"], {"lock": [5, 6], "spin": [0, 0],
                                             "switch": [50, None]})

    def test_each_bound(self):
        for setting, row, cost in (("mark_lock", "lock", [26, 15]), ("all", "lock", [25, 16]),
                                   ("all", "spin", [11, 9]), ("off", "lock", [20, 10]),
                                   ("mark_lock", "switch", [3051, None]),
                                   ("absent-again", "switch", [3001, None]),
                                   ("off", "spin", [9, 9])):
            settings = with_marks()
            settings[setting][row] = cost
            failed = self.failed(settings)
            self.assertEqual(list(failed), [f"bounds of {row}"])
            self.assertTrue(failed[f"bounds of {row}"][0].startswith(f"{setting}: "))

    def test_marks_bound_is_of_marks(self):
        settings = with_marks()
        settings["off"]["switch"] = [3001, None]
        self.assertIn("bounds of switch", self.failed(settings))
        settings = with_marks()
        settings["boosts"] = {**ABSENT, "switch": [3011, None]}
        self.assertIn("the bound is 10", self.failed(settings)["bounds of switch"][0])

    def test_no_bounds(self):
        bounds = {name: bound for name, bound in BOUNDS.items() if name != "spin"}
        self.assertEqual(list(self.failed(with_marks(), bounds=bounds)), ["bounds of spin"])

    def test_not_measured(self):
        failed = self.failed(with_marks(), bounds={**BOUNDS, "more": {}})
        self.assertEqual(failed, {"all rows with bounds measured": ["more"]})

    def test_not_in_force(self):
        settings = with_marks()
        settings["mark_lock"] = dict(ABSENT)
        self.assertEqual(self.failed(settings),
                         {"mark_lock in force": ["it adds nothing to any row"]})

    def test_one_row_not_in_force(self):
        settings = with_marks()
        settings["mark_lock"]["lock"] = [20, 9]
        self.assertEqual(self.failed(settings),
                         {"mark_lock in force": ["it adds nothing to lock"]})

    def test_no_marks(self):
        settings = {name: dict(ABSENT) for name in ("absent", "off")}
        found = report.verdicts(settings, [], BOUNDS)
        self.assertEqual([what for what, good, _ in found if good is None], ["marks"])

    def test_not_repeatable(self):
        self.assertEqual(self.failed(with_marks(), ["x"]), {"repeatable": ["x"]})

    def test_bounds_file(self):
        bounds = json.loads((pathlib.Path(report.__file__).parent / "cost_bounds.json")
                            .read_text())
        for row, settings in bounds.items():
            for setting, bound in settings.items():
                self.assertEqual(len(bound), 2, row)
                self.assertTrue(report.marking(setting) or setting in ("marks", "boosts"), row)
        for row in ("spin_lock", "read_lock", "local_irq_save", "local_bh_disable"):
            self.assertEqual(bounds[row], {})


class Text(unittest.TestCase):
    def test_ktap(self):
        lines, failed = report.ktap([("a", True, []), ("b", False, ["one\ntwo"]),
                                     ("c", None, ["why"])])
        self.assertEqual(lines, ["KTAP version 1", "1..3", "ok 1 a", "# one", "# two",
                                 "not ok 2 b", "ok 3 c # SKIP why",
                                 "# 1 passed, 1 failed, 1 skipped"])
        self.assertEqual(failed, 1)

    def test_table(self):
        text = report.table(with_marks())
        self.assertIn("| lock | 20 / 9 | 0 | +5 / +6 | +5 / +6 | 0 |", text)
        self.assertIn("| switch | 3000 | 0 | +50 | +50 | 0 |", text)
        self.assertEqual({line.count("|") for line in text.splitlines()}, {7})

    def test_markdown(self):
        settings = with_marks()
        settings["off"]["spin"] = [12, 9]
        one = whole(settings)
        one["failed"]["6.1"] = "boot 1: cut off\nmore"
        text = report.markdown(one)
        for words in ("### 6.12 (6.12.0-test)", "- 6.1: not measured: boot 1: cut off\n",
                      "- 6.12: bounds of spin: off: +2 into it, the bound is 0"):
            self.assertIn(words, text)
        self.assertNotIn("None", text)

    def test_replaced(self):
        text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        once = report.replaced(text, whole(with_marks()))
        self.assertIn("| lock | 20 / 9 |", once)
        self.assertNotIn("old", once)
        self.assertTrue(once.startswith("before\n") and once.endswith("\nafter\n"))
        self.assertEqual(report.replaced(once, whole(with_marks())), once)
        with self.assertRaises(ValueError):
            report.replaced("nothing here", whole(with_marks()))
