#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# How good the shipped weights are on animals and patients they never saw: segments the test split
# of real data sets and compares with their references.
#   tools/accuracy.sh [OUT] [DATASET[:WEIGHTS]...]
# Needs the scans that docs/results.md describes (BEN_DATA, default ../shared/data).
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BEN_DATA:-../shared/data}
[ -d "$data" ] || { echo "skipped: no scans at BEN_DATA=$data"; exit 77; }
out=${1:-build/accuracy}
shift || true
sets=("$@")
[ ${#sets[@]} -gt 0 ] || sets=(rat-epi human-ms human-t1w macaque mouse-t1w)
ben=build/ben-mpi
mkdir -p "$out"
for entry in "${sets[@]}"; do
    set=${entry%%:*}
    weights=()
    [ "$entry" = "$set" ] || weights=(--weights "${entry#*:}")
    mapfile -t subjects < <(awk -F'\t' -v set="$set" 'NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["dataset"] == set && $c["split"] == "test" {print $c["subject"]}' \
        "$data/datasets.tsv" | sort -u)
    "$ben" segment "$data/$set" "$out/$set" --participant-label "${subjects[@]}" --restart \
        --mosaic "${weights[@]}"
    "$ben" evaluate "$out/$set" "$data/$set/derivatives/reference" "$out/$set.tsv"
done
