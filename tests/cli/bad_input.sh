#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Bad input: a clear message, the right exit code, and the other scans unharmed.
source "$(dirname "$0")/lib.sh"

$PHANTOM --species rat --dims 40x36x8 --seed 1 "$TMP/good1.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x36x8 --seed 2 "$TMP/good2.nii.gz" >/dev/null
$PHANTOM --species rat --dims 40x36x8 --dtype int16 "$TMP/plain.nii" >/dev/null
$PHANTOM --species rat --dims 40x36x8 --dtype float32 "$TMP/float.nii" >/dev/null

# patch FILE OFFSET BYTES...: bytes (octal escapes) written over a copy's header.
patch() {
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
variant() { # NAME SOURCE OFFSET BYTES
    cp "$TMP/$2" "$TMP/in/$1.nii"
    patch "$TMP/in/$1.nii" "$3" "$4"
}

mkdir "$TMP/in"
cp "$TMP/good1.nii.gz" "$TMP/good2.nii.gz" "$TMP/in"
size=$(stat -c %s "$TMP/good1.nii.gz")
$TOOL spoil "$TMP/good1.nii.gz" "$TMP/in/cut.nii.gz" $((size / 2))
$TOOL spoil "$TMP/plain.nii" "$TMP/in/short.nii" 5000
$TOOL spoil "$TMP/plain.nii" "$TMP/in/stub.nii" 100
: >"$TMP/in/nothing.nii"
variant magic plain.nii 344 'abc\0'
variant zerodim plain.nii 42 '\0\0'
variant negative plain.nii 42 '\377\377'
variant huge plain.nii 42 '\377\177\377\177\377\177'
variant twod plain.nii 40 '\02\0'
variant rgb plain.nii 70 '\200\0\030\0'
variant oddtype plain.nii 70 '\07\0'
variant zeropix plain.nii 80 '\0\0\0\0'
variant nan float.nii 400 '\0\0\300\177'
variant inf float.nii 400 '\0\0\200\177'
head -c 352 "$TMP/plain.nii" >"$TMP/in/constant.nii"
head -c $((40 * 36 * 8 * 2)) /dev/zero >>"$TMP/in/constant.nii"

expect 1 "$BEN" segment "$TMP/in" "$TMP/out" --species rat
for name in cut short stub nothing magic zerodim negative huge twod rgb oddtype zeropix nan inf \
    constant; do
    says "$name.nii"
    awk -F'\t' -v scan="$name.nii" 'index($0, scan) && $5 == "failed" && length($6) > 20 {n++}
        END {exit n != 1}' "$TMP/out/results.tsv" || fail "no failed row with a reason for $name"
    [ ! -e "$TMP/out/${name}_mask.nii.gz" ] || fail "$name has a mask"
done
[ "$(awk -F'\t' '$5 == "ok" || $5 == "empty"' "$TMP/out/results.tsv" | wc -l)" = 2 ] ||
    fail "the good scans suffered"
# The same masks as without bad neighbours.
mkdir "$TMP/alone"
cp "$TMP/good1.nii.gz" "$TMP/good2.nii.gz" "$TMP/alone"
expect 0 "$BEN" segment "$TMP/alone" "$TMP/out2" --species rat
cmp "$TMP/out/good1_mask.nii.gz" "$TMP/out2/good1_mask.nii.gz"
cmp "$TMP/out/good2_mask.nii.gz" "$TMP/out2/good2_mask.nii.gz"

# --strict stops.
expect 1 "$BEN" segment "$TMP/in" "$TMP/out3" --species rat --strict

# A single bad file to a file.
expect 1 "$BEN" segment "$TMP/in/cut.nii.gz" "$TMP/x.nii.gz" --species rat
says "cut.nii.gz"
[ ! -e "$TMP/x.nii.gz" ] || fail "a mask of a truncated scan"

# Bad starts.
mkdir "$TMP/empty"
expect 2 "$BEN" segment "$TMP/empty" "$TMP/o" && says "empty"
expect 2 "$BEN" segment "$TMP/absent.nii.gz" "$TMP/o" && says "absent.nii.gz"
expect 2 "$BEN" segment "$TMP/alone" "$TMP/mask.nii.gz" && says "folder"
expect 2 "$BEN" segment "$TMP/alone" && says "usage"
expect 2 "$BEN" segment "$TMP/alone" "$TMP/o" --weights "$TMP/good1.nii.gz" && says "good1.nii.gz"
expect 2 "$BEN" segment "$TMP/alone" "$TMP/o" --volume x && says "--volume"
expect 2 "$BEN" segment "$TMP/alone" "$TMP/o" --threshold 2 && says "out of bounds"
expect 2 "$BEN" segmnt && says "segmnt"
printf '[segment]\nbrains = yes\n' >"$TMP/bad.ini"
expect 2 ranks 2 "$BEN" segment "$TMP/alone" "$TMP/o" --config "$TMP/bad.ini"
says "unknown key 'brains'" "bad.ini"
echo file >"$TMP/occupied"
expect 2 "$BEN" segment "$TMP/alone" "$TMP/occupied" --species rat && says "occupied"
expect 2 "$BEN" segment "$TMP/alone" /proc/nowhere --species rat && says "/proc/nowhere"
