#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Learning curves: Dice and HD95 on scans that no adaptation saw the masks of, against the number
# of labelled participants, by method, each with several choices of them.
#   tools/curves.sh OUT --manifest FILE --source FILE --train FILTER... --test FILTER... [OPTION]...
#     --train, --test  filters of the manifest's rows, column=value or column=!value
#     --labels N...    (0 1 2 3 5)    --methods NAME...  (ben finetune scratch adabn none)
#     --seeds N...     (1 2 3): which participants keep their labels, and all other chance
#     --name TEXT      of these rows in the table (the first filter of --train)
#     --ranks N        processes of each run (1)
#     --adapt OPTION... and --segment OPTION...  go to those commands
# OUT/curves.tsv has a row per method, labels, seed and test scan, and OUT/summary.tsv medians over
# scans and means over seeds with 95 % confidence intervals. What is in the table already is not
# done again: the same command goes on, others add to it.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 1 ] || { sed -n '3,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1
shift
ben=${BEN:-build/ben-mpi}
manifest='' source='' name='' ranks=1
train=() test=() labels=(0 1 2 3 5) methods=(ben finetune scratch adabn none) seeds=(1 2 3)
adapt_options=() segment_options=()
while [ $# -gt 0 ]; do
    option=$1
    shift
    values=()
    if [ "$option" = --adapt ] || [ "$option" = --segment ]; then
        while [ $# -gt 0 ] && [[ ! "$1" =~ ^--(adapt|segment)$ ]]; do values+=("$1"); shift; done
    else
        while [ $# -gt 0 ] && [[ "$1" != --* ]]; do values+=("$1"); shift; done
    fi
    case $option in
        --manifest) manifest=${values[0]} ;;
        --source) source=${values[0]} ;;
        --name) name=${values[0]} ;;
        --ranks) ranks=${values[0]} ;;
        --train) train=("${values[@]}") ;;
        --test) test=("${values[@]}") ;;
        --labels) labels=("${values[@]}") ;;
        --methods) methods=("${values[@]}") ;;
        --seeds) seeds=("${values[@]}") ;;
        --adapt) adapt_options=("${values[@]}") ;;
        --segment) segment_options=("${values[@]}") ;;
        *) echo "$0: unknown option $option" >&2; exit 2 ;;
    esac
done
if [ ! -f "$manifest" ] || [ ! -f "$source" ] || [ ${#train[@]} -eq 0 ] || [ ${#test[@]} -eq 0 ]; then
    echo "$0: needs --manifest, --source, --train and --test; without arguments it tells more" >&2
    exit 2
fi
name=${name:-${train[0]}}
mkdir -p "$out"
table=$out/curves.tsv
[ -f "$table" ] ||
    printf 'name\tmethod\tlabels\tseed\tscan\tdice\thd95_mm\tseconds_adapt\n' >"$table"

run() {
    if [ "$ranks" -gt 1 ]; then
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
            mpirun --oversubscribe --bind-to none -n "$ranks" "$ben" "$@"
    else
        "$ben" "$@"
    fi
}

# references FOLDER: links to the masks of the test rows, by their names.
references() {
    awk -F'\t' -v filters="${test[*]}" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i; n = split(filters, f, " "); next}
        {for (i = 1; i <= n; i++) {
             split(f[i], kv, "="); value = substr(f[i], length(kv[1]) + 2)
             if (substr(value, 1, 1) == "!" ? $c[kv[1]] == substr(value, 2) : $c[kv[1]] != value) next
         }
         if ($c["mask"] != "" && $c["mask"] != "n/a") print $c["mask"]}' "$manifest" |
        while read -r mask; do
            ln -sf "$(realpath "$(dirname "$manifest")/$mask")" "$1/"
        done
}

# one METHOD LABELS SEED: adapts, segments the test scans, and adds their rows to the table.
one() {
    local folder=$out/run.$1.$2.$3 start=$SECONDS spent
    rm -rf "$folder/masks" "$folder/reference"
    mkdir -p "$folder/reference"
    run adapt "$manifest" "$folder/weights.h5" --weights "$source" --where "${train[@]}" \
        --method "$1" --labels "$2" --seed "$3" --half "${adapt_options[@]}" 2>"$folder/adapt.log"
    spent=$((SECONDS - start))
    run segment "$manifest" "$folder/masks" --weights "$folder/weights.h5" --where "${test[@]}" \
        --no-hdf5 "${segment_options[@]}" 2>"$folder/segment.log"
    references "$folder/reference"
    "$ben" evaluate "$folder/masks" "$folder/reference" "$folder/scores.tsv" \
        >"$folder/evaluate.log" 2>&1
    awk -F'\t' -v OFS='\t' -v head="$name	$1	$2	$3" -v spent="$spent" '
        NR == 1 {for (i = 1; i <= NF; i++) c[$i] = i; next}
        {print head, $c["id"], $c["dice"], $c["hd95_mm"], spent}' "$folder/scores.tsv" >>"$table"
    rm -rf "$folder"
}

is_done() {
    awk -F'\t' -v n="$name" -v m="$1" -v k="$2" -v s="$3" '
        $1 == n && $2 == m && $3 == k && $4 == s {found = 1} END {exit !found}' "$table"
}

# Whether the method makes sense with so many labels, and chance matters to it.
wanted() {
    case $1 in
        none | adabn) [ "$2" = 0 ] && [ "$3" = "${seeds[0]}" ] ;;
        finetune | scratch) [ "$2" -gt 0 ] ;;
        *) true ;;
    esac
}

for seed in "${seeds[@]}"; do
    for k in "${labels[@]}"; do
        for method in "${methods[@]}"; do
            if wanted "$method" "$k" "$seed" && ! is_done "$method" "$k" "$seed"; then
                one "$method" "$k" "$seed"
            fi
        done
    done
done

# Each seed's median over the scans; then mean and 95 % interval over the seeds (Student's t).
sort -t'	' -k1,1 -k2,2 -k3,3n -k4,4n -k6,6n "$table" | awk -F'\t' -v OFS='\t' '
    BEGIN {split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262", t, " ")
        print "name", "method", "labels", "seeds", "dice_median_mean", "dice_median_ci95",
            "dice_lowest", "hd95_mm_mean"}
    function median(   i) {return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2}
    function end_seed() {if (n) {m = median(); seeds++; sum += m; squares += m * m}; n = 0}
    function end_group(   mean, var, sd, factor) {
        end_seed()
        if (!seeds) return
        mean = sum / seeds
        var = seeds > 1 ? (squares - seeds * mean * mean) / (seeds - 1) : 0; sd = var > 0 ? sqrt(var) : 0
        factor = seeds < 2 ? 0 : seeds <= 10 ? t[seeds - 1] : 1.96
        print group, seeds, sprintf("%.4f", mean),
            (seeds > 1 ? sprintf("%.4f", factor * sd / sqrt(seeds)) : "n/a"),
            sprintf("%.4f", lowest), (far_n ? sprintf("%.3f", far / far_n) : "n/a")
        seeds = sum = squares = far = far_n = 0; lowest = 2
    }
    $1 == "name" {next}
    {key = $1 OFS $2 OFS $3
     if (key != group) {if (group != "") end_group(); group = key; seed = $4; lowest = 2}
     if ($4 != seed) {end_seed(); seed = $4}
     v[++n] = $6; if ($6 < lowest) lowest = $6
     if ($7 != "n/a") {far += $7; far_n++}}
    END {if (group != "") end_group()}' >"$out/summary.tsv"
cat "$out/summary.tsv"
