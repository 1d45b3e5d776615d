/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes Delta tables of every type and shape that tarn writes, for foreign engines to read: write_tables FOLDER. Beside each table lies
 * NAME.rows.jsonl with the rows that it must have, in canonical JSON, and NAME.version with the version that holds them.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/base/text.h"
#include "format/batch/vector_builder.h"
#include "tarn/table.h"
#include "tests/support/canonical.h"

static struct tarn_error err = TARN_ERROR_INIT;

#define TRY(call)                                                                                                                          \
    do {                                                                                                                                   \
        if ((call) != TARN_OK) {                                                                                                           \
            char trouble[1200];                                                                                                            \
            tarn_error_format(&err, trouble, sizeof(trouble));                                                                             \
            fprintf(stderr, "%s: %s\n", #call, trouble);                                                                                   \
            return 1;                                                                                                                      \
        }                                                                                                                                  \
    } while (0)

static const struct tarn_type t_bool = {.id = TARN_TYPE_BOOL};
static const struct tarn_type t_i8 = {.id = TARN_TYPE_I8};
static const struct tarn_type t_i16 = {.id = TARN_TYPE_I16};
static const struct tarn_type t_i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type t_i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type t_f32 = {.id = TARN_TYPE_F32};
static const struct tarn_type t_f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type t_dec5 = {.id = TARN_TYPE_DECIMAL, .precision = 5, .scale = 2};
static const struct tarn_type t_dec18 = {.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 3};
static const struct tarn_type t_dec38 = {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 10};
static const struct tarn_type t_string = {.id = TARN_TYPE_STRING};
static const struct tarn_type t_binary = {.id = TARN_TYPE_BINARY};
static const struct tarn_type t_date = {.id = TARN_TYPE_DATE};
static const struct tarn_type t_ts = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
static const struct tarn_type t_ntz = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};

#define FIELD(text, of)                                                                                                                    \
    {                                                                                                                                      \
        .name = {text, sizeof(text) - 1}, .type = &of, .nullable = true, .id = -1                                                          \
    }

static const struct tarn_field point_fields[] = {FIELD("x", t_i32), FIELD("label", t_string)};
static const struct tarn_type t_point = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = point_fields};
static const struct tarn_field list_fields[] = {FIELD("element", t_i64)};
static const struct tarn_type t_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = list_fields};
static const struct tarn_field map_fields[] = {{.name = {"key", 3}, .type = &t_string, .id = -1}, FIELD("value", t_f64)};
static const struct tarn_type t_map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = map_fields};
static const struct tarn_field points_fields[] = {FIELD("element", t_point)};
static const struct tarn_type t_points = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = points_fields};
static const struct tarn_field odd_point_fields[] = {FIELD("the x", t_i32), FIELD("b;c", t_string)};
static const struct tarn_type t_odd_point = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = odd_point_fields};

static const struct tarn_field all_types[] = {
    FIELD("id", t_i64),   FIELD("b", t_bool),     FIELD("i8", t_i8),     FIELD("i16", t_i16),     FIELD("i32", t_i32),
    FIELD("f32", t_f32),  FIELD("f64", t_f64),    FIELD("dec5", t_dec5), FIELD("dec18", t_dec18), FIELD("dec38", t_dec38),
    FIELD("s", t_string), FIELD("bin", t_binary), FIELD("d", t_date),    FIELD("ts", t_ts),
};
static const struct tarn_field with_ntz[] = {FIELD("id", t_i64), FIELD("ntz", t_ntz), FIELD("s", t_string)};
static const struct tarn_field nested[] = {FIELD("id", t_i64), FIELD("point", t_point), FIELD("list", t_list), FIELD("map", t_map),
                                           FIELD("points", t_points)};
static const struct tarn_field odd_names[] = {FIELD("the id", t_i64),          FIELD("a,b;{c}(d)=\t", t_string), FIELD("Cost ($)", t_f64),
                                              FIELD("odd point", t_odd_point), FIELD("a part", t_string),        FIELD("plain", t_i32)};
static const struct tarn_field partitioned[] = {FIELD("id", t_i64), FIELD("s", t_string), FIELD("pd", t_date), FIELD("pi", t_i32),
                                                FIELD("pt", t_ts)};

static const struct {
    const char *name;
    uint32_t field_count;
    const struct tarn_field *fields;
    uint32_t partition_count;
    struct tarn_text partition[3];
    uint32_t deleted; /* rows that are deleted in place, in three commits; as many more are written before */
} tables[] = {
    {"all_types", 14, all_types, 0, {{NULL, 0}}, 0},
    {"timestamp_ntz", 3, with_ntz, 0, {{NULL, 0}}, 0},
    {"nested", 5, nested, 0, {{NULL, 0}}, 0},
    {"odd_names", 5, odd_names, 1, {{"a part", 6}}, 0},
    {"odd_names_whole", 6, odd_names, 0, {{NULL, 0}}, 0},
    {"partitioned", 5, partitioned, 3, {{"pd", 2}, {"pi", 2}, {"pt", 2}}, 0},
    {"partitioned_text", 5, partitioned, 1, {{"s", 1}}, 0},
    {"deleted_rows", 14, all_types, 0, {{NULL, 0}}, 15},
    {"deleted_rows_partitioned", 5, partitioned, 1, {{"pi", 2}}, 9},
    {"deleted_rows_odd_names", 5, odd_names, 1, {{"a part", 6}}, 6},
};

