# SPDX-License-Identifier: BSD-3-Clause
# volumes: cubes of known size by scan, group, region and visit; the same bytes for any number of ranks,
# and from masks, a manifest and cohort.h5 alike.
. "$(dirname "$0")/lib.sh" "$@"
cd "$TMP"

# cube FILE SIZE [LABEL]: SIZE^3 voxels of 0.5 mm.
cube() {
    mkdir -p "$(dirname "$1")"
    "$TOOL" box "$1" 16 2 $((1 + $2)) 0.5 "${3:-1}"
}

# Eight animals with two visits in a raw data set's derivatives: sub-1 ... sub-4 are controls, sub-8 is
# far too large at its first visit, the mask of sub-7's second is empty.
printf 'participant_id\tgroup\tage\n' >participants
mkdir -p raw/derivatives/masks
for i in 1 2 3 4 5 6 7 8; do
    first=$((4 + i % 2)) second=$((6 + i % 2))
    [ $i -lt 8 ] || first=12
    cube raw/derivatives/masks/sub-$i/ses-10/anat/sub-${i}_ses-10_desc-brain_mask.nii.gz $second
    cube raw/derivatives/masks/sub-$i/ses-2/anat/sub-${i}_ses-2_desc-brain_mask.nii.gz $first
    cube labels/sub-$i/ses-10/anat/sub-${i}_ses-10_dseg.nii.gz 4 2
    mkdir -p raw/sub-$i
    printf 'session_id\tage\nses-2\t%d\nses-10\t%d\n' $((8 + i)) $((16 + i)) \
        >raw/sub-$i/sub-${i}_sessions.tsv
    printf 'sub-%d\t%s\t3\n' $i "$([ $i -le 4 ] && echo control || echo treated)" >>participants
done
mv participants raw/participants.tsv
cube raw/derivatives/masks/sub-7/ses-10/anat/sub-7_ses-10_desc-brain_mask.nii.gz 0
masks=raw/derivatives/masks
options=(--group-by group --time-unit week --labels labels --plots --label-names names.tsv)
printf 'index\tname\n2\tlower half\n' >names.tsv

expect 0 "$BEN" volumes $masks all.tsv "${options[@]}"
grep -q '^16 scans, 15 measured, 1 empty, 0 failed$' printed || fail "summary: $(cat printed)"
is 15.625 "$(cell all.tsv participant_id sub-1 session_id ses-2 volume_mm3)"
is 125 "$(cell all.tsv participant_id sub-1 session_id ses-2 voxels)"
is 9 "$(cell all.tsv participant_id sub-1 session_id ses-2 time)"
is control "$(cell all.tsv participant_id sub-1 session_id ses-2 group)"
is empty "$(cell all.tsv participant_id sub-7 session_id ses-10 status)"
is large "$(cell all.tsv participant_id sub-8 session_id ses-2 outlier)"
is no "$(cell all.tsv participant_id sub-1 session_id ses-2 outlier)"
# control: cubes of 5, 4, 5, 4 and 7, 6, 7, 6 voxels
is 8 "$(cell all_groups.tsv group control region brain n)"
is "$(awk 'BEGIN {print (4^3 + 5^3 + 6^3 + 7^3) / 4 / 8}')" \
    "$(cell all_groups.tsv group control region brain mean)"
is 15 "$(cell all_groups.tsv group all region brain n)"
is 4 "$(cell all_groups.tsv group control region 3 n)"
is 4 "$(cell all_groups.tsv group control region 3 median)"
is 8 "$(cell all_tests.tsv region brain n_a)"
is 7 "$(cell all_tests.tsv region brain n_b)"
# a label map of 4^3 voxels, half of it label 2, in a mask of 7^3
is 4 "$(cell all_regions.tsv participant_id sub-1 label 2 volume_mm3)"
is 4 "$(cell all_regions.tsv participant_id sub-1 label 3 inside_mm3)"
is "lower half" "$(cell all_regions.tsv participant_id sub-1 label 2 region)"
is 9.3294 "$(cell all_regions.tsv participant_id sub-1 label 2 percent_of_brain)"
[ "$(wc -l <all_regions.tsv)" -eq 17 ] || fail "two regions of eight scans"
# ses-2 comes before ses-10: from 5^3 to 7^3 in eight weeks; sub-7 has one visit left
is 27.25 "$(cell all_change.tsv participant_id sub-1 region brain session_id ses-10 mm3_since_first)"
is 174.4 "$(cell all_change.tsv participant_id sub-1 region brain session_id ses-10 percent_since_first)"
is 3.40625 "$(cell all_change.tsv participant_id sub-1 region brain session_id ses-10 mm3_per_time_since_previous)"
is n/a "$(cell all_change.tsv participant_id sub-1 region brain session_id ses-2 mm3_since_first)"
grep -q 'sub-7' all_change.tsv && fail "an animal with one visit changes"
grep -q 'mm^3 per week' all_change.json || fail "the unit of rates"
# by least squares over two visits, in percent of their mean: 27.25 of 29.25 mm^3 and 19 of 17.5 in 8
# weeks; sub-8 shrinks
is "$(awk 'BEGIN {printf "%.6f", (2725 / 29.25 + 1900 / 17.5) / 2 / 8}')" \
    "$(cell all_rates.tsv group control region brain median)"
