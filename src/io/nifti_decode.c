/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/nifti_header.h"

#include <nifti1_io.h>

#include <float.h>

/* The sums are in double: exact for every stored type but the 64-bit ones. */
#define DECODE(type)                                                                           \
    do {                                                                                       \
        const type *stored = bytes;                                                            \
        for (size_t i = 0; i < n; i++)                                                         \
            values[i] = (float)(slope * (double)stored[i] + intercept);                        \
    } while (0)

void nifti_decode(const struct nifti_layout *layout, void *bytes, size_t n, float *values)
{
    const double slope = layout->info.slope, intercept = layout->info.intercept;
    if (layout->info.swapped && layout->voxel_bytes > 1)
        nifti_swap_Nbytes(n, (int)layout->voxel_bytes, bytes);
    switch (layout->info.datatype) {
    case DT_UINT8:
        DECODE(uint8_t);
        break;
    case DT_INT8:
        DECODE(int8_t);
        break;
    case DT_UINT16:
        DECODE(uint16_t);
        break;
    case DT_INT16:
        DECODE(int16_t);
        break;
    case DT_UINT32:
        DECODE(uint32_t);
        break;
    case DT_INT32:
        DECODE(int32_t);
        break;
    case DT_UINT64:
        DECODE(uint64_t);
        break;
    case DT_INT64:
        DECODE(int64_t);
        break;
    case DT_FLOAT32:
        DECODE(float);
        break;
    case DT_FLOAT64:
        DECODE(double);
        break;
#if LDBL_MANT_DIG >= 64
    case DT_FLOAT128:
        DECODE(long double);
        break;
#endif
    default:
        ENSURE(!"a type that nifti_type_name lets through");
    }
}
