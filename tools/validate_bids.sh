#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What segment makes of BIDS data sets, under the npm package bids-validator (which is fetched into
# build/bids-validator): made heads of several species, and those named, or of the real ones that
# BEN_DATA has, rat-epi.
#   tools/validate_bids.sh [DATASET]...
# The validator knows no derivatives. So it sees the data set once with the output where it belongs,
# in derivatives/ben-mpi, and once with the output's own description, README and tables above the
# scans, what only derivatives have being ignored; the names of those are checked here, after the
# entities and their order in the specification. Any error fails, and any warning of our own making.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v npm >/dev/null || { echo "validate_bids: needs npm (Debian: npm)" >&2; exit 1; }
tools/build.sh default
npm install --prefix build/bids-validator --ignore-scripts --no-audit --no-fund --silent \
    bids-validator@1
validator=$PWD/build/bids-validator/node_modules/.bin/bids-validator
ben=$PWD/build/ben-mpi phantom=$PWD/build/tests/make-phantom
data=${BEN_DATA:-$PWD/../shared/data}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

# judge NAME FOLDER BEFORE: the validator's codes for FOLDER, of which those are ours that it did not
# have for the data set alone (the file BEFORE).
codes() {
    { "$validator" "$1" --json 2>/dev/null || true; } | node -e '
        const said = JSON.parse(require("fs").readFileSync(0)).issues;
        for (const kind of ["errors", "warnings"])
            for (const issue of said[kind])
                console.log(`${kind.slice(0, -1)} ${issue.key} ${issue.files[0]?.file?.relativePath ?? ""}`);' |
        sort -u
}
judge() {
    codes "$2" >"$tmp/now"
    cut -d' ' -f1,2 "$3" | grep -vxFf - <(cut -d' ' -f1,2 "$tmp/now") >"$tmp/ours" || true
    if [ -s "$tmp/ours" ]; then
        echo "$1:"
        grep -Ff "$tmp/ours" "$tmp/now" | sed 's/^/    /'
        status=1
    else
        echo "$1: nothing to say"
    fi
}

# The names of derivatives: entities in the specification's order, a suffix, an extension.
names() {
    local entities='' key
    for key in ses sample task acq ce trc stain rec dir run echo flip inv mt part proc space res den \
        label desc; do
        entities+="(_$key-[A-Za-z0-9]+)?"
    done
    (cd "$2" && find sub-* -type f | sed 's|.*/||' |
        grep -vE "^sub-[A-Za-z0-9]+${entities}_[A-Za-z0-9]+\.(nii\.gz|json)\$") >"$tmp/odd" || true
    if [ -s "$tmp/odd" ]; then
        echo "$1: names that BIDS does not have:"
        head -n 5 "$tmp/odd" | sed 's/^/    /'
        status=1
    fi
}

check() {
    local raw=$1 name out=$tmp/out
    name=$(basename "$raw")
    rm -rf "$tmp/both" "$tmp/own" "$out"
    "$ben" segment "$raw" "$out" --no-n4 --brain --probability --quiet || [ $? -eq 1 ]
    codes "$raw" >"$tmp/before"
    cp -r "$raw" "$tmp/both"
    rm -rf "$tmp/both/derivatives"
    cp -r "$tmp/both" "$tmp/own"
    mkdir "$tmp/both/derivatives"
    cp -r "$out" "$tmp/both/derivatives/ben-mpi"
    judge "$name with derivatives/ben-mpi" "$tmp/both" "$tmp/before"
    rm -f "$tmp"/own/README*
    cp "$out"/{dataset_description.json,README,descriptions.tsv,descriptions.json,.bidsignore} \
        "$out"/results.* "$tmp/own"
    printf 'descriptions.*\n' >>"$tmp/own/.bidsignore"
    judge "$name described as its output" "$tmp/own" "$tmp/before"
    names "$name" "$out"
}

"$phantom" --species mouse,rat,macaque,human --dims 48x40x8 --bids "$tmp/made" --subjects 4 >/dev/null
[ $# -gt 0 ] || [ ! -d "$data/rat-epi" ] || set -- "$data/rat-epi"
for dataset in "$tmp/made" "$@"; do
    check "${dataset%/}"
done
exit $status
