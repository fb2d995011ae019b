#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our metrics against SciPy's and ITK's on random, smooth and degenerate masks; exits 1 where one
# differs too much.
#   tools/metrics_itk/run.sh build/ben-mpi
# Needs Debian's libinsighttoolkit5-dev, g++, python3-nibabel, python3-numpy, python3-scipy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BEN_METRICS_ITK_BUILD:-$root/build-metrics-itk}
program=${1:?run.sh: name the program, build/ben-mpi say}
cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >"$build.log" 2>&1 ||
    { cat "$build.log" >&2; exit 1; }
cmake --build "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
exec /usr/bin/python3 "$root/tools/check_metrics.py" "$program" "$build/metrics-itk"
