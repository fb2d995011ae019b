#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Disks as they are: full at different moments, over quota, read-only, slow; scans that cannot be
# read; several jobs in one output folder at once. Each time the reason is told, nobody hangs, and
# the same command ends with the bytes of an undisturbed run.
source "$(dirname "$0")/lib.sh" "$1" "${3:-$2}"

# attempt OUTPUT TEXT COMMAND...: it must fail soon, saying so, and leave nothing half done.
attempt() {
    local out=$1 text=$2 code=0
    timeout -k 5 120 "${@:3}" >printed 2>"$TMP/said" || code=$?
    [ $code -ge 1 ] && [ $code -ne 124 ] && [ $code -ne 137 ] || fail "exit code $code: ${*:3}"
    says "$text"
    sound_segmentation "$out" 'results.tsv\|cohort.h5' # these tell of scans that failed
}

by_two() { # OUTPUT: the command, by two ranks, in the array INTO
    into "$1" "${SEGMENT[@]}"
    INTO=("${RANKS[@]}" "${INTO[@]}")
}

# As same_segmentation, but jobs at the same time may both have done a scan.
same_outputs() {
    diff whole.state <(state "$1") || fail "$1: not as an undisturbed run"
    no_leftovers "$1"
}

cohort_make 4
into whole "${SEGMENT[@]}"
expect 0 "${INTO[@]}"
state whole >whole.state

# Full: from a disk that does not hold the first files to one that lacks room for cohort.h5 alone.
mkdir small
need=$(du -sk --apparent-size whole | cut -f1)
if mount -t tmpfs -o size=8k tmpfs small 2>/dev/null; then
    trap 'umount -l "$TMP/small"' EXIT
    by_two small/out
    for kb in 8 $((need / 4)) $((need / 2)) $((need + 400)); do
        mount -o remount,size=${kb}k small
        attempt small/out "No space left" "${INTO[@]}"
    done
    mount -o remount,size=100m small
    expect 0 "${INTO[@]}"
    same_outputs small/out
    # Read-only: told; what is there is unharmed and can be asked about.
    mount -o remount,ro small
    attempt small/out "Read-only file system" "${INTO[@]}"
    by_two small/new
    attempt small/new "Read-only file system" "${INTO[@]}"
    expect 0 "$BEN" info small/out
    grep -q "4 done, 0 failed, 0 left" printed || fail "info on a read-only folder"
    mount -o remount,rw small
    same_outputs small/out
else
    echo "full and read-only disks are left out: mounting is not permitted"
fi

# Over quota: no quota of the system's own is to be had everywhere, so writes are told EDQUOT.
total=$((need * 1024))
for room in 3000 $((total / 4)) $((total / 2)); do
    into quota "${SEGMENT[@]}"
    attempt quota "quota exceeded" "${RANKS[@]}" env LD_PRELOAD="$PRELOAD" BREAK_RANK=-1 \
        BREAK_UNDER="$TMP/quota" BREAK_ROOM=$room "${INTO[@]}"
done
by_two quota
expect 0 "${INTO[@]}"
same_outputs quota

# A scan that cannot be read is a failed row; once it can be, the same command does it.
scan=bids/sub-02/anat/sub-02_T2w.nii.gz
mv $scan kept
ln -s "$TMP/nowhere" $scan
into unreadable "${SEGMENT[@]}"
expect 1 "${INTO[@]}"
says "sub-02_T2w.nii.gz" "No such file"
touch -r kept "$TMP/nowhere"
rm $scan
cp kept $scan
chmod 000 $scan
if ! cat $scan >/dev/null 2>&1; then # not as root, who may read it
    expect 1 "${INTO[@]}"
    says "Permission denied"
fi
chmod 644 $scan
expect 0 "${INTO[@]}"
same_outputs unreadable
rm $scan
mv kept $scan

# Slow: 10 ms more for each call that changes a file.
into slow "${SEGMENT[@]}"
expect 0 "${RANKS[@]}" env LD_PRELOAD="$PRELOAD" BREAK_RANK=-1 BREAK_UNDER="$TMP/slow" \
    BREAK_SLOW_US=10000 "${INTO[@]}"
same_outputs slow

# Three jobs at once with scans in common, one of two ranks, slow enough to meet; then the group.
# And three that do all the same.
jobs_at_once() { # OUTPUT OPTIONS OPTIONS OPTIONS
    local out=$1 pids=() i=0 launch
    into "$out" "${SEGMENT[@]}"
    for options in "${@:2}"; do
        launch=()
        [ $((++i)) -ne 2 ] || launch=("${RANKS[@]}")
        # shellcheck disable=SC2086 # options are words
        "${launch[@]}" env LD_PRELOAD="$PRELOAD" BREAK_RANK=-1 BREAK_UNDER="$TMP/$out" \
            BREAK_SLOW_US=2000 "${INTO[@]}" $options >"$out.$i.said" 2>&1 &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || fail "one of three jobs at once: $(cat "$out".*.said)"; done
}
jobs_at_once parts "participant --participant-label 01 02 03" \
    "participant --participant-label 02 03 04" "participant --participant-label 04 01 02"
expect 0 "$BEN" info parts
grep -q "4: 4 done, 0 failed, 0 left" printed || fail "info on a shared folder: $(cat printed)"
into parts "${SEGMENT[@]}"
expect 0 "${INTO[@]}" group
same_outputs parts
jobs_at_once threefold "" "" ""
same_outputs threefold
