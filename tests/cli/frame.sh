#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A head in a large field of view is looked at from nearer, and gets the mask that it gets in a
# common one; the maps are whole, and the same for any number of ranks.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --dims 80x72x15 --voxel 0.35x0.35x2.4 "$TMP/common.nii.gz" >/dev/null
$PHANTOM --species rat --dims 240x216x15 --voxel 0.35x0.35x2.4 "$TMP/large.nii.gz" >/dev/null
expect 0 "$BEN" segment "$TMP/common.nii.gz" "$TMP/common" --species rat --verbose
! grep -q "the brain is small" "$TMP/said" || fail "looked nearer than at a common field of view"
common=$(cell "$TMP/common/results.tsv" status ok volume_mm3)
options=(--species rat --mc 2 --probability --uncertainty --attention)
expect 0 "$BEN" segment "$TMP/large.nii.gz" "$TMP/large" --verbose "${options[@]}"
says "the brain is small"
large=$(cell "$TMP/large/results.tsv" status ok volume_mm3)
awk -v a="$common" -v b="$large" 'BEGIN {exit !(a > 1000 && b > 0.9 * a && b < 1.1 * a)}' ||
    fail "$common mm3 in a common field of view, $large in a large one"
expect 0 ranks 2 "$BEN" segment "$TMP/large.nii.gz" "$TMP/ranks" "${options[@]}"
same_outputs "$TMP/large" "$TMP/ranks"
