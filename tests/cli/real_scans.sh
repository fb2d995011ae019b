#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The shipped weights on real scans of animals and patients they never saw: the Dice that
# docs/results.md promises.
source "$(dirname "$0")/lib.sh"
need_data rat-epi
unset BEN_WEIGHTS

# accuracy DATASET MEDIAN LOWEST: segments its test split and holds Dice against the bounds.
accuracy() {
    local set=$1 subjects
    mapfile -t subjects < <(awk -F'\t' -v set="$set" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["dataset"] == set && $c["split"] == "test" {print $c["subject"]}' \
        "$DATA/datasets.tsv" | sort -u)
    expect 0 ranks 2 "$BEN" segment "$DATA/$set" "$TMP/$set" --participant-label \
        "${subjects[@]}" --no-hdf5
    expect 0 "$BEN" evaluate "$TMP/$set" "$DATA/$set/derivatives/reference" "$TMP/$set.tsv"
    awk -F'\t' -v set="$set" -v median="$2" -v lowest="$3" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["metric"] == "dice" && $c["group"] == "all" {
            printf "%s: %d scans, Dice median %s, lowest %s\n", set, $c["n"], $c["median"], $c["min"]
            good = $c["median"] >= median && $c["min"] >= lowest}
        END {exit !good}' "$TMP/${set}_summary.tsv" || fail "$set: below $2 (median) or $3 (lowest)"
}

accuracy rat-epi 0.98 0.97
accuracy human-ms 0.95 0.94
accuracy human-t1w 0.95 0.95
accuracy macaque 0.95 0.93
accuracy mouse-t1w 0.93 0.93

# A rat whose header calls its coronal slices axial, and one whose thin slices are named rightly.
expect 0 "$BEN" segment "$DATA/rodent-unlabeled" "$TMP/planes" --participant-label strokeratnet \
    emoryrat --no-hdf5
is axial "$(cell "$TMP/planes/results.tsv" participant_id sub-strokeratnet plane)"
is coronal $(cell "$TMP/planes/results.tsv" participant_id sub-emoryrat plane)
cell "$TMP/planes/results.tsv" participant_id sub-strokeratnet volume_mm3 |
    awk '{exit !($1 > 1900 && $1 < 2400)}' || fail "no rat's brain has that volume"
