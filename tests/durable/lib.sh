# SPDX-License-Identifier: BSD-3-Clause
# Shared by the tests that disturb runs: a made cohort, a network for it, what undisturbed runs
# give, and what must hold of a folder in which a run was disturbed. $1: folder of the program,
# $2: scratch. Works in the scratch folder.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
PRELOAD=$(dirname "$BEN")/tests/libbreak.so
RANKS=(mpirun --oversubscribe --bind-to none -n 2)
TRAINING=(--masks bids/derivatives/reference --participant-label 01 --size 32 --batch 4 --samples 4)
SEGMENT=("$BEN" segment bids OUT --weights net.h5 --probability --brain --mosaic)
TRAIN=("$BEN" train bids OUT/w.h5 "${TRAINING[@]}" --epochs 2)

# into OUTPUT COMMAND...: the words of the command with OUT replaced, in the array INTO.
into() {
    local output=$1
    INTO=("${@:2}")
    INTO=("${INTO[@]/#OUT/$output}")
}

cohort_make() { # SUBJECTS
    $PHANTOM --species rat --dims 24x20x4 --bids bids --subjects "$1" >/dev/null
    expect 0 "$BEN" train bids net.h5 "${TRAINING[@]}" --epochs 1
}

# The rows of a cohort file without their columns of time: one value per line.
rows_of() {
    h5dump -d /scan "$1" | awk '
        /DATA \{/ {data = 1; next}
        !data && match($0, /"[a-z_0-9]+";$/) {timed[n++] = index($0, "\"seconds_") > 0; next}
        data && /: \{/ {member = 0; next}
        data {if (!timed[member++]) print}'
}

# state OUTPUT: a line for each output of a segmentation that is there, with what is in it, but
# for times; sorted.
state() {
    local out=$1
    (cd "$out" && find . -type f ! -path './logs/*' ! -name '.tmp*' ! -name results.tsv \
        ! -name cohort.h5 -print0 | sort -z | xargs -0 -r sha256sum)
    [ ! -e "$out/results.tsv" ] || table "$out/results.tsv" | sha256sum | sed 's/-/results.tsv/'
    if [ -e "$out/cohort.h5" ]; then
        h5dump -d /mask -b FILE -o voxels "$out/cohort.h5" >/dev/null
        h5dump -d /probability -b FILE -o probabilities "$out/cohort.h5" >/dev/null
        (cat voxels probabilities && rows_of "$out/cohort.h5" &&
            h5dump -A "$out/cohort.h5" | tail -n +2) | sha256sum | sed 's/-/cohort.h5/'
    fi
}

# Whole lines of all journals: a kill may have torn the last of each.
entries() {
    local file line
    for file in "$1"/logs/journal/*.journal; do
        [ ! -e "$file" ] || while read -r line; do printf '%s\n' "$line"; done <"$file"
    done
}

# The pieces of work that are acknowledged, and the masks that belong to them with inode and time.
acknowledged() { entries "$1" | cut -d' ' -f6-9 | cut -f1 | sort; }
stamps() {
    local mask
    entries "$1" | sed -n 's/.*\\t\([^\\]*_mask\.nii\.gz\)\\t.*/\1/p' | sort |
        while read -r mask; do stat -c '%n %i %y' "$1/$mask" || exit 1; done
}

no_leftovers() {
    [ -z "$(find "$1" -name '.tmp*')" ] || fail "$1: temporary files are left: $(find "$1" -name '.tmp*')"
}

# same_segmentation OUTPUT: as the undisturbed run, and no piece of work done twice.
same_segmentation() {
    diff whole.state <(state "$1") || fail "$1: not as an undisturbed run"
    [ -z "$(acknowledged "$1" | uniq -d)" ] || fail "$1: done twice: $(acknowledged "$1" | uniq -d)"
    [ "$(acknowledged "$1" | wc -l)" -eq "$(($(wc -l <whole/results.tsv) - 1))" ] ||
        fail "$1: the journal has not each scan"
    no_leftovers "$1"
}

# sound_segmentation OUTPUT [FILES]: whatever is there under its own name is whole, and what is
# acknowledged is there. FILES (a pattern) may be of another state of the work.
sound_segmentation() {
    local broken
    [ -d "$1" ] || return 0
    broken=$(comm -13 <(sort whole.state) <(state "$1" | sort) | grep -v " ${2:-nothing}\$" || true)
    [ -z "$broken" ] || fail "$1: not whole: $broken"
    stamps "$1" >/dev/null || fail "$1: an acknowledged mask is not there"
}

same_training() {
    cmp whole.train/w.h5 "$1/w.h5" || fail "$1: not the weights of an undisturbed run"
    cmp <(cut -f1-10 whole.train/w.log.tsv) <(cut -f1-10 "$1/w.log.tsv") || fail "$1: another log"
    [ "$(find "$1" -type f | wc -l)" -eq 2 ] || fail "$1: files are left: $(ls -A "$1")"
}

sound_training() {
    [ ! -e "$1/w.h5" ] || cmp whole.train/w.h5 "$1/w.h5" || fail "$1: weights that are not whole"
    [ ! -e "$1/w.h5.checkpoint" ] || expect 0 "$BEN" info "$1/w.h5.checkpoint"
}
