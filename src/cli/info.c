/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi info: what a scan, a weights file, a configuration, an output folder or this machine
 * is. */
#include "cli/command.h"
#include "base/util.h"
#include "cli/info_output.h"
#include "io/nifti.h"
#include "io/weights.h"
#include "nn/isa.h"
#include "nn/nonlocal.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct info_config {
    struct common_options common;
};

static const struct option rows[] = {COMMON_OPTIONS};

static void info_machine(const struct command_context *context)
{
    printf("ben-mpi    %s\n", BEN_VERSION);
    printf("ranks      %d, threads of each %d\n", context->world.size, omp_get_max_threads());
    printf("kernels    %s\n", isa_text(isa_now()));
    printf("OpenBLAS   core type %s\n", nonlocal_blas_core());
}

static enum ben_status info_scan(const char *path)
{
    enum ben_status st = BEN_OK;
    static const char *const spaces[] = {"none", "qform", "sform"};
    struct nifti_info info;
    TRY(nifti_inspect(path, &info));
    printf("scan         %s\n", path);
    printf("size         %d x %d x %d", info.dim[0], info.dim[1], info.dim[2]);
    printf(", %d volume%s\n", info.n_volumes, info.n_volumes == 1 ? "" : "s");
    printf("voxel        %.6g x %.6g x %.6g mm\n", info.voxel_mm[0], info.voxel_mm[1],
           info.voxel_mm[2]);
    printf("orientation  %s%s, from %s (qform code %d, sform code %d)\n", info.axes,
           info.oblique ? " (oblique)" : "", spaces[info.space], info.qform_code,
           info.sform_code);
    printf("type         %s, value = %.9g * stored + %.9g%s%s\n", info.type_name, info.slope,
           info.intercept, info.swapped ? ", other byte order" : "",
           info.compressed ? ", compressed" : "");
    if (*info.descrip)
        printf("description  %s\n", info.descrip);
out:
    return st;
}

static void print_texts(const struct weights_file *file)
{
    for (int i = 0; i < file->n_integers; i++)
        printf("%-12s %" PRId64 "\n", file->integers[i].name, file->integers[i].value);
    for (int i = 0; i < file->n_reals; i++)
        printf("%-12s %.9g\n", file->reals[i].name, file->reals[i].value);
    for (int i = 0; i < file->n_texts; i++)
        printf("\n%s:\n%s\n", file->texts[i].name, file->texts[i].text);
}

static enum ben_status info_weights(const char *path)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    size_t count = 0;
    TRY(weights_read(path, &file));
    for (int i = 0; i < file->values.n; i++)
        count += file->values.items[i].count;
    printf("%-12s %s\n", file->kind == BEN_WEIGHTS_NET ? "weights" : "checkpoint", path);
    printf("network      NL-U-Net of %d x %d pixels, %d channels first, non-local block %s\n",
           file->arch.size, file->arch.size, file->arch.channels,
           file->arch.nonlocal ? "yes" : "no");
    printf("values       %zu in %d tensors, checksum %016" PRIx64 "\n", count, file->values.n,
           file->checksum);
    printf("made for     %s, %s slices%s%s\n", file->prep.species, file->prep.plane,
           *file->prep.modality ? ", " : "", file->prep.modality);
    printf("preparation  N4 %s, percentiles %g and %g to 0 and 1; brain above %g\n",
           file->prep.n4 ? "yes" : "no", file->prep.percentile_low, file->prep.percentile_high,
           file->prep.threshold);
    print_texts(file);
out:
    weights_free(&file);
    return st;
}

/* Whose configuration the file is, and what it comes to with the defaults. */
static enum ben_status info_config(const char *path)
{
    enum ben_status st = BEN_OK;
    char *text = NULL, *dump = NULL;
    size_t n = 0, n_commands;
    const struct command *const *all = command_list(&n_commands);
    bool found = false;
    TRY(util_read_file(path, BEN_MAX_CONFIG, &text, &n));
    for (size_t i = 0; i < n_commands; i++) {
        const struct option_table *table = &all[i]->options;
        void *config;
        TRY_NEW(config = calloc(1, all[i]->config_bytes));
        option_defaults(table, config);
        if (all[i] != &command_info && option_read_ini(table, text, path, config) == BEN_OK) {
            dump = option_dump(table, config);
            printf("%s# a configuration of ben-mpi %s\n%s", found ? "\n" : "", all[i]->name,
                   dump ? dump : "");
            free(dump);
            found = true;
        }
        option_free(table, config);
        free(config);
    }
    if (!found)
        FAIL(BEN_E_ARG,
             "%s: no command takes this configuration; as the last one tried says: "
             "%s",
             path, ben_error_text());
out:
    free(text);
    return st;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

static enum ben_status info_file(const char *path)
{
    enum ben_status st = BEN_OK;
    if (info_is_output(path))
        return info_output(path);
    if (!util_is_file(path))
        FAIL(BEN_E_ARG,
             "%s: no such file; give a scan (NIfTI), weights (.h5), a configuration (.ini) or "
             "an output folder of segment",
             path);
    if (nifti_ending(path) > 0)
        return info_scan(path);
    if (ends_with(path, ".h5") || ends_with(path, ".checkpoint"))
        return info_weights(path);
    if (ends_with(path, ".ini"))
        return info_config(path);
    FAIL(BEN_E_ARG, "%s: neither a scan (NIfTI) nor weights (.h5) nor a configuration (.ini)",
         path);
out:
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    (void)config;
    if (context->world.rank == 0 && context->n_args == 0)
        info_machine(context);
    for (int i = 0; i < context->n_args && context->world.rank == 0 && st == BEN_OK; i++)
        st = info_file(context->args[i]);
    return comm_agree(&context->world, st);
}

const struct command command_info = {
    .name = "info",
    .usage = "[WHAT]...",
    .summary = "say what a scan, weights, options, an output or this machine is",
    .min_args = 0,
    .max_args = 1000,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct info_config),
    .run = run,
};
