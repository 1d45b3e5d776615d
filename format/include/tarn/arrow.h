/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_ARROW_H
#define TARN_ARROW_H

#include "tarn/cursor.h"
#include "tarn/sink.h"

/*
 * The border: Arrow C Data and C Stream interface, in and out. The structs are those of the Arrow specification ("The Arrow C data
 * interface"), under its own guards, so that any other header that defines them may be included too.
 *
 * Export copies nothing where the layouts agree; an exported array holds references and may be released on any thread, also after
 * tarn_env_close. Import validates before anything is trusted (INVALID with the path of the array), and keeps the array alive.
 */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/** How strings and dictionaries leave. */
enum tarn_arrow_strings {
    TARN_ARROW_UTF8 = 0, /**< 32-bit offsets; batches are cut so that they suffice */
    TARN_ARROW_LARGE_UTF8 = 1,
    TARN_ARROW_UTF8_VIEW = 2,
};

struct tarn_arrow_options {
    uint32_t size;
    enum tarn_arrow_strings strings;
    bool keep_dictionaries; /**< dictionary vectors leave as dictionary arrays of 32-bit codes, else spread out */
    uint32_t batch_rows;    /**< 0: TARN_BATCH_ROWS * 8 */
};

#define TARN_ARROW_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_arrow_options), TARN_ARROW_UTF8, false, 0                                                                       \
    }

/** Errors: NOMEM, UNSUPPORTED (a type that Arrow has no word for). */
TARN_CALL tarn_arrow_export_schema(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_arrow_options *options,
                                   struct ArrowSchema *out, struct tarn_error *err);
/** The selected rows of a batch as one struct array. */
TARN_CALL tarn_arrow_export_batch(struct tarn_env *env, const struct tarn_batch *batch, const struct tarn_arrow_options *options,
                                  struct ArrowArray *out, struct tarn_error *err);

TARN_CALL tarn_arrow_import_schema(struct tarn_env *env, const struct ArrowSchema *schema, struct tarn_schema **out,
                                   struct tarn_error *err);
/** Takes `array` over (its release is NULL afterwards), also when it fails. `schema` is what import_schema gave for its ArrowSchema. */
TARN_CALL tarn_arrow_import_batch(struct tarn_env *env, const struct tarn_schema *schema, const struct ArrowSchema *arrow_schema,
                                  struct ArrowArray *array, struct tarn_batch **out, struct tarn_error *err);

/**
 * Rows as batches, pulled one by one: what a query gives, below the Arrow stream. `next` gives a borrowed batch, valid until the next
 * call; NULL at the end.
 */
struct tarn_batches {
    struct tarn_env *env;
    const struct tarn_schema *schema;
    enum tarn_status (*next)(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err);
    void (*close)(struct tarn_batches *batches);
};

/** A stream over batches; takes them over. */
TARN_CALL tarn_arrow_export_stream(struct tarn_batches *batches, const struct tarn_arrow_options *options, struct ArrowArrayStream *out,
                                   struct tarn_error *err);
/** A host's stream as batches; takes `stream` over (its release is NULL afterwards). */
TARN_CALL tarn_arrow_import_stream(struct tarn_env *env, struct ArrowArrayStream *stream, struct tarn_batches **out,
                                   struct tarn_error *err);

/** The full error behind a stream of tarn's whose get_next returned an errno. False: not a stream of tarn's, or no error. */
TARN_API bool tarn_stream_error(struct ArrowArrayStream *stream, struct tarn_error *err);

/** All rows of a source, task after task, as batches: the selected paths in order, or every top-level column when `request` is NULL. */
TARN_CALL tarn_source_batches(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_batches **out,
                              struct tarn_error *err);

/**
 * Batches as a source of one task that can be opened once: what reads sources (a query, see tarn_query_options.sources) then reads a
 * host's stream. Takes them over, also when it fails. Nothing is pruned. Errors: NOMEM.
 */
TARN_CALL tarn_batches_source(struct tarn_batches *batches, struct tarn_source **out, struct tarn_error *err);

/** Writes all batches to a sink, with finish; aborts it on failure. Takes neither over, but the sink has ended. */
TARN_CALL tarn_batches_copy(struct tarn_batches *batches, struct tarn_sink *sink, uint64_t *rows, struct tarn_error *err);

#ifdef __cplusplus
}
#endif

#endif
