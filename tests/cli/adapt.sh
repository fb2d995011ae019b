#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Adaptation gives the same weights file, byte for byte, on one rank and on 2, 3 or 4, whatever the method,
# and when a signal stopped it on the way; labels are used as asked, none included.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --dims 32x28x6 --bids "$TMP/rats" --subjects 2 >/dev/null
$PHANTOM --species mouse --contrast EPI --dims 28x32x5 --seed 7 --bids "$TMP/mice" \
    --subjects 4 >/dev/null
masks=$TMP/mice/derivatives/reference
expect 0 "$BEN" train "$TMP/rats" "$TMP/rat.h5" --masks "$TMP/rats/derivatives/reference" \
    --size 32 --batch 6 --rate 2e-3 --epochs 4 --exact-norm --seed 3
options=(--weights "$TMP/rat.h5" --batch 3 --pseudo-batch 2 --samples 6 --epochs 3 --start 1
    --refresh 1 --mc 2 --translate 2 --rate 1e-3 --seed 5 --scan-limit 0 --zeta 0
    --cache "$TMP/cache")
# adapt NAME [OPTION...]: later options win.
adapt() { "$BEN" adapt "$TMP/mice" "$TMP/$1.h5" "${options[@]}" "${@:2}"; }

# Two animals of four are labelled.
for method in ben finetune scratch adabn none; do
    expect 0 adapt one-$method --method $method --masks "$masks" --labels 2
done
# ranked N METHOD: the same bytes on that many ranks.
ranked() {
    expect 0 ranks "$1" "$BEN" adapt "$TMP/mice" "$TMP/ranks$1-$2.h5" "${options[@]}" \
        --method "$2" --masks "$masks" --labels 2
    cmp "$TMP/one-$2.h5" "$TMP/ranks$1-$2.h5"
}
ranked 4 ben
ranked 3 adabn
ranked 2 finetune
cmp <(cut -f1-12 "$TMP/one-ben.rounds.tsv") <(cut -f1-12 "$TMP/ranks4-ben.rounds.tsv")
[ "$(wc -l <"$TMP/one-ben.rounds.tsv")" = 3 ] || fail "not two rounds"
awk -F'\t' 'NR > 1 && ($4 != 2 || $5 != 10 || $7 != 7 || $9 != 2) {exit 1}' "$TMP/one-ben.rounds.tsv" ||
    fail "not 7 slices of 10 kept, of the 2 animals without labels"
cmp -s "$TMP/one-ben.h5" "$TMP/one-finetune.h5" && fail "pseudo-labels change nothing"
cmp -s "$TMP/one-adabn.h5" "$TMP/one-none.h5" && fail "AdaBN changes nothing"
expect 0 adapt stream --method adabn --adabn stream
expect 0 ranks 3 "$BEN" adapt "$TMP/mice" "$TMP/stream3.h5" "${options[@]}" --method adabn \
    --adabn stream
cmp "$TMP/stream.h5" "$TMP/stream3.h5"
cmp -s "$TMP/stream.h5" "$TMP/one-adabn.h5" && fail "both forms of AdaBN are the same"

# What was adapted is of use, and says where it comes from.
expect 0 "$BEN" info "$TMP/one-ben.h5"
grep -q '"program": "ben-mpi adapt"' "$TMP/printed" || fail "no program in the provenance"
grep -q '"initial_values": "weights ' "$TMP/printed" || fail "no source in the provenance"
expect 0 "$BEN" segment "$TMP/mice" "$TMP/out" --participant-label 01 --weights "$TMP/one-ben.h5"

# Without labels, without unlabelled scans, and by each rule.
expect 0 adapt nolabels --rule scans --epochs 2
says "0 labelled scans" "serve as pseudo-labels"
expect 0 adapt all --masks "$masks" --epochs 2
says "0 scans without labels"
expect 0 adapt minimum --masks "$masks" --labels 1 --rule minimum --epochs 2
says "of 15 slices"
expect 0 ranks 2 "$BEN" adapt "$TMP/mice" "$TMP/unsure.h5" "${options[@]}" --scan-limit 1e-6
says "serve as pseudo-labels" "sure of 0 of 4 scans"
grep -q '^\[rank' "$TMP/said" && fail "more than one rank says it"
h5diff -q "$TMP/unsure.h5" "$TMP/one-adabn.h5" /values || fail "without pseudo-labels more than AdaBN"
expect 2 adapt none2 --method finetune
says "none of 4 scans is labelled"
expect 2 adapt none2 --method finetune --masks "$masks" --labels 0
says "no scan is left to learn from"
expect 2 adapt none2 --folds 2 --fold 1
says "2 folds need as many participants, but there are 0"

# Nothing but the source, and something of both.
part() { adapt "kept-$1" --method finetune --masks "$masks" --epochs 1 --no-exact-norm --keep-source "$1"; }
for share in 0 0.5 1; do expect 0 part "$share"; done
h5diff -q "$TMP/kept-1.h5" "$TMP/rat.h5" /values || fail "--keep-source 1 is not the source"
h5diff -q "$TMP/kept-0.h5" "$TMP/rat.h5" /values && fail "nothing was learnt"
weight() { h5dump -y -d /values/final.weight "$TMP/$1.h5" | sed -n '/DATA {/ {n; s/,.*//; p}'; }
awk -v a="$(weight kept-0)" -v b="$(weight rat)" -v half="$(weight kept-0.5)" \
    'BEGIN {d = (a + b) / 2 - half; exit !(a != b && d < 2e-6 && d > -2e-6)}' ||
    fail "--keep-source 0.5 is not in the middle"

expect 0 adapt scratch --method scratch --masks "$masks" --labels 2 --keep-source 0.9
h5diff -q "$TMP/scratch.h5" "$TMP/one-scratch.h5" /values || fail "random values were kept as a source's"

# Stopped by a signal after the second epoch, when a round was made, then run again.
mkdir "$TMP/stopped"
long=(--masks "$masks" --labels 1 --epochs 5 --start 1 --refresh 3)
"$BEN" adapt "$TMP/mice" "$TMP/stopped/ben.h5" "${options[@]}" "${long[@]}" 2>"$TMP/said" &
for _ in $(seq 3000); do
    [ "$(cat "$TMP/stopped/ben.log.tsv" 2>/dev/null | wc -l)" -ge 3 ] && break
    sleep 0.05
done
kill -TERM $!
code=0
wait $! || code=$?
[ $code = 75 ] || fail "exit code $code after a signal, not 75"
expect 0 adapt stopped/ben "${long[@]}"
says "going on from"
expect 0 adapt whole "${long[@]}"
cmp "$TMP/whole.h5" "$TMP/stopped/ben.h5"
cmp <(cut -f1-12 "$TMP/whole.rounds.tsv") <(cut -f1-12 "$TMP/stopped/ben.rounds.tsv")
