#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Four hosts on a network of their own, without a scheduler: mpirun over TCP gives a serial run's
# results. A host that dies, or whose link goes silent, ends the run; the same command then
# completes with the same bytes, and nothing that was acknowledged is done again.
source "$(dirname "$0")/own.sh"
own_machine "$@"
source "$(dirname "$0")/../cli/lib.sh"
source "$SOURCE/tests/slurm/cohort.sh"

# Host I is the namespace hI with the address 10.77.0.I; its cable ends in a bridge.
network_up() {
    local i
    ip link add bridge type bridge
    ip link set bridge up
    for i in 1 2 3 4; do
        ip netns add h$i
        ip link add cable$i type veth peer name eth0 netns h$i
        ip link set cable$i master bridge up
        ip -n h$i address add 10.77.0.$i/24 dev eth0
        ip -n h$i link set eth0 up
        ip -n h$i link set lo up
        echo "10.77.0.$i slots=1" >>hosts
    done
    cat >shell <<'SHELL'
#!/bin/bash
# What ssh is elsewhere: HOST COMMAND...
host=h${1##*.}
shift
exec ip netns exec "$host" unshare --uts bash -c "hostname $host; exec setsid $*"
SHELL
    chmod +x shell
}

# The program on all four hosts, started on the first.
on_hosts() {
    timeout -k 5 200 ./shell 10.77.0.1 mpirun --allow-run-as-root --hostfile hosts --bind-to none \
        --mca plm rsh --mca plm_rsh_agent "$TMP/shell" --mca routed direct \
        --mca oob_tcp_if_include 10.77.0.0/24 --mca btl_tcp_if_include 10.77.0.0/24 \
        --mca btl self,vader,tcp --mca pml ob1 --mca mpi_yield_when_idle 1 \
        --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1 \
        --mca oob_tcp_keepalive_probes 3 -x OMP_NUM_THREADS \
        "$BEN" segment bids "$1" --weights net.h5 >>"$1.log" 2>&1
}

nobody_left() {
    local i
    for i in 1 2 3 4; do [ -z "$(ip netns pids h$i)" ] || return 1; done
}

host_dies() { ip netns pids h3 | xargs kill -9; }
link_dies() { ip link set cable3 down; }

# reaches HOST ADDRESS: nobody listens there, but somebody says so.
reaches() {
    local answer
    answer=$(LC_ALL=C timeout 3 ip netns exec "$1" bash -c "exec 3<>/dev/tcp/$2/9" 2>&1) || true
    [[ $answer == *refused* ]]
}

# Brings a link back up, and waits until both sides know.
mend_link() {
    ip link set cable3 up
    wait_for 60 reaches h1 10.77.0.3
    wait_for 60 reaches h3 10.77.0.1
}

# disturbed OUTPUT WHAT: the run ends soon after WHAT has happened, and then completes.
disturbed() {
    local out=$1 what=$2 run code=0 since done_before
    on_hosts "$out" &
    run=$!
    wait_for 60 cohort_begun "$out"
    $what
    since=$SECONDS
    wait $run || code=$?
    [ $code -ne 0 ] || fail "$what: the run did not notice"
    step "$what: mpirun ended after $((SECONDS - since)) s with exit code $code"
    wait_for 60 nobody_left
    done_before=$(cohort_begun "$out" | wc -l)
    mend_link
    on_hosts "$out" || { cat "$out.log" >&2; fail "$what: the second run did not complete"; }
    cohort_same "$out"
    step "$what: completed; $done_before of $SCANS scans were not done again"
}

cohort_make
step "a serial run"
network_up
on_hosts four || { cat four.log >&2; fail "four hosts"; }
cohort_same four
[ "$(ip -n h4 -s link show eth0 | awk '/RX:/ {getline; print $1}')" -gt 100000 ] ||
    fail "nothing went over the network"
step "four hosts"
disturbed death host_dies
disturbed silence link_dies
