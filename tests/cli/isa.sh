#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The instruction sets give the same masks of real scans but for rounding: Dice 0.9999 and more of
# every scan against the machine's best set. Takes a scan of an animal and one of a patient of the test
# split; BEN_TEST_ALL=1: every scan.
source "$(dirname "$0")/lib.sh"
need_data rat-epi
need_data human-ms
unset BEN_WEIGHTS BEN_ISA

# masks ISA DATASET: into $TMP/ISA/DATASET; of the first scan of the test split, or of all scans.
masks() {
    local rows=("dataset=$2")
    [ "${BEN_TEST_ALL:-}" ] || rows+=("image=$(awk -F'\t' -v set="$2" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["dataset"] == set && $c["split"] == "test" {print $c["image"]; exit}' "$DATA/datasets.tsv")")
    BEN_ISA=$1 expect 0 ranks 2 "$BEN" segment "$DATA/datasets.tsv" "$TMP/$1/$2" \
        --where "${rows[@]}" --no-hdf5
}

# agree DATASET ISA BEST: the lowest Dice of a scan.
agree() {
    expect 0 "$BEN" evaluate "$TMP/$2/$1" "$TMP/$3/$1" "$TMP/$1-$2.tsv"
    awk -F'\t' -v what="$1, $2 against $3" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["metric"] == "dice" && $c["group"] == "all" {
            printf "%s: %d scans, lowest Dice %s\n", what, $c["n"], $c["min"]
            good = $c["n"] > 0 && $c["min"] >= 0.9999}
        END {exit !good}' "$TMP/$1-$2_summary.tsv" || fail "$1: $2 and $3 give different masks"
}

sets=()
for isa in avx512 avx2 generic; do
    BEN_ISA=$isa "$BEN" info >"$TMP/printed" 2>&1 && sets+=("$isa")
done
[ ${#sets[@]} -gt 0 ] || fail "no instruction set runs"
[ ${#sets[@]} -gt 1 ] || { echo "skipped: this machine has one instruction set"; exit 77; }
for set in rat-epi human-ms; do
    for isa in "${sets[@]}"; do
        masks "$isa" "$set"
        [ "$isa" = "${sets[0]}" ] || agree "$set" "$isa" "${sets[0]}"
    done
done
