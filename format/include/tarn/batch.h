/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BATCH_H
#define TARN_BATCH_H

#include "tarn/type.h"

/*
 * Vectors and batches: the one currency between readers, operators and writers. Arrow exists only at the border (tarn/arrow.h).
 *
 * A vector is one column of a batch. Its shape is what the source gave (a dictionary page stays a dictionary): nobody flattens before
 * it pays, and whoever flattens counts it (`vectors_flattened` of --stats).
 *
 * Ownership: vectors, dictionaries and batches are counted by reference. A vector that a cursor returns is borrowed until the cursor's
 * next `next` or close; retain it to keep it, and the cursor will take fresh memory. A vector is immutable once handed out.
 * Threads: immutable objects are shareable; reference counts are atomic.
 */

struct tarn_buffer;
struct tarn_vector;

enum tarn_shape {
    TARN_SHAPE_FLAT = 0,   /**< `values`: fixed-width values of the type's kind; for BOOL bits */
    TARN_SHAPE_STRINGS,    /**< `offsets` (length + 1 of them) into `bytes` */
    TARN_SHAPE_VIEWS,      /**< `views` into `view_buffers` */
    TARN_SHAPE_DICTIONARY, /**< `codes` into `dictionary` */
    TARN_SHAPE_CONSTANT,   /**< every row is row 0 of `child` */
    TARN_SHAPE_RUNS,       /**< row i is row r of `child`, r the first run with ends[r] > i */
    TARN_SHAPE_LIST,       /**< LIST: `offsets` into children[0]. MAP: into children[0] (keys) and children[1] (values) */
    TARN_SHAPE_STRUCT,     /**< STRUCT: one child a field, each of this length. VARIANT: metadata and value, both BINARY */
    TARN_SHAPE_NULLS,      /**< every row is null; no memory */
};

/** 16 bytes, as Arrow's: up to 12 bytes inline, else the first 4 bytes and where the rest is. */
struct tarn_string_view {
    uint32_t size;
    union {
        uint8_t inlined[12];
        struct {
            uint8_t prefix[4];
            uint32_t buffer;
            uint32_t offset;
        } ref;
    } u;
};

/**
 * The distinct values that codes stand for. `id` is never used twice by an env, so that what was computed for the entries (the outcome of
 * a predicate, hashes) can be kept and found again. Values hold no nulls and may repeat.
 */
struct tarn_dictionary {
    uint64_t id;
    struct tarn_vector *values; /**< FLAT, STRINGS or VIEWS */
};

struct tarn_vector {
    const struct tarn_type *type; /**< borrowed: lives as long as the schema it is of */
    enum tarn_shape shape;
    uint32_t length;
    /** Bit set: the row has a value. NULL: none is null. Also for CONSTANT and RUNS NULL: their child says. Slots of nulls are zero. */
    const uint8_t *validity;

    union {
        const void *values;    /**< FLAT */
        const void *offsets;   /**< STRINGS, LIST: uint32_t, or uint64_t when `wide_offsets`; the first need not be 0 */
        const uint32_t *codes; /**< DICTIONARY; 0 where null */
        const uint32_t *ends;  /**< RUNS: ascending, exclusive, the last is `length` */
        const struct tarn_string_view *views;
    } u;
    bool wide_offsets;
    const uint8_t *bytes; /**< STRINGS */
    const struct tarn_dictionary *dictionary;
    uint32_t run_count;
    uint32_t child_count;
    struct tarn_vector *const *children; /**< LIST, STRUCT; CONSTANT and RUNS: one */
    uint32_t view_buffer_count;
    struct tarn_buffer *const *view_buffers;
};

enum tarn_selection_kind {
    TARN_SELECT_ALL = 0,
    TARN_SELECT_POSITIONS, /**< ascending, distinct */
    TARN_SELECT_MASK,      /**< bit set: selected */
};

/** Some of the rows 0 .. `rows`-1. Borrowed memory. */
struct tarn_selection {
    enum tarn_selection_kind kind;
    uint32_t rows;  /**< of what is selected from */
    uint32_t count; /**< selected */
    union {
        const uint32_t *positions;
        const uint8_t *mask;
    } u;
};

/** Columns of equal length, and optionally which of their rows count. Borrowed from whoever produced it unless retained. */
struct tarn_batch {
    const struct tarn_schema *schema; /**< one field a column */
    uint32_t length;                  /**< rows of each column */
    uint32_t column_count;
    struct tarn_vector *const *columns;
    struct tarn_selection selection; /**< rows == length */
};

/** Rows of a batch that a source gives when nothing else is asked for. */
enum { TARN_BATCH_ROWS = 8192 };

TARN_BEGIN_DECLS

static inline struct tarn_selection tarn_selection_all(uint32_t rows)
{
    struct tarn_selection all;
    all.kind = TARN_SELECT_ALL;
    all.rows = rows;
    all.count = rows;
    all.u.mask = NULL;
    return all;
}

TARN_API struct tarn_vector *tarn_vector_retain(struct tarn_vector *vector);
/** NULL is legal. */
TARN_API void tarn_vector_release(struct tarn_vector *vector);

/** Is row `row` null, whatever the shape? `row` < length. */
TARN_API bool tarn_vector_is_null(const struct tarn_vector *vector, uint32_t row);

/** The bytes of row `row` of a vector of kind BYTES or FIXED, whatever the shape; empty where null. Borrowed from the vector. */
TARN_API struct tarn_text tarn_vector_text(const struct tarn_vector *vector, uint32_t row);

/**
 * Row `row` as SQL shows it (nothing for a null): writes at most `size` bytes with the terminator, returns the length of the whole text.
 */
TARN_API size_t tarn_vector_format(struct tarn_env *env, const struct tarn_vector *vector, uint32_t row, char *buffer, size_t size);

/** The number of nulls. Cost: the length, for most shapes. */
TARN_API uint32_t tarn_vector_null_count(const struct tarn_vector *vector);

/** A batch that owns references on its columns and schema. Errors: INVALID (lengths differ), NOMEM. */
TARN_CALL tarn_batch_make(struct tarn_env *env, const struct tarn_schema *schema, uint32_t length, struct tarn_vector *const *columns,
                          struct tarn_batch **out, struct tarn_error *err);
TARN_API struct tarn_batch *tarn_batch_retain(struct tarn_batch *batch);
TARN_API void tarn_batch_release(struct tarn_batch *batch);

TARN_END_DECLS

#endif
