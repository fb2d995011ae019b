/* SPDX-License-Identifier: BSD-3-Clause */
/* What this machine can do at best, to judge the kernels by: fused multiply-adds from
 * registers, and bytes streamed from memory. Both with all threads of OpenMP's default. Local. */
#ifndef BEN_NN_PEAK_H
#define BEN_NN_PEAK_H

#include "base/status.h"

/* Single precision operations per second (an FMA is two), the best of runs of about 3 ms each,
 * with the instruction set in use. */
double peak_flops(int runs);

/* Bytes per second of a[i] = b[i] + s c[i] on arrays far beyond the caches, 12 bytes counted per
 * element (McCalpin's STREAM triad), the best of runs. Fails: BEN_E_MEMORY. */
enum ben_status peak_bandwidth(int runs, double *bytes_per_s);

#endif
