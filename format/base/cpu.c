/* SPDX-License-Identifier: Apache-2.0
 *
 * The instruction sets of the machine, by the compiler's own detection (CPUID, and XGETBV for the registers that are saved).
 */
#include "format/base/cpu.h"

#include "format/base/error.h"

enum tarn_cpu tarn__cpu_detect(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt");
    const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return v3 && v4 ? TARN_CPU_V4 : v3 ? TARN_CPU_V3 : TARN_CPU_BASE;
#else
    return TARN_CPU_BASE;
#endif
}

enum tarn_status tarn__cpu_resolve(enum tarn_cpu wanted, enum tarn_cpu *out, struct tarn_error *err)
{
    static const char *const names[] = {"auto", "base", "v3", "v4"};
    const enum tarn_cpu best = tarn__cpu_detect();
    *out = TARN_CPU_BASE;
    if ((unsigned)wanted > TARN_CPU_V4) {
        return tarn__invalid(err, "cpu", "there is no instruction set number %d: choose one of enum tarn_cpu", (int)wanted);
    }
    if (wanted > best) {
        return tarn__invalid(err, "cpu", "kernels for %s were asked for, this machine has %s: leave it at auto", names[wanted],
                             names[best]);
    }
    *out = wanted == TARN_CPU_AUTO ? best : wanted;
    return TARN_OK;
}
