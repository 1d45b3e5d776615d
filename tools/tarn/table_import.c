/* SPDX-License-Identifier: Apache-2.0
 *
 * Files into a table.
 *
 * Invariants
 *  1. Nothing is committed before every row of every file has been taken in; a failed import leaves no table and no version.
 *  2. A type that was inferred and is broken by a later row is widened and the import begun anew, when the file can be read again; standard
 *     input cannot, and the message then says which --schema to give.
 */
#include "tools/tarn/table_import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tarn/alter.h"

enum { MOST_WIDENINGS = 1000 }; /* each widens at least one column one step: far fewer are possible */

static struct tarn_text table_text(const struct table_import *import)
{
    return (struct tarn_text){import->table, strlen(import->table)};
}

/* ---- does it fit? ---- */

static bool fields_match(const struct tarn_schema *table, const struct tarn_schema *input)
{
    bool same = table->field_count == input->field_count;
    for (uint32_t i = 0; same && i < table->field_count; i++) {
        const struct tarn_field *a = &table->fields[i];
        const struct tarn_field *b = &input->fields[i];
        same = a->name.size == b->name.size && memcmp(a->name.data, b->name.data, a->name.size) == 0 && tarn_type_equal(a->type, b->type);
    }
    return same;
}

/*
 * The schema to read a text file with so that it fits the table: the file's columns in their order, with the table's types. Objects of JSON
 * may leave members out, so there the table's other columns follow; in CSV a missing column is a mistake.
 */
static enum tarn_status schema_for_table(const struct table_import *import, const struct input *input, struct tarn_schema **out,
                                         struct tarn_error *err)
{
    const struct tarn_schema *table = tarn_snapshot_schema(import->snapshot);
    const struct tarn_schema *file = tarn_source_schema(input->source);
    struct tarn_field *fields = calloc((size_t)file->field_count + table->field_count + 1, sizeof(*fields));
    uint32_t count = 0;
    *out = NULL;
    if (fields == NULL) {
        return TARN_NOMEM;
    }
    for (; count < file->field_count; count++) {
        const int32_t at = tarn_fields_find(table->field_count, table->fields, file->fields[count].name);
        fields[count] = file->fields[count];
        if (at >= 0) {
            fields[count].type = table->fields[at].type;
        }
    }
    for (uint32_t i = 0; input->format == TARN_FILE_JSON && i < table->field_count; i++) {
        if (tarn_fields_find(file->field_count, file->fields, table->fields[i].name) < 0) {
            fields[count++] = table->fields[i];
        }
    }
    const enum tarn_status status = tarn_schema_make(import->env, count, fields, 0, NULL, out, err);
    free(fields);
    return status;
}

/* ---- one try ---- */

static enum tarn_status replace_where(const struct table_import *import, struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn_expr *predicate = NULL;
    TARN_TOOL_TRY(tarn_predicate_parse(import->env, tarn_transaction_schema(transaction), import->replace_where, &predicate, err));
    const enum tarn_status status = tarn_transaction_replace_where(transaction, predicate, tarn_query_expr_host(), err);
    tarn_expr_release(predicate);
    return status;
}

/* What the rows take the place of. */
static enum tarn_status take_out(const struct table_import *import, struct tarn_transaction *transaction, struct tarn_error *err)
{
    switch (import->mode) {
    case IMPORT_OVERWRITE:
        return tarn_transaction_remove_all(transaction, err);
    case IMPORT_OVERWRITE_PARTITIONS:
        return tarn_transaction_replace_partitions(transaction, err);
    case IMPORT_REPLACE_WHERE:
        return replace_where(import, transaction, err);
    default:
        return TARN_OK;
    }
}

/* The table takes columns of the inputs, before their rows. */
static enum tarn_status take_schemas(const struct table_import *import, struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn_table_change change = TARN_TABLE_CHANGE_INIT;
    struct tarn_column_name *columns = calloc((size_t)import->partition_column_count + 1, sizeof(*columns));
    enum tarn_status status = columns != NULL ? TARN_OK : TARN_NOMEM;
    change.flag = true;
    for (uint32_t i = 0; status == TARN_OK && i < import->partition_column_count; i++) {
        columns[i] = (struct tarn_column_name){1, &import->partition_columns[i]};
    }
    if (status == TARN_OK && import->overwrite_schema) {
        change.kind = TARN_CHANGE_REPLACE_SCHEMA;
        change.schema = tarn_source_schema(import->inputs[0].source);
        change.columns = columns;
        change.column_count = import->partition_column_count;
        status = tarn_transaction_alter(transaction, &change, err);
    }
    change.kind = TARN_CHANGE_MERGE_SCHEMA;
    for (size_t i = 0; status == TARN_OK && import->merge_schema && i < import->count; i++) {
        change.schema = tarn_source_schema(import->inputs[i].source);
        status = tarn_transaction_alter(transaction, &change, err);
    }
    free(columns);
    return status;
}

