#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The comparison that run.sh starts: compare.py BUILD [options].

Every program is a process that waits for the name of a job on its standard input, does it once
and answers with the seconds it took, of the clock and of the processor. Only one works at a time;
a round is one job of each, and rounds follow each other, so that whatever slows the machine down
slows all alike.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import performance_page  # noqa: E402

SAMPLES = 10
MOST_ERROR = 2e-4  # of a probability; random weights are harder on rounding than trained ones
DISTURBED = 1.25  # a median this far above the minimum: something else had the machine
TEMPLATE = "/usr/share/mricron/templates/ch2.nii.gz"
SCANS = ("rat-epi/sub-01", "human-ms/sub-01")


class Peer:
    def __init__(self, command, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.threads = threads
        self.process = subprocess.Popen(command + [str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.about = self.answer().split(" ", 1)[1]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare.py: {self.process.args[0]} ended")
        return line.strip()

    def do(self, job):
        """Seconds: of the processor with one thread, which other users of the machine disturb
        least; of the clock with more."""
        self.process.stdin.write(job + "\n")
        self.process.stdin.flush()
        wall, cpu = map(float, self.answer().split())
        return cpu if self.threads == 1 else wall

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Row:
    """One thing measured: a job of a peer."""

    def __init__(self, name, peer, job):
        self.name, self.peer, self.job, self.seconds = name, peer, job, []

    def run(self, keep):
        took = self.peer.do(self.job)
        if keep:
            self.seconds.append(took)

    def least(self):
        return min(self.seconds)

    def median(self):
        return statistics.median(self.seconds)

    def disturbed(self):
        return self.median() > DISTURBED * self.least()


def interleave(rows, rounds):
    for r in range(rounds + 1):
        for row in rows:
            row.run(keep=r > 0)
        print(f"round {r} of {rounds}" if r else "warmed up", file=sys.stderr)


def start(build, batch, weights):
    work = f"{build}/work"
    subprocess.run([f"{build}/ours", "export", work, str(batch)], check=True)
    if weights:
        shutil.copyfile(weights, f"{work}/weights.h5")
    pytorch = ["/usr/bin/python3", f"{HERE}/pytorch.py"]
    subprocess.run(pytorch + ["export", work], check=True, stderr=subprocess.DEVNULL)
    job = [work, str(batch)]
    commands = {"ours": [f"{build}/ours", "serve"] + job,
                "onednn": [f"{build}/onednn"] + job,
                "onnxruntime": ["node", f"{HERE}/onnxruntime.js"] + job,
                "pytorch": pytorch + ["serve"] + job}
    peers = {}
    for name, threads in (("ours", 1), ("onednn", 1), ("onnxruntime", 1), ("pytorch", 1),
                          ("ours", 2), ("onnxruntime", 2)):
        peers[name, threads] = Peer(commands[name], threads)
        print(f"{threads} thread(s): {peers[name, threads].about}", file=sys.stderr)
    return peers


def measure(peers, options):
    rows = {}

    def row(key, name, peer, job):
        rows[key] = Row(name, peers[peer], job)

    row("ours", "ours, the whole network", ("ours", 1), "infer")
    row("onednn", "oneDNN, its 3x3 convolutions + ELU alone", ("onednn", 1), "infer")
    row("ort", "ONNX Runtime, at its fastest", ("onnxruntime", 1), "infer")
    row("ort batch", "ONNX Runtime, the batch in one call", ("onnxruntime", 1), "infer-batch")
    row("torch", "PyTorch, at its fastest", ("pytorch", 1), "infer")
    row("torch batch", "PyTorch, the batch in one call, channels last", ("pytorch", 1),
        "infer-batch")
    row("mc", f"ours, Monte Carlo with {SAMPLES} samples", ("ours", 1), "mc")
    row("ours 2", "ours, 2 threads", ("ours", 2), "infer")
    row("ort 2", "ONNX Runtime, 2 threads, at its fastest", ("onnxruntime", 2), "infer")
    row("ort batch 2", "ONNX Runtime, 2 threads, the batch in one call", ("onnxruntime", 2),
        "infer-batch")
    interleave(list(rows.values()), options.rounds)
    training = {"train": Row("ours, training step", peers["ours", 1], "train"),
                "torch train": Row("PyTorch, training step", peers["pytorch", 1], "train")}
    interleave(list(training.values()), options.train_rounds)
    return rows | training


def errors(peers, work):
    """(name, threads) -> errors of all probabilities against double precision."""
    exact = np.fromfile(f"{work}/reference.f64", np.float64)
    if not exact.std() > 0.05:
        sys.exit("compare.py: the probabilities are all alike: they prove nothing")
    found = {}
    for (name, threads), peer in peers.items():
        if name == "onednn":
            continue
        peer.do("infer")
        peer.do("write")
        found[name, threads] = abs(np.fromfile(f"{work}/{name}.{threads}.f32", np.float32) - exact)
    return found


def n4_scans():
    data = os.environ.get("BEN_DATA", f"{ROOT}/../shared/data")
    scans = [TEMPLATE]
    for folder in SCANS:
        for at, _, names in sorted(os.walk(f"{data}/{folder}")):
            scans += [f"{at}/{name}" for name in sorted(names) if name.endswith(".nii.gz")][:1]
    return scans


def measure_n4(build, rounds):
    """Scan -> [(ours, ITK's) milliseconds], one thread."""
    found = {}
    environment = dict(os.environ, BEN_N4_ITK_BUILD=f"{build}/n4")
    for r in range(rounds):
        out = subprocess.run([f"{ROOT}/tools/n4_itk/run.sh", *n4_scans()], text=True, check=True,
                             stdout=subprocess.PIPE, env=environment).stdout
        for line in out.splitlines()[1:]:
            words = line.split()
            name = f"{words[0]} ({words[1].replace('x', ' x ')})"
            found.setdefault(name, []).append((float(words[-4]), float(words[-3])))
        print(f"N4 round {r + 1} of {rounds}", file=sys.stderr)
    return found


def about(peers):
    lines = performance_page.machine()
    lines += [f"{threads} thread{'s' * (threads > 1)}: {peer.about}"
              for (_, threads), peer in peers.items()]
    itk = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libinsighttoolkit5-dev"],
                         text=True, stdout=subprocess.PIPE).stdout
    return lines + [f"ITK {itk}"]


def times(rows, batch):
    lines = ["| measured, ms per slice | minimum | median |", "|---|---|---|"]
    for row in rows.values():
        lines.append(f"| {row.name} | {1e3 * row.least() / batch:.1f} | "
                     f"{1e3 * row.median() / batch:.1f} |")
    return lines


def times_n4(n4):
    lines = ["| N4, ms per scan | ours: minimum | ITK: minimum | median | ratio |",
             "|---|---|---|---|---|"]
    for scan, pairs in n4.items():
        ours, itk = zip(*pairs)
        lines.append(f"| {scan} | {min(ours):.0f} | {min(itk):.0f} | "
                     f"{statistics.median(itk):.0f} | {min(itk) / min(ours):.1f} |")
    return lines


def judged(what, value, target, at_most=False, disturbed=False):
    good = value <= target if at_most else value >= target
    verdict = "disturbed: not known" if disturbed else "yes" if good else "no"
    return f"| {what} | {value:.2f} | {'at most' if at_most else 'at least'} {target} | {verdict} |"


def ratios(rows, n4):
    def ratio(what, above, below, target, at_most=False):
        above, below = rows[above], rows[below]
        return judged(what, above.least() / below.least(), target, at_most,
                      above.disturbed() or below.disturbed())

    lines = ["| ratio of minima | measured | wanted | reached |", "|---|---|---|---|",
             ratio("oneDNN's 3x3 + ELU / our network", "onednn", "ours", 2.0),
             ratio("ONNX Runtime in one call / ours", "ort batch", "ours", 3.5),
             ratio("ONNX Runtime at its fastest / ours", "ort", "ours", 3.5),
             ratio("PyTorch in one call / ours", "torch batch", "ours", 6),
             ratio("PyTorch at its fastest / ours", "torch", "ours", 6),
             ratio("2 threads: ONNX Runtime in one call / ours", "ort batch 2", "ours 2", 3),
             ratio("2 threads: ONNX Runtime at its fastest / ours", "ort 2", "ours 2", 3),
             ratio("training step: PyTorch / ours", "torch train", "train", 6),
             ratio(f"Monte Carlo with {SAMPLES} samples / one plain pass", "mc", "ours", 6.5,
                   at_most=True)]
    for scan, pairs in n4.items():
        ours, itk = (min(column) for column in zip(*pairs))
        lines.append(judged(f"N4: ITK / ours, {scan}", itk / ours, 5))
    return lines


def agreement(far):
    names = {"onnxruntime": "ONNX Runtime", "pytorch": "PyTorch", "ours": "ours"}
    lines = ["| error of probabilities against double precision | 99.99 % below | largest |",
             "|---|---|---|"]
    for (name, threads), error in far.items():
        lines.append(f"| {names[name]}, {threads} thread{'s' * (threads > 1)} | "
                     f"{np.quantile(error, 0.9999):.1e} | {error.max():.1e} |")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--weights")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--train-rounds", type=int, default=3)
    parser.add_argument("--n4-rounds", type=int, default=3)
    options = parser.parse_args()
    command = "tools/peers/run.sh " + " ".join(sys.argv[2:])
    peers = start(options.build, options.batch, options.weights)
    far = errors(peers, f"{options.build}/work")
    rows = measure(peers, options)
    who = about(peers)
    for peer in peers.values():
        peer.close()
    n4 = measure_n4(options.build, options.n4_rounds) if options.n4_rounds else {}
    lines = [f"`{command.strip()}`, batches of {options.batch} slices of 256 x 256:", ""]
    lines += [f"- {line}" for line in who] + [""] + ratios(rows, n4) + [""]
    lines += times(rows, options.batch) + [""] + (times_n4(n4) + [""] if n4 else [])
    lines += agreement(far)
    print("\n".join(lines))
    if options.write:
        performance_page.write("tools/peers/run.sh", lines)
    if max(error.max() for error in far.values()) > MOST_ERROR:
        sys.exit("compare.py: the programs do not agree")
    if (far["ours", 1] != far["ours", 2]).any():
        sys.exit("compare.py: two threads give other numbers than one")


if __name__ == "__main__":
    main()
