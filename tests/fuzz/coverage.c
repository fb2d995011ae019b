/* SPDX-License-Identifier: BSD-3-Clause */
/* Between GCC's coverage and libFuzzer, which only takes clang's: each basic block calls
 * __sanitizer_cov_trace_pc, which counts in a table that libFuzzer looks at after each input. GCC
 * also tells of comparisons of reals, which libFuzzer has no function for. */
#include <stdint.h>

#define COUNTERS   (1U << 14)
#define UNOBSERVED __attribute__((no_sanitize_coverage, no_sanitize("address", "undefined")))

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];
extern const char __executable_start; /* by the linker */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_cmpf(float a, float b);
void __sanitizer_cov_trace_cmpd(double a, double b);

UNOBSERVED void __sanitizer_cov_trace_pc(void)
{
    uintptr_t at = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&__executable_start;
    counters[(at ^ at >> 14) % COUNTERS]++;
}

UNOBSERVED void __sanitizer_cov_trace_cmpf(float a, float b)
{
    (void)a, (void)b;
}

UNOBSERVED void __sanitizer_cov_trace_cmpd(double a, double b)
{
    (void)a, (void)b;
}
