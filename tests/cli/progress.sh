#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What info tells of an output folder: done, failed with reasons, left and for how long, while runs
# go on, were interrupted, cut short or ended; and the summary at the end of a run's log.
source "$(dirname "$0")/lib.sh"

prints() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" "$TMP/printed" || { cat "$TMP/printed" >&2; fail "no '$text'"; }
    done
}
told() { expect 0 "$BEN" info out && prints "$@"; }

$PHANTOM --species rat --dims 24x20x4 --bids bids --subjects 12 >/dev/null
expect 0 "$BEN" train bids net.h5 --masks bids/derivatives/reference --participant-label 01 \
    --size 32 --batch 4 --samples 4 --epochs 1
echo spoilt >bids/sub-02/anat/sub-02_T2w.nii.gz
segment=("$BEN" segment bids out --weights net.h5)

# A part of the cohort, with a scan that fails.
expect 1 ranks 2 "${segment[@]}" --participant-label 01 02 03
says "this run completed" "2 done, 1 failed, 0 done before, 0 left of 3" "per core-hour"
tail -n 7 out/logs/segment.log >"$TMP/said"
says "scans per hour" "memory  at most" "stages  read" "network" "sub-02_T2w.nii.gz: only"
told "3: 2 done, 1 failed, 0 left" "2 ranks with 1 thread each, completed after" \
    "failed       bids/sub-02/anat/sub-02_T2w.nii.gz: only"
! grep -q "time left" "$TMP/printed" || fail "nothing is left, and yet it takes time"

# While a run goes on: it is stopped (SIGSTOP) once it has done some scans.
"${segment[@]}" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 3000); do
    [ "$(cat out/logs/journal/*.journal | wc -l)" -lt 5 ] || break
    sleep 0.01
done
kill -STOP $pid
told "12: " "1 rank with" "going on since" "1 scan worked on at a time" "s each so far"
read -r all sum < <(sed -n 's/^scans *\([0-9]*\): \([0-9]*\) done, 1 failed, \([0-9]*\) left$/\1 \2+1+\3/p' "$TMP/printed")
[ "$((sum))" -eq "$all" ] || fail "$sum is not $all"

# Cut short, then interrupted, then done.
kill -KILL $pid
wait $pid 2>/dev/null || true
told "cut short" "once it goes on, with 1 scan at a time" "to go on     ben-mpi segment bids out"
"${segment[@]}" --restart >/dev/null 2>stopped &
pid=$!
for _ in $(seq 3000); do [ "$(ls out/logs/runs/*Z-* | wc -l)" -lt 3 ] || break; sleep 0.01; done
kill -USR1 $pid
code=0
wait $pid || code=$?
if [ $code -eq 75 ]; then # --restart: what was done before does not count any more
    told "interrupted after"
    grep -q "this run interrupted" stopped || fail "no summary of an interrupted run"
    left=$(sed -n 's/.*, \([0-9]*\) left$/\1/p' "$TMP/printed")
    [ "$left" -eq "$(grep -oE '[0-9]+ left of 12' stopped | cut -d' ' -f1)" ] || fail "left: $left"
fi
expect 1 "${segment[@]}"
told "12: 11 done, 1 failed, 0 left"

# A job that its scheduler starts again does not do anew what it did since its first start.
entries() { cat out/logs/journal/*.journal | wc -l; }
before=$(entries)
export SLURM_JOB_ID=7
"${segment[@]}" --restart participant --participant-label 01 >/dev/null 2>&1
SLURM_RESTART_COUNT=1 "${segment[@]}" --restart participant --participant-label 01 03 >/dev/null 2>&1
[ "$(entries)" -eq $((before + 2)) ] || fail "$(($(entries) - before)) scans were done, not 2"
unset SLURM_JOB_ID

# Other options make other masks: all is to be done again; a folder without runs says what it has.
"${segment[@]}" --no-n4 participant --participant-label 01 >/dev/null 2>&1
told "12: 11 done, 1 failed, 0 left"
rm -r out/logs/runs
told "no run says how many there are"
rm -r out/logs
expect 2 "$BEN" info out
says "an output folder of segment"