static const char *const texts[] = {"plain",
                                    "",
                                    "a/b c%=:\"'",
                                    "\xc3\xbcml\xc3\xa4ut \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\x98\x80",
                                    "a text that is longer than the thirty-two characters that statistics keep of it",
                                    "line\nbreak\ttab"};

/* A value that depends on the row only; every fifth is null. */
static void add_value(struct tarn_vector_builder *builder, const struct tarn_type *type, int64_t row, bool nullable)
{
    const int64_t extremes[] = {0, -1, INT64_MAX, INT64_MIN, 42, 1000000007};
    const int64_t n = extremes[row % 6];
    if (nullable && row % 5 == 4) {
        tarn__vector_builder_null(builder);
        return;
    }
    switch (type->id) {
    case TARN_TYPE_BOOL:
        tarn__vector_builder_bool(builder, row % 2 == 0);
        break;
    case TARN_TYPE_I8:
        tarn__vector_builder_i64(builder, (int8_t)n);
        break;
    case TARN_TYPE_I16:
        tarn__vector_builder_i64(builder, (int16_t)n);
        break;
    case TARN_TYPE_I32:
        tarn__vector_builder_i64(builder, (int32_t)n);
        break;
    case TARN_TYPE_I64:
        tarn__vector_builder_i64(builder, n);
        break;
    case TARN_TYPE_F32:
        tarn__vector_builder_f64(builder, row % 7 == 3 ? (double)__builtin_inff() : (double)((float)row * 0.1f));
        break;
    case TARN_TYPE_F64:
        tarn__vector_builder_f64(builder, row % 7 == 3 ? __builtin_nan("") : (double)row * 1e300);
        break;
    case TARN_TYPE_DECIMAL:
        if (type->precision == 38) {
            const uint64_t words[4] = {(uint64_t)n * 3, n < 0 ? UINT64_MAX : 4096, n < 0 ? UINT64_MAX : 0, n < 0 ? UINT64_MAX : 0};
            tarn__vector_builder_words(builder, words);
        } else {
            tarn__vector_builder_i64(builder, type->precision == 5 ? n % 100000 : n % 1000000000000000000);
        }
        break;
    case TARN_TYPE_DATE:
        tarn__vector_builder_i64(builder, (row % 6 - 2) * 10000);
        break;
    case TARN_TYPE_TIMESTAMP:
        tarn__vector_builder_i64(builder, (row % 6 - 2) * INT64_C(400000000123456));
        break;
    case TARN_TYPE_STRING:
        tarn__vector_builder_text(builder, tarn__text_of(texts[row % 6]));
        break;
    case TARN_TYPE_BINARY:
        tarn__vector_builder_text(builder, (struct tarn_text){"\x00\xff\x80"
                                                              "abc",
                                                              (size_t)(row % 6)});
        break;
    case TARN_TYPE_LIST:
        for (int64_t i = 0; i < row % 4; i++) {
            add_value(tarn__vector_builder_child(builder, 0), type->fields[0].type, row + i, true);
        }
        tarn__vector_builder_close(builder);
        break;
    case TARN_TYPE_MAP:
        for (int64_t i = 0; i < row % 3; i++) {
            tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), tarn__text_of(texts[i]));
            add_value(tarn__vector_builder_child(builder, 1), &t_f64, row + i, true);
        }
        tarn__vector_builder_close(builder);
        break;
    default:
        for (uint32_t f = 0; f < type->field_count; f++) {
            add_value(tarn__vector_builder_child(builder, f), type->fields[f].type, row + f, true);
        }
        tarn__vector_builder_close(builder);
        break;
    }
}

static int write_rows(struct tarn_transaction *transaction, int64_t first, uint32_t count)
{
    struct tarn_sink *sink;
    TRY(tarn_transaction_sink(transaction, &sink, &err));
    struct tarn_vector *columns[16];
    for (uint32_t c = 0; c < sink->schema->field_count; c++) {
        struct tarn_vector_builder *builder;
        TRY(tarn__vector_builder_open(sink->env, sink->schema->fields[c].type, &builder, &err));
        for (uint32_t i = 0; i < count; i++) {
            /* An empty text as a partition value is read as null by some engines: only where it is no partition column. */
            const int64_t row = first + i + (sink->schema->fields[c].type->id == TARN_TYPE_STRING && (first + i) % 6 == 1 ? 1 : 0);
            if (c == 0) {
                tarn__vector_builder_i64(builder, first + i);
            } else {
                add_value(builder, sink->schema->fields[c].type, row, true);
            }
        }
        TRY(tarn__vector_builder_finish(builder, &columns[c], &err));
        tarn__vector_builder_close_all(builder);
    }
    const struct tarn_batch batch = {sink->schema, count, sink->schema->field_count, columns, tarn_selection_all(count)};
    TRY(tarn_sink_write(sink, &batch, &err));
    TRY(tarn_sink_finish(sink, &err));
    for (uint32_t c = 0; c < batch.column_count; c++) {
        tarn_vector_release(columns[c]);
    }
    return 0;
}

