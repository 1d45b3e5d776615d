/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_BIND_NEAR_NAME_H
#define TARN_QUERY_BIND_NEAR_NAME_H

#include "format/base/error.h"

/*
 * "Did you mean": the names nearest to one that is not there, by edit distance without regard to case (a swap of neighbours counts once).
 */
struct tarn__near_names {
    struct tarn_text wanted;
    uint32_t count;
    struct tarn_text names[3]; /**< best first; borrowed from who offered them */
    uint32_t distances[3];
};

/** Offers a name; it is kept when it is near enough. */
void tarn__near_offer(struct tarn__near_names *near, struct tarn_text name);
/** `; did you mean "a" or "b"?`, or nothing. */
void tarn__near_print(const struct tarn__near_names *near, char *out, size_t size);

#endif