static enum tarn_status begin_transaction(struct table_import *import, struct tarn_transaction **out, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    *out = NULL;
    options.operation = import->exists ? "WRITE" : "CREATE TABLE AS SELECT";
    options.parameters = !import->exists                 ? TARN_TEXT("{\"mode\":\"ErrorIfExists\"}")
                         : import->mode == IMPORT_APPEND ? TARN_TEXT("{\"mode\":\"Append\"}")
                                                         : TARN_TEXT("{\"mode\":\"Overwrite\"}");
    options.app_id = import->app_id;
    options.app_version = import->app_version;
    options.user_metadata = import->user_metadata;
    if (import->exists) {
        TARN_TOOL_TRY(tarn_transaction_open(import->snapshot, &options, out, err));
        TARN_TOOL_TRY(take_out(import, *out, err));
        return take_schemas(import, *out, err);
    }
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.partition_column_count = import->partition_column_count;
    create.partition_columns = import->partition_columns;
    create.format = import->format;
    create.schema = tarn_source_schema(import->inputs[0].source);
    create.narrow = true;
    return tarn_transaction_create(import->env, table_text(import), &create, &options, out, err);
}

/* A table may have its columns in another order, and no word for some of the file's types. */
static enum tarn_status sink_for(struct tarn_transaction *transaction, const struct tarn_schema *file, struct tarn_sink **out,
                                 struct tarn_error *err)
{
    return fields_match(tarn_transaction_schema(transaction), file) ? tarn_transaction_sink(transaction, out, err)
                                                                    : tarn_transaction_sink_from(transaction, file, true, out, err);
}

static enum tarn_status take_in(struct table_import *import, struct tarn_transaction *transaction, size_t *failed, struct tarn_error *err)
{
    import->rows = 0;
    for (size_t i = 0; i < import->count; i++) {
        struct input *input = &import->inputs[i];
        struct tarn_batches *batches = NULL;
        struct tarn_sink *sink = NULL;
        uint64_t taken = 0;
        *failed = i;
        enum tarn_status status = tarn_source_batches(input->source, NULL, &batches, err);
        status = status == TARN_OK ? sink_for(transaction, tarn_source_schema(input->source), &sink, err) : status;
        if (status == TARN_OK) {
            status = import->copy != NULL ? import->copy(import->arg, input, batches, sink, &taken, err)
                                          : tarn_batches_copy(batches, sink, &taken, err);
        }
        if (batches != NULL) {
            batches->close(batches);
        }
        TARN_TOOL_TRY(status);
        import->rows += taken;
    }
    return TARN_OK;
}

/* *again: a type was widened, and another try may succeed. */
static enum tarn_status import_once(struct table_import *import, bool *again, struct tarn_error *err)
{
    struct tarn_transaction *transaction = NULL;
    size_t failed = 0;
    *again = false;
    enum tarn_status status = begin_transaction(import, &transaction, err);
    status = status == TARN_OK ? take_in(import, transaction, &failed, err) : status;
    if (status == TARN_OK) {
        return tarn_transaction_commit(transaction, &import->result, err);
    }
    tarn_transaction_abort(transaction);

    struct input *input = &import->inputs[failed];
    struct tarn_schema *wider = NULL;
    if (status != TARN_INVALID || input->source == NULL || !tarn_source_wider_schema(input->source, &wider)) {
        return status;
    }
    if (strcmp(input->path, "-") == 0 || import->exists) {
        tarn_schema_release(wider);
        return status;
    }
    if (import->widened != NULL) {
        import->widened(import->arg, input);
    }
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status reopened = input_open_file(input, wider, &local);
    tarn_schema_release(input->schema);
    input->schema = wider;
    if (reopened != TARN_OK) {
        *err = local;
        return reopened;
    }
    *again = true;
    return status;
}

/* ---- the steps ---- */

enum tarn_status table_import_look(struct table_import *import, struct tarn_error *err)
{
    const char *format = NULL;
    import->folder_is_new = access(import->table, F_OK) != 0;
    const enum tarn_status status = tarn_table_detect(import->env, table_text(import), &format, err);
    if (status != TARN_OK && status != TARN_NOT_FOUND) {
        return status;
    }
    import->exists = status == TARN_OK && format != NULL;
    if (!import->exists) {
        return TARN_OK;
    }
    if (import->mode == IMPORT_ERROR) {
        tool_error(err, TARN_EXISTS, "table", "the table is already there");
        snprintf(err->object, sizeof(err->object), "%s", import->table);
        return TARN_EXISTS;
    }
    return tarn_snapshot_load(import->env, table_text(import), NULL, &import->snapshot, err);
}

enum tarn_status table_import_fit(struct table_import *import, struct tarn_error *err)
{
    for (size_t i = 0; import->snapshot != NULL && !import->overwrite_schema && i < import->count; i++) {
        struct input *input = &import->inputs[i];
        struct tarn_schema *schema = NULL;
        if (input_is_typed(input) || strcmp(input->path, "-") == 0) {
            continue;
        }
        enum tarn_status status = schema_for_table(import, input, &schema, err);
        status = status == TARN_OK ? input_open_file(input, schema, err) : status;
        tarn_schema_release(schema);
        TARN_TOOL_TRY(status);
    }
    return TARN_OK;
}

enum tarn_status table_import_run(struct table_import *import, struct tarn_error *err)
{
    bool again = true;
    enum tarn_status status = TARN_OK;
    for (int tries = 0; again && tries <= MOST_WIDENINGS; tries++) {
        status = import_once(import, &again, err);
    }
    return status;
}

void table_import_end(struct table_import *import, bool failed)
{
    tarn_snapshot_close(import->snapshot);
    import->snapshot = NULL;
    if (failed && import->folder_is_new) {
        rmdir(import->table); /* stays when anything is in it */
    }
}
