#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A slice that lost its signal gets brain from its neighbours, unless --no-mend-slices.
source "$(dirname "$0")/lib.sh"

# volume NAME OUT OPTION...: mm3 of brain in NAME.nii.gz
volume() {
    expect 0 "$BEN" segment "$TMP/$1.nii.gz" "$TMP/$2" --species rat "${@:3}"
    cell "$TMP/$2/results.tsv" status ok volume_mm3
}

$PHANTOM --species rat "$TMP/whole.nii.gz" >/dev/null
$TOOL blank "$TMP/whole.nii.gz" "$TMP/gap.nii.gz" 15
whole=$(volume whole whole)
mended=$(volume gap mended)
left=$(volume gap left --no-mend-slices)
awk -v w="$whole" -v m="$mended" -v l="$left" \
    'BEGIN {exit !(l < 0.95 * w && m > 0.98 * w && m < 1.02 * w)}' ||
    fail "of $whole mm3 $mended are left with slices mended, $left without"
