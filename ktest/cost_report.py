# SPDX-License-Identifier: GPL-2.0
"""What the cost benchmark reads, computes, checks and writes. Pure functions; see
cost_test.py.

A cost is [into, out of] in instructions; the second is None for what has only one
way. `settings` is {setting: {row: cost}}, in the order they were measured.
"""
ABSENT = "absent"		# no module: what the others are compared with
NOTHING = [0, 0]
MAJORITY = 100		# of ecs_cost's samples of a lock, as many at least are alike
TITLES = {
    ABSENT: "no module", "off": "marks off", "off-again": "off again", "all": "all marks",
    "boosts": "boosts offered", "absent-again": "unloaded"}
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


def parse(text):
    """The output of cost_init.sh: [(setting, {row: (cost, complaint or None)})]."""
    readings = []
    for line in text.split("\n"):
        words = line.split()
        if words[:1] == ["setting"] and len(words) == 2:
            readings.append((words[1], {}))
        elif words[:1] == ["error"]:
            raise ValueError(" ".join(words[1:]))
        elif words[:1] == ["end"] and len(words) == 2:
            if int(words[1]) != len(readings) or not all(rows for _, rows in readings):
                raise ValueError("readings are missing")
            return readings
        elif len(words) == 5 and readings:
            into, into_samples, out_of, out_of_samples = (
                None if word == "-" else int(word) for word in words[1:])
            few = out_of is not None and min(into_samples, out_of_samples) < MAJORITY
            readings[-1][1][words[0]] = (
                [into, out_of], f"{into_samples} and {out_of_samples} alike" if few else None)
        elif words:
            raise ValueError(f"not understood: {line.strip()}")
    raise ValueError("cut off")


def settle(boots):
    """(settings, complaints) of the readings of all boots: each setting was read
    several times, and each time is to have given the same."""
    settings, complaints = {}, []
    for number, readings in enumerate(boots, 1):
        for setting, rows in readings:
            known = settings.setdefault(setting, {})
            if known and known.keys() != rows.keys():
                complaints.append(f"boot {number}, {setting}: other rows than before")
            for row, (cost, complaint) in rows.items():
                if complaint:
                    complaints.append(f"boot {number}, {setting}, {row}: {complaint}")
                if known.setdefault(row, cost) != cost:
                    complaints.append(f"boot {number}, {setting}, {row}: {cost}, "
                                      f"before it was {known[row]}")
    return settings, complaints


def added(settings):
    """{setting: {row: cost above that without the module}}, of all the others."""
    absent = settings[ABSENT]

    def above(row, cost):
        return [None if now is None else now - before
                for now, before in zip(cost, absent[row])]
    return {setting: {row: above(row, cost) for row, cost in rows.items()}
            for setting, rows in settings.items() if setting != ABSENT}


def marking(setting):
    return setting == "all" or setting.startswith("mark_")


def excess(setting, cost, bounds):
    """What is wrong with what a setting adds to a row, or None. Less than nothing
    is wrong, too: then it is not what was to be measured."""
    most = bounds.get(setting) or marking(setting) and bounds.get("marks") or NOTHING
    for way, got, bound in zip(("into", "out of"), cost, most):
        if got is not None and not 0 <= got <= bound:
            return f"{setting}: {got:+} {way} it, the bound is {bound}"
    return None


def verdicts(settings, complaints, bounds):
    """[(what, True, False or None for skipped, [details])] of one kernel."""
    found = [("repeatable", not complaints, complaints)]
    more = added(settings)
    for row in settings[ABSENT]:
        if row not in bounds:
            found.append((f"bounds of {row}", False, ["there are none"]))
            continue
        wrong = [excess(setting, rows[row], bounds[row]) for setting, rows in more.items()]
        wrong = [text for text in wrong if text]
        found.append((f"bounds of {row}", not wrong, wrong))
    gone = [row for row in bounds if row not in settings[ABSENT]]
    found.append(("all rows with bounds measured", not gone, gone))
    # A switch that does nothing costs nothing, and would meet all bounds: what has a
    # bound for it has to cost something.
    switched = [name for name in more if name == "boosts" or marking(name)]
    for setting in switched:
        named = [row for row in more[setting] if setting in bounds.get(row, {})]
        idle = [row for row in named if not any(more[setting][row])]
        if not any(any(cost) for cost in more[setting].values()):
            idle = ["any row"]
        found.append((f"{setting} in force", not idle,
                      [f"it adds nothing to {row}" for row in idle]))
    if not any(map(marking, switched)):
        found.append(("marks", None, ["the module has no mark_* parameter"]))
    return found


def ktap(found):
    """Lines of KTAP for [(what, verdict, details)], and how many failed."""
    lines = ["KTAP version 1", f"1..{len(found)}"]
    for number, (what, good, details) in enumerate(found, 1):
        lines += [f"# {text}" for detail in details if good is False
                  for text in detail.splitlines()]
        skip = f" # SKIP {details[0]}" if good is None else ""
        lines.append(f"{'not ok' if good is False else 'ok'} {number} {what}{skip}")
    count = [sum(good is value for _, good, _ in found) for value in (True, False, None)]
    lines.append("# {} passed, {} failed, {} skipped".format(*count))
    return lines, count[1]


def cell(cost, sign=""):
    if not any(cost):
        return "0"
    return " / ".join(f"{value:{sign}}" for value in cost if value is not None)


def table(settings):
    """Rows are operations, columns settings; in Markdown."""
    more = added(settings)
    names = [ABSENT, *more]
    lines = ["| | " + " | ".join(TITLES.get(name, name) for name in names) + " |",
             "|---" + "|---:" * len(names) + "|"]
    for row, cost in settings[ABSENT].items():
        cells = [cell(cost), *(cell(rows[row], "+") for rows in more.values())]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(report):
    """The part that goes into the documentation, too."""
    blocks = [f"Measured with QEMU {report['qemu']}; instructions into / out of the section; "
              "the first column is what it takes without the module, the others what they "
              "add to that."]
    for name, kernel in report["kernels"].items():
        blocks += [f"### {name} ({kernel['release']})", table(kernel["settings"])]
    return "\n\n".join(blocks)


def markdown(report):
    blocks = ["# What ecs_guest adds to lock paths", tables(report)]
    for name, kernel in report["kernels"].items():
        wrong = [f"- {name}: {what}: {'; '.join(details)}"
                 for what, good, details in kernel["verdicts"] if good is False]
        blocks += ["\n".join(wrong)] if wrong else []
    wrong = [f"- {name}: not measured: {why.splitlines()[0]}"
             for name, why in report["failed"].items()]
    blocks += ["\n".join(wrong)] if wrong else []
    return "\n\n".join(blocks) + "\n"


def replaced(text, report):
    """A document with the tables of this report between its two marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{tables(report)}\n\n{END}{after}"
