#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Training gives the same weights file, byte for byte, for 1, 2 and 4 ranks and 1 and 2 threads,
# and when a signal stopped it on the way; bad starts are refused with a reason.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --dims 32x28x6 --bids "$TMP/bids" --subjects 3 >/dev/null
options=(--masks "$TMP/bids/derivatives/reference" --size 32 --batch 6 --rate 1e-3
    --validation-fraction 0.34 --average 0.9 --flip 0.5 --noise 0.02 --translate 2
    --cache "$TMP/cache")
# train WEIGHTS [OPTION...]: later options win.
train() { "$BEN" train "$TMP/bids" "$1" "${options[@]}" "${@:2}"; }

# Ranks and threads.
expect 0 train "$TMP/one/rat.h5" --epochs 2
says "2 train, 1 validate" "validation Dice"
[ "$(wc -l <"$TMP/one/rat.log.tsv")" = 3 ] || fail "the log has not one row per epoch"
for n in 2 4; do
    expect 0 ranks $n "$BEN" train "$TMP/bids" "$TMP/ranks$n/rat.h5" --epochs 2 "${options[@]}"
    cmp "$TMP/one/rat.h5" "$TMP/ranks$n/rat.h5"
    cmp <(cut -f1-11 "$TMP/one/rat.log.tsv") <(cut -f1-11 "$TMP/ranks$n/rat.log.tsv")
done
expect 0 train "$TMP/threads/rat.h5" --epochs 2 --threads 2
cmp "$TMP/one/rat.h5" "$TMP/threads/rat.h5"

# What was trained is of use, and says where it comes from.
expect 0 "$BEN" info "$TMP/one/rat.h5"
grep -q '"training_participants"' "$TMP/printed" || fail "no participants in the provenance"
expect 0 "$BEN" segment "$TMP/bids/sub-01/anat/sub-01_T2w.nii.gz" "$TMP/mask.nii.gz" \
    --weights "$TMP/one/rat.h5"

# Stopped by a signal after the first epoch, then run again.
mkdir "$TMP/stopped"
"$BEN" train "$TMP/bids" "$TMP/stopped/rat.h5" --epochs 8 "${options[@]}" 2>"$TMP/said" &
for _ in $(seq 3000); do [ -f "$TMP/stopped/rat.log.tsv" ] && break; sleep 0.1; done
kill -TERM $!
code=0
wait $! || code=$?
[ $code = 75 ] || fail "exit code $code after a signal, not 75"
[ -f "$TMP/stopped/rat.h5.checkpoint" ] || fail "no checkpoint"
expect 2 train "$TMP/stopped/rat.h5" --epochs 8 --rate 1e-4
says "other options or data" "--restart"
expect 0 train "$TMP/stopped/rat.h5" --epochs 8
says "going on from"
[ ! -f "$TMP/stopped/rat.h5.checkpoint" ] || fail "the checkpoint is still there"
expect 0 train "$TMP/whole/rat.h5" --epochs 8
cmp "$TMP/whole/rat.h5" "$TMP/stopped/rat.h5"
cmp <(cut -f1-11 "$TMP/whole/rat.log.tsv") <(cut -f1-11 "$TMP/stopped/rat.log.tsv")

# Fine-tuning begins with other weights.
expect 0 train "$TMP/tuned.h5" --epochs 1 --weights "$TMP/one/rat.h5"
expect 0 "$BEN" info "$TMP/tuned.h5"
grep -q '"initial_values": "weights ' "$TMP/printed" || fail "no initial weights"

# A bad scan is left out and counted; bad starts are refused.
echo spoilt >"$TMP/bids/sub-03/anat/sub-03_T2w.nii.gz"
expect 1 train "$TMP/less.h5" --epochs 1 --validation-fraction 0
says "left out" "sub-03_T2w.nii.gz"
[ -f "$TMP/less.h5" ] || fail "no weights because of one bad scan"
expect 2 "$BEN" train "$TMP/bids" "$TMP/none.h5"
says "none of 3 scans is labelled"
expect 2 train "$TMP/none.h5" --folds 5 --fold 1
says "5 folds need as many participants"
expect 2 train "$TMP/none.h5" --size 100
says "multiple of 16"
[ ! -f "$TMP/none.h5" ] || fail "weights from a bad start"
