/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/isa.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"generic", "avx2", "avx512"};
static int chosen = -1;

static int cpu_has(enum isa isa)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (isa == BEN_ISA_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (isa == BEN_ISA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return isa == BEN_ISA_GENERIC;
}

static enum isa best(void)
{
    enum isa isa = BEN_ISA_AVX512;
    while (!cpu_has(isa))
        isa--;
    return isa;
}

enum ben_status isa_check(void)
{
    enum ben_status st = BEN_OK;
    const char *asked = getenv("BEN_ISA");
    int isa = (int)best();
    if (asked && *asked) {
        for (isa = BEN_ISA_AVX512; isa >= 0 && strcmp(asked, names[isa]) != 0;)
            isa--;
        if (isa < 0)
            FAIL(BEN_E_ARG, "BEN_ISA=%s: unknown; use avx512, avx2 or generic", asked);
        if (!cpu_has((enum isa)isa))
            FAIL(BEN_E_ARG, "BEN_ISA=%s: this CPU does not have it", asked);
    }
    chosen = isa;
out:
    return st;
}

enum isa isa_now(void)
{
    if (chosen < 0 && isa_check() != BEN_OK)
        chosen = (int)best();
    return (enum isa)chosen;
}

const char *isa_text(enum isa isa)
{
    return names[isa];
}

int isa_force(enum isa isa)
{
    if (!cpu_has(isa))
        return 0;
    chosen = (int)isa;
    return 1;
}
