#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""PyTorch on DIR's weights and slices.

  pytorch.py export DIR                writes DIR/net.onnx, and DIR/reference.f64: the
                                       probabilities in double precision
  pytorch.py serve DIR BATCH THREADS   does jobs as ours.c serve:
    infer         in the form (memory layout, slices per call, compiled by TorchScript or not)
                  that a trial finds fastest
    infer-batch   the whole batch in one call, channels last, not compiled
    train         in the memory layout that a trial finds fastest
    write         DIR/pytorch.THREADS.f32, the last probabilities
"""
import os
import sys
import time
import warnings

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import reference  # noqa: E402

SIZE = 256
DROPOUT_FROM = ("start", "end", "dec4", "dec3", "dec2", "dec1")


class Norm(nn.BatchNorm2d):
    """The block's norm, by PyTorch's own fast one, with the dropout that follows it."""

    def __init__(self, channels):
        super().__init__(channels, eps=1e-3, momentum=0.2, affine=False)
        self.rate = 0.0

    def forward(self, x):
        x = super().forward(x)
        return F.dropout(x, self.rate, True) if self.training and self.rate else x


def load(folder):
    reference.Norm = Norm
    net = reference.Net(True)
    renamed = {"mean": "running_mean", "var": "running_var"}
    with h5py.File(f"{folder}/weights.h5", "r") as file:
        values = {name: torch.from_numpy(data[...].astype(np.float32)) for name, data in file["values"].items()}
    state = net.state_dict()
    for name, value in values.items():
        stem, last = name.rsplit(".", 1)
        state[f"{stem}.{renamed[last]}" if stem.endswith("norm") else name].copy_(value)
    assert len(values) == sum("num_batches" not in name for name in state)
    for name in DROPOUT_FROM:
        getattr(net, name).norm.rate = 0.1
    return net


class Probability(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return torch.sigmoid(self.net(x))


def floats(folder, name):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}", np.float32)).view(-1, 1, SIZE, SIZE)


def timed(run):
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def fastest(candidates):
    """The name of the candidate (name -> function) with the least processor time of three."""
    least = {}
    for name, run in candidates.items():
        run()
        least[name] = min(timed(run)[1] for _ in range(3))
    return min(least, key=least.get)


class Server:
    def __init__(self, folder, batch, threads):
        self.folder, self.threads = folder, threads
        self.x, self.y = floats(folder, "image.f32"), floats(folder, "target.f32")[:, 0]
        assert len(self.x) == batch
        self.out = torch.zeros(batch, SIZE, SIZE)
        self.how = self.predictors()
        self.chosen = fastest(self.how)
        self.steps = None

    def predictors(self):
        how = {}
        for layout in ("contiguous", "channels last"):
            form = torch.channels_last if layout == "channels last" else torch.contiguous_format
            net = Probability(load(self.folder)).eval().to(memory_format=form)
            script = torch.jit.trace(net, self.x[:2].to(memory_format=form))
            script = torch.jit.optimize_for_inference(torch.jit.freeze(script))
            for batch in (1, len(self.x)):
                how[f"{layout}, batches of {batch}"] = self.predictor(net, form, batch)
                how[f"{layout}, TorchScript, batches of {batch}"] = self.predictor(script, form,
                                                                                batch)
        return how

    def predictor(self, net, form, batch):
        pieces = [x.to(memory_format=form) for x in self.x.split(batch)]

        def run():
            with torch.inference_mode():
                for at, x in enumerate(pieces):
                    self.out[at * batch:(at + 1) * batch] = net(x)
        return run

    def trainers(self):
        how = {}
        for layout in ("contiguous", "channels last"):
            form = torch.channels_last if layout == "channels last" else torch.contiguous_format
            net = load(self.folder).train().to(memory_format=form)
            adam = torch.optim.Adam(net.parameters(), lr=1e-4)
            how[layout] = self.trainer(net, adam, self.x.to(memory_format=form))
        return how

    def trainer(self, net, adam, x):
        def run():
            adam.zero_grad(set_to_none=True)
            reference.loss_of(net(x), self.y, 1.0, 1.0).backward()
            adam.step()
        return run

    def train(self):
        if self.steps is None:
            how = self.trainers()
            self.steps = how[fastest(how)]
        self.steps()

    def write(self):
        self.out.numpy().tofile(f"{self.folder}/pytorch.{self.threads}.f32")

    def serve(self):
        print(f"ready PyTorch {torch.__version__}, {self.chosen}", flush=True)
        jobs = {"infer": self.how[self.chosen], "train": self.train, "write": self.write,
                "infer-batch": self.how[f"channels last, batches of {len(self.x)}"]}
        for line in sys.stdin:
            wall, cpu = timed(jobs[line.strip()])
            print(f"{wall:.6f} {cpu:.6f}", flush=True)


def export(folder):
    axes = {"x": {0: "n"}, "y": {0: "n"}}
    torch.onnx.export(Probability(load(folder)).eval(), torch.zeros(2, 1, SIZE, SIZE),
                      f"{folder}/net.onnx", opset_version=13, input_names=["x"],
                      output_names=["y"], dynamic_axes=axes)
    exact = Probability(load(folder)).eval().double()
    with torch.inference_mode():
        prob = [exact(x.double()).numpy() for x in floats(folder, "image.f32").split(1)]
    np.concatenate(prob).tofile(f"{folder}/reference.f64")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "export":
        export(sys.argv[2])
    else:
        torch.set_num_threads(int(sys.argv[4]))
        Server(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])).serve()
