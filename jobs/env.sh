# SPDX-License-Identifier: BSD-3-Clause
# What the job scripts share: modules, settings of the machine, the program, and how a job ends.
# Sourced by them; adapt the first part to the cluster. Set in the environment of sbatch:
#   BEN_MPI       the program (else: the first in PATH, then beside this folder)
#   BEN_RESTARTS  how often a job may requeue itself (100)

# --- modules: what the program was built with -----------------------------------------------
# module purge
# module load gcc openmpi/4.1 hdf5/1.10-parallel openblas

# --- network and files ----------------------------------------------------------------------
# Which network the ranks talk over, where Open MPI picks a wrong one (ip -br address lists them):
# export OMPI_MCA_btl_tcp_if_include=ib0
# In containers without ptrace rights, copy through shared memory twice instead of once:
# export OMPI_MCA_btl_vader_single_copy_mechanism=none
# Where the parallel file system and Open MPI's own MPI-IO do not go together:
# export OMPI_MCA_io=romio321
# By default SLURM 22.05 does not let ranks wait for each other at the end of MPI_Init (its fence
# without data, on fewer nodes than TreeWidth), so that a message may find a rank that is not ready
# and crash it. Its fence in a ring waits:
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
# File systems without locks (many NFS and Lustre mounts) are no reason to fail:
export HDF5_USE_FILE_LOCKING=${HDF5_USE_FILE_LOCKING:-BEST_EFFORT}

# --- threads --------------------------------------------------------------------------------
# srun ignores sbatch's --cpus-per-task since SLURM 22.05 unless told so again.
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
export OMP_NUM_THREADS=$SRUN_CPUS_PER_TASK
# The program chooses OpenBLAS' kernels on each node by its processor. Only where that goes wrong,
# and all nodes are alike:
# export OPENBLAS_CORETYPE=SkylakeX

# --- the program ----------------------------------------------------------------------------
ben_find() {
    local here place
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    for place in "${BEN_MPI:-ben-mpi}" "$here/../build/ben-mpi" "$here/../../../bin/ben-mpi"; do
        command -v "$place" && return
        [ -z "${BEN_MPI:-}" ] || break
    done
    echo "${BEN_MPI:-ben-mpi}: no such program; build it, or set BEN_MPI, or PATH, or load its" \
        "module in jobs/env.sh" >&2
    exit 2
}
BEN_PROGRAM=$(ben_find)

# This job, or this task of a job array: requeueing the array's own number would start all anew.
ben_job() {
    if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then
        echo "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    else
        echo "$SLURM_JOB_ID"
    fi
}

# The program on all ranks. It catches USR1 (the time is nearly up) and TERM (the job is
# preempted), ends what is in hand, and says 75: then the job goes back into the queue and
# continues when its turn comes. Any other end is the job's end. A rank that dies takes the others
# with it, by PMIx; one that has said 75 must not, since others may still be writing.
ben_run() {
    local code=0
    srun --mpi=pmix --kill-on-bad-exit=0 "$BEN_PROGRAM" "$@" || code=$?
    [ "$code" -eq 75 ] || return "$code"
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "${BEN_RESTARTS:-100}" ]; then
        echo "interrupted for the ${SLURM_RESTART_COUNT}th time; submit it again to go on" >&2
        return 75
    fi
    echo "interrupted; back into the queue" >&2
    scontrol requeue "$(ben_job)" && return 75
    echo "it cannot be requeued; submit it again to go on" >&2
    return 75
}
