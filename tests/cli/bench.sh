#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# bench on small slices: tables, and JSON with the same things, on one and on two ranks.
. "$(dirname "$0")/lib.sh"

small=(--size 32 --batch 2 --repeat 2 --mc 3)
expect 0 "$BEN" bench "${small[@]}"
for word in 'FMA peak' enc1.conv1 nonlocal whole 'Monte Carlo, 3 samples' backward Adam N4 memory; do
    grep -q "$word" "$TMP/printed" || fail "no '$word' in the tables"
done

expect 0 ranks 2 "$BEN" bench "${small[@]}" --json --quiet
/usr/bin/env python3 - "$TMP/printed" <<'END' || fail "the JSON is not as it should be"
import json, sys
b = json.load(open(sys.argv[1]))
assert b["machine"]["ranks"] == 2 and b["machine"]["peak_flops_per_s"] > 0
p, t, s = b["prediction"], b["training_seconds_per_slice"], b["scan_seconds"]
assert 0 < p["seconds_per_slice"]["min"] <= p["seconds_per_slice"]["median"]
assert 0 < p["mc_seconds_per_slice"]["min"] <= p["mc_seconds_per_slice"]["median"]
assert {"enc1.conv1", "dec4.up", "nonlocal", "final"} <= {l["name"] for l in p["layers"]}
parts = [t[k]["min"] for k in ("forward", "loss", "backward", "reduce", "adam", "packing")]
assert all(x > 0 for x in parts) and sum(parts) <= t["whole"]["min"] * 1.0001
assert s["voxels"] == [128, 160, 96] and s["slices"] == 96 and s["n4"]["min"] > 0
END

expect 2 "$BEN" bench --size 40
says "multiple of 16"
