/* SPDX-License-Identifier: Apache-2.0
 *
 * Dictionaries of a stream or file, as they come: new, longer, replaced. Specification: Arrow "Columnar format", "Dictionary messages".
 * SPEC: X-IPC-8.
 *
 * Invariants
 *  1. Vectors over a dictionary that is replaced or made longer keep the one that they were made over.
 */
#include "format/arrow_ipc/ipc_array.h"

#include "format/base/bytes.h"
#include "format/batch/flatten.h"

/* Old entries, then new ones: a dictionary of its own. Takes `more` over. */
static enum tarn_status append(const struct tarn__ipc_array_reader *reader, const struct tarn_type *type, struct tarn__arrow_values *values,
                               struct tarn_vector *more, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *const parts[] = {values->vector, more};
    const enum tarn_status status = tarn__vector_concat(reader->env, type, 2, parts, NULL, out, err);
    tarn_vector_release(more);
    return status;
}

enum tarn_status tarn__ipc_dictionary_read(const struct tarn__ipc_array_reader *reader, const struct tarn__ipc_schema *schema,
                                           const struct tarn__ipc_message *message, const bool *wanted, bool file, struct tarn_error *err)
{
    const int64_t id = tarn__flat_integer(&message->header, TARN__IPC_DICTIONARY_ID, 8, 0);
    const bool delta = tarn__flat_integer(&message->header, TARN__IPC_DICTIONARY_DELTA, 1, 0) != 0;
    const struct tarn__flat_table data = tarn__flat_table_at(&message->header, TARN__IPC_DICTIONARY_DATA);
    const uint32_t index = tarn__ipc_dictionary_find(schema, id);
    struct tarn__ipc_records records;
    struct tarn__ipc_place place;
    struct tarn_vector *vector;
    if (data.vtable_size == 0 || index == UINT32_MAX) {
        return tarn__ipc_damaged(err, message->at, "an Arrow dictionary has no values, or is of no field (id %lld)", (long long)id);
    }
    if (!wanted[index]) {
        return TARN_OK;
    }
    struct tarn__arrow_values *values = &reader->values[index];
    const struct tarn__ipc_dictionary *dictionary = &schema->dictionaries[index];
    struct ArrowSchema *columns[] = {(struct ArrowSchema *)(uintptr_t)&dictionary->values->schema};
    if ((values->vector == NULL && delta) || (values->vector != NULL && !delta && file)) {
        return tarn__ipc_damaged(err, message->at, "an Arrow %s dictionary %lld %s", delta ? "stream has a delta of" : "file replaces",
                                 (long long)id, delta ? "before the dictionary itself" : "that it has already");
    }
    TARN_RETURN_IF_ERROR(tarn__ipc_records_read(message, &data, &records, err));
    TARN_RETURN_IF_ERROR(tarn__ipc_places(&records, 1, columns, &place, err));
    TARN_RETURN_IF_ERROR(tarn__ipc_column_read(reader, &records, columns[0], &dictionary->schema->fields[0], &place, &vector, err));
    if (delta) {
        TARN_RETURN_IF_ERROR(append(reader, dictionary->schema->fields[0].type, values, vector, &vector, err));
    }
    tarn__arrow_values_release(values);
    return tarn__arrow_values_make(reader->env, vector, values) ? TARN_OK : tarn__nomem(reader->env, err, 0);
}
