#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing, builds, runs all tests. What needs real scans is skipped with a
# message where BEN_DATA (default ../shared/data) is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/deps.sh test
tools/build.sh default
export BEN_DATA=${BEN_DATA:-$PWD/../shared/data}
# One test more than processors: those on clusters mostly wait.
ctest --preset default -j "$(($(nproc) + 1))" "$@"
