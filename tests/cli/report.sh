#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# report: a page for each scan and one for all, whatever the files are called; nothing is loaded
# from elsewhere; the same bytes for any number of ranks; corrected masks are found.
source "$(dirname "$0")/lib.sh"

# good_page FILE: well-formed, and it loads nothing.
good_page() {
    [ -s "$1" ] || fail "no page $1"
    if command -v xmllint >/dev/null; then
        # libxml2 knows HTML 4 only: its complaints about newer elements are passed over
        xmllint --html --noout "$1" 2>&1 | grep 'error' | grep -v 'Tag [a-z]* invalid' &&
            fail "$1 is not well-formed"
    fi
    grep -Eq '(src|href|action|poster|srcset)="?(https?:)?//' "$1" && fail "$1 loads from the net"
    grep -q '@import\|url(' "$1" && fail "$1 has styles that load"
    grep -Eq ' on[a-z]+="' "$1" && fail "$1 has a script in an attribute"
    [ "$(grep -c '<script' "$1")" -eq 1 ] || fail "$1 has more than one script"
    grep -q "content=\"default-src 'none'; img-src data:;" "$1" || fail "$1 has no policy"
    # the policy lets run that script and no other
    local policy script
    policy=$(sed -n "s/.*'sha256-\([^']*\)'.*/\1/p" "$1")
    script=$(sed -n '/<script>/,/<\/script>/p' "$1" | sed '1s/.*<script>//' |
        sed 's/<\/script>.*//' | head -c -1 | sha256sum | cut -c1-64)
    [ "$(base64 -d <<<"$policy" | od -An -v -tx1 | tr -d ' \n')" = "$script" ] ||
        fail "$1: the policy's hash is not that of the script"
}

# An output folder as segment writes it, but for scans with awkward names and all outcomes.
evil="sub-0<b>&\"'x%2F"
mkdir -p raw/sub-01/anat out/sub-01/anat out/logs
for i in 1 2 3; do
    "$PHANTOM" --species rat --dims 40x36x8 --seed $i "raw/sub-01/anat/sub-01_run-${i}_T2w.nii.gz" \
        "out/sub-01/anat/sub-01_run-${i}_desc-brain_mask.nii.gz" >/dev/null
done
"$PHANTOM" --species rat --dims 40x36x8 --seed 4 "raw/$evil.nii.gz" "out/${evil}_mask.nii.gz" >/dev/null
cat >raw/T2w.json <<'END'
{"Manufacturer": "Bruker <script>", "MagneticFieldStrength": 9.4, "EchoTime": 0.03}
END
echo '{"EchoTime": 0.0375, "PatientName": "Nobody"}' >raw/sub-01/anat/sub-01_run-1_T2w.json
cat >out/dataset_description.json <<END
{"Name": "Brain masks of <rats> & \"friends\"", "GeneratedBy": [{"Name": "ben-mpi", "Version": "0.0.7"}],
 "DatasetLinks": {"raw": "$TMP/raw"}}
END
printf '[segment]\n; help\nvolume = \nplane = auto\nn4 = yes\nn4-shrink = 4\nthreshold = 0.5\nmend-slices = yes\ncomponents = 1\nfill-holes = yes\nmc = 10\n' >out/logs/segment.ini
{
    printf 'participant_id\tsession_id\tscan\tspecies\tstatus\treason\tvolume_mm3\tn_volumes\tuncertainty\tflag\tmask\tseconds_read\n'
    for i in 1 2 3; do
        printf 'sub-01\tn/a\tsub-01/anat/sub-01_run-%s_T2w.nii.gz\trat\tok\tn/a\t2%s00.5\t1\t0.0%s\tpass\tsub-01/anat/sub-01_run-%s_desc-brain_mask.nii.gz\t0.1\n' $i $i $i $i
    done
    printf '%s\tn/a\t%s.nii.gz\trat\tok\tn/a\t2250\t1\t0.2\treview\t%s_mask.nii.gz\t0.1\n' "$evil" "$evil" "$evil"
    printf 'sub-05\tn/a\tsub-05/anat/sub-05_T2w.nii.gz\trat\tfailed\tbroken <header> & more\tn/a\tn/a\tn/a\tn/a\tn/a\tn/a\n'
    printf 'sub-06\tn/a\tsub-06/anat/sub-06_T2w.nii.gz\trat\tok\tn/a\t2240\t1\t0.01\tpass\tsub-06/anat/gone_mask.nii.gz\t0.1\n'
} >out/results.tsv
cp -r out fresh

expect 1 "$BEN" report out
says "sub-06/anat/sub-06_T2w.nii.gz" "--images" "6 scans: 1 failed, 1 flagged, 0 corrected, 1 without"
for page in report sub-01_run-1_T2w sub-01_run-2_T2w sub-01_run-3_T2w "$evil" sub-05_T2w sub-06_T2w; do
    good_page "out/$page.html"
