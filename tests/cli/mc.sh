#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Monte Carlo samples: maps, scores and flags are the same bytes for any number of ranks and threads,
# with several scans and with one that ranks share; they hang on the seed; limits make flags.
source "$(dirname "$0")/lib.sh"
small_nets

mkdir "$TMP/two" "$TMP/one"
$PHANTOM --species rat --dims 40x36x8 "$TMP/two/a.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x40x3 "$TMP/two/b.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x36x8 "$TMP/one/a.nii.gz" >/dev/null
all=(--species rat --mc 2 --uncertainty --attention --probability)

for input in two one; do
    OMP_NUM_THREADS=1 expect 0 "$BEN" segment "$TMP/$input" "$TMP/$input-1" "${all[@]}"
    for n in 2 3; do
        [ $input$n != two2 ] || continue
        OMP_NUM_THREADS=$((n - 1)) expect 0 ranks $n "$BEN" segment "$TMP/$input" "$TMP/$input-$n" \
            "${all[@]}"
        same_outputs "$TMP/$input-1" "$TMP/$input-$n" mask probability uncertainty
    done
done

# column NAME FILE: of the first scan's row.
column() {
    awk -F'\t' -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i} NR == 2 {print $c[name]}' "$2"
}
[ "$(head -1 "$TMP/one-1/results.tsv" | grep -c 'uncertainty.flag.expected_dice.agreement.aleatoric.epistemic')" = 1 ] ||
    fail "no columns of certainty"
for name in uncertainty expected_dice agreement aleatoric epistemic; do
    awk -v x="$(column $name "$TMP/two-1/results.tsv")" 'BEGIN {exit !(x > 0 && x < 1)}' ||
        fail "$name is not between 0 and 1"
done
grep -q '"flag"' "$TMP/two-1/results.json" || fail "the flag is not explained"

# The mask is that of the plain pass.
expect 0 "$BEN" segment "$TMP/two" "$TMP/plain" --species rat --probability
for map in mask probability; do
    cmp "$TMP/plain/a_$map.nii.gz" "$TMP/two-1/a_$map.nii.gz"
done

# One file, its companions beside it; the folder's bytes.
expect 0 "$BEN" segment "$TMP/two/a.nii.gz" "$TMP/m.nii.gz" "${all[@]}" --mosaic
says "uncertainty 0."
for map in '' _uncertainty _attention _probability; do
    kind=${map:-_mask}
    cmp "$TMP/m$map.nii.gz" "$TMP/two-1/a$kind.nii.gz"
done
expect 0 "$BEN" segment "$TMP/two/a.nii.gz" "$TMP/s.nii.gz" "${all[@]}" --seed 2
cmp -s "$TMP/m_uncertainty.nii.gz" "$TMP/s_uncertainty.nii.gz" && fail "two seeds, one map"

# Limits make flags; a scan is done anew for other samples or seeds, else not.
flag() { # FLAG REVIEW FAIL
    expect 0 "$BEN" segment "$TMP/two" "$TMP/flags" --species rat --mc 2 --review-from "$2" \
        --fail-from "$3" --no-hdf5
    [ "$(column flag "$TMP/flags/results.tsv")" = "$1" ] || fail "the flag is not $1"
}
flag pass 2 2
flag review 0 2
says "review" "look at the mask"
flag fail 0 0
lines() { cat "$TMP"/flags/logs/journal/* | wc -l; }
before=$(lines)
flag fail 0 0
[ "$(lines)" = "$before" ] || fail "finished scans were done again"
expect 0 "$BEN" segment "$TMP/two" "$TMP/flags" --species rat --mc 2 --review-from 0 --fail-from 0 \
    --no-hdf5 --seed 7
[ "$(lines)" -gt "$before" ] || fail "another seed changes nothing"

# Without samples there is nothing to tell, and no map of it; attention needs none.
expect 2 "$BEN" segment "$TMP/two" "$TMP/no" --species rat --uncertainty
says "--mc"
expect 0 "$BEN" segment "$TMP/two" "$TMP/plain" --species rat --attention --no-hdf5
for name in uncertainty flag expected_dice agreement aleatoric epistemic; do
    [ "$(column $name "$TMP/plain/results.tsv")" = n/a ] || fail "$name of one pass"
done
[ -s "$TMP/plain/a_attention.nii.gz" ] || fail "no attention map"
