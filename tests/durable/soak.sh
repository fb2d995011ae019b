#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Many small scans in one run of two ranks: memory and speed stay what they are. After each tenth of
# the scans the ranks' memory (VmRSS) and their processor time so far are noted; memory after the
# first fifth may grow by 3 %, processor time of a scan (of 1000 and more) by a quarter.
#   soak.sh BUILD [SCANS|short] [SCRATCH]        (short: 200; the long form is 2000)
scans=${2:-2000}
[ "$scans" != short ] || scans=200
source "$(dirname "$0")/lib.sh" "$1" "${3:-$(mktemp -d)}"

cohort_make 1
$TOOL many bids/sub-01/anat/sub-01_T2w.nii.gz many "$scans"

"${RANKS[@]}" "$BEN" segment many out --weights net.h5 >said 2>&1 &
pid=$!
# sample: scans done, seconds, and of all ranks the memory in KiB and processor time in s/100.
sample() {
    local rank one kib=0 ticks=0 fields ranks=0
    for rank in $(ps -o pid= --ppid $pid); do
        one=$(awk '/^VmRSS/ {print $2}' "/proc/$rank/status" 2>/dev/null || true)
        read -ra fields <"/proc/$rank/stat" 2>/dev/null || continue
        [ -n "$one" ] || continue
        kib=$((kib + one)) ticks=$((ticks + fields[13] + fields[14])) ranks=$((ranks + 1))
    done
    [ $ranks -ne 2 ] || echo "$1 $(($(date +%s%N) / 1000000)) $kib $ticks" >>samples
}
next=$((scans / 10))
while kill -0 $pid 2>/dev/null; do
    done_now=$({ cat out/logs/journal/*.journal 2>/dev/null || true; } | wc -l)
    if [ "$done_now" -ge $next ]; then
        sample "$done_now"
        next=$((done_now + scans / 10))
    fi
    [ "$done_now" -lt "$scans" ] || break
    sleep 0.02
done
wait $pid || fail "the run: $(cat said)"
expect 0 "$BEN" info out
grep -q "$scans: $scans done, 0 failed, 0 left" printed || fail "not all is done: $(cat printed)"
cat samples
awk -v scans="$scans" '
    $1 > 0.9 * scans {next} # one of the ranks may be waiting for the other by then
    {n[++rows] = $1; ms[rows] = $2; kib[rows] = $3; ticks[rows] = $4}
    END {
        NR = rows
        if (NR < 4) {print "FAILED: " NR " samples are too few"; exit 1}
        half = int((NR + 2) / 2)
        early = (ticks[half] - ticks[2]) / (n[half] - n[2])
        late = (ticks[NR] - ticks[half]) / (n[NR] - n[half])
        printf "%d scans: memory %.1f MB after %d, %.1f MB after %d; %.1f ms of processor time a scan in the first half, %.1f in the second; %.0f scans per hour\n",
            scans, kib[2] / 1000, n[2], kib[NR] / 1000, n[NR], 10 * early, 10 * late,
            3600000 * (n[NR] - n[2]) / (ms[NR] - ms[2])
        if (kib[NR] > 1.03 * kib[2]) {print "FAILED: memory grows"; exit 1}
        if (scans >= 1000 && late > 1.25 * early + 0.2) {print "FAILED: scans become slower"; exit 1}
    }' samples
