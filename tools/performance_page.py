# SPDX-License-Identifier: BSD-3-Clause
"""What the tools that measure write into docs/performance.md, and about which machine."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAST = "<!-- to here -->"


def machine():
    """Lines on the processor, the memory and the compiler."""
    with open("/proc/cpuinfo") as file:
        text = file.read()
    model = re.search(r"model name\s*: (.*)", text)
    flags = set(re.search(r"flags\s*: (.*)", text).group(1).split()) if model else set()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    wide = ", AVX-512" if "avx512f" in flags else ", AVX2" if "avx2" in flags else ""
    gcc = subprocess.run(["gcc", "--version"], text=True, stdout=subprocess.PIPE).stdout
    return [f"{model.group(1) if model else 'unknown CPU'}{wide}, {os.cpu_count()} cores, "
            f"{memory:.0f} GiB of memory", gcc.splitlines()[0]]


def write(script, lines):
    """Puts the lines where the page has room for what the script writes."""
    path = f"{ROOT}/docs/performance.md"
    with open(path) as file:
        text = file.read()
    first = f"<!-- {script} writes from here -->"
    head, rest = text.split(first)
    tail = rest.split(LAST, 1)[1]
    with open(path, "w") as file:
        file.write(head + first + "\n" + "\n".join(lines) + "\n" + LAST + tail)
