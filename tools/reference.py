#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The network in PyTorch, double precision, as the reference of tests/nn/test_reference.c.

usage: tools/reference.py tests/ref

Writes nlunet.txt and unet.txt (without the non-local block). Weights, images and masks are not
stored: both sides make them from Philox numbers (src/base/random.h). A file is lines of
  NAME N v1 ... vN
where outputs are whole, and every gradient or other tensor is summed up by its norm, its dot
products with four vectors of random signs and eight of its entries (see summary below).
"""
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED, TEST = 20220711, 6  # BEN_RANDOM_TEST
SIZE, BATCH, CHANNELS, LEVELS, STEPS = 32, 3, 16, 4, 10
A_IMAGE, A_SIGNS, A_ENTRIES = 1000, 2000, 3000


def words(a, b, n):
    """The first n words of the stream (SEED, TEST, a, b)."""
    blocks = (n + 3) // 4
    c = [np.arange(blocks, dtype=np.uint64)]
    c += [np.full(blocks, v, dtype=np.uint64) for v in (TEST, a, b)]
    low = np.uint64(0xFFFFFFFF)
    k0, k1 = SEED & 0xFFFFFFFF, SEED >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1).reshape(-1)[:n]


def uniform(a, b, n):
    return words(a, b, n).astype(np.float64) * 2.0**-32


class Norm(nn.Module):
    """Batch norm without scale and shift; running statistics move by the biased variance."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, x):
        self.input = x.detach()
        if self.training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            self.mean.mul_(0.8).add_(0.2 * mean.detach())
            self.var.mul_(0.8).add_(0.2 * var.detach())
        else:
            mean, var = self.mean, self.var
        return (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + 1e-3)


class Block(nn.Module):
    def __init__(self, c, o, up=False):
        super().__init__()
        if up:
            self.up = nn.ConvTranspose2d(2 * o, o, 2, stride=2)
        self.conv1 = nn.Conv2d(c, o, 3, padding=1)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1)
        self.norm = Norm(o)

    def forward(self, x):
        return self.norm(F.elu(self.conv2(F.elu(self.conv1(x)))))


