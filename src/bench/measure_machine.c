/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "bench/measure.h"
#include "nn/isa.h"
#include "nn/peak.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* What the system calls the processor; "unknown" where it does not say. */
static void read_cpu(char *name, size_t size)
{
    char *text = NULL;
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    size_t room = 0;
    while (file && getline(&text, &room, file) > 0) {
        const char *colon = strchr(text, ':');
        if (strncmp(text, "model name", 10) == 0 && colon && colon[1] == ' ') {
            snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    free(text);
    if (file)
        fclose(file);
}

enum ben_status measure_machine(const struct comm *comm, struct measure_result *result)
{
    enum ben_status st = BEN_OK;
    struct measure_machine *machine = &result->machine;
    read_cpu(machine->cpu, sizeof machine->cpu);
    machine->isa = isa_text(isa_now());
    machine->ranks = comm->size;
    machine->threads = omp_get_max_threads();
    machine->flops_per_s = peak_flops(10 * result->config.repeat);
    TRY(comm_agree(comm, peak_bandwidth(result->config.repeat, &machine->bytes_per_s)));
out:
    return st;
}
