# SPDX-License-Identifier: BSD-3-Clause
# evaluate against several raters, on cubes of known size: consensus, disagreement, everyone against the
# others; the same bytes for any number of ranks.
. "$(dirname "$0")/lib.sh" "$@"
cd "$TMP"

# cube FILE FIRST LAST: in 16 x 16 x 16 voxels of 0.5 mm.
cube() {
    mkdir -p "$(dirname "$1")"
    "$TOOL" box "$1" 16 "$2" "$3" 0.5 1
}

# Anna marks 6^3 voxels, Bert and Cleo 8^3, the prediction is 7^3, all with one corner in common.
for i in 1 2 3; do
    name=sub-0$i/anat/sub-0${i}_desc-brain_mask.nii.gz
    cube anna/$name 2 7
    cube bert/$name 2 9
    cube cleo/$name 2 9
    cube pred/$name 2 8
done
raters=(net=pred anna all.tsv --rater bert C=cleo)
expect 0 "$BEN" evaluate "${raters[@]}" --slices
grep -q '^12 pairs, 0 failed$' printed || fail "summary: $(cat printed)"
# more than half of the raters mark 8^3
is "$(awk 'BEGIN {print 2 * 343 / (343 + 512)}')" "$(cell all.tsv method net participant_id sub-02 dice)"
# Anna against Bert and Cleo, who agree; Bert against Anna and Cleo, whose common ground is Anna's
is "$(awk 'BEGIN {print 2 * 216 / (216 + 512)}')" "$(cell all.tsv method anna participant_id sub-02 dice)"
is "$(awk 'BEGIN {print 2 * 216 / (216 + 512)}')" "$(cell all.tsv method bert participant_id sub-02 dice)"
is 64 "$(cell all_raters.tsv rater anna participant_id sub-02 consensus_mm3)"
is 64 "$(cell all_raters.tsv rater anna participant_id sub-02 union_mm3)"
is 3 "$(cell all_raters.tsv rater C participant_id sub-02 raters)"
# in the union's 296 voxels that Anna left out, two of three pairs of raters disagree
is "$(awk 'BEGIN {print (512 - 216) * 2 / 3 / 512}')" \
    "$(cell all_raters.tsv rater C participant_id sub-02 disagreement)"
is "$(awk 'BEGIN {print (1 + 2 * 216 / 728) / 2}')" \
    "$(cell all_raters.tsv rater bert participant_id sub-02 dice_with_others)"
is 3 "$(cell all_summary.tsv method C metric dice n)"
is 3 "$(cell all_tests.tsv metric dice method_a net method_b bert n_pairs)"
expect 0 "$BEN" evaluate all_raters/sub-02/anat/sub-02_desc-consensus_mask.nii.gz \
    bert/sub-02/anat/sub-02_desc-brain_mask.nii.gz same.tsv
is 1 "$(cell same.tsv status ok dice)"
expect 0 "$BEN" info all_raters/sub-02/anat/sub-02_desc-disagreement_map.nii.gz

for n in 2 4; do
    mkdir $n
    (cd $n && ln -s ../anna ../bert ../cleo ../pred .)
    (cd $n && expect 0 ranks $n "$BEN" evaluate "${raters[@]}" --slices)
    for file in all*.* all_raters/*/*/*; do
        cmp "$file" "$n/$file" || fail "$n ranks give another $file"
    done
done

# STAPLE trusts those who agree, and says so.
expect 0 "$BEN" evaluate net=pred anna staple.tsv --rater bert C=cleo --consensus staple
is 64 "$(cell staple_raters.tsv rater anna participant_id sub-02 consensus_mm3)"
is "$(awk 'BEGIN {print 216 / 512}')" \
    "$(cell staple_raters.tsv rater anna participant_id sub-02 staple_sensitivity)"
[ -s staple_raters/sub-02/anat/sub-02_desc-consensus_probseg.nii.gz ] || fail "no probability"

# A mask that cannot be used leaves its rater out of that scan; one rater is no consensus.
head -c 60 anna/sub-01/anat/sub-01_desc-brain_mask.nii.gz >spoilt
mkdir -p worse
cp -r bert/. worse
cp spoilt worse/sub-01/anat/sub-01_desc-brain_mask.nii.gz
expect 1 "$BEN" evaluate net=pred anna bad.tsv --rater worse C=cleo
is 2 "$(cell bad_raters.tsv rater anna participant_id sub-01 raters)"
[ "$(cell bad.tsv method worse participant_id sub-01 status)" = failed ] || fail "a spoilt mask"
expect 1 "$BEN" evaluate net=pred anna bad2.tsv --rater worse
[ "$(cell bad2.tsv method net participant_id sub-01 status)" = failed ] || fail "one rater"
[ "$(cell bad2.tsv method net participant_id sub-02 status)" = ok ] || fail "two raters"
