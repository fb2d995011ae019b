#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Masks, table and HDF5 data are the same bytes for any number of ranks and threads, with many
# scans and with one, and with more ranks than slices.
source "$(dirname "$0")/lib.sh"

shipped=${BEN_WEIGHTS-}
small_nets
$PHANTOM --species rat,human --dims 40x36x8 --bids "$TMP/bids" --subjects 3 >/dev/null
mkdir "$TMP/one" "$TMP/thin"
$PHANTOM --species rat --dims 48x48x9 "$TMP/one/head.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x40x3 "$TMP/thin/head.nii.gz" >/dev/null

for input in bids one thin; do
    # One scan with the real network, the others with a small one.
    if [ $input = one ]; then weights=$shipped; else weights=$TMP/nets; fi
    export BEN_WEIGHTS=$weights
    species=(--species rat)
    [ $input != bids ] || species=() # participants.tsv tells
    OMP_NUM_THREADS=1 expect 0 ranks 1 "$BEN" segment "$TMP/$input" "$TMP/$input-1-1" \
        --probability "${species[@]}"
    grep -qP '\t(ok|empty)\t' "$TMP/$input-1-1/results.tsv" || fail "no scan of $input succeeded"
    for n in 1 2 3 4; do
        for threads in 1 2; do
            [ "$n-$threads" != 1-1 ] || continue
            [ "$threads" = 1 ] || [ "$n" -le 2 ] || continue
            OMP_NUM_THREADS=$threads expect 0 ranks $n "$BEN" segment "$TMP/$input" \
                "$TMP/$input-$n-$threads" --probability "${species[@]}"
            same_outputs "$TMP/$input-1-1" "$TMP/$input-$n-$threads"
        done
    done
done
