#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Each file of configs/ is what --dump-config prints of it: all options of its command, commented line
# by line; only the comment at its top is its own. The job scripts hold no path of a machine, refuse
# to run outside SLURM, and say soon where the program is missing.
source "$(dirname "$0")/lib.sh"

BEN="$BEN" "$SOURCE/tools/configs.sh" --check || fail "configs: run tools/configs.sh"
for file in "$SOURCE"/configs/*.ini; do
    head -n 1 "$file" | grep -q '^; ' || fail "$file: does not say what it is for"
    ! grep -nE '= */' "$file" || fail "$file: a path of some machine"
    ! grep -vnE '^(;|\[|$|[a-z0-9-]+ = )' "$file" || fail "$file: lines of another form"
done

for script in "$SOURCE"/jobs/*.sbatch; do
    expect 2 env -u SLURM_JOB_ID bash "$script" in out
    says "submit it with sbatch"
    ! grep -nE '(^|[ "=])/[a-z]' <(grep -v '^#!' "$script") || fail "$script: an absolute path"
    grep -q '^set -euo pipefail' "$script" || fail "$script: goes on after errors"
    for option in job-name nodes ntasks-per-node cpus-per-task time signal=USR1 requeue hint=nomultithread output; do
        grep -q "^#SBATCH --$option" "$script" || fail "$script: no --$option"
    done
    # Each block of options has a comment before it.
    awk '/^#SBATCH/ {if (!told) bad = bad NR " "} /^# / {told = 1} /^$/ {told = 0}
        END {if (bad != "") {print bad; exit 1}}' <(sed '/^#SBATCH --job-name/d' "$script") ||
        fail "$script: options without a comment"
done
# As within a job: env.sh beside the script, the program missing.
mkdir job
printf '#!/bin/sh\necho "   Command=%s/jobs/segment.sbatch in out"\n' "$SOURCE" >job/scontrol
chmod +x job/scontrol
expect 2 env PATH="$TMP/job:$PATH" SLURM_JOB_ID=1 BEN_MPI="$TMP/absent" bash "$SOURCE/jobs/segment.sbatch" in out
says "absent: no such program"
