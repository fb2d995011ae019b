#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Feeds the readers with libFuzzer, under both sanitizers, one after the other.
#   tools/fuzz.sh RUNS [NAME]...
# RUNS inputs each (2000000, say) for all of tests/fuzz/fuzz_NAME.c, or those named; without "sealed",
# whose failures are HDF5's, unless it is named. Each is told with its inputs so far, over all runs
# (build-fuzz/NAME.total): remove that file when the reader has changed. What was learned stays in
# build-fuzz/corpus and is gone on with; an input that fails ends its target and stays in
# build-fuzz/failed/NAME: mend the reader, and put the input into tests/fuzz/found/NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '3,9s/^# \?//p' "$0" >&2; exit 2; }
runs=$1
shift
tools/deps.sh fuzz
cmake --preset fuzz -Wno-dev >/dev/null
cmake --build --preset fuzz --target fuzz-programs -- --quiet
if [ $# -eq 0 ]; then
    mapfile -t names < <(cd tests/fuzz && printf '%s\n' fuzz_*.c | sed 's/^fuzz_//; s/\.c$//' |
        grep -v '^sealed$')
    set -- "${names[@]}"
fi
# Little to fill and to give back to the system, which otherwise takes most of the time.
export ASAN_OPTIONS=quarantine_size_mb=1:malloc_context_size=2:max_malloc_fill_size=64
export ASAN_OPTIONS=$ASAN_OPTIONS:clear_shadow_mmap_threshold=100000000
export LSAN_OPTIONS=suppressions=$PWD/tests/fuzz/leaks.txt:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
export OMP_NUM_THREADS=1

failed=0
for name in "$@"; do
    corpus=build-fuzz/corpus/$name failures=build-fuzz/failed/$name log=build-fuzz/$name.log
    mkdir -p "$corpus" "$failures"
    BEN_FUZZ_SEEDS=$corpus "build-fuzz/tests/fuzz/fuzz_$name"
    found=()
    [ ! -d "tests/fuzz/found/$name" ] || found=("tests/fuzz/found/$name")
    status=0 longest=512
    case $name in
        weights | sealed | cohort) longest=12288 ;; # whole files of HDF5
        nifti) longest=1024 ;;
    esac
    nice -n 10 "build-fuzz/tests/fuzz/fuzz_$name" -runs="$runs" -max_len=$longest -timeout=60 \
        -rss_limit_mb=1024 -malloc_limit_mb=512 -detect_leaks=0 -entropic=0 -reload=0 \
        -print_final_stats=1 -artifact_prefix="$failures/" "$corpus" "${found[@]}" \
        >"$log" 2>&1 || status=$?
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | head -n 1)
    memory=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    total=$(($(cat "build-fuzz/$name.total" 2>/dev/null || echo 0) + ${executed:-0}))
    echo $total >"build-fuzz/$name.total"
    echo "$name: ${executed:-?} inputs, $total in all, ${memory:-?} MiB at most," \
        "$(ls "$failures" | wc -l) failures"
    [ $status -eq 0 ] || { tail -n 20 "$log"; failed=1; }
done
exit $failed
