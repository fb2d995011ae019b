#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Writes weights/MANIFEST.tsv from the files themselves; with --check fails where it is not true.
set -euo pipefail
cd "$(dirname "$0")/.."
ben=${BEN:-build/ben-mpi}
list() {
    printf 'file\tbytes\tsha256\tchecksum\tspecies\tplane\tdatasets\tlicences\n'
    for file in weights/*.h5; do
        info=$("$ben" info "$file")
        field() { grep -oP "\"$1\": \"\K[^\"]*" <<<"$info" | sort -u | paste -sd';' || true; }
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(basename "$file")" \
            "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)" \
            "$(grep -oP 'checksum \K\S+' <<<"$info")" \
            "$(grep -oP '^made for +\K[^,]+' <<<"$info")" \
            "$(grep -oP '^made for [^,]+, \K\S+' <<<"$info")" "$(field dataset)" "$(field License)"
    done
}
if [ "${1:-}" = --check ]; then
    diff <(list) weights/MANIFEST.tsv
else
    list >weights/MANIFEST.tsv
fi
