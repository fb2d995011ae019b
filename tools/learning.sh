#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The learning curves and the ablation of docs/results.md, small enough for a laptop: networks of
# 128 x 128 pixels, trained on people alone or on rats alone, carried to other species.
#   tools/learning.sh OUT DATA
# DATA holds datasets.tsv and headlabels. OUT gets the sources, OUT/curves and OUT/ablation with
# tables as tools/curves.sh makes them, and OUT/*.svg. The same command goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 2 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1 data=$2 ben=${BEN:-build/ben-mpi}
manifest=$data/datasets.tsv
mkdir -p "$out"

common=(--size 128 --epochs 8 --samples 1600 --rate 0.002 --schedule cosine --warmup 1
    --average 0.99 --clip 1 --smooth 100 --cache "$out/cache"
    --rotate 15 --scale 0.2 --translate 10 --flip 0.5 --elastic 0.5 --elastic-width 4 --bias 0.35
    --noise 0.05 --blur 0.25 --resolution 0.3)
synthesis=(--gamma 0.35 --contrast 0.2 --brightness 0.1 --repaint 0.25 --remap 0.05 --loss 0.1
    --coil 0.06 --turn 0.04 --flip-vertical 0.12 --strip 0.04 --ghost 0.04 --frame 0.1
    --painted 0.5 --around-brains)
heads=(--heads "$data/headlabels/human_synthseg")
adaptation=(--epochs 10 --samples 128 --start 3 --refresh 4 --adabn stream --keep-source 0
    --smooth 100 --rotate 15 --scale 0.2 --elastic 0.5 --elastic-width 4 --cache "$out/cache")

# train_source NAME DATASET OPTION...: unless it is there
train_source() {
    local file=$out/$1.h5 where=dataset=$2
    shift 2
    [ -f "$file" ] || "$ben" train "$manifest" "$file" --where "$where" split=train "${common[@]}" "$@"
}

# curves FOLDER NAME SOURCE OPTION...
curves() {
    local folder=$out/$1 name=$2 from=$out/$3.h5
    shift 3
    tools/curves.sh "$folder" --manifest "$manifest" --source "$from" --name "$name" "$@" \
        --adapt "${adaptation[@]}" >/dev/null
}

train_source human human-ms "${synthesis[@]}" "${heads[@]}"
train_source rat rat-epi "${synthesis[@]}"
train_source human-local human-ms --no-nonlocal "${synthesis[@]}" "${heads[@]}"
train_source human-plain human-ms
curves curves 'human to marmoset' human --train dataset=marmoset --test dataset=marmoset --labels 0
curves curves 'rat EPI to mouse' rat --train 'species=mus musculus' --test dataset=mouse-t1w \
    --labels 0

adaptation+=(--split train --unlabelled-split test)
rats=(--train dataset=rat-epi --test dataset=rat-epi split=test)
curves curves 'rat EPI to macaque' rat --train dataset=macaque --test dataset=macaque split=test \
    --labels 0 1 2
curves curves 'human to rat EPI' human "${rats[@]}"
for from in human-local human-plain; do
    curves ablation "$from" "$from" "${rats[@]}" --labels 0 3 --seeds 1 \
        --methods none adabn finetune ben
done
adaptation+=(--pseudo-batch 0)
curves ablation 'human, no pseudo-labels' human "${rats[@]}" --labels 3 --seeds 1 --methods ben
adaptation+=(--pseudo-batch 8 --adabn-share 1)
curves curves 'human to rat EPI, the paper'"'"'s share' human "${rats[@]}" --labels 0 --methods adabn
tools/curves_svg.py "$out/curves/summary.tsv" "$out"
