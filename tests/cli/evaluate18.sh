#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The paper's evaluation on made animals of all its 18 data sets, small: trains the sources, adapts,
# measures, and shows tables and figures beside the published numbers. The same numbers for any number
# of ranks; what is done is not done again; a signal stops it and the same command goes on; what
# fails or is not there is said.
source "$(dirname "$0")/lib.sh"
TABLE=$SOURCE/configs/datasets18.tsv
DATASETS=$(dirname "$BEN")/tests/make-datasets

cat >train.ini <<'END'
[network]
size = 32
[train]
epochs = 2
batch = 4
samples = 8
rate = 0.002
END
cat >adapt.ini <<'END'
[selftrain]
pseudo-batch = 2
start = 0
refresh = 0
mc = 1
[train]
epochs = 1
batch = 4
samples = 4
rate = 0.001
END
options=(--root data --train train.ini --adapt adapt.ini --test-fraction 0.5 --mc 2)
# evaluate18 OUT [OPTION]...: later options win.
evaluate18() { "${run[@]}" "$BEN" evaluate18 "$TABLE" "$1" "${options[@]}" "${@:2}"; }
# column NAME TABLE: its cells.
column() { awk -F'\t' -v n="$1" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == n) c = i; next}
    {print $c}' "$2"; }

# All 18 by two ranks, without labels.
"$DATASETS" --subjects 2 --matrix 32 --slices 3 "$TABLE" data >/dev/null
run=(ranks 2)
expect 0 evaluate18 all --labels 0 --methods none,adabn
[ "$(column dataset all/results.tsv | sort -u | wc -l)" = 18 ] || fail "not all data sets"
# 2 sources on themselves; 17 targets in 2 ways, 1 of them from both sources
[ "$(column dataset all/results.tsv | wc -l)" = 38 ] || fail "not 38 runs"
column dice_median all/results.tsv | awk '!($1 >= 0 && $1 <= 1) {exit 1}' || fail "Dice"
column uncertainty all/scans.tsv | awk '!($1 > 0) {exit 1}' || fail "uncertainty"
awk -F'\t' '$1 == "mouse-t2w-7" && $2 == "mouse-t2w-9.4" && $3 == "none" && $7 == "0.61" &&
    $8 > 0 {found = 1} END {exit !found}' all/comparison.tsv ||
    fail "no number beside the published one of 9.4 to 7 T"
# figures FOLDER NAME...: each is a picture and on the page.
figures() {
    local file
    for file in "${@:2}"; do
        grep -q '<svg' "$1/figures/$file.svg" || fail "no figure $file"
        grep -q "figures/$file.svg" "$1/evaluate18.md" || fail "$file is not on the page"
    done
}
for species in mouse rat marmoset macaque human; do
    figures all zero-labels_$species volume-regression_$species bland-altman_$species \
        uncertainty_$species
done
grep -q '| mouse-t2w-9.4 | mouse | T2w | 9.4 | 14 | on request | present | 1 | 1 |' \
    all/evaluate18.md || fail "the page does not tell what is there"
grep -q '^test-fraction = 0.5$' all/evaluate18.md && grep -q '^samples = 4$' all/evaluate18.md ||
    fail "the page does not tell the options"
grep -qE '(src|href)=' all/evaluate18.html && fail "the page needs other files"

# What is done is not done again; what is lost or changed is, and nothing else.
cp all/results.tsv before.tsv
rm -r all/rat-epi-9.4/none-0-from-mouse-t2w-11.7
expect 0 evaluate18 all --labels 0 --methods none,adabn
cmp before.tsv all/results.tsv
[ "$(grep -c 'done before' said)" -ge 15 ] || fail "rank 0 does not say what was done before"
[ "$(find all -name scores.tsv -newer before.tsv | wc -l)" = 1 ] || fail "more than the lost run"

# Every method; a signal between; the same numbers by three ranks in one team.
"$DATASETS" --subjects 3 --matrix 32 --slices 3 "$TABLE" data mouse-t2w-11.7 rat-t2w-7 >/dev/null
few=(--only mouse-t2w-11.7 rat-t2w-7 --labels 0,1 --test-fraction 0.34)
"$BEN" evaluate18 "$TABLE" one "${options[@]}" "${few[@]}" 2>said &
for _ in $(seq 3000); do compgen -G "one/rat-t2w-7/*/weights.h5" >list && break; sleep 0.05; done
kill -TERM $!
code=0
wait $! || code=$?
[ $code = 75 ] || fail "exit code $code after a signal, not 75"
[ ! -e one/results.tsv ] || fail "results of a run that was cut short"
run=()
expect 0 evaluate18 one "${few[@]}"
says "mouse-t2w-11.7: train: done before"
run=(ranks 3)
expect 0 evaluate18 three "${few[@]}" --labels 1 --methods ben,scratch --team 3
for scores in three/*/*/scores.tsv; do
    cmp "$scores" "one/${scores#three/}" || fail "3 ranks: other $scores"
done
[ "$(column method three/results.tsv | tr '\n' ' ')" = "source ben scratch " ] || fail "three runs"
[ "$(column method one/results.tsv | sort -u | tr '\n' ' ')" = \
    "adabn ben finetune none scratch source " ] || fail "not all methods"
figures one curve_rat-t2w-7_from_mouse-t2w-11.7_dice curve_rat-t2w-7_from_mouse-t2w-11.7_hd95_mm \
    zero-labels_rat most-labels_rat volume-regression_rat bland-altman_rat uncertainty_rat
awk -F'\t' '$1 == "rat" && $5 == "volume_slope" && $9 == 1 {found = 1} END {exit !found}' \
    one/comparison.tsv || fail "no slope of rats"
[ "$(column tried one/labels.tsv | sort -u | tr '\n' ' ')" = "0, 1 1 " ] || fail "labels tried"
[ "$(column other one/tests.tsv | sort -u | tr '\n' ' ')" = "adabn finetune none scratch " ] ||
    fail "ben is not tested against the others"

# A bad scan, a source without weights, absent data, bad starts.
run=()
for scan in data/rat-t2w-7/sub-*/anat/*.nii.gz; do head -c 500 "$scan" >cut && cp cut "$scan"; done
expect 1 evaluate18 one "${few[@]}" --methods none
[ "$(column failed one/results.tsv | tail -n 1)" = 1 ] || fail "a bad scan is not told"
printf 'id\tspecies\trole\tsources\tweights\na\tmouse\tsource\tn/a\tnone.h5\nb\trat\tn/a\ta\tn/a\n' >bad.tsv
ln -s mouse-t2w-11.7 data/a
ln -s rat-t2w-9.4 data/b
expect 1 "$BEN" evaluate18 bad.tsv bad --root data --methods none
grep -q 'none.h5: no such weights' bad/evaluate18.md || fail "no word of the lacking weights"
expect 2 "$BEN" evaluate18 "$TABLE" none --root nowhere
says "none of the data sets is there"
expect 2 "$BEN" evaluate18 "$TABLE" none --root data --methods magic
says "--methods magic"
expect 2 "$BEN" evaluate18 "$TABLE" none --root data --only cats
says "--only cats"
expect 2 "$BEN" evaluate18 nothing.tsv none
says "nothing.tsv"

# The table of other data is what its manifest says.
[ -f "$DATA/datasets.tsv" ] || { echo "the table of real scans is not checked: no BEN_DATA"; exit 0; }
bash "$SOURCE/tools/datasets_table.sh" "$DATA/datasets.tsv" rat-epi |
    diff - <(cut -f 1-11 "$SOURCE/configs/datasets_open.tsv") || fail "configs/datasets_open.tsv"
