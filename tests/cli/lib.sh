# SPDX-License-Identifier: BSD-3-Clause
# Shared by the tests of the program as a user runs it. $1: folder of the program, $2: scratch.
set -euo pipefail
BEN=$(cd "$1" && pwd)/ben-mpi
PHANTOM=$(dirname "$BEN")/tests/make-phantom
TOOL=$(dirname "$BEN")/tests/scan-tool
TMP=$2
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DATA=${BEN_DATA:-$SOURCE/../shared/data}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
rm -rf "$TMP"
mkdir -p "$TMP/weights" # a folder of that name once stood in HDF5's way
cd "$TMP"
TMP=$PWD

# ranks N COMMAND...: the command under mpirun.
ranks() {
    local n=$1
    shift
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        mpirun --oversubscribe --bind-to none -n "$n" "$@"
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect CODE COMMAND...: the command must end with that exit code; what it
# prints goes to $TMP/printed, its messages to $TMP/said.
expect() {
    local code=$1 got=0
    shift
    "$@" >"$TMP/printed" 2>"$TMP/said" || got=$?
    [ $got -eq "$code" ] || { cat "$TMP/said" >&2; fail "exit code $got, not $code: $*"; }
}

# says TEXT...: each text stands in what the last command of expect said.
says() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" "$TMP/said" || { cat "$TMP/said" >&2; fail "it does not say '$text'"; }
    done
}

# small_nets: from now on the weights for rats and people are those of a small network, quickly
# trained on made heads, where what matters is that masks are the same, not how good they are.
small_nets() {
    $PHANTOM --species rat --dims 32x28x6 --bids "$TMP/nets/made" --subjects 2 >/dev/null
    expect 0 "$BEN" train "$TMP/nets/made" "$TMP/nets/rat.h5" --size 64 --epochs 2 --rate 5e-3 \
        --masks "$TMP/nets/made/derivatives/reference"
    cp "$TMP/nets/rat.h5" "$TMP/nets/human.h5"
    export BEN_WEIGHTS=$TMP/nets
}

# Skips the test where the real scans are absent.
need_data() {
    [ -d "$DATA/$1" ] || { echo "skipped: needs the scans of $1 (BEN_DATA=$DATA)"; exit 77; }
}

# table FILE: a results table without its columns of time.
table() {
    awk -F'\t' 'NR == 1 {for (i = 1; i <= NF; i++) keep[i] = $i !~ /^seconds_/}
        {line = ""; for (i = 1; i <= NF; i++) if (keep[i]) line = line $i "\t"; print line}' "$1"
}

# same_data A.h5 B.h5 DATASET...: these data sets of two files hold the same values.
same_data() {
    local a=$1 b=$2 set
    for set in "${@:3}"; do
        h5dump -d "/$set" -b FILE -o "$TMP/a.data" "$a" >/dev/null
        h5dump -d "/$set" -b FILE -o "$TMP/b.data" "$b" >/dev/null
        [ -s "$TMP/a.data" ] || fail "nothing in /$set of $a"
        cmp "$TMP/a.data" "$TMP/b.data" || fail "/$set of $a and of $b differ"
    done
}

# same_outputs A B [DATASET...]: two output folders of segment hold the same masks, maps, table (but for
# its times) and data sets of cohort.h5 (/mask).
same_outputs() {
    local a=$1 b=$2 file
    shift 2
    [ $# -gt 0 ] || set -- mask
    (cd "$a" && find . -name '*.nii.gz' | sort) >"$TMP/list"
    [ -s "$TMP/list" ] || fail "no mask in $a"
    (cd "$b" && find . -name '*.nii.gz' | sort) | cmp - "$TMP/list"
    while read -r file; do cmp "$a/$file" "$b/$file"; done <"$TMP/list"
    cmp <(table "$a/results.tsv") <(table "$b/results.tsv")
    same_data "$a/cohort.h5" "$b/cohort.h5" "$@"
}

# cell FILE COLUMN VALUE... OUT: the column OUT of the rows where each COLUMN has its VALUE.
cell() {
    awk -F'\t' -v words="${*:2}" 'BEGIN {n = split(words, word, " ")}
        NR == 1 {for (i = 1; i <= NF; i++) column[$i] = i; next}
        {ok = 1; for (i = 1; i < n; i += 2) ok = ok && $column[word[i]] == word[i + 1]
         if (ok) print $column[word[n]]}' "$1"
}

# results COLUMN RUN...: that column of the scan that went well, in the table of each run.
results() {
    local column=$1 run
    shift
    for run in "$@"; do
        cell "$TMP/$run/results.tsv" status ok "$column"
    done | xargs
}

# is EXPECTED FOUND...: each found text is the expected one, or a number within 1e-6 of it.
is() {
    local expected=$1 found
    shift
    [ $# -gt 0 ] || fail "nothing where '$expected' should be"
    for found in "$@"; do
        [ "$expected" = "$found" ] || awk -v a="$expected" -v b="$found" \
            'BEGIN {exit !(a ~ /^[-0-9]/ && b ~ /^[-0-9]/ && (a - b) ^ 2 < 1e-12)}' ||
            fail "'$found' is not '$expected'"
    done
}
