#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The report's pages in a real browser (headless Chromium): how long the page of N made scans
# takes to open; that no page loads anything, complains, or scrolls sideways, at the width of a
# desktop and of a phone, light and dark; that keys, sorting and filtering work. Pictures of what
# it saw go into build/pages.
#   tools/pages/run.sh [N [PAGE.html...]]        N: 1000; PAGE: others to look at, of evaluate18 say
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
n=${1:-1000}
others=()
for page in "${@:2}"; do others+=("$(realpath "$page")"); done
"$root/tools/deps.sh" pages
cmake --build "$root/build" --target ben-mpi make-phantom >/dev/null
work=$root/build/pages
rm -rf "$work"
mkdir -p "$work/raw" "$work/out/logs"
cd "$work"

heads=8
for ((i = 0; i < heads; i++)); do
    "$root/build/tests/make-phantom" --species rat --dims 40x36x8 --seed $i head$i.nii.gz \
        mask$i.nii.gz >/dev/null
done
"$root/build/ben-mpi" segment --dump-config >out/logs/segment.ini
printf '{"Name": "%s made scans", "DatasetLinks": {"raw": "%s/raw"}}\n' "$n" "$work" \
    >out/dataset_description.json
{
    printf 'participant_id\tscan\tspecies\tstatus\treason\tvolume_mm3\tuncertainty\tflag\tmask\n'
    for ((i = 1; i <= n; i++)); do
        printf -v sub 'sub-%05d' $i
        scan=$sub/anat/${sub}_T2w.nii.gz mask=$sub/anat/${sub}_desc-brain_mask.nii.gz
        if ((i % 97 == 50)); then
            printf '%s\t%s\trat\tfailed\t%s: cut off\tn/a\tn/a\tn/a\tn/a\n' $sub $scan $scan
            continue
        fi
        mkdir -p raw/$sub/anat out/$sub/anat
        ln head$((i % heads)).nii.gz raw/$scan
        ln mask$((i % heads)).nii.gz out/$mask
        u=$((i * 7919 % 1000))
        flag=pass
        ((u < 900)) || flag=review
        printf '%s\t%s\trat\tok\tn/a\t%d.5\t0.%04d\t%s\t%s\n' $sub $scan $((2000 + i * 31 % 400)) \
            $u $flag $mask
    done
} >out/results.tsv
"$root/build/ben-mpi" report out
[ ${#others[@]} -eq 0 ] || cp "${others[@]}" out/
node "$here/open.js" "$work" "${others[@]##*/}"
