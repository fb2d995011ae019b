#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The unit tests of the debug build under valgrind: any error or definite leak fails. Of those that run
# the whole network, test_reference does so with the generic kernels, in seconds: every layer forward
# and backward, ten training steps. The others take a minute and more; the sanitizer build checks
# them.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh debug
export BEN_TEST_REF=$PWD/tests/ref BEN_TEST_TMP=$PWD/build-debug/tests OMP_NUM_THREADS=1
export BEN_DATA=/nonexistent BEN_TEST_QUICK=1
check() {
    local log=$1.valgrind status=0
    [[ $1 != *nn_test_reference ]] || export BEN_ISA=generic
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions=tools/valgrind.supp "$1" >"$log" 2>&1 || status=$?
    if [ $status -ne 0 ] && [ $status -ne 77 ]; then
        echo "valgrind: $(basename "$1") failed"; tail -n 40 "$log"; return 1
    fi
    echo "valgrind: $(basename "$1") clean"
}
export -f check
find build-debug/tests -maxdepth 1 -type f -name '*_test_*' -executable \
    ! -name nn_test_net ! -name nn_test_conv ! -name train_test_trainer ! -name train_test_synth \
    ! -name bench_test_bench \
    -print0 | sort -z |
    xargs -0 -P "$(nproc)" -I{} bash -c 'check {}'
