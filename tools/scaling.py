#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What scaling.sh starts: scaling.py BUILD DATA [--write] [--rounds N]."""
import argparse
import csv
import mmap
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import performance_page

STAGES = ("read", "n4", "prepare", "network", "post", "write")
NAMES = ("reading", "N4", "preparation", "network", "mask", "writing")
DISTURBED = 1.25  # a median this far above the minimum: something else had the machine


def children_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fetch_memory(size=1 << 30):
    """Touches and frees more memory than a run needs: a virtual machine that has given it back to its
    host waits for the host now, and not in the run."""
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as room:
        room.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, size, mmap.PAGESIZE):
            room[at] = 1


class Job:
    """A segmentation with a number of ranks, measured once a round."""

    def __init__(self, name, options, scans, out, ranks, species):
        self.name, self.scans, self.out, self.ranks = name, scans, out, ranks
        launch = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
        self.command = launch + [f"{options.build}/ben-mpi", "segment", scans, out, "--species",
                                 species, "--threads", "1", "--quiet"]
        self.wall, self.processor, self.rows = [], [], []

    def run(self):
        shutil.rmtree(self.out, ignore_errors=True)
        fetch_memory()
        wall, processor = time.perf_counter(), children_s()
        subprocess.run(self.command, check=True, stdout=subprocess.DEVNULL)
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(children_s() - processor)
        with open(f"{self.out}/results.tsv") as file:
            self.rows.append([row for row in csv.DictReader(file, delimiter="\t")])
        assert all(row["status"] == "ok" for row in self.rows[-1])

    def disturbed(self):
        return statistics.median(self.wall) > DISTURBED * min(self.wall)

    def stages(self):
        """Seconds of each stage: of each scan the least of the rounds, summed over scans."""
        return [sum(min(float(row[f"seconds_{stage}"]) for row in scan)
                    for scan in zip(*self.rows)) for stage in STAGES]


def jobs_of(options, folder):
    one = f"{folder}/one"
    os.mkdir(one)
    subprocess.run([f"{options.build}/tests/make-phantom", "--species", "human", "--dims",
                    "256x256x256", f"{one}/head.nii.gz"], check=True, stdout=subprocess.DEVNULL)
    jobs = []
    for name, scans, species in (("rat-epi", f"{options.data}/rat-epi", "rat"),
                                 ("one scan of 256 x 256 x 256", one, "human")):
        jobs += [Job(name, options, scans, f"{folder}/out", ranks, species) for ranks in (1, 2)]
    return jobs


def gains(jobs, targets):
    lines = ["| segment, seconds | 1 rank: minimum | median | 2 ranks: minimum | median | gain | "
             "wanted | reached |", "|---|---|---|---|---|---|---|---|"]
    for one, two, target in zip(jobs[::2], jobs[1::2], targets):
        gain = min(one.wall) / min(two.wall)
        verdict = "yes" if gain >= target else "no"
        if one.disturbed() or two.disturbed():
            verdict = "disturbed: not known"
        lines.append(f"| {one.name} | {min(one.wall):.2f} | {statistics.median(one.wall):.2f} | "
                     f"{min(two.wall):.2f} | {statistics.median(two.wall):.2f} | {gain:.2f} | "
                     f"at least {target} | {verdict} |")
    return lines


def shares(jobs):
    lines = ["| one rank | " + " | ".join(NAMES) + " | start, end and tables |",
             "|---|" + "---|" * (len(STAGES) + 1)]
    for job in jobs[::2]:
        total, stages = min(job.wall), job.stages()
        parts = [100 * s / total for s in stages + [total - sum(stages)]]
        lines.append(f"| {job.name}, {total:.2f} s by the clock, {min(job.processor):.2f} s of the "
                     "processor | " + " | ".join(f"{part:.1f} %" for part in parts) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("data")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    with tempfile.TemporaryDirectory() as folder:
        jobs = jobs_of(options, folder)
        for r in range(options.rounds):
            for job in jobs:
                job.run()
            print(f"round {r + 1} of {options.rounds}", file=sys.stderr)
    command = "tools/scaling.sh " + " ".join(sys.argv[3:])
    lines = [f"`{command.strip()}`:", ""] + [f"- {line}" for line in performance_page.machine()]
    lines += [""] + gains(jobs, (1.85, 1.7)) + [""] + shares(jobs)
    print("\n".join(lines))
    if options.write:
        performance_page.write("tools/scaling.sh", lines)


if __name__ == "__main__":
    main()
