#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The job scripts under a real SLURM of four nodes: their results are those of a serial run; a
# job that is signalled says 75, goes back into the queue and completes; so does one whose node
# dies; no scan that was acknowledged is done twice.
source "$(dirname "$0")/own.sh"
own_machine "$@"
source "$(dirname "$0")/../cli/lib.sh"
source "$SOURCE/tests/slurm/cluster.sh"
source "$SOURCE/tests/slurm/cohort.sh"
JOBS=$SOURCE/jobs
SETS=$(dirname "$BEN")/tests/make-datasets
TABLE=$SOURCE/configs/datasets18.tsv
SET_NAMES=(mouse-t2w-11.7 rat-t2w-7)
EVALUATING=(--root data --only "${SET_NAMES[@]}" --train train.ini --adapt adapt.ini --labels 0,1
    --methods none,finetune --test-fraction 0.5)
ADAPTING=(--weights serial.h5 --masks bids/derivatives/reference --participant-label 01 02
    --labels 1 --start 1 --refresh 0 --epochs 8 --batch 4 --samples 8 --pseudo-batch 4 --mc 2)
export BEN_MPI=$BEN

field() { scontrol show job "$1" | grep -oE "\b$2=[^ ]*" | head -n 1 | cut -d= -f2; }
completed() { [ "$(field "$1" JobState)" = COMPLETED ]; }
requeued() { [ "$(field "$1" Restarts)" -ge 1 ]; }

# Scans that the job itself acknowledged.
begun() { cat "$2/logs/journal/job$(field "$1" JobId)"-r*.journal; }

# What was learned serially, to compare with; two at a time.
serially() { "$BEN" "$@" >"serial-$1.said" 2>&1 || { cat "serial-$1.said" >&2; fail "$*"; }; }
learn_serially() {
    local others
    $SETS --subjects 2 --matrix 32 --slices 3 "$TABLE" data "${SET_NAMES[@]}" >/dev/null
    printf '[network]\nsize = 32\n[train]\nepochs = 6\nbatch = 4\nsamples = 8\n' >train.ini
    printf '[train]\nepochs = 2\nbatch = 4\nsamples = 4\n' >adapt.ini
    serially evaluate18 "$TABLE" evaluated.serially "${EVALUATING[@]}" &
    others=$!
    serially train bids serial.h5 "${TRAINING[@]}" --size 32 --epochs 6
    serially adapt bids adapted.serially.h5 "${ADAPTING[@]}"
    wait $others
}

# interrupt JOB CONDITION...: once it holds; the signal reaches the ranks, like the one before the
# time is up.
interrupt() {
    wait_for 180 "${@:2}"
    scancel --signal=USR1 "$1"
    wait_for 180 requeued "$1"
}

refuses() {
    local script
    for script in "$JOBS"/*.sbatch; do
        expect 2 env -u SLURM_JOB_ID bash "$script" bids out
        says "submit it with sbatch"
    done
    BEN_MPI=$TMP/nothing sbatch --wait "${four[@]}" "$JOBS/segment.sbatch" bids out >/dev/null &&
        fail "a job without its program succeeded"
    grep -q 'nothing: no such program' ben-segment-*.log || fail "no word of the lacking program"
}

one_job() {
    local id
    id=$(sbatch --parsable "${four[@]}" "$JOBS/segment.sbatch" bids one --weights net.h5)
    interrupt "$id" begun "$id" one
    grep -q 'stopped by a signal' "ben-segment-$id.log" || fail "the program did not say why"
    grep -q 'back into the queue' "ben-segment-$id.log" || fail "the job did not see exit code 75"
    wait_for 300 completed "$id"
    cohort_same one
}

array() {
    local tasks group
    tasks=$(sbatch --parsable --array=1-2 --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 \
        "$JOBS/segment-array.sbatch" bids array --weights net.h5)
    group=$(sbatch --parsable --dependency="afterany:$tasks" --ntasks-per-node=2 \
        --cpus-per-task=1 "$JOBS/segment.sbatch" bids array group --weights net.h5)
    interrupt "${tasks}_2" begun "${tasks}_2" array
    wait_for 300 completed "$group"
    [ "$(field "${tasks}_1" Restarts)" = 0 ] || fail "the other task was requeued too"
    cohort_same array
}

# A training, an adaptation and an evaluation at the same time.
learn() {
    local ids=() jobs=() i two=(--nodes=1 --ntasks-per-node=2 --cpus-per-task=1)
    ids+=("$(sbatch --parsable "${two[@]/nodes=1/nodes=2}" "$JOBS/train.sbatch" bids trained.h5 \
        "${TRAINING[@]}" --size 32 --epochs 6)")
    ids+=("$(sbatch --parsable "${two[@]}" "$JOBS/adapt.sbatch" bids adapted.h5 "${ADAPTING[@]}")")
    ids+=("$(sbatch --parsable "${two[@]}" "$JOBS/evaluate18.sbatch" "$TABLE" evaluated \
        "${EVALUATING[@]}" --team 2)")
    interrupt "${ids[0]}" test -e trained.h5.checkpoint &
    jobs+=($!)
    interrupt "${ids[1]}" test -e adapted.h5.checkpoint &
    jobs+=($!)
    interrupt "${ids[2]}" compgen -G "evaluated/*/*/weights.h5*" &
    jobs+=($!)
    for i in 0 1 2; do
        wait "${jobs[i]}"
        wait_for 300 completed "${ids[i]}"
    done
    cmp serial.h5 trained.h5
    cmp adapted.serially.h5 adapted.h5
    cmp evaluated.serially/results.tsv evaluated/results.tsv
    cmp evaluated.serially/evaluate18.html evaluated/evaluate18.html
}

# A training without end: the signal comes by itself when the time is nearly up.
time_limit() {
    limited=$(sbatch --parsable --time=1 --nodes=1 --ntasks-per-node=1 --cpus-per-task=1 \
        "$JOBS/train.sbatch" bids endless.h5 "${TRAINING[@]}" --size 32 --epochs 100000)
}

node_death() {
    local id
    id=$(sbatch --parsable --nodes=3 --ntasks-per-node=1 --cpus-per-task=1 \
        "$JOBS/segment.sbatch" bids death --weights net.h5)
    wait_for 180 begun "$id" death
    cluster_kill "$(scontrol show hostnames "$(field "$id" NodeList)" | tail -n 1 | tr -d n)"
    wait_for 180 requeued "$id"
    wait_for 300 completed "$id"
    cohort_same death
}

four=(--nodes=2 --ntasks-per-node=2 --cpus-per-task=1)
cohort_make
learn_serially
step "a serial run"
cluster_up 4
step "SLURM of four nodes"
time_limit
refuses
step "refusals"
one_job
step "one job, signalled, requeued, completed"
wait_for 300 requeued "$limited"
scancel "$limited"
step "a job at its time limit"
array
step "an array, one task of it signalled, and its group"
learn
step "a training, an adaptation and an evaluation, signalled, requeued, completed"
node_death
step "a job whose node died"
