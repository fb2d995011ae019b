#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The commands of docs/tutorial.md, block by block, on made heads. What takes long is made short by
# further options: trainings of a few steps, few Monte Carlo samples. Where there is no SLURM, jobs are
# only checked: their script and their options; where there is, by sbatch --test-only, too.
source "$(dirname "$0")/lib.sh"

# The program as the tutorial calls it, with the options that make it quick.
mkdir bin
cat >bin/ben-mpi <<END
#!/bin/bash
case \$1 in
    adapt) exec "$BEN" "\$@" --epochs 1 --samples 2 --batch 2 --pseudo-batch 1 --mc 1 --start 0 ;;
    segment) case " \$* " in
        *" --mc "*) exec "$BEN" "\$@" --mc 2 ;;
        *) exec "$BEN" "\$@" ;;
    esac ;;
    evaluate18) exec "$BEN" "\$@" --adapt $TMP/quick.ini --mc 0 ;;
    *) exec "$BEN" "\$@" ;;
esac
END
cat >quick.ini <<'END'
[selftrain]
pseudo-batch = 1
start = 0
mc = 1
[train]
epochs = 1
samples = 2
batch = 2
END
cat >bin/mpirun <<END
#!/bin/bash
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 exec $(command -v mpirun) --oversubscribe \
    --bind-to none "\$@"
END
# sbatch [OPTION]... SCRIPT ARGUMENT...: the program must know the arguments.
slurm=$(command -v sbatch || true)
if [ -n "$slurm" ] && ! timeout 5 sinfo >/dev/null 2>&1; then slurm=; fi
[ -n "$slurm" ] || echo "no SLURM here: jobs are checked, not submitted"
cat >bin/sbatch <<END
#!/bin/bash
set -euo pipefail
[ -z "$slurm" ] || "$slurm" --test-only "\$@"
while [[ \$1 == --* ]]; do shift; done
[ -f "\$1" ] || { echo "\$1: no job script" >&2; exit 2; }
bash -n "\$1"
command=\$(sed -n 's/^ben_run \([a-z0-9]*\).*/\1/p' "\$1")
"$BEN" "\$command" "\${@:2}" --dump-config >/dev/null
END
chmod +x bin/*
export PATH=$TMP/bin:$PATH

# What the reader brings along.
small=(--dims 28x24x3)
mkdir work
"$PHANTOM" --species human --dims 28x32x4 --voxel 6x6x30 work/head.nii.gz
"$PHANTOM" --species rat "${small[@]}" --bids work/mystudy --subjects 2
"$PHANTOM" --species rat --contrast T1w "${small[@]}" --seed 9 --bids work/scanner --subjects 4
ln -s "$SOURCE/jobs" work/jobs

awk '/^```sh$/ {n++; inside = 1; next} /^```$/ {inside = 0}
    inside {print > sprintf("block%02d.sh", n)}' "$SOURCE/docs/tutorial.md"
[ "$(ls block*.sh | wc -l)" -ge 10 ] || fail "the tutorial has hardly any commands"
cd work
for block in ../block*.sh; do
    bash -euo pipefail "$block" >printed 2>said ||
        { cat "$block" said >&2; fail "$(basename "$block") of the tutorial"; }
done

# What it promises.
for file in mask.nii.gz mask_brain.nii.gz mask_mosaic.png sure_uncertainty.nii.gz \
    compared.tsv out/results.tsv out/cohort.h5 out/report.html volumes.tsv scores_summary.tsv \
    mine.h5 better.tsv study/evaluate18.html study/scanner/ben-2/scores.tsv; do
    [ -s "$file" ] || fail "the tutorial promises $file"
done
[ "$(ls out/sub-*/anat/*_mask.nii.gz | wc -l)" = 2 ] || fail "not a mask for each scan"
[ ! -e out2 ] || fail "a job was run"
