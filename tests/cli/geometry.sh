#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A mask has the grid of its scan bit for bit, for all 48 axis orders and flips and an oblique
# one, and the mask of a turned copy is the turned mask.
source "$(dirname "$0")/lib.sh"
small_nets

$PHANTOM --species rat --dims 40x36x12 "$TMP/head.nii.gz" >/dev/null
mkdir "$TMP/in"
$TOOL orientations "$TMP/head.nii.gz" "$TMP/in"
$TOOL oblique "$TMP/head.nii.gz" "$TMP/in/tilted.nii.gz" 20
expect 0 ranks 2 "$BEN" segment "$TMP/in" "$TMP/out" --species rat
cell "$TMP/out/results.tsv" status ok volume_mm3 | awk '!($1 > 0) {exit 1}' || fail "an empty mask"
first=
for scan in "$TMP"/in/*.nii.gz; do
    mask=$TMP/out/$(basename "$scan" .nii.gz)_mask.nii.gz
    $TOOL same-header "$scan" "$mask"
    hash=$($TOOL canonical "$mask")
    first=${first:-$hash}
    [ "$hash" = "$first" ] || fail "$mask is not the turned mask"
done
