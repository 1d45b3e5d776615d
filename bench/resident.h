/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_RESIDENT_H
#define TARN_BENCH_RESIDENT_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Resident memory of this process, in bytes: now, and the most since it was last set back (/proc/self/clear_refs). What lies in memory
 * before the work begins can then be left out of the work's peak. -1: the system does not say.
 */
static inline int64_t tarn_bench_resident(const char *field)
{
    char line[256];
    long long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0) {
            sscanf(line + strlen(field), ": %lld", &kib);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib < 0 ? -1 : (int64_t)kib * 1024;
}

/** Sets the peak back, and says what there is. */
static inline int64_t tarn_bench_resident_begin(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
    return tarn_bench_resident("VmRSS");
}

static inline int64_t tarn_bench_resident_peak(void)
{
    return tarn_bench_resident("VmHWM");
}

#endif
