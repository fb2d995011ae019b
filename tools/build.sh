#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Configures and builds one preset (default, debug, asan).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-default}
cmake --preset "$preset" -Wno-dev >/dev/null
cmake --build --preset "$preset" -- --quiet
