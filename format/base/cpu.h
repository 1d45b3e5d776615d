/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_CPU_H
#define TARN_FORMAT_BASE_CPU_H

#include "tarn/env.h"

/*
 * Which of the multi-compiled kernels the machine can run. Levels are those of the x86-64 psABI: v3 (AVX2, BMI, FMA), v4 (AVX-512
 * F, BW, CD, DQ, VL), as far as the operating system saves the registers. Elsewhere: BASE.
 */
enum tarn_cpu tarn__cpu_detect(void);

/** AUTO becomes the best there is. Errors: INVALID when the machine has less than `wanted`. */
TARN_WARN_UNUSED enum tarn_status tarn__cpu_resolve(enum tarn_cpu wanted, enum tarn_cpu *out, struct tarn_error *err);

#endif
