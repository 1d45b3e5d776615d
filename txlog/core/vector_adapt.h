/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_VECTOR_ADAPT_H
#define TARN_TXLOG_CORE_VECTOR_ADAPT_H

#include "format/base/arena.h"
#include "format/batch/vector.h"
#include "txlog/core/snapshot.h"

/*
 * Vectors as a file has them, turned into what the table says: columns that came later are null, types that were widened are widened,
 * members of structs are put in the table's order under the table's names.
 *
 * A plan is made once a file and column, from the two types. Threads: a plan is immutable and shareable.
 */
enum tarn__adapt_kind {
    TARN_ADAPT_SAME = 0, /* as it is, under the table's type */
    TARN_ADAPT_NULLS,    /* the file does not have it */
    TARN_ADAPT_INTEGER,  /* to an integer of another width or sign */
    TARN_ADAPT_DOUBLE,   /* integer or float to double */
    TARN_ADAPT_DECIMAL,  /* integer or decimal to decimal */
    TARN_ADAPT_MONTHS,   /* integer to an interval of months */
    TARN_ADAPT_DATE_TO_TIMESTAMP,
    TARN_ADAPT_TIMESTAMP, /* to another unit */
    TARN_ADAPT_TEXT,      /* bytes to text, which must be UTF-8 */
    TARN_ADAPT_CAST,      /* to another type that holds every value of it */
    TARN_ADAPT_BYTES,     /* fixed to variable */
    TARN_ADAPT_STRUCT,
    TARN_ADAPT_LIST, /* also MAP */
};

struct tarn__adapt {
    enum tarn__adapt_kind kind;
    const struct tarn_type *from;
    const struct tarn_type *to;
    uint32_t source; /* member of a struct: its index in the file's */
    uint32_t child_count;
    struct tarn__adapt *children;
};

/** How members of structs are found in files. */
struct tarn__adapt_names {
    const struct tarn__physical *physical; /* of the table's field */
    bool by_id;
    bool by_alias; /* the file has no ids: by the table's aliases */
};

/**
 * The plan from the file's type to the table's. `names` NULL: members have the same names on both sides.
 * Errors: UNSUPPORTED scan.type_change, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__adapt_plan(struct tarn_arena *arena, const struct tarn_type *from, const struct tarn_type *to,
                                                   const struct tarn__adapt_names *names, struct tarn__adapt *out, struct tarn_error *err);

/** Is there nothing to do, at any level? */
bool tarn__adapt_is_same(const struct tarn__adapt *plan);

/** The field of a file for the field of the table that `names` tells of; -1: it has none. */
int32_t tarn__adapt_find(uint32_t count, const struct tarn_field *fields, const struct tarn__adapt_names *names);

/** A new reference. Errors: CORRUPT (a value that the table's type cannot hold, with its row), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__adapt_apply(const struct tarn__adapt *plan, struct tarn_vector *vector, struct tarn_vector **out,
                                                    struct tarn_error *err);

#endif
