# SPDX-License-Identifier: BSD-3-Clause
# A made cohort that keeps four ranks busy for some seconds, a network for it, the results of a
# serial run, and what must hold for a run that was disturbed. Works in the present folder.
SCANS=32
TRAINING=(--masks bids/derivatives/reference --participant-label 01 --batch 4 --samples 8)

cohort_make() {
    $PHANTOM --species rat --dims 40x36x12 --bids bids --subjects $SCANS >/dev/null
    expect 0 "$BEN" train bids net.h5 "${TRAINING[@]}" --size 128 --samples 4 --epochs 1
    expect 0 "$BEN" segment bids serial --weights net.h5
}

# cohort_same OUTPUT: masks, table and HDF5 are the serial run's, and every scan was
# acknowledged once, whatever happened to the run.
cohort_same() {
    local out=$1 file entries
    (cd serial && find . -name '*.nii.gz' ! -name '.tmp*' | sort) >list
    (cd "$out" && find . -name '*.nii.gz' ! -name '.tmp*' | sort) | cmp - list
    while read -r file; do cmp "serial/$file" "$out/$file"; done <list
    cmp <(table serial/results.tsv) <(table "$out/results.tsv")
    same_data serial/cohort.h5 "$out/cohort.h5" mask
    entries=$(cat "$out"/logs/journal/*.journal | wc -l)
    [ "$entries" -eq $SCANS ] || fail "$out: $entries entries in the journal, not $SCANS"
}

# Some scan was acknowledged.
cohort_begun() { cat "$1"/logs/journal/*.journal; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || { cat ./*.log >&2; fail "waited too long: $*"; }
        sleep 0.05
    done
}

step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
