/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_PROPERTY_H
#define TARN_TXLOG_DELTA_DELTA_PROPERTY_H

#include "format/base/text.h"
#include "tarn/error.h"

/*
 * Table properties: which Delta has, what may be said in them, and which feature each switches on. Static; threads: any.
 */
struct tarn__delta_property_fact {
    struct tarn_text key;     /* as it is spelled */
    struct tarn_text value;   /* likewise */
    struct tarn_text feature; /* that the value switches on; empty: none */
};

/**
 * May this be set by whoever sets properties? Keys outside of "delta." are free. Errors: INVALID `property` (a value, with what is legal;
 * a key that tarn keeps itself), UNSUPPORTED delta.property (a key, or a value that asks for what tarn does not do).
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_property_check(struct tarn_text key, struct tarn_text value,
                                                             struct tarn__delta_property_fact *out, struct tarn_error *err);

/** What stands behind the constraints' names. */
#define TARN_DELTA_CONSTRAINTS "delta.constraints."

#endif
