/* SPDX-License-Identifier: BSD-3-Clause */
/* BEN_CLONES before the definition of a function: it is compiled once per vector width, and the
 * widest that the processor has is chosen when the program starts. For plain loops that the
 * compiler vectorises. Where the file is compiled with -ffp-contract=off, all give the same bits;
 * what the function calls must be static inline to be compiled along. */
#ifndef BEN_BASE_CLONES_H
#define BEN_BASE_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                         \
    !defined(__SANITIZE_ADDRESS__)
#define BEN_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BEN_CLONES
#endif

#endif
