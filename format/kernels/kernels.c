/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice between the tables. This file is compiled for the least processor, so that it runs on any.
 */
#include "format/kernels/kernels.h"

#include "format/base/alloc.h"

#if defined(__AVX2__) && !defined(TARN_NATIVE)
#error "the chooser must run on every processor: compile it without -mavx2 or -march"
#endif

extern const struct tarn__kernels tarn__kernels_base;
#if TARN_KERNELS_X86
extern const struct tarn__kernels tarn__kernels_v3;
extern const struct tarn__kernels tarn__kernels_v4;
#endif

const struct tarn__kernels *tarn__kernels_at(enum tarn_cpu level)
{
    switch (level) {
    case TARN_CPU_BASE:
        return &tarn__kernels_base;
#if TARN_KERNELS_X86
    case TARN_CPU_V3:
        return &tarn__kernels_v3;
    case TARN_CPU_V4:
        return &tarn__kernels_v4;
#endif
    default:
        return NULL;
    }
}

const struct tarn__kernels *tarn__kernels_of(const struct tarn_env *env)
{
    const struct tarn__kernels *kernels = tarn__kernels_at(tarn__env_options(env)->cpu);
    return kernels != NULL ? kernels : &tarn__kernels_base;
}
