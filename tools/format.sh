#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Formats all C files; with --check only says which are not, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files '*.c' '*.h')
if [ "${1:-}" = --check ]; then
    clang-format --dry-run -Werror "${files[@]}"
else
    clang-format -i "${files[@]}"
fi
