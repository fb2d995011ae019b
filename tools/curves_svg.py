#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Learning curves as SVG from the summary that tools/curves.sh makes: one picture per name, Dice
and HD95 against the number of labelled participants, 95 % intervals over three seeds and more.
  curves_svg.py SUMMARY.tsv OUT    writes OUT/curves-NAME.svg"""
import csv
import re
import sys

COLOURS = {"ben": "#0072b2", "finetune": "#d55e00", "scratch": "#7f7f7f", "adabn": "#009e73",
           "none": "#cc79a7"}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 330, 260, 52, 34, 44


def number(text):
    return None if text == "n/a" else float(text)


def ticks(low, high):
    step = next(s for s in (.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 50, 100)
                if (high - low) / s <= 6)
    first = int(low / step)
    return [round(step * k, 4) for k in range(first, first + 9) if low <= step * k <= high + 1e-9]


class Panel:
    """One pair of axes, x0 from the picture's left."""

    def __init__(self, x0, title, labels, low, high):
        self.x0, self.labels, self.low, self.high = x0 + LEFT, labels, low, high
        self.wide, self.tall = WIDTH - LEFT - 14, HEIGHT - TOP - BOTTOM
        self.parts = [f'<text x="{self.x0}" y="{TOP - 12}" class="h">{title}</text>']
        for value in ticks(low, high):
            y = self.y(value)
            self.parts.append(f'<line x1="{self.x0}" x2="{self.x0 + self.wide}" y1="{y:.1f}" '
                              f'y2="{y:.1f}" class="g"/><text x="{self.x0 - 6}" y="{y + 4:.1f}" '
                              f'class="r">{value:g}</text>')
        for k in labels:
            self.parts.append(f'<text x="{self.x(k):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                              f'class="m">{k}</text>')
        self.parts.append(f'<text x="{self.x0 + self.wide / 2}" y="{HEIGHT - 8}" class="m">'
                          'labelled participants</text>')

    def x(self, k):
        return self.x0 + self.wide * (self.labels.index(k) + .5) / len(self.labels)

    def y(self, value):
        return TOP + self.tall * (1 - (min(max(value, self.low), self.high) - self.low) /
                                  (self.high - self.low))

    def curve(self, method, points):
        colour = COLOURS[method]
        at = [(self.x(k), self.y(v)) for k, v, _ in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        self.parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" '
                          'stroke-width="2"/>')
        for (x, y), (_, value, spread) in zip(at, points):
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
            if spread:
                top, low = self.y(value + spread), self.y(value - spread)
                self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{low:.1f}" '
                                  f'stroke="{colour}"/>')


def draw(name, rows):
    labels = sorted({int(r["labels"]) for r in rows})
    dice = [float(r["dice_median_mean"]) for r in rows]
    hd95 = [number(r["hd95_mm_mean"]) for r in rows if number(r["hd95_mm_mean"]) is not None]
    low = max(0, int(min(max(d, .5) for d in dice) * 20) / 20 - .05)
    panels = [Panel(0, f"{name}: Dice", labels, low, 1),
              Panel(WIDTH, "HD95 (mm)", labels, 0, 1.1 * max(hd95, default=1))]
    methods = [m for m in COLOURS if any(r["method"] == m for r in rows)]
    for method in methods:
        mine = sorted((r for r in rows if r["method"] == method), key=lambda r: int(r["labels"]))
        panels[0].curve(method, [(int(r["labels"]), float(r["dice_median_mean"]),
                                  number(r["dice_median_ci95"]) if int(r["seeds"]) > 2 else None)
                                 for r in mine])
        panels[1].curve(method, [(int(r["labels"]), number(r["hd95_mm_mean"]), None)
                                 for r in mine if number(r["hd95_mm_mean"]) is not None])
    parts = panels[0].parts + panels[1].parts
    for i, method in enumerate(methods):
        x = LEFT + 110 * i
        parts.append(f'<circle cx="{x}" cy="{HEIGHT + 12}" r="4" fill="{COLOURS[method]}"/>'
                     f'<text x="{x + 9}" y="{HEIGHT + 16}">{method}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT + 28}" '
            f'width="{2 * WIDTH}" height="{HEIGHT + 28}" role="img" aria-label="Learning curves, '
            f'{name}"><style>text{{font:12px sans-serif;fill:#222}}.h{{font-weight:bold}}'
            '.r{text-anchor:end}.m{text-anchor:middle}.g{stroke:#ddd}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')


def main(summary, out):
    with open(summary, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for name in dict.fromkeys(r["name"] for r in rows):
        mine = [r for r in rows if r["name"] == name]
        if len({r["labels"] for r in mine}) > 1:
            file = re.sub(r"[^a-z]+", "-", name.lower())
            with open(f"{out}/curves-{file}.svg", "w", encoding="utf-8") as picture:
                picture.write(draw(name, mine))


main(*sys.argv[1:3])
