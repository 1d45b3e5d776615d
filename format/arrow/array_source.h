/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_ARRAY_SOURCE_H
#define TARN_FORMAT_ARROW_ARRAY_SOURCE_H

#include <stdatomic.h>

#include "format/arrow/arrow_import.h"
#include "format/base/buffer.h"
#include "format/base/bytes.h"
#include "format/batch/vector.h"

/*
 * An ArrowArray on its way in: what the importers of its layouts share. Each takes over the reference on `validity` that it is given, also
 * when it fails, and gives a new vector.
 */

enum { TARN__ARROW_MOST_ROWS = INT32_MAX };

/** The array, alive until the last buffer that shows its memory goes. */
struct tarn__arrow_holder {
    struct tarn_env *env;
    struct ArrowArray array;
    atomic_uint_fast32_t references;
};

struct tarn__arrow_importer {
    struct tarn_env *env;
    struct tarn__arrow_holder *holder;
    struct tarn_error *err;
};

/** Rows of an array, checked as far as all layouts go. */
struct tarn__arrow_source {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    const struct tarn_type *type;
    struct tarn__arrow_format format;
    uint64_t at; /* first row wanted, in the buffers */
    uint32_t length;
};

static inline bool tarn__arrow_is_null(const struct tarn_buffer *validity, uint32_t row)
{
    return validity != NULL && !tarn__bit_get(validity->data, row);
}

/** Rows of an array that may be missing. */
static inline uint64_t tarn__arrow_length(const struct ArrowArray *array)
{
    return array != NULL && array->length > 0 ? (uint64_t)array->length : 0;
}

void tarn__arrow_holder_release(void *arg);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_nomem(const struct tarn__arrow_importer *importer);
/** INVALID: what about the array is not as its layout demands. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_refuse(const struct tarn__arrow_importer *importer, const char *what);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_refuse_row(const struct tarn__arrow_importer *importer, uint32_t row, const char *what);
/** The vector, or NOMEM when it is NULL. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_made(const struct tarn__arrow_importer *importer, struct tarn_vector *vector,
                                                   struct tarn_vector **out);
/** Foreign memory as a buffer that keeps the array. NULL: no memory. */
struct tarn_buffer *tarn__arrow_show(const struct tarn__arrow_importer *importer, const void *data, size_t size);

/** Opens rows `first`.. of `array`; everything that all layouts have in common is checked here. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_source_open(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                                          const struct ArrowArray *array, const struct tarn_type *type, uint64_t first,
                                                          uint64_t length, struct tarn__arrow_source *out);
/** The bitmap of the rows; *out NULL when none is null. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_validity(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                                       struct tarn_buffer **out);
/** length + 1 offsets that ascend to at most `limit`; the last one goes to *end. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_offsets(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                                      bool wide, uint64_t limit, struct tarn_buffer **out, uint64_t *end);

TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_bits(const struct tarn__arrow_importer *importer,
                                                          const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                          struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_fixed(const struct tarn__arrow_importer *importer,
                                                           const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                           struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_converted(const struct tarn__arrow_importer *importer,
                                                               const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                               struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_strings(const struct tarn__arrow_importer *importer,
                                                             const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                             struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_views(const struct tarn__arrow_importer *importer,
                                                           const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                           struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_struct(const struct tarn__arrow_importer *importer,
                                                            const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                            struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_list(const struct tarn__arrow_importer *importer,
                                                          const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                          struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_fixed_list(const struct tarn__arrow_importer *importer,
                                                                const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                                struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_list_views(const struct tarn__arrow_importer *importer,
                                                                const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                                struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_runs(const struct tarn__arrow_importer *importer,
                                                          const struct tarn__arrow_source *source, struct tarn_vector **out);
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_dictionary(const struct tarn__arrow_importer *importer,
                                                                const struct tarn__arrow_source *source, struct tarn_buffer *validity,
                                                                struct tarn_vector **out);

/** Any array, by the layout that its schema names. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_array(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                                           const struct ArrowArray *array, const struct tarn_type *type, uint64_t first,
                                                           uint64_t length, struct tarn_vector **out);

/** An array as a field: nulls only where it may have them, and errors that name it. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_member(const struct tarn__arrow_importer *importer, const struct ArrowSchema *schema,
                                                            const struct ArrowArray *array, const struct tarn_field *field, uint64_t first,
                                                            uint64_t length, struct tarn_vector **out);

#endif
