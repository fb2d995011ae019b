#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How well the uncertainty of scans predicts their Dice: for each STUDY (a folder as tools/uncertainty.sh
makes it: scans.tsv, out/results.tsv, dice.tsv) and all of them together, by kind of degradation too, the
correlation and the area under the curve for finding the scans of a Dice below a limit; and what the flags
did. Prints Markdown.

  tools/uncertainty.py STUDY... [--column uncertainty] [--limit 0.9]"""
import argparse
import csv
import math
import pathlib


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def name_of(path):
    return pathlib.PurePath(path).name.split(".nii")[0].removesuffix("_mask")


def read(study, column):
    """Of each scan: study, kind, level, Dice, uncertainty, flag."""
    dice = {name_of(row["image"]): row["dice"] for row in rows_of(study / "dice.tsv")}
    sure = {name_of(row["scan"]): row for row in rows_of(study / "out" / "results.tsv")}
    for row in rows_of(study / "scans.tsv"):
        name = name_of(row["image"])
        result = sure.get(name, {})
        if "n/a" in (dice.get(name, "n/a"), result.get(column, "n/a")):
            print(f"left out: {name}: no Dice or no {column}")
            continue
        yield dict(study=study.name, kind=row["kind"], dice=float(dice[name]),
                   score=float(result[column]), flag=result["flag"])


def correlation(rows):
    n = len(rows)
    x, y = [row["score"] for row in rows], [row["dice"] for row in rows]
    mx, my = sum(x) / n, sum(y) / n
    xx, yy = sum((a - mx) ** 2 for a in x), sum((b - my) ** 2 for b in y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / math.sqrt(xx * yy) if xx * yy else math.nan


def area(rows, limit):
    """The chance that a bad scan has a higher score than a good one."""
    bad = [row["score"] for row in rows if row["dice"] < limit]
    good = [row["score"] for row in rows if row["dice"] >= limit]
    wins = sum((b > g) + .5 * (b == g) for b in bad for g in good)
    return wins / (len(bad) * len(good)) if bad and good else math.nan


def line(name, rows, limit):
    count = lambda flag, bad: sum(r["flag"] == flag and (r["dice"] < limit) == bad for r in rows)
    flags = " | ".join(f"{count(f, False)} / {count(f, True)}" for f in ("pass", "review", "fail"))
    bad = sum(row["dice"] < limit for row in rows)
    print(f"| {name} | {len(rows)} | {bad} | {correlation(rows):.3f} | {area(rows, limit):.3f} | {flags} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", type=pathlib.Path)
    parser.add_argument("--column", default="uncertainty")
    parser.add_argument("--limit", type=float, default=.9)
    args = parser.parse_args()
    rows = [row for study in args.studies for row in read(study, args.column)]
    print(f"| scans | n | Dice < {args.limit:g} | r | AUC | pass: good / bad | review | fail |")
    print("|---|---|---|---|---|---|---|---|")
    for study in args.studies:
        line(study.name, [row for row in rows if row["study"] == study.name], args.limit)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        line(kind, [row for row in rows if row["kind"] == kind], args.limit)
    line("all", rows, args.limit)


if __name__ == "__main__":
    main()
