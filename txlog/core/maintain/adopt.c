/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of Parquet files made into a table in place: one commit that names them. Nothing is moved or written but the log.
 *
 * Invariants
 *  1. Every file whose name says that it is Parquet, and that no hidden name leads to, is a file of the table. One that cannot be read, or
 *     does not fit the others, ends the call with its name, and there is no table.
 *  2. Partition values are those of the folders' names, decoded; a column of that name in the files does not count.
 *  3. A column of the table has the type that the files have: none is converted, since files stay what they are.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "tarn/maintain.h"
#include "tarn/reader.h"
#include "txlog/core/commit.h"
#include "txlog/core/maintain/adopt_statistics.h"

enum { MOST_PARTITIONS = 32 };

static const struct tarn_type long_type = {.id = TARN_TYPE_I64};
static const struct tarn_type date_type = {.id = TARN_TYPE_DATE};
static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};

/* A folder "name=value" on the way to a file, decoded. */
struct folder {
    struct tarn_text name;
    struct tarn_text value;
    bool is_null;
};

struct adopted_file {
    struct tarn_text key;
    uint64_t size;
    int64_t modified;
    struct folder *folders;
};

struct adoption {
    struct tarn_env *env;
    struct tarn_adopt_options options;
    struct tarn_adopt_result *result;
    struct tarn_store *store;
    struct tarn_arena arena;
    struct adopted_file *files;
    size_t count;
    uint32_t partition_count;
    struct tarn_text partitions[MOST_PARTITIONS];
    const struct tarn_type *partition_types[MOST_PARTITIONS];
    struct tarn_field *fields;
    uint32_t field_count;
    struct tarn_schema *schema;
    struct tarn_schema **sources; /* schemas that types were taken of */
    size_t source_count;
};

/* ---- files and their folders ---- */

static enum tarn_status decode(struct adoption *a, struct tarn_text text, struct tarn_text *out, struct tarn_error *err)
{
    char *to = tarn__arena_alloc(&a->arena, text.size + 1);
    size_t size = 0;
    if (to == NULL) {
        return tarn__nomem(a->env, err, text.size);
    }
    for (size_t i = 0; i < text.size; i++) {
        const int high = text.data[i] == '%' && i + 2 < text.size ? tarn__hex_value(text.data[i + 1]) : -1;
        const int low = high >= 0 ? tarn__hex_value(text.data[i + 2]) : -1;
        to[size++] = low >= 0 ? (char)(high * 16 + low) : text.data[i];
        i += low >= 0 ? 2 : 0;
    }
    *out = (struct tarn_text){to, size};
    return TARN_OK;
}

/* The folders of a key that are partitions; all files must have the same. */
static enum tarn_status read_folders(struct adoption *a, struct adopted_file *file, struct tarn_error *err)
{
    struct tarn_text rest = file->key;
    struct folder folders[MOST_PARTITIONS];
    uint32_t count = 0;
    const char *slash;
    while ((slash = memchr(rest.data, '/', rest.size)) != NULL) {
        const struct tarn_text segment = {rest.data, (size_t)(slash - rest.data)};
        const char *equals = memchr(segment.data, '=', segment.size);
        rest = (struct tarn_text){slash + 1, rest.size - segment.size - 1};
        if (equals == NULL || equals == segment.data) {
            continue;
        }
        if (count == MOST_PARTITIONS) {
            return tarn__error_set(err, TARN_LIMIT, "partitions", "files lie in more than %d folders of the form name=value",
                                   MOST_PARTITIONS);
        }
        struct folder *folder = &folders[count++];
        const struct tarn_text value = {equals + 1, (size_t)(segment.data + segment.size - equals - 1)};
        TARN_RETURN_IF_ERROR(decode(a, (struct tarn_text){segment.data, (size_t)(equals - segment.data)}, &folder->name, err));
        TARN_RETURN_IF_ERROR(decode(a, value, &folder->value, err));
        folder->is_null = tarn__text_equal(value, TARN_TEXT("__HIVE_DEFAULT_PARTITION__"));
    }
    bool same = a->count == 0 || count == a->partition_count;
    for (uint32_t i = 0; same && i < count; i++) {
        if (a->count == 0) {
            a->partitions[i] = folders[i].name;
        }
        same = tarn__text_equal(a->partitions[i], folders[i].name);
    }
    if (!same) {
        return tarn__invalid(err, "partition_layout", "the folders of this file are not the partitions of the files before it");
    }
    a->partition_count = count;
    file->folders = tarn__arena_calloc(&a->arena, (size_t)count + 1, sizeof(*file->folders));
    if (file->folders == NULL) {
        return tarn__nomem(a->env, err, count * sizeof(*file->folders));
    }
    memcpy(file->folders, folders, count * sizeof(*folders));
    return TARN_OK;
}

