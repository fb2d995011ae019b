#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our N4 against ITK's on real scans: prints a table, exits 1 where one differs too much.
#   tools/n4_itk/run.sh [-s SHRINK] [-t THREADS] [-c THRESHOLD] [SCAN...]
# Without scans, a choice of those in $BEN_DATA (default ../shared/data beside the repository).
# Needs Debian's libinsighttoolkit5-dev and g++.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
data=${BEN_DATA:-$root/../shared/data}
build=${BEN_N4_ITK_BUILD:-$root/build-n4-itk}

options=()
while getopts "s:t:c:" option; do
    options+=("-$option" "$OPTARG")
done
shift $((OPTIND - 1))

if [ $# -eq 0 ]; then
    for folder in rat-epi/sub-01 rat-epi/sub-13 human-ms/sub-01 human-ms/sub-09 macaque marmoset \
        mouse-t1w human-t1w rodent-unlabeled human-unlabeled/sub-niivueasl; do
        while IFS= read -r scan; do
            set -- "$@" "$scan"
        done < <(find "$data/$folder" -name '*.nii.gz' ! -path '*/derivatives/*' | sort)
    done
fi
if [ $# -eq 0 ]; then
    echo "run.sh: no scans under $data: set BEN_DATA or name scans" >&2
    exit 77
fi

cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >"$build.log" 2>&1 ||
    { cat "$build.log" >&2; exit 1; }
cmake --build "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec "$build/n4-itk" "${options[@]}" "$@"
