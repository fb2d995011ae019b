#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A scan in which noise hides the brain is smoothed, and gets about the mask that it has without the
# noise; the same for any number of ranks, with and without samples. Clear scans stay as they are.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat "$TMP/clear.nii.gz" >/dev/null
$PHANTOM --species rat --noise 0.25 "$TMP/noisy.nii.gz" >/dev/null
expect 0 "$BEN" segment "$TMP/clear.nii.gz" "$TMP/clear" --species rat --no-mend-slices
expect 0 "$BEN" segment "$TMP/noisy.nii.gz" "$TMP/raw" --species rat --no-mend-slices --no-denoise
expect 0 "$BEN" segment "$TMP/noisy.nii.gz" "$TMP/noisy" --species rat --no-mend-slices
says "smoothed by 0.6 voxels"
is "0.0 0.0 0.6" "$(results smoothing clear raw noisy)"
read -r clear raw noisy <<<"$(results volume_mm3 clear raw noisy)"
awk -v clear="$clear" -v raw="$raw" -v noisy="$noisy" \
    'BEGIN {exit !(raw < 0.5 * clear && noisy > 0.9 * clear && noisy < 1.1 * clear)}' ||
    fail "$clear mm3 without noise, $raw with it, $noisy smoothed"

options=(--species rat --no-mend-slices --mc 2 --probability --uncertainty --attention)
expect 0 "$BEN" segment "$TMP/noisy.nii.gz" "$TMP/one" "${options[@]}"
expect 0 ranks 3 "$BEN" segment "$TMP/noisy.nii.gz" "$TMP/ranks" "${options[@]}"
same_outputs "$TMP/one" "$TMP/ranks"
cmp "$TMP"/noisy/*_mask.nii.gz "$TMP"/one/*_mask.nii.gz
