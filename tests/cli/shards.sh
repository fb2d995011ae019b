#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Jobs that each do a part of the scans, some at the same time, and one group at the end give
# what a single run gives, also where the parts need different weights; group tells what lacks.
source "$(dirname "$0")/lib.sh"

small_nets
$PHANTOM --species rat,human,rat --dims 40x36x3 --bids "$TMP/bids" --subjects 7 >/dev/null
expect 0 "$BEN" segment "$TMP/bids" "$TMP/whole"
expect 0 "$BEN" segment "$TMP/bids" "$TMP/parts" participant --shard 2/3
expect 1 "$BEN" segment "$TMP/bids" "$TMP/parts" group
says "5 of 7 scans are not done yet"
"$BEN" segment "$TMP/bids" "$TMP/parts" participant --shard 1/3 2>"$TMP/one" &
first=$!
"$BEN" segment "$TMP/bids" "$TMP/parts" participant --shard 3/3 2>"$TMP/three" ||
    fail "the third part: $(cat "$TMP/three")"
wait $first || fail "the first part: $(cat "$TMP/one")"
expect 0 "$BEN" segment "$TMP/bids" "$TMP/parts" group
cmp <(table "$TMP/whole/results.tsv") <(table "$TMP/parts/results.tsv")
same_data "$TMP/whole/cohort.h5" "$TMP/parts/cohort.h5" mask

for bad in 0/3 4/3 3 a/b 1/; do
    expect 2 "$BEN" segment "$TMP/bids" "$TMP/bad" --shard $bad
    says "give I/N"
done
expect 2 "$BEN" segment "$TMP/bids" "$TMP/bad" --shard 9/9
says "shard 9 of 9"
