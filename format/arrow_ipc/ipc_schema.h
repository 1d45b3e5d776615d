/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_SCHEMA_H
#define TARN_FORMAT_ARROW_IPC_IPC_SCHEMA_H

#include "format/arrow/arrow_import.h"
#include "format/arrow_ipc/ipc_types.h"
#include "format/base/arena.h"

/*
 * The schema of an IPC stream or file: Schema.fbs as an ArrowSchema, which format/arrow understands, and back.
 *
 * Ownership: a schema that was read owns all that it points to, and its ArrowSchema is never released by anyone else.
 * Threads: immutable once read; any.
 */

/** A field. Its children are such fields too, and so is what `schema.dictionary` points to. */
struct tarn__ipc_field {
    struct ArrowSchema schema; /**< first: the addresses are one */
    struct tarn__arrow_format format;
    uint32_t dictionary; /**< number of the dictionary of its codes, when schema.dictionary is not NULL */
    uint32_t nodes;      /**< of the field and what is below it, in a record batch */
};

struct tarn__ipc_dictionary {
    int64_t id;
    const struct tarn__ipc_field *values;
    struct tarn_schema *schema; /**< one column: the values, all nullable */
};

struct tarn__ipc_schema {
    struct tarn_arena arena;
    struct tarn__ipc_field *root; /**< a struct of the columns */
    struct tarn_schema *schema;
    uint32_t dictionary_count;
    uint32_t dictionary_room;
    struct tarn__ipc_dictionary *dictionaries;
};

static inline const struct tarn__ipc_field *tarn__ipc_field_of(const struct ArrowSchema *schema)
{
    return (const struct tarn__ipc_field *)(const void *)schema;
}

/**
 * Reads a Schema table. `out` is to be closed also when it fails. Errors: CORRUPT, UNSUPPORTED (arrow.big_endian, arrow.type, arrow.union,
 * arrow.format, arrow.duplicate_name), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_schema_read(struct tarn_env *env, const struct tarn__flat_table *table,
                                                        struct tarn__ipc_schema *out, struct tarn_error *err);
void tarn__ipc_schema_close(struct tarn__ipc_schema *schema);

/** Number of the dictionary with this id; UINT32_MAX: no field has it. */
uint32_t tarn__ipc_dictionary_find(const struct tarn__ipc_schema *schema, int64_t id);

/** Puts a Schema table for `schema`, whose dictionary columns get their positions as ids. */
void tarn__ipc_schema_put(struct tarn_text_builder *builder, size_t reference, const struct ArrowSchema *schema);

/** CORRUPT, for what an import said about an array or schema that came from a file; other errors stay. */
enum tarn_status tarn__ipc_blame_file(enum tarn_status status, struct tarn_error *err);

#endif
