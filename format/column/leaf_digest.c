/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests of leaves. Checksums are CRC-32, which go on where they stopped: the cuts between calls leave no trace.
 */
#include "format/column/leaf_digest.h"

#include "format/base/alloc.h"
#include "format/base/checked.h"
#include "format/base/hash.h"

enum { STEP = 4096 };

void tarn__leaf_digest_free(struct tarn__leaf_digest *digest)
{
    tarn__free(digest->env, digest->scratch);
    tarn__free(digest->env, digest->rows);
    *digest = (struct tarn__leaf_digest){.env = digest->env};
}

static uint32_t add_levels(uint32_t sum, const uint16_t *levels, uint16_t same, size_t n)
{
    uint8_t bytes[STEP];

    for (size_t done = 0; done < n;) {
        const size_t count = tarn__min_size(n - done, STEP);
        for (size_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)(levels != NULL ? levels[done + i] : same);
        }
        sum = tarn__crc32(sum, bytes, count);
        done += count;
    }
    return sum;
}

void tarn__leaf_digest_levels(struct tarn__leaf_digest *digest, const uint16_t *definition, const uint16_t *repetition,
                              uint16_t same_definition, size_t slots)
{
    digest->sums.slots += slots;
    digest->sums.definition = add_levels(digest->sums.definition, definition, same_definition, slots);
    digest->sums.repetition = add_levels(digest->sums.repetition, repetition, 0, slots);
}

void tarn__leaf_digest_levels8(struct tarn__leaf_digest *digest, const uint8_t *definition, const uint8_t *repetition, size_t slots)
{
    if (slots != 0) {
        digest->sums.slots += slots;
        digest->sums.definition = tarn__crc32(digest->sums.definition, definition, slots);
        digest->sums.repetition = tarn__crc32(digest->sums.repetition, repetition, slots);
    }
}

static void add_texts(struct tarn__leaf_digest *digest, struct tarn__leaf_values values, size_t n)
{
    uint32_t sum = digest->sums.bytes;

    for (size_t i = 0; i < n; i++) {
        const struct tarn_text text = tarn__vector_leaf_text(values.vector, tarn__leaf_row(&values, i));
        uint8_t length[sizeof(uint32_t)];
        tarn__store32(length, (uint32_t)text.size);
        sum = tarn__crc32(sum, length, sizeof(length));
        sum = text.size != 0 ? tarn__crc32(sum, text.data, text.size) : sum;
    }
    digest->sums.bytes = sum;
}

/* One byte a value. */
static void add_bits(struct tarn__leaf_digest *digest, struct tarn__leaf_values values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t bit = 0;
        tarn__leaf_store_bits(tarn__leaf_values_from(values, i), 1, &bit, 0);
        digest->sums.bytes = tarn__crc32(digest->sums.bytes, &bit, 1);
    }
}

static enum tarn_status add_step(struct tarn__leaf_digest *digest, const struct tarn__leaf_form *form, struct tarn__leaf_values values,
                                 size_t n, struct tarn_error *err)
{
    if (values.vector->shape == TARN_SHAPE_DICTIONARY) {
        if (!tarn__grow(digest->env, &digest->rows, &digest->row_capacity, n, sizeof(*digest->rows))) {
            return tarn__nomem(digest->env, err, n * sizeof(*digest->rows));
        }
        for (size_t i = 0; i < n; i++) {
            digest->rows[i] = values.vector->u.codes[tarn__leaf_row(&values, i)];
        }
        values = (struct tarn__leaf_values){values.vector->dictionary->values, digest->rows, 0};
    }
    if (form->kind == TARN_KIND_BYTES) {
        add_texts(digest, values, n);
    } else if (form->kind == TARN_KIND_BOOL) {
        add_bits(digest, values, n);
    } else {
        if (!tarn__grow(digest->env, &digest->scratch, &digest->scratch_capacity, n * form->width, 1)) {
            return tarn__nomem(digest->env, err, n * form->width);
        }
        TARN_RETURN_IF_ERROR(tarn__leaf_store(form, values, n, digest->scratch, err));
        digest->sums.bytes = tarn__crc32(digest->sums.bytes, digest->scratch, n * form->width);
    }
    return TARN_OK;
}

enum tarn_status tarn__leaf_digest_values(struct tarn__leaf_digest *digest, const struct tarn__leaf_form *form,
                                          struct tarn__leaf_values values, size_t n, struct tarn_error *err)
{
    digest->sums.values += n;
    for (size_t done = 0; done < n && form->kind != TARN_KIND_NULL;) {
        const size_t count = tarn__min_size(n - done, STEP);
        TARN_RETURN_IF_ERROR(add_step(digest, form, tarn__leaf_values_from(values, done), count, err));
        done += count;
    }
    return TARN_OK;
}