is 4 "$(cell all_rates.tsv group control region brain n)"
is "$(awk 'BEGIN {printf "%.6f", 100 * (27 - 216) / 121.5 / 8}')" \
    "$(cell all_rates.tsv group treated region brain min)"
is 3 "$(cell all_rates_tests.tsv region brain n_b)"
grep -q '"Units": "% per week"' all_rates.json || fail "the unit of groups' rates"
for file in all_groups.svg all_change.svg; do
    grep -q '</svg>' $file || fail "$file"
done

for n in 2 3 4; do
    mkdir $n
    expect 0 ranks $n "$BEN" volumes $masks $n/all.tsv "${options[@]}"
    for file in all*.*; do
        cmp "$file" "$n/$file" || fail "$n ranks give another $file"
    done
done

# A manifest: who, when and how sure stand in its own columns; dates are days.
printf 'mask\tparticipant_id\tacq_time\tuncertainty\n' >list.tsv
for i in 1 2 3 4 5 6; do
    cube plain/$i.nii.gz 4
    printf 'plain/%d.nii.gz\tm%d\t2024-02-%d\t0.%d\n' $i $((i / 2)) $((26 + i % 2 * 3)) \
        $((i == 5 ? 9 : i % 2 + 1)) >>list.tsv
done
expect 0 "$BEN" volumes list.tsv list_out.tsv
is uncertain "$(cell list_out.tsv id plain/5 outlier)"
is 3 "$(cell list_out_change.tsv participant_id m1 mm3_since_first 0.000000 time_since_first)"
grep -q '"Units": "day"' list_out_change.json || fail "days"

# What segment wrote: the folder, its cohort.h5 and its own table agree.
"$PHANTOM" --bids heads --subjects 3 --species rat --dims 40x36x6
expect 0 "$BEN" segment heads out --no-n4
expect 0 "$BEN" volumes out folder.tsv
expect 0 "$BEN" volumes out/cohort.h5 file.tsv
same='participant_id session_id id species status volume_mm3 voxels voxel_mm'
columns() {
    awk -F'\t' -v names="$same" 'NR == 1 {n = split(names, name, " "); for (i = 1; i <= NF; i++) at[$i] = i}
        {line = ""; for (i = 1; i <= n; i++) line = line $at[name[i]] "\t"; print line}' "$1"
}
diff <(columns folder.tsv) <(columns file.tsv) || fail "cohort.h5 and the masks differ"
is "$(cell out/results.tsv participant_id sub-02 volume_mm3)" \
    "$(cell file.tsv participant_id sub-02 volume_mm3)"
is rat "$(cell file.tsv participant_id sub-01 species)"
mkdir -p h
expect 0 ranks 3 "$BEN" volumes out/cohort.h5 h/file.tsv
for file in file*.*; do cmp "$file" "h/$file" || fail "3 ranks give another $file"; done

# Inputs of one name are told apart by what stands before it.
mkdir -p A/derivatives B/derivatives
cp -r $masks A/derivatives/masks
cp -r $masks B/derivatives/masks
expect 0 "$BEN" volumes A/derivatives/masks B/derivatives/masks/ both.tsv --group-by dataset
is 15.625 "$(cell both.tsv id B/sub-1/ses-2/anat/sub-1_ses-2 volume_mm3)"
is 15 "$(cell both_groups.tsv group B n)"
expect 2 "$BEN" volumes $masks $masks none.tsv
says "two masks are called"

# Bad masks are rows with a reason; bad starts say what to do.
printf 'no mask' >plain/7.nii.gz
expect 1 "$BEN" volumes plain bad.tsv
is failed "$(cell bad.tsv id 7 status)"
is 6 "$(cell bad_groups.tsv group all n)"
cube odd/1.nii.gz 3
"$TOOL" box odd_map.nii.gz 12 2 4 0.5 1
mkdir -p maps && mv odd_map.nii.gz maps/1.nii.gz
expect 0 "$BEN" volumes odd odd.tsv --labels maps
says "12 x 12 x 12 voxels, the mask 16 x 16 x 16"
expect 2 "$BEN" volumes nowhere none.tsv
says "nowhere: no such file or folder"
expect 2 "$BEN" volumes plain none.csv
says "name it ....tsv"
expect 2 "$BEN" volumes plain none.tsv --group-by sex
says "no table has a column sex"
expect 2 "$BEN" volumes plain none.tsv --labels labels
says "no label map"
printf 'x' >cohort.h5
expect 2 ranks 2 "$BEN" volumes cohort.h5 none.tsv
says "not an HDF5 file"
[ ! -e none.tsv ] || fail "a bad start wrote a table"