static bool is_hidden(struct tarn_text key)
{
    bool begins = true;
    for (size_t i = 0; i < key.size; i++) {
        if (begins && (key.data[i] == '.' || key.data[i] == '_')) {
            const char *slash = memchr(key.data + i, '/', key.size - i);
            const size_t size = slash != NULL ? (size_t)(slash - key.data) - i : key.size - i;
            if (slash == NULL || memchr(key.data + i, '=', size) == NULL) { /* a partition "_x=1" is none */
                return true;
            }
        }
        begins = key.data[i] == '/';
    }
    return false;
}

static enum tarn_status see_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct adoption *a = arg;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(a->env, err));
    const bool parquet =
        tarn__text_ends(key, TARN_TEXT(".parquet")) || tarn__text_ends(key, TARN_TEXT(".parq")) || tarn__text_ends(key, TARN_TEXT(".pq"));
    if (is_hidden(key)) {
        return TARN_OK;
    }
    if (!parquet || info->size == 0) {
        a->result->files_left++;
        return TARN_OK;
    }
    if (!tarn__arena_room(&a->arena, &a->files, a->count, sizeof(*a->files))) {
        return tarn__nomem(a->env, err, sizeof(*a->files));
    }
    struct adopted_file *file = &a->files[a->count];
    *file = (struct adopted_file){.key = tarn__arena_text(&a->arena, key), .size = info->size, .modified = info->modified};
    if (file->key.data == NULL) {
        return tarn__nomem(a->env, err, key.size);
    }
    const enum tarn_status status = read_folders(a, file, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        return status;
    }
    a->count++;
    return TARN_OK;
}

/* ---- the schema ---- */

static enum tarn_status merge_field(struct adoption *a, const struct tarn_field *field, bool first, struct tarn_error *err)
{
    for (uint32_t i = 0; i < a->field_count; i++) {
        struct tarn_field *there = &a->fields[i];
        if (!tarn__text_equal(there->name, field->name)) {
            continue;
        }
        if (!tarn_type_equal(there->type, field->type)) {
            char before[160];
            char now[160];
            tarn_type_format(there->type, before, sizeof(before));
            tarn_type_format(field->type, now, sizeof(now));
            tarn__invalid(err, "type",
                          "the column is %s here and %s in the files before: files are adopted as they are, so write them anew", now,
                          before);
            tarn__error_at_column(err, field->name);
            return TARN_INVALID;
        }
        there->nullable = there->nullable || field->nullable;
        return TARN_OK;
    }
    if (!tarn__arena_room(&a->arena, &a->fields, a->field_count, sizeof(*a->fields))) {
        return tarn__nomem(a->env, err, sizeof(*a->fields));
    }
    a->fields[a->field_count] =
        (struct tarn_field){.name = field->name, .type = field->type, .nullable = field->nullable || !first, .id = -1};
    a->field_count++;
    return TARN_OK;
}

static bool is_partition(const struct adoption *a, struct tarn_text name)
{
    for (uint32_t i = 0; i < a->partition_count; i++) {
        if (tarn__text_equal(a->partitions[i], name)) {
            return true;
        }
    }
    return false;
}

