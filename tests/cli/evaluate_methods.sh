# SPDX-License-Identifier: BSD-3-Clause
# evaluate with several methods, data sets, uncertainty, slices and plots, on cubes whose every number
# is known; the same bytes for any number of ranks.
. "$(dirname "$0")/lib.sh" "$@"
cd "$TMP"

# cube FILE FIRST LAST: in 16 x 16 x 16 voxels of 0.5 mm.
cube() {
    mkdir -p "$(dirname "$1")"
    "$TOOL" box "$1" 16 "$2" "$3" 0.5 1
}

# exact: the reference itself; wide: one voxel more on one side; six scans in two data sets.
printf 'mask\tuncertainty\n' >scores.tsv
for i in 1 2 3 4 5 6; do
    name=ds$((i % 2))/sub-0$i/anat/sub-0${i}_desc-brain_mask.nii.gz
    cube "ref/$name" 2 $((5 + i))
    cube "pred/exact/$name" 2 $((5 + i))
    cube "pred/wide/$name" 2 $((6 + i))
    printf 'pred/wide/%s\t0.%d\n' "$name" $((9 - i)) >>scores.tsv
done
options=(--slices --plots --table scores.tsv)
expect 0 "$BEN" evaluate pred/exact bigger=pred/wide ref all.tsv "${options[@]}"
grep -q '^12 pairs, 0 failed$' printed || fail "summary on the screen"

is 1 $(cell all.tsv method exact dice)
is 0 $(cell all.tsv method exact hd95_mm)
# sub-01: a cube of 5 voxels against one of 6
is "$(awk 'BEGIN {print 2 * 125 / (125 + 216)}')" $(cell all.tsv method bigger participant_id sub-01 dice)
is "$(awk 'BEGIN {print 0.5 * sqrt(3)}')" $(cell all.tsv method bigger hd_mm)
is 0.8 $(cell all.tsv method bigger participant_id sub-01 uncertainty)
[ "$(cell all.tsv method bigger participant_id sub-01 group)" = ds1 ] || fail "the data set"

is 6 $(cell all_summary.tsv method exact group all n)
is 3 $(cell all_summary.tsv method exact group ds0 n)
is 1 $(cell all_volumes.tsv method exact slope) $(cell all_volumes.tsv method exact ratio)
is 0 $(cell all_volumes.tsv method exact bias) $(cell all_volumes.tsv method exact intercept)
# mean of (n + 1)^3 - n^3 for n = 5 ... 10, in 1/8 mm^3
is "$(awk 'BEGIN {for (n = 5; n <= 10; n++) s += (n + 1) ^ 3 - n ^ 3; print s / 6 / 8}')" \
    $(cell all_volumes.tsv method bigger group all bias)
# all six scans better: 2 of 64 orders of signs are as far out
is 0.03125 $(cell all_tests.tsv group all metric dice wilcoxon_p)
[ "$(cell all_tests.tsv group all metric dice wilcoxon_exact)" = yes ] || fail "an exact p"
is 1 $(cell all_tests.tsv group all metric dice chance_a_above_b)
# larger cubes overlap better and are said to be surer: ranks in opposite order
is -1 $(cell all_uncertainty.tsv method bigger group all metric dice spearman_r)
[ -z "$(cell all_uncertainty.tsv method exact group all metric dice n)" ] || fail "no scores"

# slice 7 of sub-01: 5 x 5 against 6 x 6 pixels; slice 7 of the wider cube alone has no reference
is "$(awk 'BEGIN {print 2 * 25 / (25 + 36)}')" \
    $(cell all_slices.tsv method bigger participant_id sub-01 slice 6 dice)
is 0 $(cell all_slices.tsv method bigger participant_id sub-01 slice 7 dice)
is 4.5 $(cell all_slices.tsv method bigger participant_id sub-01 slice 6 pred_mm3)
[ "$(grep -c 'bigger.*axial' all_slices.tsv)" -eq $((6 + 7 + 8 + 9 + 10 + 11)) ] || fail "slices"
for file in all_dice all_exact_volumes all_bigger_bland-altman all_bigger_uncertainty; do
    grep -q '</svg>' $file.svg || fail "$file.svg"
done
[ ! -e all_exact_uncertainty.svg ] || fail "a plot of no scores"

for n in 2 3 4; do
    mkdir $n
    expect 0 ranks $n "$BEN" evaluate pred/exact bigger=pred/wide ref $n/all.tsv "${options[@]}"
    for file in all*.*; do
        cmp "$file" "$n/$file" || fail "$n ranks give another $file"
    done
done

# Another plane, columns to group by, and bad starts.
expect 0 "$BEN" evaluate pred/wide ref one.tsv --slices --slice-plane sagittal
grep -q 'sagittal	i	7' one_slices.tsv || fail "sagittal slices"
[ ! -e one_tests.tsv ] || fail "tests of one method"
printf 'participant_id\tsex\n' >people.tsv
for i in 1 2 3 4; do printf 'sub-0%d\t%s\n' "$i" "$([ "$i" -lt 3 ] && echo F || echo M)" >>people.tsv; done
expect 0 "$BEN" evaluate pred/wide ref sex.tsv --table people.tsv --group-by dataset sex
[ "$(cut -f2 sex_summary.tsv | sort -u | tr '\n' ';')" = \
    "all;ds0, F;ds0, M;ds0, n/a;ds1, F;ds1, M;ds1, n/a;group;" ] || fail "groups"

# A manifest of images and their masks as reference: its columns are known too.
printf 'image\tmask\tdataset\tspecies\n' >scans.tsv
for i in 1 2 3 4 5 6; do
    stem=ds$((i % 2))/sub-0$i/anat/sub-0$i
    printf '%s_T1w.nii.gz\tref/%s_desc-brain_mask.nii.gz\tset %d\trat\n' $stem $stem $((i % 2)) >>scans.tsv
done
expect 0 "$BEN" evaluate pred/wide scans.tsv manifest.tsv
diff <(cut -f6-16 manifest.tsv) <(cut -f6-16 one.tsv) || fail "a manifest's masks"
is 3 "$(awk -F'\t' '$2 == "set 1" && $3 == "dice" {print $5}' manifest_summary.tsv)"
expect 2 "$BEN" evaluate pred/wide ref none.tsv --group-by age
says "no table has a column age"
expect 2 "$BEN" evaluate a=pred/wide a=pred/exact ref none.tsv
says "two methods are called a"
