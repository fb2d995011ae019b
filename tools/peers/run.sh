#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our speed against PyTorch's, ONNX Runtime's, oneDNN's and ITK's, interleaved in one run on the
# same weights and slices. Prints a table and, with --write, puts it into docs/performance.md.
#   tools/peers/run.sh [--write] [--batch N] [--rounds N] [--train-rounds N] [--n4-rounds N]
#                      [--weights FILE]
# Without FILE the weights are random.
# Installs what the others need from Debian's packages, and ONNX Runtime from npm into
# build-peers. N4 is compared on a template that Debian has, and on scans in $BEN_DATA (default
# ../shared/data beside the repository) where there are any. Takes about ten minutes of two idle
# cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BEN_PEERS_BUILD:-$root/build-peers}
onnxruntime=1.30.0

quietly() { "$@" >"$build/log" 2>&1 || { cat "$build/log" >&2; exit 1; }; }

"$root/tools/deps.sh" peers
mkdir -p "$build/work"
[ -d "$build/npm/node_modules/onnxruntime-node" ] ||
    quietly npm install --no-audit --no-fund --ignore-scripts --prefix "$build/npm" \
        "onnxruntime-node@$onnxruntime"
quietly cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$build" --target ours onednn

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export NODE_PATH=$build/npm/node_modules
# OpenBLAS and PyTorch's own loops do not choose their AVX-512 forms by themselves everywhere.
if grep -qw avx512vl /proc/cpuinfo; then
    export OPENBLAS_CORETYPE=SkylakeX ATEN_CPU_CAPABILITY=avx512
fi
exec /usr/bin/python3 "$here/compare.py" "$build" "$@"
