#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# How well the uncertainty of scans predicts their Dice, on animals and patients that no weights saw: the
# test split of real data sets, as it is and spoilt by tools/degrade.py, segmented with --mc and compared
# with the references. The table it prints is in docs/results.md.
#   tools/uncertainty.sh [OUT] [DATASET[:WEIGHTS]...]
# Needs the scans that docs/results.md describes (BEN_DATA, default ../shared/data) and Python with numpy,
# scipy and nibabel (PYTHON). SAMPLES (10), LEVELS (1,2,3), ONLY (a regular expression that the names of the
# scans must match) and RANKS (1) make it shorter.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BEN_DATA:-../shared/data}
[ -d "$data" ] || { echo "skipped: no scans at BEN_DATA=$data"; exit 77; }
out=${1:-build/uncertainty}
shift || true
sets=("$@")
[ ${#sets[@]} -gt 0 ] || sets=(rat-epi mouse-t1w macaque human-ms human-t1w)
python=${PYTHON:-python3}
ben=${BEN:-build/ben-mpi}
run=("$ben")
[ "${RANKS:-1}" = 1 ] || run=(mpirun --bind-to none -n "$RANKS" "$ben")
studies=()
for entry in "${sets[@]}"; do
    set=${entry%%:*}
    weights=()
    study=$out/$set
    [ "$entry" = "$set" ] || { weights=(--weights "${entry#*:}"); study=$out/$set-$(basename "${entry#*:}" .h5); }
    "$python" tools/degrade.py "$study" "$data/datasets.tsv" --where split=test --where "dataset=$set" \
        --levels "${LEVELS:-1,2,3}" --only "${ONLY:-}"
    "${run[@]}" segment "$study/scans.tsv" "$study/out" --mc "${SAMPLES:-10}" --no-hdf5 "${weights[@]}"
    "$ben" evaluate "$study/out" "$study/masks" "$study/dice.tsv"
    studies+=("$study")
done
"$python" tools/uncertainty.py "${studies[@]}" | tee "$out/table.md"
