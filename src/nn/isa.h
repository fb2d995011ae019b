/* SPDX-License-Identifier: BSD-3-Clause */
/* Instruction sets. Kernel files (*_isa.c) are compiled once per set with BEN_ISA naming it;
 * each defines one table of functions, ISA_NAME(table). isa_now() says which set runs: the best
 * the CPU has, or what BEN_ISA=avx512|avx2|generic in the environment forces. */
#ifndef BEN_NN_ISA_H
#define BEN_NN_ISA_H

#include "base/status.h"

#define ISA_PASTE_(name, isa) name##_##isa
#define ISA_PASTE(name, isa)  ISA_PASTE_(name, isa)
#define ISA_NAME(name)        ISA_PASTE(name, BEN_ISA) /* BEN_ISA: set by the build */

/* For the file that picks a table: declares the tables, and the address of the one to use now. */
#if defined(__x86_64__)
#define ISA_DECLARE(type, name) extern const type name##_generic, name##_avx2, name##_avx512
#define ISA_PICK(name)                                                                         \
    (isa_now() == BEN_ISA_AVX512 ? &name##_avx512                                              \
     : isa_now() == BEN_ISA_AVX2 ? &name##_avx2                                                \
                                 : &name##_generic)
#else
#define ISA_DECLARE(type, name) extern const type name##_generic
#define ISA_PICK(name)          (&name##_generic)
#endif

enum isa { BEN_ISA_GENERIC, BEN_ISA_AVX2, BEN_ISA_AVX512 };

/* Fails (BEN_E_ARG) when the environment names a set that is unknown or that the CPU lacks;
 * call once at the start. */
enum ben_status isa_check(void);
enum isa isa_now(void);
const char *isa_text(enum isa isa);

/* For tests and bench: use this set from now on; false where the CPU lacks it. */
int isa_force(enum isa isa);

#endif
