#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Where segment's time goes, and what a second rank gains: many scans (rat-epi in $BEN_DATA, default
# ../shared/data beside the repository) and one made head of 256 x 256 x 256 voxels, with one rank
# and two of one thread each, in turn. Prints tables and, with --write, puts them into
# docs/performance.md.
#   tools/scaling.sh [--write] [--rounds N]
# About a minute of two idle cores per round.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BEN_DATA:-$PWD/../shared/data}
[ -d "$data/rat-epi" ] || { echo "scaling.sh: no scans at BEN_DATA=$data" >&2; exit 77; }
[ -x build/ben-mpi ] && [ -x build/tests/make-phantom ] ||
    { echo "scaling.sh: build the program and its tests first (tools/build.sh default)" >&2; exit 2; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset OPENBLAS_CORETYPE OMP_NUM_THREADS BEN_ISA BEN_WEIGHTS # as for a user who sets nothing
exec python3 tools/scaling.py build "$data" "$@"
