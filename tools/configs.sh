#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Rewrites configs/*.ini as --dump-config prints them, after options came or went; the comment at
# the top of each and its values stay. --check: only says which are not so, and fails.
#   BEN=build/ben-mpi tools/configs.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."
BEN=${BEN:-build/ben-mpi}
code=0
for file in configs/*.ini; do
    command=$("$BEN" info "$file" | sed -n 's/^# a configuration of ben-mpi //p' | head -n 1)
    now=$(sed '/^\[/,$d' "$file" && "$BEN" "$command" --config "$file" --dump-config)
    if [ "${1:-}" != --check ]; then
        printf '%s\n' "$now" >"$file"
    elif [ "$now" != "$(cat "$file")" ]; then
        echo "$file: not what ben-mpi $command --config $file --dump-config prints; run tools/configs.sh" >&2
        code=1
    fi
done
exit $code
