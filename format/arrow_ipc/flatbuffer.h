/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_FLATBUFFER_H
#define TARN_FORMAT_ARROW_IPC_FLATBUFFER_H

#include "format/base/text.h"

/*
 * Flatbuffers without a schema compiler: tables by slot number, read from bytes that nobody vouches for, and built.
 *
 * Reading never fails on the spot: what lies outside of the buffer reads as absent and marks the buffer as damaged, so that a caller reads
 * all that it wants and looks at `damaged` once. Nothing is copied: tables, vectors and strings point into the bytes.
 * Building goes from front to back: a table first, then what it refers to, each reference filled in when its target is begun.
 * Threads: single.
 */

/* ---- reading ---- */

struct tarn__flat {
    const uint8_t *data;
    size_t size;
    bool damaged;
    size_t damaged_at; /**< where the first damage was seen */
};

struct tarn__flat_table {
    struct tarn__flat *flat;
    size_t at;
    size_t size; /**< of the table's inline part */
    size_t vtable;
    size_t vtable_size; /**< 0: no table, every field is absent */
};

/** `count` elements inside of the buffer; none when it is absent. */
struct tarn__flat_vector {
    struct tarn__flat *flat;
    size_t at; /**< of the first element */
    uint32_t count;
};

/** The root table of a buffer. */
struct tarn__flat_table tarn__flat_root(struct tarn__flat *flat);
bool tarn__flat_has(const struct tarn__flat_table *table, unsigned slot);
int64_t tarn__flat_integer(const struct tarn__flat_table *table, unsigned slot, unsigned width, int64_t otherwise);
/** A table without fields when it is absent. */
struct tarn__flat_table tarn__flat_table_at(const struct tarn__flat_table *table, unsigned slot);
struct tarn_text tarn__flat_string(const struct tarn__flat_table *table, unsigned slot);
struct tarn__flat_vector tarn__flat_vector(const struct tarn__flat_table *table, unsigned slot, size_t element_size);
/** Element `i` < count of a vector of tables. */
struct tarn__flat_table tarn__flat_element(const struct tarn__flat_vector *vector, uint32_t i);
/** Number `word` of element `i` of a vector of structs (or scalars) of `element_size` bytes. */
static inline int64_t tarn__flat_int64(const struct tarn__flat_vector *vector, size_t element_size, uint32_t i, size_t at)
{
    return (int64_t)tarn__load64(vector->flat->data + vector->at + i * element_size + at);
}

/* ---- building ---- */

enum { TARN__FLAT_SLOTS = 8 };

/** A table that was begun: where its fields lie (0: absent), for the puts below. */
struct tarn__flat_place {
    size_t at;
    size_t field[TARN__FLAT_SLOTS];
};

/** Begins a buffer: the reference to its root, to be given to the table that is it. `builder` must be empty. */
size_t tarn__flat_begin(struct tarn_text_builder *builder);
/** A table of `count` fields of these widths (0: absent, else 1, 2, 4, 8; a reference is 4), all zero; `reference` is made to point at it.
 */
struct tarn__flat_place tarn__flat_put_table(struct tarn_text_builder *builder, size_t reference, unsigned count, const uint8_t *widths);
void tarn__flat_put_integer(struct tarn_text_builder *builder, size_t at, unsigned width, int64_t value);
void tarn__flat_put_string(struct tarn_text_builder *builder, size_t reference, struct tarn_text text);
/** A vector of zeros; gives where the first element lies. Element i of a vector of references is the reference at + 4 * i. */
size_t tarn__flat_put_vector(struct tarn_text_builder *builder, size_t reference, uint32_t count, size_t element_size);
/** Zeros up to a multiple of `alignment`. */
void tarn__flat_align(struct tarn_text_builder *builder, size_t alignment);

#endif
