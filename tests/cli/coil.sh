#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A head of which a surface coil sees the near side hundreds of times as bright as the far one is corrected
# strongly, and keeps most of the mask that it has in even light, of which it loses most otherwise; all time
# points alike, and the same for any number of ranks. What the network is sure of is corrected as usual.
source "$(dirname "$0")/lib.sh"

made=(--species human --dims 72x84x24 --voxel 2.6x2.6x8 --noise 0.0003 --dtype float32)
$PHANTOM "${made[@]}" "$TMP/even.nii.gz" >/dev/null
$PHANTOM "${made[@]}" --coil 3.5 --volumes 2 "$TMP/coil.nii.gz" >/dev/null
expect 0 "$BEN" segment "$TMP/even.nii.gz" "$TMP/even" --species human
expect 0 "$BEN" segment "$TMP/coil.nii.gz" "$TMP/dark" --species human --no-n4-strong
expect 0 "$BEN" segment "$TMP/coil.nii.gz" "$TMP/coil" --species human --volume all --brain --mosaic
says "bias corrected strongly"
is "usual usual strong" "$(results n4 even dark coil)"
read -r even dark coil <<<"$(results volume_mm3 even dark coil)"
awk -v even="$even" -v dark="$dark" -v coil="$coil" \
    'BEGIN {exit !(dark < 0.3 * even && coil > 0.7 * even && coil < 1.1 * even)}' ||
    fail "$even mm3 in even light, $dark by the coil, $coil corrected strongly"

expect 0 ranks 3 "$BEN" segment "$TMP/coil.nii.gz" "$TMP/ranks" --species human --volume all --brain \
    --mosaic
same_outputs "$TMP/coil" "$TMP/ranks"
