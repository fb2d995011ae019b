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
is "usual usual strong" "$(for run in even dark coil; do
    cell "$TMP/$run/results.tsv" status ok n4; done | xargs)"
volume() { cell "$TMP/$1/results.tsv" status ok volume_mm3; }
awk -v even="$(volume even)" -v dark="$(volume dark)" -v coil="$(volume coil)" \
    'BEGIN {exit !(dark < 0.3 * even && coil > 0.7 * even && coil < 1.1 * even)}' ||
    fail "$(volume even) mm3 in even light, $(volume dark) by the coil, $(volume coil) corrected strongly"

expect 0 ranks 3 "$BEN" segment "$TMP/coil.nii.gz" "$TMP/ranks" --species human --volume all --brain \
    --mosaic
same_outputs "$TMP/coil" "$TMP/ranks"