class NonLocal(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.theta = nn.Conv2d(c, c // 2, 1, bias=False)
        self.phi = nn.Conv2d(c, c // 2, 1, bias=False)
        self.g = nn.Conv2d(c, c // 2, 1, bias=False)
        self.output = nn.Conv2d(c // 2, c, 1, bias=False)

    def forward(self, x):
        theta = self.theta(x).flatten(2)
        phi = F.max_pool1d(self.phi(x).flatten(2), 2)
        g = F.max_pool1d(self.g(x).flatten(2), 2)
        s = torch.softmax(theta.transpose(1, 2) @ phi, dim=2)
        return x + self.output((g @ s.transpose(1, 2)).view(x.shape[0], -1, *x.shape[2:]))


class Net(nn.Module):
    def __init__(self, nonlocal_block):
        super().__init__()
        for l in range(LEVELS):
            c = CHANNELS << l
            setattr(self, f"enc{l + 1}", Block(c // 2 if l else 1, c))
        c = CHANNELS << LEVELS
        self.start = Block(c // 2, c)
        setattr(self, "nonlocal", NonLocal(c) if nonlocal_block else nn.Identity())
        self.end = Block(c, c)
        for l in reversed(range(LEVELS)):
            c = CHANNELS << l
            setattr(self, f"dec{l + 1}", Block(2 * c, c, up=True))
        self.final = nn.Conv2d(CHANNELS, 1, 1)

    def forward(self, x):
        skips = []
        for l in range(LEVELS):
            skips.append(getattr(self, f"enc{l + 1}")(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.end(getattr(self, "nonlocal")(self.start(x)))
        for l in reversed(range(LEVELS)):
            block = getattr(self, f"dec{l + 1}")
            x = block(torch.cat([block.up(x), skips[l]], dim=1))
        return self.final(x)[:, 0]


def values(net):
    """Name -> tensor in the order of the program's list: trainable values, then statistics."""
    return dict(list(net.named_parameters()) + list(net.named_buffers()))


def fan_in(name, shape):
    return shape[0] if ".up." in name else int(np.prod(shape[1:]))


def fill(net):
    """Uniform numbers of He's variance; theta and phi smaller, so that the softmax is not hard."""
    for place, (name, tensor) in enumerate(values(net).items()):
        u = uniform(place, 0, tensor.numel())
        if name.endswith(".mean"):
            v = u - 0.5
        elif name.endswith(".var"):
            v = 0.5 + u
        elif name.endswith(".bias"):
            v = 0.2 * (u - 0.5)
        else:
            v = (u - 0.5) * np.sqrt(24.0 / fan_in(name, tensor.shape))
            if "theta" in name or "phi" in name:
                v = v * 0.3
        v = v.astype(np.float32).astype(np.float64)
        tensor.data.copy_(torch.from_numpy(v).view(tensor.shape))


def batch():
    """A disc per slice in noise, and its mask; the last slice is empty."""
    i, j = np.mgrid[0:SIZE, 0:SIZE]
    images, masks = [], []
    for n in range(BATCH):
        radius = 0 if n == BATCH - 1 else 6 + 3 * n
        mask = ((i - 12 - n) ** 2 + (j - 16 + n) ** 2 < radius**2).astype(np.float64)
        noise = uniform(A_IMAGE, n, SIZE * SIZE).reshape(SIZE, SIZE)
        images.append((0.5 * mask + 0.5 * noise).astype(np.float32).astype(np.float64))
        masks.append(mask)
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(masks))


def loss_of(logit, y, dice, smooth):
    entropy = F.binary_cross_entropy_with_logits(logit, y, reduction="none").mean((1, 2))
    p = torch.sigmoid(logit)
    score = (2 * (p * y).sum((1, 2)) + smooth) / (p.sum((1, 2)) + y.sum((1, 2)) + smooth)
    return (entropy + dice * (1 - score)).mean()


def line(out, name, numbers):
    numbers = np.asarray(numbers, dtype=np.float64).reshape(-1)
    out.write(f"{name} {len(numbers)} " + " ".join(f"{v:.8g}" for v in numbers) + "\n")


def summary(out, name, place, tensor):
    t = tensor.detach().numpy().reshape(-1)
    w = words(A_SIGNS + place, 0, len(t))
    signs = [1.0 - 2.0 * ((w >> np.uint64(k)) & np.uint64(1)).astype(np.float64) for k in range(4)]
    entries = words(A_ENTRIES + place, 0, 8) % np.uint64(len(t))
    line(out, name, [np.linalg.norm(t)] + [t @ s for s in signs] + list(t[entries]))


def dump(path, nonlocal_block, dice, smooth):
    net = Net(nonlocal_block)
    fill(net)
    x, y = batch()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    with open(path, "w") as out:
        net.eval()
        with torch.no_grad():
            line(out, "infer", torch.sigmoid(net(x[:, None])))
        norms = [(n, m) for n, m in net.named_modules() if isinstance(m, Norm)]
        for place, (name, norm) in enumerate(norms):
            moments = norm.input.mean((2, 3)), norm.input.var((2, 3), unbiased=False)
            summary(out, f"stats.{name}", place, torch.stack(moments, dim=1))
        net.train()
        losses = []
        for step in range(STEPS):
            adam.zero_grad()
            logit = net(x[:, None])
            loss = loss_of(logit, y, dice, smooth)
            loss.backward()
            losses.append(loss.item())
            if step == 0:
                line(out, "train", torch.sigmoid(logit.detach()))
                for place, (name, tensor) in enumerate(values(net).items()):
                    trainable = tensor.grad is not None
                    kind = "gradient" if trainable else "running"
                    summary(out, f"{kind}.{name}", place, tensor.grad if trainable else tensor)
            adam.step()
        line(out, "losses", losses)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    dump(sys.argv[1] + "/nlunet.txt", True, 1.0, 1.0)
    dump(sys.argv[1] + "/unet.txt", False, 0.2, 1e-3)
