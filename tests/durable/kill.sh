#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# kill -9 of a rank, of all ranks, of mpirun, at random times and at chosen instants: each call by
# which the program changes a file (before it, after half a write, after it), also inside the
# collective writing of the cohort file and the writing of checkpoints. After each kill: what bears
# its own name is whole, what was acknowledged is there; and the same command then ends with the
# bytes of an undisturbed run, without doing anything acknowledged again.
#   kill.sh BUILD [KILLS|short|each] [SCRATCH]   (short: 20; each: at each write and each rename)
kills=${2:-20}
[ "$kills" != short ] || kills=20
set -- "$1" "${3:-$(mktemp -d)}"
source "$(dirname "$0")/lib.sh"
RANDOM=1 # the same instants each time

# session_ends PID: until none of the run's processes is left (mpirun's end is not the ranks').
session_ends() {
    for _ in $(seq 3000); do
        ps -o stat= -s "$1" | grep -qv '^Z' || return 0
        sleep 0.01
    done
    fail "processes of a killed run are left: $(ps -s "$1" -o pid,args)"
}

# run KIND OUTPUT [VARIABLE=VALUE]...: under the library, in a session of its own; sets PID.
run() {
    local output=$2
    local -n words=$1
    shift 2
    into "$output" "${words[@]}"
    setsid "${RANKS[@]}" env LD_PRELOAD="$PRELOAD" BREAK_UNDER="$TMP/$output" "$@" "${INTO[@]}" \
        >"$output.said" 2>&1 &
    PID=$!
}

# ended: the run's exit code; all its processes are gone. An mpirun whose rank dies while the two still
# greet each other may wait for ever (Open MPI 4.1): it ends as by a scheduler's time limit.
ended() {
    local code=0
    timeout 60 tail --pid=$PID -s 0.02 -f /dev/null || kill -9 $PID
    wait $PID 2>/dev/null || code=$?
    session_ends $PID
    return $code
}

# at_instant KIND OUTPUT RANK EVENT WHEN WHO
at_instant() {
    run "$1" "$2" BREAK_RANK="$3" BREAK_AT="$4" BREAK_WHEN="$5" BREAK_WHO="$6"
    ended && fail "$2: the instant was not reached: $*"
    return 0
}

# at_random KIND OUTPUT MILLISECONDS WHO
at_random() {
    run "$1" "$2"
    sleep "$(printf '%d.%03d' $(($3 / 1000)) $(($3 % 1000)))"
    case $4 in
        rank) ps -o pid= --ppid $PID | head -n 1 | xargs -r kill -9 2>/dev/null || true ;;
        all) ps -o pid= -s $PID | xargs -r kill -9 2>/dev/null || true ;;
        mpirun) kill -9 $PID 2>/dev/null || true ;;
    esac
    ! ended # a run that was over before does not count
}

# The plan of chosen instants: all events of both ranks in a row, from which each kind takes
# evenly spread ones.
declare -A events chosen taken
count_events() {
    local kind=$1 rank
    run "$kind" "counted.$kind" BREAK_LOG="$TMP/$kind.events"
    ended || fail "the counted run: $(cat "counted.$kind.said")"
    for rank in 0 1; do
        [ -e "$kind.events.$rank" ] || : >"$kind.events.$rank"
        events[$kind.$rank]=$(grep -vc '^look' "$kind.events.$rank" || true)
    done
    chosen[$kind]=0 taken[$kind]=0
}

WHOM=(rank all mpirun) WHEN=(before half after)

kind_of() { [ $(($1 % 10)) -eq 5 ] && echo TRAIN || echo SEGMENT; }
is_random() { [ $(($1 % 4)) -eq 1 ]; }
goes_on() { [ $(($1 % 10)) -eq 7 ]; } # after that one comes another kill in the same folder

# disturb I KIND OUTPUT: one kill.
disturb() {
    local i=$1 kind=$2 out=$3 at rank=0
    if is_random "$i"; then
        until at_random "$kind" "$out" $((duration[$kind] / 3 + RANDOM % (duration[$kind] * 2 / 3))) \
            "${WHOM[RANDOM % 3]}"; do
            rm -rf "$out" # it had ended
        done
        return
    fi
    at=$(((2 * taken[$kind] + 1) * (events[$kind.0] + events[$kind.1]) / (2 * chosen[$kind]) + 1))
    if goes_on $((i - 1)); then
        at=$((1 + RANDOM % 20)) # what every run has, also one that goes on
    elif [ $at -gt "${events[$kind.0]}" ]; then
        rank=1 at=$((at - events[$kind.0]))
    fi
    at_instant "$kind" "$out" $rank $at "${WHEN[taken[$kind] % 3]}" \
        "${WHOM[taken[$kind] / 3 % 3]}"
    ((++taken[$kind]))
}

# The same command to its end: nothing acknowledged is done again.
complete() {
    local out=$2 what=$3
    local -n words=$1
    stamps "$out" >before.stamps
    acknowledged "$out" >before.acknowledged
    into "$out" "${words[@]}"
    if [ $((RANDOM % 3)) -eq 0 ]; then
        expect 0 "${RANKS[@]}" "${INTO[@]}"
    else
        expect 0 "${INTO[@]}" # on another number of ranks
    fi
    same_"$what" "$out"
    [ "$what" = segmentation ] || return 0
    [ -z "$(comm -23 before.stamps <(stamps "$out"))" ] || fail "$out: finished masks were written again"
    [ -z "$(comm -23 before.acknowledged <(acknowledged "$out"))" ] || fail "$out: acknowledged work is lost"
}

cohort_make 4
into whole "${SEGMENT[@]}"
expect 0 "${INTO[@]}"
state whole >whole.state
into whole.train "${TRAIN[@]}"
expect 0 "${INTO[@]}"
declare -A duration what=([SEGMENT]=segmentation [TRAIN]=training)
for kind in SEGMENT TRAIN; do
    since=$(date +%s%N)
    count_events $kind
    duration[$kind]=$((($(date +%s%N) - since) / 1000000))
done
# "KIND RANK EVENT" of each write and each rename of both ranks.
each_instant() {
    local kind rank
    for kind in SEGMENT TRAIN; do
        for rank in 0 1; do
            awk -v words="$kind $rank" '/^look/ {next} {n++} /^(write|rename) / {print words, n}' \
                "$kind.events.$rank"
        done
    done
}

identical=0
if [ "$kills" = each ]; then
    each_instant >instants
    kills=$(wc -l <instants)
    while read -r kind rank at <&3; do
        at_instant "$kind" out.$at "$rank" "$at" "${WHEN[identical % 3]}" "${WHOM[identical / 3 % 3]}"
        sound_"${what[$kind]}" out.$at
        ((++identical)) # or the test would have ended
        complete "$kind" out.$at "${what[$kind]}"
        rm -rf out.$at
    done 3<instants
    echo "$identical of $kills kills, at each write and each rename: all outputs identical ($SECONDS s)"
    exit 0
fi
for ((i = 0; i < kills; i++)); do
    is_random $i || chosen[$(kind_of $i)]=$((chosen[$(kind_of $i)] + 1))
done
for ((i = 0; i < kills; i++)); do
    kind=$(kind_of $i)
    goes_on $((i - 1)) && [ $i -gt 0 ] || out=out.$i
    disturb $i $kind $out
    sound_"${what[$kind]}" $out
    ((++identical)) # or the test would have ended
    ! goes_on $i || [ $((i + 1)) -eq "$kills" ] || continue
    complete $kind $out "${what[$kind]}"
    rm -rf "$out"
done
echo "$identical of $kills kills: all outputs identical ($SECONDS s)"
