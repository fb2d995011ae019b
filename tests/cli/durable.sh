#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A signal stops a run with exit code 75, and the same command ends with the bytes of an undisturbed
# run; options that change masks do scans anew. (Ranks that die and disks that fill: tests/durable.)
source "$(dirname "$0")/lib.sh"

small_nets
$PHANTOM --species rat --dims 48x40x12 --bids "$TMP/bids" --subjects 8 >/dev/null
expect 0 "$BEN" segment "$TMP/bids" "$TMP/whole"

same() { # OUT: as the undisturbed run
    local file
    (cd "$TMP/whole" && find . -name '*_mask.nii.gz' | sort) | while read -r file; do
        cmp "$TMP/whole/$file" "$1/$file"
    done
    cmp <(table "$TMP/whole/results.tsv") <(table "$1/results.tsv")
    same_data "$TMP/whole/cohort.h5" "$1/cohort.h5" mask
    [ -z "$(find "$1" -name '*.tmp*')" ] || fail "temporary files are left in $1"
}

masks() { find "$1" -name '*_desc-brain_mask.nii.gz' 2>/dev/null | wc -l; }

# A signal: exit code 75, and the same command goes on.
"$BEN" segment "$TMP/bids" "$TMP/stopped" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 3000); do [ "$(masks "$TMP/stopped")" -lt 1 ] || break; sleep 0.05; done
kill -USR1 $pid
code=0
wait $pid || code=$?
[ $code -eq 75 ] || [ "$(masks "$TMP/stopped")" = 8 ] || fail "exit code $code after a signal"
expect 0 "$BEN" segment "$TMP/bids" "$TMP/stopped"
same "$TMP/stopped"

# Options that change the masks do the scans anew; --restart too.
expect 0 "$BEN" segment "$TMP/bids" "$TMP/stopped" --no-n4
cmp <(table "$TMP/whole/results.tsv") <(table "$TMP/stopped/results.tsv") >/dev/null &&
    fail "--no-n4 changed nothing"
expect 0 "$BEN" segment "$TMP/bids" "$TMP/stopped" --restart
same "$TMP/stopped"
