#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Cross-compiles the network and what it stands on (src/nn, src/base) for AArch64, where kernels
# exist once, for its vectors of four; warnings are errors. Installs the compiler where it is
# missing. Headers of libraries come from this machine: what is compiled of them is portable.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/deps.sh aarch64
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

mkdir "$out/include"
for header in ini.h jansson.h jansson_config.h cblas.h openblas_config.h; do
    found=$(find -L /usr/include -maxdepth 3 -name "$header" -print -quit)
    [ -n "$found" ] || { echo "aarch64: $header is missing; run tools/deps.sh" >&2; exit 1; }
    ln -s "$found" "$out/include/$header"
done

flags=(-std=gnu11 -O3 -fopenmp -Wall -Wextra -Werror -Isrc -isystem "$out/include"
    -D_GNU_SOURCE -DBEN_VERSION='"check"' -DBEN_ISA=generic)
compile() {
    local source=$1
    shift
    aarch64-linux-gnu-gcc "$@" -c "$source" -o "$(mktemp -p "$out" XXXXXX.o)"
}
export -f compile
export out
find src/base src/nn -name '*.c' ! -name '*_isa.c' -print0 |
    xargs -0 -P "$(nproc)" -I{} bash -c 'compile "$@"' _ {} "${flags[@]}"
find src/nn -name '*_isa.c' -print0 |
    xargs -0 -P "$(nproc)" -I{} bash -c 'compile "$@"' _ {} "${flags[@]}" -ffp-contract=fast

fused=$(aarch64-linux-gnu-objdump -d "$out"/*.o | grep -c 'fmla.*\.4s') || true
[ "$fused" -gt 100 ] || { echo "aarch64: kernels without vector instructions" >&2; exit 1; }
echo "aarch64: $(find "$out" -name '*.o' | wc -l) files compiled, $fused fused vector products"