static enum tarn_status merge_file(struct adoption *a, size_t number, struct tarn_error *err)
{
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_source *source;
    options.wide_timestamps = TARN_WIDE_MICROS;
    options.arrow_schema = TARN_ARROW_SCHEMA_IGNORED;
    TARN_RETURN_IF_ERROR(tarn_parquet_open(a->store, a->files[number].key, &options, &source, err));
    struct tarn_schema *schema = tarn_schema_retain(tarn_source_schema(source));
    tarn_source_close(source);
    a->sources[a->source_count++] = schema;
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < schema->field_count; i++) {
        if (!is_partition(a, schema->fields[i].name)) {
            status = merge_field(a, &schema->fields[i], number == 0, err);
        }
    }
    for (uint32_t i = 0; status == TARN_OK && i < a->field_count; i++) { /* what this file lacks is null there */
        bool there = false;
        for (uint32_t f = 0; !there && f < schema->field_count; f++) {
            there = tarn__text_equal(schema->fields[f].name, a->fields[i].name);
        }
        a->fields[i].nullable = a->fields[i].nullable || !there;
    }
    return status;
}

/* A type that all values of a partition have: whole numbers, dates, else texts. */
static const struct tarn_type *infer_type(const struct adoption *a, uint32_t partition)
{
    bool numbers = true;
    bool dates = true;
    bool any = false;
    for (size_t i = 0; i < a->count; i++) {
        const struct folder *folder = &a->files[i].folders[partition];
        int64_t number;
        int32_t days;
        if (folder->is_null) {
            continue;
        }
        any = true;
        const bool padded = folder->value.size > 1 && folder->value.data[0] == '0'; /* "007" would come back as "7" */
        numbers = numbers && !padded && tarn__int64_parse(folder->value, &number) == TARN_PARSED;
        dates = dates && tarn__date_parse(folder->value, &days) == TARN_PARSED;
    }
    return any && numbers ? &long_type : any && dates ? &date_type : &string_type;
}

static enum tarn_status choose_partitions(struct adoption *a, struct tarn_error *err)
{
    const struct tarn_schema *given = a->options.partitions;
    if (given != NULL && given->field_count != a->partition_count) {
        return tarn__invalid(err, "partition_layout", "%u partition columns are given; the files lie in %u folders of the form name=value",
                             given->field_count, a->partition_count);
    }
    for (uint32_t i = 0; i < a->partition_count; i++) {
        if (given != NULL && !tarn__text_equal(given->fields[i].name, a->partitions[i])) {
            return tarn__invalid(err, "partition_layout", "partition %u is \"%.*s\" in the folders and \"%.*s\" as given", i + 1,
                                 TARN_TEXT_ARG(a->partitions[i]), TARN_TEXT_ARG(given->fields[i].name));
        }
        a->partition_types[i] = given != NULL ? given->fields[i].type : infer_type(a, i);
        const struct tarn_field field = {.name = a->partitions[i], .type = a->partition_types[i], .nullable = true, .id = -1};
        TARN_RETURN_IF_ERROR(merge_field(a, &field, true, err));
    }
    return TARN_OK;
}

static enum tarn_status make_schema(struct adoption *a, struct tarn_error *err)
{
    a->sources = tarn__calloc(a->env, a->count + 1, sizeof(*a->sources));
    if (a->sources == NULL) {
        return tarn__nomem(a->env, err, a->count * sizeof(*a->sources));
    }
    for (size_t i = 0; i < a->count; i++) {
        const enum tarn_status status = merge_file(a, i, err);
        if (status != TARN_OK) {
            tarn__error_at_object(err, a->files[i].key);
            return status;
        }
    }
    TARN_RETURN_IF_ERROR(choose_partitions(a, err));
    return tarn_schema_make(a->env, a->field_count, a->fields, 0, NULL, &a->schema, err);
}

