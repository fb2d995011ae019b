#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a table for ben-mpi evaluate18 from a manifest of several data sets (columns dataset,
# species, modality, subject, image, mask, split, voxel_mm): a row for each data set with masks, all
# of the manifest.
#   tools/datasets_table.sh DATA/datasets.tsv SOURCE[,SOURCE...] >table.tsv
#   ben-mpi evaluate18 table.tsv OUT --root DATA
# SOURCE: the data sets that are trained on and that all others are adapted from.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: datasets_table.sh MANIFEST.tsv SOURCE[,SOURCE...]" >&2; exit 2; }
awk -F'\t' -v OFS='\t' -v manifest="$(basename "$1")" -v list="$2" '
    BEGIN { n_sources = split(list, names, ","); for (i in names) source[names[i]] = 1 }
    NR == 1 {
        for (i = 1; i <= NF; i++) c[$i] = i
        split("dataset species modality subject mask split voxel_mm", wanted, " ")
        for (i in wanted) if (!(wanted[i] in c)) {
            print "no column " wanted[i] > "/dev/stderr"; failed = 1; exit 2 }
        next
    }
    $c["mask"] != "n/a" {
        id = $c["dataset"]
        if (!(id in scans)) order[++n] = id
        scans[id]++
        species[id] = $c["species"]
        if (!((id, $c["modality"]) in seen)) modalities[id]++
        seen[id, $c["modality"]] = 1
        modality[id] = $c["modality"]
        if (!(id in voxel)) voxel[id] = $c["voxel_mm"]
        if ($c["split"] == "test") test[id]++; else train[id]++
    }
    END {
        if (failed) exit 2
        for (s in source) if (!(s in scans)) {
            print s ": no data set of the manifest with masks" > "/dev/stderr"; exit 2 }
        print "id", "species", "modality", "scans", "in_plane_mm", "thickness_mm", "role",
            "sources", "labels", "folder", "where"
        for (i = 1; i <= n; i++) {
            id = order[i]
            split(voxel[id], mm, "x")
            labels = "0"
            count = split("1 2 3 5 10 15", steps, " ")
            for (k = 1; k <= count; k++)
                if (test[id] > 0 && steps[k] <= train[id]) labels = labels "," steps[k]
            trains = (id in source)
            kind = modalities[id] > 1 ? "n/a" : modality[id]
            print id, species[id], kind, scans[id], mm[1], mm[3], (trains ? "source" : "target"),
                (trains ? "n/a" : list), (trains ? "n/a" : labels), manifest, "dataset=" id
        }
    }' "$1"
