/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_MEMORY_CHECK_H
#define TARN_FORMAT_BASE_MEMORY_CHECK_H

#include "tarn/base.h"

/*
 * Under MemorySanitizer, stops the program when bytes that leave it were never written: old memory does not get into an object. Nothing in
 * other builds.
 */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define TARN_MEMORY_CHECK 1
#endif
#endif

static inline void tarn__memory_check(struct tarn_span bytes)
{
#ifdef TARN_MEMORY_CHECK
    __msan_check_mem_is_initialized(bytes.data, bytes.size);
#else
    (void)bytes;
#endif
}

#endif
