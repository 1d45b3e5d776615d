/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FINDING_H
#define TARN_FINDING_H

#include "tarn/error.h"

/*
 * What a verification tells its caller, one at a time: damage is found and told, not failed over.
 */
enum tarn_finding_kind {
    TARN_FINDING_OK = 0,
    TARN_FINDING_WARNING = 1, /**< says something wrong that cannot cost a row: sizes, counts for planners */
    TARN_FINDING_ERROR = 2,
};

/** Texts are valid during the call. */
struct tarn_finding {
    enum tarn_finding_kind kind;
    const struct tarn_error *error; /**< code, places, message */
};

#endif