/* The table must not call columns otherwise, or give them other types, than the files do. */
static enum tarn_status check_schema(const struct adoption *a, const struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    for (uint32_t i = 0; i < a->schema->field_count; i++) {
        const struct tarn_field *field = &a->schema->fields[i];
        if (!tarn_type_equal(field->type, snapshot->schema->fields[i].type) || !tarn__text_equal(field->name, snapshot->physical[i].name)) {
            char type[160];
            tarn_type_format(field->type, type, sizeof(type));
            tarn__unsupported(err, "adopt.column",
                              "the table's format has no column of this name and of type %s, so that the files would have "
                              "to be written anew: import them instead",
                              type);
            tarn__error_at_column(err, field->name);
            return TARN_UNSUPPORTED;
        }
    }
    return TARN_OK;
}

/* ---- the commit ---- */

static enum tarn_status partition_of(struct adoption *a, const struct tarn_snapshot *snapshot, const struct adopted_file *file,
                                     struct tarn_text_builder *raw, struct tarn_error *err)
{
    struct tarn_value values[MOST_PARTITIONS];
    for (uint32_t i = 0; i < a->partition_count; i++) {
        const struct tarn_type *type = snapshot->spec->fields[i].type;
        values[i] = (struct tarn_value){.type = type, .is_null = true};
        if (!file->folders[i].is_null) {
            const enum tarn_status status = snapshot->format->partition_value(type, file->folders[i].value, &a->arena, &values[i], err);
            if (status != TARN_OK) {
                tarn__error_recode(err, TARN_INVALID);
                tarn__error_at_column(err, a->partitions[i]);
                return TARN_INVALID;
            }
        }
    }
    return snapshot->format->partition(snapshot, values, raw, err);
}

static enum tarn_status add_file(struct adoption *a, struct tarn_transaction *transaction, const struct adopted_file *file,
                                 struct tarn_error *err)
{
    struct tarn_text_builder raw;
    struct tarn_text_builder statistics;
    struct tarn__staged_file staged = {.path = file->key, .size = file->size, .modified = file->modified};
    tarn__builder_init(&raw, a->env);
    tarn__builder_init(&statistics, a->env);
    enum tarn_status status = partition_of(a, transaction->snapshot, file, &raw, err);
    status = status == TARN_OK ? tarn__adopt_statistics(transaction->snapshot, file->key, &staged.rows, &statistics, err) : status;
    status = status == TARN_OK ? tarn__builder_status(&raw, err) : status;
    if (status == TARN_OK) {
        staged.partition = tarn__builder_text(&raw);
        staged.statistics = tarn__builder_text(&statistics);
        a->result->rows += staged.rows;
        a->result->bytes += file->size;
        status = tarn__transaction_add_file(transaction, &staged, err);
    }
    tarn__builder_free(&raw);
    tarn__builder_free(&statistics);
    if (status != TARN_OK) {
        tarn__error_at_object(err, file->key);
    }
    return status;
}

static void print_parameters(const struct adoption *a, struct tarn_text_builder *out)
{
    struct tarn_text_builder list;
    struct tarn_json_printer inner;
    struct tarn_json_printer json;
    char number[TARN_NUMBER_TEXT];
    tarn__builder_init(&list, a->env);
    tarn__json_printer_init(&inner, &list);
    tarn__json_print_begin_array(&inner);
    for (uint32_t i = 0; i < a->partition_count; i++) {
        tarn__json_print_string(&inner, a->partitions[i]);
    }
    tarn__json_print_end_array(&inner);
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("numFiles"));
    tarn__json_print_string(&json, (struct tarn_text){number, tarn__uint64_print(a->count, number)});
    tarn__json_print_key(&json, TARN_TEXT("partitionedBy"));
    tarn__json_print_string(&json, tarn__builder_text(&list));
    tarn__json_print_key(&json, TARN_TEXT("collectStats"));
    tarn__json_print_string(&json, TARN_TEXT("true"));
    tarn__json_print_end_object(&json);
    out->failed = out->failed || list.failed;
    tarn__builder_free(&list);
}

