# SPDX-License-Identifier: BSD-3-Clause
# evaluate: folders of masks to tables, the same for any number of ranks; bad pairs fail alone.
. "$(dirname "$0")/lib.sh" "$@"
cd "$TMP"

# head SEED IMAGE MASK: a small made head.
head_of() {
    "$PHANTOM" --species human --dims 40x48x36 --voxel 4.5x4.5x5 --seed "$1" "$2" "$3"
}

mkdir -p pred/sub-01 pred/sub-02 ref/sub-01 ref/sub-02 images
head_of 1 images/1.nii.gz ref/sub-01/sub-01_desc-brain_mask.nii.gz
head_of 2 images/2.nii.gz ref/sub-02/sub-02_desc-brain_mask.nii.gz
head_of 3 images/3.nii.gz pred/sub-02/sub-02_desc-brain_mask.nii.gz
cp ref/sub-01/sub-01_desc-brain_mask.nii.gz pred/sub-01/sub-01_desc-brain_mask.nii.gz
cp images/1.nii.gz pred/sub-01/sub-01_T1w.nii.gz # no mask, so not meant

expect 0 "$BEN" evaluate pred ref all.tsv
grep -q '^2 pairs, 0 failed$' printed || fail "summary on the screen"
[ "$(wc -l <all.tsv)" -eq 3 ] || fail "two rows and a head line"
awk -F'\t' 'NR == 1 {for (i = 1; i <= NF; i++) column[$i] = i}
    NR == 2 {if ($column["dice"] != 1 || $column["hd_mm"] != 0 || $column["status"] != "ok") exit 1}
    NR == 3 {if (!($column["dice"] > 0.5 && $column["dice"] < 1 && $column["hd95_mm"] > 0)) exit 1}' \
    all.tsv || fail "values: $(cat all.tsv)"
[ "$(wc -l <all_summary.tsv)" -eq 12 ] || fail "one row per metric"
for dictionary in all.json all_summary.json; do
    [ -s $dictionary ] || fail "$dictionary"
done

# Files that cannot be compared are rows with a reason, a reference alone only if asked for.
mkdir -p pred/sub-03 ref/sub-03 pred/sub-04 ref/sub-04 ref/sub-05
head -c 700 ref/sub-01/sub-01_desc-brain_mask.nii.gz >pred/sub-03/sub-03_desc-brain_mask.nii.gz
cp ref/sub-01/sub-01_desc-brain_mask.nii.gz ref/sub-03/sub-03_desc-brain_mask.nii.gz
cp ref/sub-01/sub-01_desc-brain_mask.nii.gz ref/sub-04/sub-04_desc-brain_mask.nii.gz
cp ref/sub-01/sub-01_desc-brain_mask.nii.gz ref/sub-05/sub-05_desc-brain_mask.nii.gz
"$PHANTOM" --species rat --dims 40x48x12 --voxel 0.8x0.8x2 images/4.nii.gz \
    pred/sub-04/sub-04_desc-brain_mask.nii.gz
expect 1 "$BEN" evaluate pred ref bad.tsv
says "1 references have no prediction" "40 x 48 x 12 voxels" "40 x 48 x 36"
grep -q '^4 pairs, 2 failed$' printed || fail "summary on the screen: $(cat printed)"
diff <(sed -n 2,3p all.tsv) <(sed -n 2,3p bad.tsv) || fail "bad pairs changed the good ones"
diff all_summary.tsv bad_summary.tsv || fail "bad pairs changed the summary"
expect 1 "$BEN" evaluate --complete pred ref bad.tsv
grep -q '^5 pairs, 3 failed$' printed || fail "summary on the screen: $(cat printed)"
expect 1 "$BEN" evaluate pred ref bad.tsv

for n in 1 2 3 4; do
    expect 1 ranks $n "$BEN" evaluate pred ref ranks$n.tsv
    for end in .tsv .json _summary.tsv _summary.json; do
        cmp bad$end ranks$n$end || fail "$n ranks give another ${end}"
    done
done

# Two files, and bad starts.
expect 0 "$BEN" evaluate images/1.nii.gz ref/sub-01/sub-01_desc-brain_mask.nii.gz two.tsv
expect 2 "$BEN" evaluate pred nowhere none.tsv
says "nowhere: no such file or folder"
expect 2 "$BEN" evaluate pred ref none.csv
says "name it ....tsv"
mkdir other
cp ref/sub-01/sub-01_desc-brain_mask.nii.gz other/else_mask.nii.gz
expect 2 "$BEN" evaluate other images none.tsv
says "no mask of other" "else_mask"
expect 2 "$BEN" evaluate pred ref
says "usage"
[ ! -e none.tsv ] || fail "a bad start wrote a table"
