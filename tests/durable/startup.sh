#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# How a large cohort begins: one rank reads the folders and tells the others; each scan's header is
# read by one rank alone. The long form tells how long 100,000 scans take to be indexed and planned by
# two ranks, which must be under 20 s.
#   startup.sh BUILD [SCANS|short] [SCRATCH]        (short: 1000 by four ranks, calls counted, no limit)
scans=${2:-100000}
[ "$scans" = short ] && scans=1000 && counted=1
source "$(dirname "$0")/lib.sh" "$1" "${3:-$(mktemp -d)}"

cohort_make 1
$TOOL many bids/sub-01/anat/sub-01_T2w.nii.gz many "$scans"
launch=("${RANKS[@]}")
[ -z "${counted:-}" ] || launch=("${RANKS[@]/%2/4}" env LD_PRELOAD="$PRELOAD" BREAK_UNDER="$TMP/many"
    BREAK_LOG="$TMP/calls")

since=$(date +%s%N)
"${launch[@]}" "$BEN" segment many out --weights net.h5 >said 2>&1 &
pid=$!
until ls out/logs/runs/*Z-*.json >/dev/null 2>&1; do # written when all is planned
    kill -0 $pid 2>/dev/null || fail "the run: $(cat said)"
    sleep 0.05
done
ms=$((($(date +%s%N) - since) / 1000000))
# What the busiest rank used of a processor, which tells more than the clock on a busy machine.
busy=0
for rank in $(ps -o pid= --ppid $pid); do
    read -ra fields <"/proc/$rank/stat"
    used=$(((fields[13] + fields[14]) * 1000 / $(getconf CLK_TCK)))
    [ $used -lt $busy ] || busy=$used
done
kill -USR1 $pid
code=0
wait $pid || code=$?
[ $code -eq 75 ] || fail "exit code $code: $(cat said)"
since=$(date +%s%N)
expect 0 "$BEN" info out
grep -q "^scans *$scans: " printed || fail "info: $(cat printed)"
echo "$scans scans: indexed and planned in $ms ms ($busy ms of processor time of the busiest rank), start of the program included; info on them takes $((($(date +%s%N) - since) / 1000000)) ms"

if [ -z "${counted:-}" ]; then
    [ $ms -lt 20000 ] || [ $busy -lt 20000 ] || fail "that is over 20 s"
    exit 0
fi
# The scans a rank looked at while planning; the few that it then worked on are looked at again.
for rank in 0 1 2 3; do
    grep '_T2w.nii.gz$' "calls.$rank" | sort -u >"scans.$rank"
    [ $rank -eq 0 ] || ! grep -v '_T2w.nii.gz$' "calls.$rank" ||
        fail "rank $rank looked at folders"
    [ "$(wc -l <"scans.$rank")" -lt $((scans / 4 + scans / 8)) ] || fail "rank $rank read more than its share"
done
[ "$(sort -u scans.? | wc -l)" -eq "$scans" ] || fail "not all scans were looked at"
