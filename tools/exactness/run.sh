#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our probabilities and masks of the scans of rat-epi and human-ms in $BEN_DATA (default
# ../shared/data beside the repository), with every set of instructions that the CPU has, against
# PyTorch's in double precision. Prints a table, with --write into docs/performance.md too; exits 1
# where an error is above 1e-5 in more than one pixel of 10,000, or a mask's Dice below 0.9999.
#   tools/exactness/run.sh [--write] [--every N] [--dataset rat-epi|human-ms] [--weights FOLDER]
# Without --every all scans: about 1,000 slices, of the order of half a second each.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BEN_EXACTNESS_BUILD:-$root/build-exactness}
data=${BEN_DATA:-$root/../shared/data}
[ -f "$data/datasets.tsv" ] || { echo "run.sh: no scans at BEN_DATA=$data" >&2; exit 77; }
quietly() { "$@" >"$build/log" 2>&1 || { cat "$build/log" >&2; exit 1; }; }

"$root/tools/deps.sh" dev
mkdir -p "$build"
quietly cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$build" --target exact
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec /usr/bin/python3 "$here/compare.py" "$build/exact" "$@"
