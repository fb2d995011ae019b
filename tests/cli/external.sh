#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Other programs' masks in an evaluation: each is called as it wants to be, those that are not
# installed are n/a, and a failure is that scan's alone. The programs are fakes that write down how
# they were called and give a mask from the made heads' references.
source "$(dirname "$0")/lib.sh"
DATASETS=$(dirname "$BEN")/tests/make-datasets
external() { BEN_MPI=$BEN PATH=$TMP/fake:/usr/bin:/bin bash "$SOURCE/tools/external.sh" "$@"; }

"$DATASETS" --subjects 2 --matrix 32 --slices 4 "$SOURCE/configs/datasets18.tsv" data \
    rat-t2w-7 macaque-t1w human-t1w-zib >/dev/null
plan=(evaluate18 "$SOURCE/configs/datasets18.tsv" out --root data --test-fraction 0.5
    --methods none --weights "$SOURCE/weights/rat.h5" --mc 0)
expect 0 "$BEN" "${plan[@]}" --plan
[ -f out/rat-t2w-7/test.tsv ] || fail "no manifest of what is measured"
[ ! -d out/rat-t2w-7/none-0-from-mouse-t2w-11.7 ] || fail "a plan ran"

mkdir fake
external --list >list.txt
[ "$(grep -c 'n/a$' list.txt)" = 6 ] || fail "something is installed: $(cat list.txt)"
external out >said.txt || fail "absent programs are a failure"
[ "$(grep -c ': n/a' said.txt)" = 6 ] || fail "absent programs are not n/a"
expect 2 external out bet2
says "bet2: not installed"
expect 2 external nowhere
says "no plan"

# fake NAME BODY: $image is the scan whose mask is $reference; out MASK writes it.
fake() {
    cat >"fake/$1" <<END
#!/bin/bash
echo "$1 \$*" >>$TMP/calls.txt
out() { cp "\$reference" "\$1"; }
image=\$(grep -oE '$TMP/data/[^ ]*\.nii\.gz' <<<"\$*" | head -n 1)
[ -n "\$image" ] || image=\$(cat $TMP/last.txt)
echo "\$image" >$TMP/last.txt
reference=\$(sed -E "s#(data/[^/]*)/#\1/derivatives/reference/#; s#_[A-Za-z0-9]*\.nii#_desc-brain_mask.nii#" <<<"\$image")
$2
END
    chmod +x "fake/$1"
}
fake bet2 '[[ "$image" != *macaque* ]] || exit 1; out "$2_mask.nii.gz"'
fake 3dSkullStrip 'out "$4"'
fake 3dcalc 'out "${@: -1}"'
fake mri_watershed 'out "$5"'
fake mri_binarize 'out "${@: -1}"'
fake mri_synthstrip 'out "$6"'
fake hd-bet '[ "$1" = --help ] && { echo "  --save_bet_mask"; exit; }; out "${4%.nii.gz}_bet.nii.gz"'
cat >fake/RS2_predict <<END
#!/bin/bash
echo "RS2_predict \$*" >>$TMP/calls.txt
cp "\$2/scan_0000.nii.gz" "\$4/scan.nii.gz" # no good mask: the scan itself
END
chmod +x fake/RS2_predict

code=0
RS2_MODEL=model.pt external out >said.txt 2>errors.txt || code=$?
[ $code = 1 ] || fail "exit code $code, not 1, where one scan failed"
grep -q 'bet2: .*macaque.*: failed' errors.txt || fail "no word of the failed scan"
while read -r call; do
    grep -qE -- "$call" calls.txt || { cat calls.txt >&2; fail "not called as: $call"; }
done <<'END'
^bet2 .*sub-0._T2w.nii.gz /.* -f 0.5 -m$
^3dSkullStrip -input .*rat-t2w.*nii.gz -prefix .*brain.nii.gz -rat$
^3dSkullStrip -input .*macaque.*nii.gz -prefix .*brain.nii.gz -monkey$
^3dSkullStrip -input .*human.*nii.gz -prefix .*brain.nii.gz$
^3dcalc -a .*brain.nii.gz -expr notzero\(a\) -prefix .*mask.nii.gz$
^mri_watershed -T1 -r 60 .*nii.gz .*brain.nii.gz$
^mri_binarize --i .*brain.nii.gz --min 1e-6 --o .*mask.nii.gz$
^mri_synthstrip -i .*nii.gz -o .*brain.nii.gz -m .*mask.nii.gz$
^hd-bet -i .*nii.gz -o .*brain.nii.gz --save_bet_mask$
^RS2_predict -i .*in -o .*out -m model.pt$
END
calls=$(wc -l <calls.txt)
rm fake/bet2
external out >said.txt
[ "$(wc -l <calls.txt)" = "$calls" ] || fail "masks were made again"
grep -q '^bet2: n/a' said.txt || fail "bet2 is not n/a any more"

# Measured: the fakes' masks are the references, RS2's is not, and bet2 lacks a scan.
expect 1 "$BEN" "${plan[@]}"
dice() {
    awk -F'\t' -v set="$1" -v method="$2" 'NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i}
        $c["dataset"] == set && $c["method"] == method {print $c["dice_mean"], $c["failed"]}' \
        out/results.tsv
}
for program in 3dSkullStrip mri_watershed mri_synthstrip hd-bet bet2; do
    [ "$(dice rat-t2w-7 $program)" = "1.0000 0" ] || fail "$program: $(dice rat-t2w-7 $program)"
done
[ "$(dice macaque-t1w bet2)" = "n/a 1" ] || fail "bet2, macaque: $(dice macaque-t1w bet2)"
awk '$1 > 0.9 || $1 == "n/a" {exit 1}' <<<"$(dice rat-t2w-7 RS2)" || fail "RS2: $(dice rat-t2w-7 RS2)"
grep -q '| hd-bet | 3 | 3 |' out/evaluate18.md || fail "the page does not count the programs"
