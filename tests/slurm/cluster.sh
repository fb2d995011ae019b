# SPDX-License-Identifier: BSD-3-Clause
# A SLURM of several nodes on one machine, in /run/slurm: each node is a slurmd with its own
# processes, host name and shared memory (namespaces), so that killing the node's first process
# is like pulling its plug. Within own_machine, which takes all of it down.
#   cluster_up N          nodes n1 ... nN
#   cluster_kill I        node nI dies

CLUSTER=/run/slurm
CLUSTER_CPUS=4
CLUSTER_ADDRESS=10.78.0.1 # names are not looked up where there is no address but the loopback

cluster_configure() {
    local n=$1 dir=$CLUSTER host
    host=$(hostname)
    cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host($CLUSTER_ADDRESS)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
TmpFS=$dir/tmp.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
MpiDefault=pmix
ReturnToService=2
JobRequeue=1
KillWait=5
InactiveLimit=0
SlurmdTimeout=15
SlurmdParameters=config_overrides
NodeName=n[1-$n] NodeHostname=$host NodeAddr=$CLUSTER_ADDRESS Port=[17001-$((17000 + n))] CPUs=$CLUSTER_CPUS RealMemory=100000 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    cat >"$dir/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
CgroupMountpoint=/sys/fs/cgroup
ConstrainCores=no
ConstrainRAMSpace=no
CONF
}

cluster_node() {
    local i=$1 dir=$CLUSTER
    mkdir -p "$dir/spool.n$i" "$dir/tmp.n$i"
    unshare --uts --pid --mount --fork --kill-child --mount-proc bash -c "
        hostname n$i && mount -t tmpfs tmpfs /dev/shm && slurmd -D -N n$i & wait
        sleep infinity" >"$dir/node.$i.out" 2>&1 &
    CLUSTER_NODES[$i]=$!
}

cluster_up() {
    local n=$1 dir=$CLUSTER i
    CLUSTER_NODES=()
    ip link add cluster type bridge
    ip address add $CLUSTER_ADDRESS/24 dev cluster
    ip link set cluster up
    mkdir -p "$dir/state"
    cluster_configure "$n"
    export SLURM_CONF=$dir/slurm.conf
    # Ranks of different "nodes" meet on this machine's loopback.
    export OMPI_MCA_btl_tcp_if_include=lo OMPI_ALLOW_RUN_AS_ROOT=1
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
    dd if=/dev/urandom of="$dir/munge.key" bs=1024 count=1 2>/dev/null
    chmod 400 "$dir/munge.key"
    munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.sock" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" \
        --seed-file="$dir/munge.seed" >"$dir/munged.out" 2>&1 &
    for ((i = 0; i < 200; i++)); do [ ! -S "$dir/munge.sock" ] || break; sleep 0.05; done
    slurmctld -D >"$dir/slurmctld.out" 2>&1 &
    for ((i = 1; i <= n; i++)); do cluster_node $i; done
    for ((i = 0; i < 100; i++)); do
        [ "$(timeout 5 sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -ge "$n" ] && return 0
        sleep 0.2
    done
    tail -n 5 "$dir"/*.log "$dir"/*.out >&2
    return 1
}

cluster_kill() {
    kill -9 "${CLUSTER_NODES[$1]}"
    wait "${CLUSTER_NODES[$1]}" 2>/dev/null || true
    unset "CLUSTER_NODES[$1]"
}
