#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A rank that dies, a signal, a full disk: nothing done is lost or done twice, and the same command
# ends with the bytes of an undisturbed run.
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
    cmp -s "$TMP/whole/cohort.h5" "$1/cohort.h5" ||
        cmp <(h5dump -d /mask "$TMP/whole/cohort.h5" | tail -n +2) \
            <(h5dump -d /mask "$1/cohort.h5" | tail -n +2)
    [ -z "$(find "$1" -name '*.tmp*')" ] || fail "temporary files are left in $1"
}

masks() { find "$1" -name '*_desc-brain_mask.nii.gz' 2>/dev/null | wc -l; }

# wait_for OUT N: until N masks are there.
wait_for() {
    for _ in $(seq 600); do
        [ "$(masks "$1")" -lt "$2" ] || return 0
        sleep 0.05
    done
    fail "no $2 masks in $1 after 30 s"
}

# A rank of two is killed.
ranks 2 "$BEN" segment "$TMP/bids" "$TMP/killed" >/dev/null 2>&1 &
wait_for "$TMP/killed" 3
pkill -KILL -n -f "segment $TMP/bids $TMP/killed" || true
wait $! && fail "mpirun did not notice the dead rank"
stamps() { find "$TMP/killed" -name '*_mask.nii.gz' -printf '%p %T@\n' | sort; }
stamps >"$TMP/before"
expect 0 ranks 2 "$BEN" segment "$TMP/bids" "$TMP/killed"
same "$TMP/killed"
# At most what the two ranks had in hand, written but not yet in the journal, is done again.
again=$(($(wc -l <"$TMP/before") - $(stamps | comm -12 - "$TMP/before" | wc -l)))
[ $again -le 2 ] || fail "$again finished scans were done again"

# A signal: exit code 75, and the same command goes on.
"$BEN" segment "$TMP/bids" "$TMP/stopped" >/dev/null 2>&1 &
pid=$!
wait_for "$TMP/stopped" 1
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

# A full disk: said, and once there is room the same command ends the work.
mkdir "$TMP/small"
if mount -t tmpfs -o size=20k tmpfs "$TMP/small" 2>/dev/null; then
    trap 'umount "$TMP/small"' EXIT
    code=0
    "$BEN" segment "$TMP/bids" "$TMP/small/out" >/dev/null 2>"$TMP/said" || code=$?
    [ $code -eq 1 ] || [ $code -eq 2 ] || fail "exit code $code on a full disk"
    says "No space left"
    mount -o remount,size=20m "$TMP/small"
    expect 0 "$BEN" segment "$TMP/bids" "$TMP/small/out"
    same "$TMP/small/out"
else
    echo "the full disk is left out: mounting is not permitted"
fi