static enum tarn_status fill(struct adoption *a, struct tarn_transaction *transaction, struct tarn_error *err)
{
    if (transaction->format->partition_value == NULL) {
        return tarn__unsupported(err, "table.adopt", "files cannot be adopted into tables of the format \"%s\"", transaction->format->name);
    }
    TARN_RETURN_IF_ERROR(check_schema(a, transaction->snapshot, err));
    for (size_t i = 0; i < a->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(a->env, err));
        TARN_RETURN_IF_ERROR(add_file(a, transaction, &a->files[i], err));
    }
    return tarn_transaction_metric(transaction, "numConvertedFiles", a->count, err);
}

static enum tarn_status make_table(struct adoption *a, struct tarn_text uri, struct tarn_error *err)
{
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction = NULL;
    struct tarn_text_builder parameters;
    tarn__builder_init(&parameters, a->env);
    print_parameters(a, &parameters);
    create.format = a->options.format;
    create.schema = a->schema;
    create.partition_column_count = a->partition_count;
    create.partition_columns = a->partitions;
    create.property_count = a->options.property_count;
    create.properties = a->options.properties;
    options.operation = "CONVERT";
    options.parameters = tarn__builder_text(&parameters);
    enum tarn_status status = tarn__builder_status(&parameters, err);
    status = status == TARN_OK ? tarn_transaction_create(a->env, uri, &create, &options, &transaction, err) : status;
    tarn__builder_free(&parameters);
    TARN_RETURN_IF_ERROR(status);
    status = fill(a, transaction, err);
    if (status != TARN_OK || a->options.dry_run) {
        tarn_transaction_abort(transaction);
        return status;
    }
    struct tarn_commit_result committed;
    TARN_RETURN_IF_ERROR(tarn_transaction_commit(transaction, &committed, err));
    a->result->version = committed.version;
    return TARN_OK;
}

static enum tarn_status run(struct adoption *a, struct tarn_text uri, struct tarn_error *err)
{
    const struct tarn_text all = {"", 0};
    TARN_RETURN_IF_ERROR(tarn_store_open(a->env, uri, false, &a->store, err));
    TARN_RETURN_IF_ERROR(tarn__check_no_table(a->store, err));
    TARN_RETURN_IF_ERROR(tarn_store_list(a->store, all, all, see_object, a, err));
    if (a->count == 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "files", "there is no Parquet file in this folder");
    }
    a->result->files = a->count;
    TARN_RETURN_IF_ERROR(make_schema(a, err));
    return make_table(a, uri, err);
}

enum tarn_status tarn_table_adopt(struct tarn_env *env, struct tarn_text uri, const struct tarn_adopt_options *options,
                                  struct tarn_adopt_result *result, struct tarn_error *err)
{
    struct tarn_adopt_result made = TARN_ADOPT_RESULT_INIT;
    struct adoption a = {.env = env, .options = TARN_ADOPT_OPTIONS_INIT, .result = &made};
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(a.options)) {
            return tarn__invalid(err, "options", "adopt options of %u bytes are not of this version of the library", options->size);
        }
        memcpy(&a.options, options, options->size);
    }
    tarn__arena_init(&a.arena, env);
    const enum tarn_status status = run(&a, uri, err);
    if (result != NULL) {
        const uint32_t size = result->size < sizeof(made) ? result->size : (uint32_t)sizeof(made);
        memcpy(result, &made, size);
        result->size = size;
    }
    for (size_t i = 0; i < a.source_count; i++) {
        tarn_schema_release(a.sources[i]);
    }
    tarn__free(env, a.sources);
    tarn_schema_release(a.schema);
    tarn_store_close(a.store);
    tarn__arena_free(&a.arena);
    return status;
}
