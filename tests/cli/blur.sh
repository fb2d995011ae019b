#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A blurred scan, of which the network takes far too much for brain, is sharpened, and gets about the mask
# that it has when it is sharp; the same for any number of ranks. Sharp scans stay as they are.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --contrast T1w --dims 80x72x12 --voxel 0.35x0.35x3 "$TMP/sharp.nii.gz" >/dev/null
$TOOL blur "$TMP/sharp.nii.gz" "$TMP/blurred.nii.gz" 2
expect 0 "$BEN" segment "$TMP/sharp.nii.gz" "$TMP/sharp" --species rat --no-mend-slices
expect 0 "$BEN" segment "$TMP/blurred.nii.gz" "$TMP/raw" --species rat --no-mend-slices --no-sharpen
expect 0 "$BEN" segment "$TMP/blurred.nii.gz" "$TMP/blurred" --species rat --no-mend-slices
says "sharpened by 3 voxels"
is "0.0 0.0 3.0" "$(results sharpening sharp raw blurred)"
read -r sharp raw blurred <<<"$(results volume_mm3 sharp raw blurred)"
awk -v sharp="$sharp" -v raw="$raw" -v blurred="$blurred" \
    'BEGIN {exit !(raw > 1.5 * sharp && blurred > 0.75 * sharp && blurred < 1.25 * sharp)}' ||
    fail "$sharp mm3 when sharp, $raw blurred, $blurred sharpened"

expect 0 ranks 3 "$BEN" segment "$TMP/blurred.nii.gz" "$TMP/ranks" --species rat --no-mend-slices
same_outputs "$TMP/blurred" "$TMP/ranks"
