/* SPDX-License-Identifier: BSD-3-Clause */
/* dataset_description.json, as training takes licence and citation from it into the weights. The
 * first line is the data set's name, the second the participant's, the rest the file. */
#include "fuzz.h"

#include "train/provenance.h"

#include <jansson.h>
#include <stdlib.h>

const char fuzz_name[] = "description";

void fuzz_start(void)
{
    fuzz_make_folder("sub-01");
    fuzz_seed_text("rats\nsub-01\n{\"Name\": \"Rats\", \"License\": \"CC0\", \"Authors\": "
                   "[\"A\", \"B\"], \"DatasetDOI\": \"doi:1\"}");
    fuzz_seed_text(
        "r\xe4ts\nsub-\xff\n{\"Name\": null, \"SourceDatasets\": [{\"URL\": \"x\"}]}");
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    char *dataset_name = fuzz_text(&from, '\n', 60), *participant = fuzz_text(&from, '\n', 60);
    struct scan scan = {.path = (char *)(uintptr_t)fuzz_path("sub-01/x.nii"),
                        .dataset = dataset_name,
                        .participant = participant};
    const struct scan *scans[] = {&scan, &scan};
    bool validates[] = {false, true}, unlabelled[] = {false, false};
    struct dataset_scan used[] = {{.count = 2}, {.count = 3}};
    struct selection selection = {
        .n = 2, .scans = scans, .validates = validates, .unlabelled = unlabelled};
    struct dataset dataset = {.n_scans = 2, .scans = used};
    struct trainer_result result = {.epochs = 1};
    struct provenance p = {"train", &selection, &dataset, &result, "[train]\n", "he-normal", 1};
    char *text = NULL;
    fuzz_file("dataset_description.json", from.at, from.left);
    FUZZ_ENSURE(provenance_text(&p, &text) == BEN_OK);
    json_t *json = json_loads(text, 0, NULL);
    FUZZ_ENSURE(json_array_size(json_object_get(json, "datasets")) == 1);
    json_decref(json);
    free(text);
    free(dataset_name);
    free(participant);
}
