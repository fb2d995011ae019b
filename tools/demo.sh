#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing, builds, and segments a real human head with two ranks: the T1w of
# Debian's package mricron-data (Colin27, which no weights here were trained on). Its skull-stripped
# twin in the same package, closed and with holes filled, is the reference.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/deps.sh demo
tools/build.sh default

image=/usr/share/mricron/templates/ch2.nii.gz
reference=/usr/share/mricron/templates/ch2bet.nii.gz
out=demo-out
ben=build/ben-mpi
run=(mpirun -n 2 --oversubscribe)
[ "$(id -u)" -ne 0 ] || run+=(--allow-run-as-root)

echo
echo "> ${run[*]} $ben segment $image $out --species human --brain --mosaic --restart"
"${run[@]}" "$ben" segment "$image" "$out" --species human --brain --mosaic --restart

echo
echo "> $ben evaluate $out/ch2_mask.nii.gz $reference $out/dice.tsv --ref-close 4"
"$ben" evaluate "$out/ch2_mask.nii.gz" "$reference" "$out/dice.tsv" --ref-close 4

volume=$(awk -F'\t' 'NR==1 {for (i = 1; i <= NF; i++) if ($i == "volume_mm3") c = i}
    NR==2 {printf "%.0f", $c / 1000}' "$out/results.tsv")
echo
echo "brain volume     $volume ml"
echo "mask             $out/ch2_mask.nii.gz"
echo "extracted brain  $out/ch2_brain.nii.gz"
echo "HDF5             $out/cohort.h5"
echo "picture          $out/ch2_mask.png   <- look at it"
