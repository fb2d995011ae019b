#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# info tells what a scan, weights, a configuration and this machine are; help and version answer.
source "$(dirname "$0")/lib.sh"

prints() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" "$TMP/printed" || { cat "$TMP/printed" >&2; fail "no '$text'"; }
    done
}

$PHANTOM --species mouse --dims 40x36x6 --voxel 0.1x0.1x0.5 --axes LSA "$TMP/m.nii.gz" >/dev/null
expect 0 "$BEN" info "$TMP/m.nii.gz" && prints "40 x 36 x 6" "0.1 x 0.1 x 0.5 mm" "LSA" "int16"
expect 0 "$BEN" info && prints "ranks" "kernels"
BEN_ISA=generic expect 0 "$BEN" info && prints "generic"
BEN_ISA=mmx expect 2 "$BEN" info && says "mmx"
for file in "$SOURCE"/weights/*.h5; do
    expect 0 "$BEN" info "$file" && prints "NL-U-Net" "checksum" "provenance" "License"
done
for file in "$SOURCE"/configs/*.ini; do
    expect 0 "$BEN" info "$file" && prints "a configuration of ben-mpi"
done
expect 2 "$BEN" info "$TMP/absent" && says "absent"
for command in segment train adapt evaluate info; do
    expect 0 "$BEN" $command --help && prints "usage: ben-mpi $command" "--threads"
    expect 0 "$BEN" $command --dump-config && prints "[common]"
    cp "$TMP/printed" "$TMP/$command.ini"
    expect 0 "$BEN" $command --config "$TMP/$command.ini" --dump-config
    cmp "$TMP/printed" "$TMP/$command.ini"
done
expect 0 "$BEN" --version && prints "ben-mpi"
expect 0 "$BEN" --help && prints "segment" "train" "evaluate"
# The list of weights is true.
BEN="$BEN" "$SOURCE/tools/manifest.sh" --check || fail "weights/MANIFEST.tsv: run tools/manifest.sh"
