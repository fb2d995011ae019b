#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The loop of docs/report.md: segment, report, correct what it lists first, adapt to that, segment
# again; by the very commands that report.html shows.
source "$(dirname "$0")/lib.sh"

"$PHANTOM" --species rat --dims 32x28x6 --bids rats --subjects 2 >/dev/null
"$PHANTOM" --species mouse --contrast EPI --dims 28x32x5 --seed 7 --bids "new mice" --subjects 3 >/dev/null
reference=$TMP/"new mice"/derivatives/reference
expect 0 "$BEN" train rats rat.h5 --masks rats/derivatives/reference --size 32 --batch 6 \
    --rate 2e-3 --epochs 2 --seed 3
expect 0 "$BEN" segment "new mice" OUT --weights rat.h5 --mc 2 --no-n4 --no-hdf5
expect 0 "$BEN" report OUT --worst 2
[ "$(sed -n '/<ol>/,/<\/ol>/p' OUT/report.html | grep -c '<li>')" -eq 2 ] || fail "not the two worst"

# The first line makes the folder, the second copies the mask there, the third adapts.
sed -n '/<pre>mkdir/,/<\/pre>/p' OUT/report.html |
    sed 's/<pre>//; s/<\/pre>.*//; s/&#39;/'"'"'/g; s/&amp;/\&/g; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g' >commands
[ "$(wc -l <commands)" -ge 3 ] || fail "no commands: $(cat commands)"
sed -n 1,2p commands >first
bash -eu first
mask=$(find OUT/corrected -name '*_mask.nii.gz')
[ -n "$mask" ] || fail "nothing was copied"
cp "$reference/${mask#OUT/corrected/}" "$mask" # that is: somebody corrected it

sed -n '3s/^ben-mpi //p' commands >third
eval "words=($(cat third))"
expect 0 "$BEN" "${words[@]}" --weights rat.h5 --epochs 1 --samples 6 --batch 3 --start 1 --mc 2
says "1 labelled scans"
expect 0 "$BEN" segment "new mice" OUT2 --weights adapted.h5 --no-n4 --no-hdf5

expect 0 "$BEN" report OUT --worst 2
says "1 corrected"
name=$(basename "${mask%_desc-brain_mask.nii.gz}")
grep -q 'class="redrawn"' OUT/"$name"_*.html || fail "the corrected mask is not shown"
sed -n '/<ol>/,/<\/ol>/p' OUT/report.html | grep -q "$name" && fail "it is still asked for"
exit 0
