/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice between the tables. This file is compiled for the least processor, so that it runs on any.
 */
#include "format/kernels/kernels.h"

#include "format/base/alloc.h"
#include "format/base/cpu.h"
#include "format/kernels/decode_kernels.h"

#if defined(__AVX2__) && !defined(TARN_NATIVE)
#error "the chooser must run on every processor: compile it without -mavx2 or -march"
#endif

extern const struct tarn__kernels tarn__kernels_base;
#if TARN_KERNELS_X86
extern const struct tarn__kernels tarn__kernels_v3;
extern const struct tarn__kernels tarn__kernels_v4;
extern const struct tarn__decode_kernels tarn__decode_kernels_v3;
extern const struct tarn__decode_kernels tarn__decode_kernels_v4;
extern const struct tarn__decode_kernels tarn__decode_kernels_vbmi;
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

/* VBMI is no part of v4: some processors have one without the other. */
static bool has_vbmi(void)
{
#if TARN_KERNELS_X86
    return __builtin_cpu_supports("avx512vbmi") != 0;
#else
    return false;
#endif
}

static const struct tarn__decode_kernels *decode_table(enum tarn_cpu level, bool vbmi)
{
#if TARN_KERNELS_X86
    if (level == TARN_CPU_V4) {
        return vbmi ? &tarn__decode_kernels_vbmi : &tarn__decode_kernels_v4;
    }
    if (level == TARN_CPU_V3) {
        return &tarn__decode_kernels_v3;
    }
#endif
    (void)level, (void)vbmi;
    return &tarn__decode_kernels_base;
}

const struct tarn__decode_kernels *tarn__decode_kernels_of(const struct tarn_env *env)
{
    return decode_table(tarn__env_options(env)->cpu, has_vbmi());
}

const struct tarn__decode_kernels *tarn__decode_kernels_at(unsigned number)
{
    static const enum tarn_cpu levels[TARN__DECODE_LEVELS] = {TARN_CPU_BASE, TARN_CPU_V3, TARN_CPU_V4, TARN_CPU_V4};
    const bool vbmi = number == TARN__DECODE_LEVELS - 1;
    if (number >= TARN__DECODE_LEVELS || tarn__cpu_detect() < levels[number] || (vbmi && !has_vbmi())) {
        return NULL;
    }
    return decode_table(levels[number], vbmi);
}