done
[ "$(find out -name '*.html' | wc -l)" -eq 7 ] || fail "as many pages as scans, and one"
[ -z "$(find out -name '.tmp*')" ] || fail "something was left over"
page=out/sub-01_run-1_T2w.html
[ "$(grep -c '<figure class="tile">' $page)" -ge 20 ] || fail "slices in three planes"
[ "$(grep -c 'class="mask"' $page)" -ge 20 ] || fail "outlines"
grep -q 'class="n4"' $page || fail "bias-corrected slices"
grep -q '40 × 36 × 8' $page || fail "the header"
grep -q 'Bruker &lt;script&gt;' $page || fail "the sidecar above"
grep -q '<dd>0.0375 s</dd>' $page || fail "the nearer sidecar holds"
grep -q 'Nobody' $page && fail "a patient's name"
grep -q 'broken &lt;header&gt; &amp; more' out/sub-05_T2w.html || fail "the reason"
grep -q 'not where the output folder says' out/sub-06_T2w.html || fail "why there are no pictures"
grep -q "sub-0&lt;b&gt;&amp;&quot;&#39;x%2F" out/report.html || fail "the awkward name as text"
grep -q 'href="./sub-0%3Cb%3E%26%22%27x%252F.html"' out/report.html || fail "the awkward name as link"
grep -qF 'sub-0<b>' out/*.html && fail "a name became markup"
[ "$(grep -c '<tr data-flags' out/report.html)" -eq 6 ] || fail "a row for each scan"
worst=$(sed -n '/<ol>/,/<\/ol>/p' out/report.html | grep -o 'href="[^"]*"' | head -2 | tr '\n' ' ')
[ "$worst" = 'href="./sub-0%3Cb%3E%26%22%27x%252F.html" href="./sub-01_run-3_T2w.html" ' ] ||
    fail "the least certain first: $worst"

for n in 1 2 3; do
    cp -r fresh ranks$n
    expect 1 ranks $n "$BEN" report ranks$n
    for file in out/*.html; do
        # the folder's own name stands in the commands
        cmp <(sed "s/ranks$n/out/g" "ranks$n/${file#out/}") "$file" || fail "$n ranks: $file"
    done
done

expect 1 "$BEN" report out --no-n4
grep -q 'class="n4"' $page && fail "bias-corrected slices, not asked for"

# A corrected mask is drawn, counted, and no longer asked for.
mkdir -p out/corrected
cp "raw/../out/${evil}_mask.nii.gz" out/corrected/
expect 1 "$BEN" report out
says "1 corrected"
grep -q 'class="redrawn"' "out/$evil.html" || fail "the corrected mask is not drawn"
sed -n '/<ol>/,/<\/ol>/p' out/report.html | grep -q '%3Cb%3E' && fail "corrected, but still asked for"

# Scans that moved, an evaluation, names that clash, bad starts.
mv raw moved
expect 1 "$BEN" report out
says "5 without pictures"
expect 1 "$BEN" report out --images moved
says "1 without pictures"
expect 0 "$BEN" evaluate out/sub-01 out/sub-01 all.tsv
expect 1 "$BEN" report out --images moved --evaluation all.tsv
grep -q '>Dice</button>' out/report.html || fail "no Dice"
mkdir -p clash/a clash/b
printf 'scan\tstatus\treason\na/x.nii\tfailed\tno\nb/x.nii\tfailed\tno\nreport.nii\tfailed\tno\n' >clash/results.tsv
expect 0 "$BEN" report clash
[ "$(find clash -name '*.html' | wc -l)" -eq 4 ] || fail "pages that clash"
printf 'scan\tstatus\nx.nii\tempty\n' >clash/results.tsv
expect 1 "$BEN" report clash
says "there is no mask"
printf 'scan\tstatus\n' >clash/results.tsv
expect 0 "$BEN" report clash
expect 2 "$BEN" report moved
says "moved/results.tsv" "segment"
expect 2 "$BEN" report out --evaluation moved/T2w.json
printf 'a\tb\n1\t2\n' >clash/results.tsv
expect 2 "$BEN" report clash
says "no columns scan and status"

# What segment itself writes.
mkdir one
"$PHANTOM" --species rat --dims 40x36x6 one/head.nii.gz >/dev/null
expect 0 "$BEN" segment one real --species rat
cd /
expect 0 "$BEN" report "$TMP/real" # wherever one stands
cd "$TMP"
good_page real/head.html
[ "$(grep -c 'class="mask"' real/head.html)" -ge 10 ] || fail "no outlines"
grep -q '<td>ben-mpi segment one real --species rat</td>' real/report.html || fail "no runs"
host=$(hostname)
grep -qF "<td>$host</td>" real/report.html || fail "no host"