/* The rows as tarn reads them back; what they should be is checked against the other engines. */
static int write_expected(struct tarn_env *env, struct tarn_text uri, const char *path)
{
    struct tarn_snapshot *snapshot;
    TRY(tarn_snapshot_load(env, uri, NULL, &snapshot, &err));
    struct tarn_source *source;
    TRY(tarn_snapshot_source(snapshot, &source, &err));
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    TRY(tarn_canonical_rows(source, TARN_BATCH_ROWS, &text, &err));
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        return 1;
    }
    tarn__builder_free(&text);
    tarn_source_close(source);
    tarn_snapshot_close(snapshot);
    return 0;
}

/* Deletes `count` rows that are not deleted yet, in turn in each file. */
static int delete_rows(struct tarn_env *env, struct tarn_text uri, uint32_t count)
{
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    uint32_t files;
    uint32_t left = count;
    TRY(tarn_snapshot_load(env, uri, NULL, &snapshot, &err));
    TRY(tarn_transaction_open(snapshot, NULL, &transaction, &err));
    TRY(tarn_transaction_select(transaction, NULL, &files, &err));
    for (uint64_t round = 0; round < count; round++) {
        for (uint32_t f = 0; f < files && left != 0; f++) {
            struct tarn_file_info file;
            TRY(tarn_transaction_file_info(transaction, f, &file, &err));
            if (round < file.row_count) {
                const uint64_t rows = file.row_count + file.deleted_rows;
                const uint64_t position = (file.deleted_rows + round) * (rows % 7 != 0 ? 7 : 1) % rows;
                TRY(tarn_transaction_delete_rows(transaction, f, 1, &position, &err));
                left--;
            }
        }
    }
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    tarn_snapshot_close(snapshot);
    return left != 0;
}

static int make_table(struct tarn_env *env, const char *folder, size_t t)
{
    char path[1000];
    char rows[1000];
    snprintf(path, sizeof(path), "%s/%s", folder, tables[t].name);
    snprintf(rows, sizeof(rows), "%s/%s.rows.jsonl", folder, tables[t].name);
    const struct tarn_text uri = tarn__text_of(path);
    const struct tarn_schema schema = {.field_count = tables[t].field_count, .fields = tables[t].fields};
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    create.schema = &schema;
    create.partition_column_count = tables[t].partition_count;
    create.partition_columns = tables[t].partition;
    create.comment = TARN_TEXT("made by tarn");
    static const struct tarn_property vectors = {{"delta.enableDeletionVectors", 27}, {"true", 4}};
    create.properties = &vectors;
    create.property_count = tables[t].deleted != 0;
    struct tarn_transaction *transaction;
    TRY(tarn_transaction_create(env, uri, &create, NULL, &transaction, &err));
    if (write_rows(transaction, 0, 20) != 0) {
        return 1;
    }
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    struct tarn_snapshot *snapshot;
    TRY(tarn_snapshot_load(env, uri, NULL, &snapshot, &err));
    TRY(tarn_transaction_open(snapshot, NULL, &transaction, &err));
    if (write_rows(transaction, 20, 15 + tables[t].deleted) != 0) {
        return 1;
    }
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    tarn_snapshot_close(snapshot);
    const uint32_t third = tables[t].deleted / 3;
    for (int i = 0; third != 0 && i < 3; i++) {
        if (delete_rows(env, uri, third) != 0) {
            return 1;
        }
    }
    /* Overwritten and brought back: readers must take removes and adds of one path in their order. */
    TRY(tarn_snapshot_load(env, uri, NULL, &snapshot, &err));
    TRY(tarn_transaction_open(snapshot, NULL, &transaction, &err));
    TRY(tarn_transaction_remove_all(transaction, &err));
    TRY(tarn_transaction_commit(transaction, NULL, &err));
    tarn_snapshot_close(snapshot);
    TRY(tarn_table_restore(env, uri, third != 0 ? 4 : 1, NULL, &err));
    return write_expected(env, uri, rows);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: write_tables FOLDER\n");
        return 2;
    }
    struct tarn_env *env;
    TRY(tarn_env_open(NULL, &env, &err));
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        if (make_table(env, argv[1], t) != 0) {
            return 1;
        }
    }
    tarn_env_close(env);
    return 0;
}
