#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Other programs' brain masks for an evaluation, with the settings of the paper where it names them:
#   ben-mpi evaluate18 TABLE OUTPUT --plan       # says which scans are measured
#   tools/external.sh OUTPUT [--shard I/N] [PROGRAM...]
#   ben-mpi evaluate18 TABLE OUTPUT              # measures their masks, too
#   tools/external.sh --list                     # what is installed
# Programs: bet2, 3dSkullStrip, mri_watershed, mri_synthstrip, hd-bet, RS2 (all that are installed,
# unless named). A mask that is there is not made again. RS2 needs RS2_MODEL=FILE. Further
# arguments for a program: BET2_ARGS, SKULLSTRIP_ARGS, WATERSHED_ARGS, SYNTHSTRIP_ARGS,
# HD_BET_ARGS, RS2_ARGS. Exit codes: 0 all good, 1 some scan failed, 2 bad start.
set -euo pipefail

programs=(bet2 3dSkullStrip mri_watershed mri_synthstrip hd-bet RS2)

quit() {
    echo "external.sh: $*" >&2
    exit 2
}

has() { command -v "$1" >/dev/null; }

# What must be in PATH for a program: itself, and what makes a mask of its stripped brain.
needs() {
    case $1 in
        3dSkullStrip) echo 3dSkullStrip 3dcalc ;;
        mri_watershed) echo mri_watershed mri_binarize ;;
        RS2) echo RS2_predict ;;
        *) echo "$1" ;;
    esac
}

installed() {
    local word
    for word in $(needs "$1"); do has "$word" || return 1; done
}

# first_volume SCAN NAME: a 3-D image in the scratch folder: the scan, or of a 4-D one the fifth
# time point (of fewer the last), by whatever of these suites is there. Its name goes to stdout.
first_volume() {
    local n last out=$scratch/$2.nii.gz
    n=$("$ben" info "$1" | sed -n "s/^size .* \([0-9]*\) volumes\{0,1\}$/\1/p")
    if [ "${n:-1}" -le 1 ]; then
        echo "$1"
        return
    fi
    last=$((n > 4 ? 4 : n - 1))
    if has fslroi; then fslroi "$1" "$out" $last 1
    elif has 3dcalc; then 3dcalc -a "$1[$last]" -expr a -prefix "$out"
    elif has mri_convert; then mri_convert --nth $last "$1" "$out"
    else return 1; fi >&2
    echo "$out"
}

# The flag of 3dSkullStrip for a species.
strip_flag() {
    case $1 in
        mus* | rattus* | mouse | rat) echo -rat ;;
        macaca* | macaque) echo -monkey ;;
        callithrix* | marmoset) echo -marmoset ;;
    esac
}

# run PROGRAM IMAGE SPECIES: makes $scratch/mask.nii.gz.
run() {
    local image=$2 mask=$scratch/mask.nii.gz brain=$scratch/brain.nii.gz
    case $1 in
        bet2)
            # shellcheck disable=SC2086
            bet2 "$image" "$scratch/bet" -f 0.5 -m ${BET2_ARGS:-} &&
                mv "$scratch/bet_mask.nii.gz" "$mask"
            ;;
        3dSkullStrip)
            # shellcheck disable=SC2046,SC2086
            3dSkullStrip -input "$image" -prefix "$brain" $(strip_flag "$3") \
                ${SKULLSTRIP_ARGS:-} && 3dcalc -a "$brain" -expr 'notzero(a)' -prefix "$mask"
            ;;
        mri_watershed)
            # shellcheck disable=SC2086
            mri_watershed -T1 -r 60 ${WATERSHED_ARGS:-} "$image" "$brain" &&
                mri_binarize --i "$brain" --min 1e-6 --o "$mask"
            ;;
        mri_synthstrip)
            # shellcheck disable=SC2086
            mri_synthstrip -i "$image" -o "$brain" -m "$mask" ${SYNTHSTRIP_ARGS:-}
            ;;
        hd-bet)
            local save=()
            hd-bet --help 2>/dev/null | grep -q save_bet_mask && save=(--save_bet_mask)
            # shellcheck disable=SC2086
            hd-bet -i "$image" -o "$brain" "${save[@]}" ${HD_BET_ARGS:-} || return 1
            mv "$scratch/brain_mask.nii.gz" "$mask" 2>/dev/null ||
                mv "$scratch/brain_bet.nii.gz" "$mask"
            ;;
        RS2)
            mkdir -p "$scratch/in" "$scratch/out"
            cp "$image" "$scratch/in/scan_0000.nii.gz"
            # shellcheck disable=SC2086
            RS2_predict -i "$scratch/in" -o "$scratch/out" \
                ${RS2_MODEL:+-m "$RS2_MODEL"} ${RS2_ARGS:-} && mv "$scratch/out/scan.nii.gz" "$mask"
            ;;
    esac
}

# do_scan PROGRAM IMAGE SPECIES MASK
do_scan() {
    local image
    scratch=$(mktemp -d)
    mkdir -p "$(dirname "$4")"
    if image=$(first_volume "$2" volume) && run "$1" "$image" "$3" >"$scratch/log" 2>&1 &&
        [ -s "$scratch/mask.nii.gz" ]; then
        cp "$scratch/mask.nii.gz" "$4.part" && mv "$4.part" "$4"
        echo "$1: $4"
    else
        echo "$1: $2: failed" >&2
        tail -n 3 "$scratch/log" >&2 || true
        failed=1
    fi
    rm -rf "$scratch"
}

if [ "${1:-}" = --list ]; then
    for program in "${programs[@]}"; do
        if installed "$program"; then state=installed; else state=n/a; fi
        printf '%s\t%s\n' "$program" $state
    done
    exit 0
fi
[ $# -ge 1 ] || quit "usage: external.sh OUTPUT [--shard I/N] [PROGRAM...], or external.sh --list"
output=$1
shift
shard=0 shards=1
if [ "${1:-}" = --shard ]; then
    [[ ${2:-} =~ ^([0-9]+)/([0-9]+)$ ]] || quit "--shard ${2:-}: give I/N"
    shard=$((BASH_REMATCH[1] - 1)) shards=${BASH_REMATCH[2]}
    shift 2
fi
[ -f "$output/plan.tsv" ] || quit "$output: no plan; run ben-mpi evaluate18 TABLE $output --plan"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ben=${BEN_MPI:-$(command -v ben-mpi || echo "$here/../build/ben-mpi")}
has "$ben" || quit "$ben: no such program; set BEN_MPI"
wanted=("$@")
for program in "${wanted[@]}"; do
    [[ " ${programs[*]} " == *" $program "* ]] || quit "$program: not one of ${programs[*]}"
    installed "$program" || quit "$program: not installed ($(needs "$program"))"
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${programs[@]}")
failed=0 count=0
for program in "${wanted[@]}"; do
    installed "$program" || { echo "$program: n/a"; continue; }
    for manifest in "$output"/*/test.tsv; do
        folder=$(dirname "$manifest")/external-$program/masks
        while IFS=$'\t' read -r image _ species _; do
            mask=$folder/$(basename "$image" | sed -E 's/\.(nii|hdr|img)(\.gz)?$//')_mask.nii.gz
            count=$((count + 1))
            if [ $((count % shards)) -eq "$shard" ] && [ ! -e "$mask" ]; then
                do_scan "$program" "$image" "$species" "$mask" </dev/null
            fi
        done < <(tail -n +2 "$manifest")
    done
done
exit $failed
