#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 4-D scans: the fifth time point by default, --volume N, --volume all; file to file with its
# companions; the manifest as input.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --dims 40x36x6 --volumes 6 "$TMP/epi.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x36x6 --volumes 3 "$TMP/short.nii.gz" >/dev/null

expect 0 "$BEN" segment "$TMP/epi.nii.gz" "$TMP/default.nii.gz" --species rat
expect 0 "$BEN" segment "$TMP/epi.nii.gz" "$TMP/four.nii.gz" --species rat --volume 4
expect 0 "$BEN" segment "$TMP/epi.nii.gz" "$TMP/zero.nii.gz" --species rat --volume 0
cmp "$TMP/default.nii.gz" "$TMP/four.nii.gz"
cmp -s "$TMP/default.nii.gz" "$TMP/zero.nii.gz" && fail "time points 0 and 4 give one mask"
expect 0 "$BEN" segment "$TMP/short.nii.gz" "$TMP/last.nii.gz" --species rat
expect 0 "$BEN" segment "$TMP/short.nii.gz" "$TMP/two.nii.gz" --species rat --volume 2
cmp "$TMP/last.nii.gz" "$TMP/two.nii.gz"
expect 1 "$BEN" segment "$TMP/short.nii.gz" "$TMP/none.nii.gz" --species rat --volume 3
says "short.nii.gz" "no volume 3"
[ ! -e "$TMP/none.nii.gz" ] || fail "a mask of no volume"

expect 0 "$BEN" segment "$TMP/epi.nii.gz" "$TMP/all.nii.gz" --species rat --volume all --brain \
    --probability --mosaic
expect 0 "$BEN" info "$TMP/all.nii.gz" "$TMP/all_brain.nii.gz" "$TMP/all_probability.nii.gz"
[ "$(grep -c '6 volumes' "$TMP/printed")" = 3 ] || fail "not 6 volumes each"
[ "$(head -c 4 "$TMP/all_mosaic.png" | od -An -tx1 | tr -d ' ')" = 89504e47 ] || fail "no PNG"
expect 0 ranks 3 "$BEN" segment "$TMP/epi.nii.gz" "$TMP/all3.nii.gz" --species rat --volume all
cmp "$TMP/all.nii.gz" "$TMP/all3.nii.gz"

mkdir "$TMP/m"
printf 'image\tspecies\tsplit\n%s\trat\ttest\n%s\trat\ttrain\n' ../epi.nii.gz ../short.nii.gz \
    >"$TMP/m/scans.tsv"
expect 0 "$BEN" segment "$TMP/m/scans.tsv" "$TMP/table" --split test
[ "$(wc -l <"$TMP/table/results.tsv")" = 2 ] || fail "the manifest's split does not select"
