#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what ben-mpi needs from Debian 12's packages; does nothing where all is there.
#   tools/deps.sh         to build and run
#   tools/deps.sh test    the tests too
#   tools/deps.sh aarch64 the compiler of the check for AArch64 too
#   tools/deps.sh slurm   a SLURM of its own, for the tests of the job scripts
#   tools/deps.sh dev     what the comparisons with other programs need too
#   tools/deps.sh fuzz    libFuzzer, for tools/fuzz.sh
#   tools/deps.sh peers   what the comparison of speed needs (tools/peers)
#   tools/deps.sh pages   what looking at the report's pages needs (tools/pages)
set -euo pipefail

packages=(gcc cmake ninja-build pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev
    hdf5-tools libopenblas-openmp-dev libnifti-dev libjansson-dev libinih-dev libpng-dev
    zlib1g-dev libdeflate-dev libgsl-dev)
what=${1:-build}
case $what in
    build) ;;
    demo) packages+=(mricron-data) ;;
    test) packages+=(mricron-data libcunit1-dev clang-format valgrind) ;;
    aarch64) packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    slurm) packages+=(slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2) ;;
    fuzz) packages+=(clang libclang-rt-14-dev) ;;
    dev) packages+=(mricron-data libcunit1-dev clang-format valgrind g++ libinsighttoolkit5-dev
        python3-torch python3-numpy python3-scipy python3-h5py python3-nibabel) ;;
    peers) packages+=(mricron-data g++ libinsighttoolkit5-dev libdnnl-dev python3-torch
        python3-numpy python3-h5py)
        command -v npm >/dev/null || packages+=(nodejs npm) ;;
    pages) packages+=(chromium fonts-dejavu-core libcunit1-dev)
        command -v node >/dev/null || packages+=(nodejs) ;;
    *) echo "usage: tools/deps.sh [demo|test|aarch64|slurm|fuzz|dev|peers|pages]" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "these packages are missing, please have them installed: ${missing[*]}" >&2
        exit 1
    }
    sudo=sudo
fi
echo "installing: ${missing[*]}"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
