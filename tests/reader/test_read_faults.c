/* SPDX-License-Identifier: Apache-2.0
 * Reading under faults: files of every kind (Parquet of the corpus: encodings, codecs, nesting, keys, variants, indexes; CSV, JSON, Arrow
 * IPC), read in every way there is (rows, some rows of each window, verified, filtered, through the Arrow border), with each allocation
 * and each store operation failing in turn. The answer is right rows or the fault's own status; nothing leaks; the same source, asked again
 * without a fault, gives right rows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/hash.h"
#include "format/batch/vector.h"
#include "format/codec/codec.h"
#include "format/codec/deflate.h"
#include "format/json/json_pull.h"
#include "tarn/filtered_scan.h"
#include "tarn/keys.h"
#include "tarn/parquet.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"
#include "tests/support/corpus_keys.h"
#include "tests/support/expected_rows.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"
#include "tests/support/source_text.h"

enum way { ROWS, PART, FILTERED, ARROW, VERIFIED, METADATA, WAYS };
static const char *const way_names[] = {"rows", "part of the rows", "filtered", "Arrow", "verified", "metadata"};

enum { WINDOW = 7, MOST_COLUMNS = 64 };

/* A file, and what it says when nothing fails. */
struct object {
    const char *name;
    struct tarn_span bytes;
    struct tarn_key_hooks hooks;
    bool has_keys;
    const char *encoding; /* of a CSV file that does not say itself */
    enum way way;
    char *right; /* what this way of reading gives */
    size_t right_size;
};

static struct tarn_error err;
static struct tarn_env *text_env; /* of texts: the instrument is out of the fault's reach */

/* ---- ways of reading ---- */

/* Paths to every column. */
struct columns {
    uint32_t count;
    struct tarn_path_step steps[MOST_COLUMNS];
    struct tarn_path paths[MOST_COLUMNS];
};

static void list_columns(const struct tarn_schema *schema, struct columns *columns)
{
    columns->count = schema->field_count < MOST_COLUMNS ? schema->field_count : MOST_COLUMNS;
    for (uint32_t i = 0; i < columns->count; i++) {
        columns->steps[i] = (struct tarn_path_step){TARN_PATH_POSITION, schema->fields[i].name, (int32_t)i};
        columns->paths[i] = (struct tarn_path){1, &columns->steps[i]};
    }
}

static void print_vector(const struct tarn_vector *vector, struct tarn_text_builder *out)
{
    struct tarn_json_printer printer;
    tarn__json_printer_init(&printer, out);
    tarn__json_print_begin_array(&printer);
    for (uint32_t row = 0; row < vector->length; row++) {
        tarn_canonical_value(&printer, vector, row);
    }
    tarn__json_print_end_array(&printer);
    tarn__builder_add_char(out, '\n');
}

/* Every third row of a column's window, then all of it, and every second column not at all in the first window of a task. */
static enum tarn_status print_part_of_task(struct tarn_cursor *cursor, uint32_t columns, struct tarn_text_builder *out,
                                           struct tarn_error *error)
{
    for (bool first = true;; first = false) {
        uint32_t positions[WINDOW];
        uint32_t rows;
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, WINDOW, &rows, error));
        if (rows == 0) {
            return TARN_OK;
        }
        struct tarn_selection some = {.kind = TARN_SELECT_POSITIONS, .rows = rows, .count = 0, .u.positions = positions};
        for (uint32_t row = 1; row < rows; row += 3) {
            positions[some.count++] = row;
        }
        for (uint32_t i = 0; i < columns; i += first ? 2 : 1) {
            struct tarn_vector *vector;
            TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, i, &some, &vector, error));
            print_vector(vector, out);
            if (i % 2 == 0) {
                TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, i, NULL, &vector, error));
                print_vector(vector, out);
            }
        }
    }
}

static enum tarn_status print_part(struct tarn_source *source, struct tarn_text_builder *out, struct tarn_error *error)
{
    struct columns columns;
    struct tarn_scan *scan;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    list_columns(tarn_source_schema(source), &columns);
    request.path_count = columns.count;
    request.paths = columns.paths;
    request.least_tasks = 2;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, error);
    for (uint32_t task = 0; status == TARN_OK && task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, task, &cursor, error);
        if (status == TARN_OK) {
            status = print_part_of_task(cursor, columns.count, out, error);
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_close(scan);
    return status;
}

static enum tarn_status print_batches(struct tarn_batches *batches, struct tarn_text_builder *out, struct tarn_error *error)
{
    for (;;) {
        struct tarn_batch *batch;
        TARN_RETURN_IF_ERROR(batches->next(batches, &batch, error));
        if (batch == NULL) {
            return TARN_OK;
        }
        for (uint32_t i = 0; i < batch->column_count; i++) {
            print_vector(batch->columns[i], out);
        }
    }
}

/* Out as an Arrow stream, in again, with dictionaries where there are some. */
static enum tarn_status print_arrow(struct tarn_source *source, struct tarn_text_builder *out, struct tarn_error *error)
{
    struct tarn_arrow_options options = TARN_ARROW_OPTIONS_INIT;
    struct tarn_batches *batches;
    struct ArrowArrayStream stream;
    options.keep_dictionaries = true;
    TARN_RETURN_IF_ERROR(tarn_source_batches(source, NULL, &batches, error));
    TARN_RETURN_IF_ERROR(tarn_arrow_export_stream(batches, &options, &stream, error));
    TARN_RETURN_IF_ERROR(tarn_arrow_import_stream(source->env, &stream, &batches, error));
    const enum tarn_status status = print_batches(batches, out, error);
    batches->close(batches);
    return status;
}

/* The first column that can be compared, and a value in the middle of its first window; false: there is none. */
static bool find_literal(struct tarn_source *source, const struct columns *columns, struct tarn_expr **out)
{
    const struct tarn_schema *schema = tarn_source_schema(source);
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    *out = NULL;
    request.path_count = columns->count;
    request.paths = columns->paths;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    for (uint32_t i = 0; i < columns->count && *out == NULL && tarn_scan_task_count(scan) != 0; i++) {
        const struct tarn_type *type = schema->fields[i].type;
        struct tarn_cursor *cursor;
        struct tarn_vector *vector;
        uint32_t rows;
        if (tarn_type_kind(type) == TARN_KIND_NESTED || type->id == TARN_TYPE_NULL) {
            continue;
        }
        ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
        ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
        if (rows != 0 && tarn_cursor_column(cursor, i, NULL, &vector, &err) == TARN_OK && !tarn_vector_is_null(vector, rows / 2)) {
            struct tarn_expr_builder *b;
            const struct tarn_value value = tarn__vector_value(vector, rows / 2);
            ck_assert_ok(tarn_expr_builder_open(source->env, &b, &err), &err);
            const struct tarn_expr_node *args[] = {tarn_expr_make_column(b, &columns->paths[i], type, schema->fields[i].nullable),
                                                   tarn_expr_make_literal(b, &value)};
            const struct tarn_expr_node *equal = tarn_expr_make(b, TARN_EXPR_EQ, 2, args);
            if (tarn_expr_builder_finish(b, equal, out, &err) != TARN_OK) {
                *out = NULL; /* a type without order */
            }
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_close(scan);
    return *out != NULL;
}

static enum tarn_status print_filtered(struct tarn_fault *fault, struct tarn_source *source, struct tarn_text_builder *out,
                                       struct tarn_error *error)
{
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    struct tarn_filtered_scan *scan;
    struct tarn_expr *predicate;
    struct columns columns;
    list_columns(tarn_source_schema(source), &columns);
    if (fault != NULL) {
        tarn_fault_suspend(fault);
    }
    const bool found = find_literal(source, &columns, &predicate);
    if (fault != NULL) {
        tarn_fault_resume(fault);
    }
    request.predicate = predicate;
    request.batch_rows = 100;
    enum tarn_status status = found ? tarn_filtered_scan_open(source, &request, &scan, error) : TARN_OK;
    if (found && status == TARN_OK) {
        struct tarn_batches *batches = tarn_filtered_scan_batches(scan);
        status = print_batches(batches, out, error);
        batches->close(batches);
    }
    tarn_expr_release(predicate);
    return status;
}

static enum tarn_status print_way(enum way way, struct tarn_fault *fault, struct tarn_source *source, struct tarn_text_builder *out,
                                  struct tarn_error *error)
{
    switch (way) {
    case ROWS:
        return tarn_canonical_rows(source, 100, out, error);
    case PART:
        return print_part(source, out, error);
    case FILTERED:
        return print_filtered(fault, source, out, error);
    default:
        return print_arrow(source, out, error);
    }
}

static void print_finding(void *arg, const struct tarn_finding *finding)
{
    struct tarn_text_builder *out = arg;
    tarn__builder_add_str(out, finding->error->detail);
    tarn__builder_add_char(out, '\n');
}

/* ---- metadata ---- */

static enum tarn_status count_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *error)
{
    struct tarn_text_builder *out = arg;
    (void)error;
    char line[64];
    snprintf(line, sizeof(line), "page of %u at %llu\n", (unsigned)page->value_count, (unsigned long long)page->offset);
    tarn__builder_add_str(out, line);
    return TARN_OK;
}

static enum tarn_status print_chunk(const struct tarn_parquet_metadata *metadata, uint32_t group, uint32_t leaf,
                                    struct tarn_text_builder *out, struct tarn_error *error)
{
    struct tarn_parquet_chunk_info info;
    struct tarn_parquet_chunk *chunk;
    const struct tarn_parquet_offset_index *offsets;
    const struct tarn_parquet_column_index *bounds = NULL;
    TARN_RETURN_IF_ERROR(tarn_parquet_chunk_info(metadata, group, leaf, &info, error));
    TARN_RETURN_IF_ERROR(tarn_parquet_pages(metadata, group, leaf, count_page, out, error));
    TARN_RETURN_IF_ERROR(tarn_parquet_chunk_open(metadata, group, leaf, &chunk, error));
    enum tarn_status status = tarn_parquet_chunk_offset_index(chunk, &offsets, error);
    if (status == TARN_OK) {
        status = tarn_parquet_chunk_column_index(chunk, &bounds, error);
    }
    if (status == TARN_OK) {
        tarn__builder_add_str(out, offsets != NULL ? bounds != NULL ? "both\n" : "offsets\n" : "none\n");
    }
    tarn_parquet_chunk_close(chunk);
    return status;
}

static enum tarn_status print_metadata(struct tarn_store *store, struct tarn_text_builder *out, struct tarn_error *error)
{
    struct tarn_parquet_metadata *metadata;
    TARN_RETURN_IF_ERROR(tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, error));
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    const struct tarn_parquet_file_detail detail = tarn_parquet_file_detail(metadata);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < detail.element_count; i++) {
        struct tarn_parquet_element element;
        status = tarn_parquet_element_info(metadata, i, &element, error);
    }
    for (uint32_t group = 0; status == TARN_OK && group < info.row_group_count; group++) {
        struct tarn_parquet_row_group_info group_info;
        struct tarn_parquet_row_group_detail group_detail;
        status = tarn_parquet_row_group_info(metadata, group, &group_info, error);
        status = status == TARN_OK ? tarn_parquet_row_group_detail(metadata, group, &group_detail, error) : status;
        for (uint32_t leaf = 0; status == TARN_OK && leaf < info.leaf_count; leaf++) {
            status = print_chunk(metadata, group, leaf, out, error);
        }
    }
    tarn_parquet_metadata_close(metadata);
    return status;
}

/* ---- under faults ---- */

static enum tarn_status open_object(const struct object *object, struct tarn_store *store, struct tarn_source **out,
                                    struct tarn_error *error)
{
    if (object->has_keys) {
        return tarn_parquet_open(store, TARN_TEXT("f"), NULL, out, error);
    }
    if (object->encoding != NULL) {
        struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
        options.encoding = tarn__text_of(object->encoding);
        return tarn_csv_open(store, TARN_TEXT("f"), &options, out, error);
    }
    return tarn_file_open(store, TARN_TEXT("f"), TARN_FILE_AUTO, out, error);
}

static enum tarn_status print_file(const struct object *object, struct tarn_store *store, struct tarn_text_builder *out,
                                   struct tarn_error *error)
{
    return object->way == VERIFIED ? tarn_parquet_verify(store, TARN_TEXT("f"), NULL, print_finding, out, error)
                                   : print_metadata(store, out, error);
}

static void check_right(const struct object *object, const struct tarn_text_builder *text, const char *when)
{
    const struct tarn_text got = tarn__builder_text(text);
    ck_assert_msg(got.size == object->right_size && memcmp(got.data != NULL ? got.data : "", object->right, got.size) == 0,
                  "%s, %s: other rows %s:\n%.*s\ninstead of\n%s", object->name, way_names[object->way], when, TARN_TEXT_ARG(got),
                  object->right);
}

static enum tarn_status read_object(const struct object *object, struct tarn_fault *fault, struct tarn_store *store,
                                    struct tarn_error *error)
{
    struct tarn_text_builder text;
    struct tarn_source *source;
    enum tarn_status status;
    tarn__builder_init(&text, text_env);
    if (object->way >= VERIFIED) {
        status = print_file(object, store, &text, error);
    } else {
        status = open_object(object, store, &source, error);
        if (status == TARN_OK) {
            status = print_way(object->way, fault, source, &text, error);
            tarn_fault_suspend(fault);
            if (status != TARN_OK) {
                tarn__builder_clear(&text);
                ck_assert_ok(print_way(object->way, NULL, source, &text, &err), &err);
                check_right(object, &text, "when it is read again");
            }
            tarn_fault_resume(fault);
        }
        tarn_source_close(source);
    }
    if (status == TARN_OK) {
        check_right(object, &text, "with a fault that was borne");
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status read_under_fault(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    const struct object *object = ctx;
    struct tarn_store *store;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:t"), true, &store, error), error);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f"), object->bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, error), error);
    tarn_fault_resume(fault);
    const enum tarn_status status = read_object(object, fault, store, error);
    tarn_store_close(store);
    return status;
}

/* Reads it without a fault, with at most `limit` bytes of memory (0: any) into `text`; *peak: how many it took. */
static enum tarn_status read_within(const struct object *object, uint64_t limit, struct tarn_text_builder *text, uint64_t *peak)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_store *side;
    struct tarn_source *source = NULL;
    enum tarn_status status;
    options.keys = object->has_keys ? &object->hooks : NULL;
    options.memory_limit = limit;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(text_env, 0, &side, &err), &err);
    ck_assert_ok(tarn_store_put(side, TARN_TEXT("f"), object->bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    struct tarn_fault *fault = tarn_fault_open(); /* suspended: only for a store of `env` over one whose bytes do not count */
    ck_assert_ok(tarn_fault_wrap(fault, env, side, &store, &err), &err);
    if (object->way >= VERIFIED) {
        status = print_file(object, store, text, &err);
    } else {
        status = open_object(object, store, &source, &err);
        status = status == TARN_OK ? print_way(object->way, NULL, source, text, &err) : status;
    }
    tarn_env_memory(env, peak);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
    tarn_fault_close(fault);
    return status;
}

/* What is right; false: it cannot be read this way (a type that Arrow has no word for, ...). */
static bool find_right(struct object *object, uint64_t *peak)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, text_env);
    const enum tarn_status status = read_within(object, 0, &text, peak);
    const struct tarn_text right = tarn__builder_text(&text);
    free(object->right);
    object->right_size = right.size;
    object->right = calloc(1, right.size + 1);
    memcpy(object->right, right.size != 0 ? right.data : "", right.size);
    tarn__builder_free(&text);
    return status == TARN_OK;
}

/* Less memory than it takes: LIMIT, or it finds a way with less, never other rows. */
static void check_limits(const struct object *object, uint64_t peak)
{
    enum { STEPS = 40 };
    for (uint64_t step = 1; step < STEPS; step++) {
        struct tarn_text_builder text;
        uint64_t took;
        if (object->way == FILTERED) {
            return; /* the literal is looked for first, which must not fail */
        }
        tarn__builder_init(&text, text_env);
        const uint64_t limit = 4096 + peak * step / STEPS;
        const enum tarn_status status = read_within(object, limit, &text, &took);
        ck_assert_msg(status == TARN_OK || status == TARN_LIMIT, "%s, %s, %llu bytes: %s: %s", object->name, way_names[object->way],
                      (unsigned long long)limit, tarn_status_name(status), err.message);
        ck_assert_uint_le(took, limit);
        if (status == TARN_OK) {
            check_right(object, &text, "with little memory");
        }
        tarn__builder_free(&text);
    }
}

/* Returns how many faults were injected; ways that it cannot be read in are left out. Its rows are read under faults of every kind; the
 * other ways under those that last, which come by every answer that says so. */
static uint64_t sweep(struct object *object, unsigned ways)
{
    static const unsigned all_kinds = TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER | TARN_FAULT_SHORT;
    static const unsigned lasting = TARN_FAULT_ALLOC_FOREVER | TARN_FAULT_IO_FOREVER;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    const struct tarn_fault_sweep_options sweep_options = {&options, 0};
    uint64_t faults = 0;
    options.durability = TARN_DURABILITY_OFF;
    options.keys = object->has_keys ? &object->hooks : NULL;
    for (int way = 0; way < WAYS; way++) {
        object->way = (enum way)way;
        uint64_t peak;
        if ((ways & 1u << way) != 0 && find_right(object, &peak)) {
            check_limits(object, peak);
            faults += tarn_fault_sweep_with(read_under_fault, object, way == ROWS ? all_kinds : lasting, &sweep_options);
        }
    }
    free(object->right);
    object->right = NULL;
    return faults;
}

/* ---- Parquet ---- */

static const char *const corpus_files[] = {
    "duckdb/7-set.snappy.arrow2.parquet",
    "duckdb/arrow/byte_array_decimal.parquet",
    "duckdb/arrow/nested_lists.snappy.parquet",
    "duckdb/compression/generated/data_page=1_BROTLI.parquet",
    "duckdb/compression/generated/data_page=2_GZIP.parquet",
    "duckdb/compression/generated/data_page=1_LZ4.parquet",
    "duckdb/encryption/encrypted_column.parquet",
    "duckdb/encryption/encrypted_footer.parquet",
    "duckdb/multi_bloom_a.parquet",
    "duckdb/rle_boolean_encoding.parquet",
    "duckdb/variant_object_primitives.parquet",
    "duckdb/variant_partial_shredded42.parquet",
    "engines/carquet/nested_deep_mix.parquet",
    "engines/datafusion/enc_byte_stream_split.parquet",
    "engines/datafusion/enc_delta_binary_packed.parquet",
    "engines/datafusion/nested_map_list_struct.parquet",
    "engines/duckdb/bloom_dict.parquet",
    "engines/duckdb/geometry.parquet",
    "engines/duckdb/strings_v2_delta.parquet",
    "engines/duckdb/variant_auto.parquet",
    "engines/duckdb/variant_shredded_struct.parquet",
    "engines/handmade/alp_example.parquet",
    "engines/handmade/bit_packed_levels_optional.parquet",
    "engines/handmade/dict_bitwidth_32.parquet",
    "engines/handmade/file_logical_type.parquet",
    "engines/handmade/int96_timestamp_order.parquet",
    "engines/handmade/record_split_over_v1_pages.parquet",
    "engines/handmade/rle_run_longer_than_page.parquet",
    "engines/handmade/timestamp_flba12_nanos.parquet",
    "engines/parquet-java/bss_all.parquet",
    "engines/parquet-java/deep_lists_v1.parquet",
    "engines/parquet-java/encrypt_128_ctr_plainfooter_columns.parquet",
    "engines/parquet-java/geo.parquet",
    "engines/parquet-java/ieee754_order.parquet",
    "engines/parquet-java/mixed_codecs_per_column.parquet",
    "engines/pyarrow/all_int96.parquet",
    "engines/pyarrow/dict_fallback.parquet",
    "engines/pyarrow/dictionary_type.parquet",
    "engines/pyarrow/duration.parquet",
    "engines/pyarrow/enc_byte_stream_split_dec76_20_opt_v1_snappy.parquet",
    "engines/pyarrow/enc_delta_byte_array_dec76_20_req_v2_lz4.parquet",
    "engines/pyarrow/enc_delta_byte_array_s_req_v2_lz4.parquet",
    "engines/pyarrow/enc_delta_length_byte_array_bin_req_v2_zstd.parquet",
    "engines/pyarrow/enc_rle_b_req_v2_lz4.parquet",
    "engines/pyarrow/encrypt_aad_stored.parquet",
    "engines/pyarrow/float_stats_all_nan.parquet",
    "engines/pyarrow/json_ext.parquet",
    "engines/pyarrow/large_and_view.parquet",
    "engines/pyarrow/nested_list_struct_v1.parquet",
    "engines/pyarrow/null_type.parquet",
    "engines/pyarrow/time_utc.parquet",
    "engines/pyarrow/timestamps_tz_names.parquet",
    "hyparquet/incorrect_map_schema.parquet",
    "hyparquet/rowgroups.parquet",
    "hyparquet/uuid.parquet",
    "impala/complex/nullable.parq",
    "impala/data/decimals_1_10.parquet",
    "impala/data/hive2_pre_gregorian.parquet",
    "impala/nested/ThriftSingleFieldGroupInList.parquet",
    "parquet-testing/data/byte_stream_split.zstd.parquet",
    "parquet-testing/data/data_index_bloom_encoding_with_length.parquet",
    "parquet-testing/data/encrypt_columns_plaintext_footer.parquet.encrypted",
    "parquet-testing/data/external_key_material_java.parquet.encrypted",
    "parquet-testing/data/float16_nonzeros_and_nans.parquet",
    "parquet-testing/data/hadoop_lz4_compressed.parquet",
    "parquet-testing/data/int32_with_null_pages.parquet",
    "parquet-testing/data/old_list_structure.parquet",
    "parquet-testing/shredded_variant/case-044.parquet",
    "parquet-testing/shredded_variant/case-046.parquet",
    "parquet-testing/shredded_variant/case-133.parquet",
};

START_TEST(read_faults__parquet_is_read_right_or_not_at_all)
{
    const char *corpus = tarn_test_corpus();
    char path[1024];
    struct object object = {.name = corpus_files[_i]};
    size_t size;
    struct tarn_key_file *keys = NULL;
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    text_env = tarn_test_env();
    struct tarn_env *key_env = tarn_test_env();
    snprintf(path, sizeof(path), "%s/parquet/%s", corpus, object.name);
    char *bytes = tarn_test_read_whole(path, &size);
    char *json = tarn_test_corpus_keys(corpus, object.name);
    ck_assert_msg(bytes != NULL, "%s is not there", object.name);
    object.bytes = (struct tarn_span){(const uint8_t *)bytes, size};
    object.has_keys = json != NULL && tarn_key_file_open(key_env, tarn__text_of(json), &keys, &err) == TARN_OK;
    if (object.has_keys) {
        object.hooks = tarn_key_file_hooks(keys);
    }
    /* every file's rows, and two of the five other ways in turn */
    ck_assert_uint_gt(sweep(&object, 1u << ROWS | 1u << (PART + _i % 5) | 1u << (PART + (_i + 2) % 5)), 10);
    free(json);
    free(bytes);
    tarn_key_file_close(keys);
    tarn_test_env_close(key_env);
    tarn_test_env_close(text_env);
}
END_TEST

/* ---- texts and Arrow IPC ---- */

#define ALL_TYPES                                                                                                                          \
    "b,i,d,dt,ts,tz,t,x,e\n"                                                                                                               \
    "true,1,0.5,2024-02-29,2024-02-29 12:34:56.789,2024-02-29T12:34:56+02:00,12:34:56,\"a \"\"quoted\"\" one,\nof two lines\",\n"          \
    "false,-9223372036854775808,1e300,1969-12-31,1969-12-31 23:59:59,1969-12-31T23:59:59Z,00:00:00,plain,\n"                               \
    ",,NaN,,,,,,\n"                                                                                                                        \
    "true,7,-0.25,0001-01-01,9999-12-31 23:59:59.999999,2000-01-01T00:00:00-11:30,23:59:59.999999,a much longer text than fits in "        \
    "place,\n"
#define ALL_SHAPES                                                                                                                         \
    "{\"i\":1,\"d\":0.5,\"s\":\"\\u00e4\\ud83d\\ude00\",\"l\":[1,null,3],\"o\":{\"a\":true,\"b\":[{\"c\":\"x\"}]},\"t\":\"2024-02-29T12:"  \
    "00:00Z\"}\n"                                                                                                                          \
    "{\"i\":null,\"d\":1e300,\"s\":\"\",\"l\":[],\"o\":null,\"m\":[[1,2],[],null]}\n"                                                      \
    "{\"s\":\"a text that is longer than twelve bytes\",\"o\":{\"a\":false,\"b\":[]},\"d\":7,\"mixed\":1}\n"                               \
    "{\"mixed\":\"two\",\"l\":null,\"i\":9223372036854775807,\"t\":\"1969-12-31T23:59:59Z\"}\n"

enum { AS_IT_IS = -1, AS_ZSTD = -2, AS_GZIP = -3, AS_UTF16 = -4, AS_UTF16_BE = -5 }; /* or a format of Arrow IPC */

static const struct {
    const char *name;
    const char *text;
    int ipc; /* AS_IT_IS, or what is read is what becomes of it as Arrow IPC */
    enum tarn_codec codec;
    enum tarn_arrow_strings strings;
    bool dictionaries;
    const char *encoding;
} texts[] = {
    {"CSV", ALL_TYPES, AS_IT_IS, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"CSV of German numbers", "zahl;datum;text\n1,5;29.02.2024;'a;b'\n-1.000,25;01.01.1970;\n;31.12.1969;ende\n", AS_IT_IS,
     TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"CSV with a mark",
     "\xef\xbb\xbf"
     "a\tb\r\n1\t\"x\"\r\n2\t\"y\"\r\n",
     AS_IT_IS, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"CSV in Latin-1", "name,n\nB\xe4r,1\n\xc4hre,2\nplain,3\n", AS_IT_IS, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, "windows-1252"},
    {"JSON lines", ALL_SHAPES, AS_IT_IS, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"JSON array", "[{\"a\":{\"k\":1,\"l\":2.5}},\n {\"a\":{\"k\":null}},\n {\"a\":null}, {}]", AS_IT_IS, TARN_CODEC_DEFAULT,
     TARN_ARROW_UTF8, false, NULL},
    {"JSON document",
     "{\"type\":\"FeatureCollection\",\"features\":[{\"id\":1,\"p\":{\"x\":[0.5,1]}},{\"id\":2,\"p\":{\"x\":[]}}],\"n\":2}", AS_IT_IS,
     TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"CSV in zstd", ALL_TYPES, AS_ZSTD, TARN_CODEC_ZSTD, TARN_ARROW_UTF8, false, NULL},
    {"CSV in gzip", ALL_TYPES, AS_GZIP, TARN_CODEC_GZIP, TARN_ARROW_UTF8, false, NULL},
    {"CSV in UTF-16", "\xff\xfe" ALL_TYPES, AS_UTF16, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"CSV in UTF-16, big-endian", ALL_TYPES, AS_UTF16_BE, TARN_CODEC_DEFAULT, TARN_ARROW_UTF8, false, NULL},
    {"Arrow stream", ALL_TYPES, TARN_ARROW_IPC_STREAM, TARN_CODEC_UNCOMPRESSED, TARN_ARROW_UTF8, false, NULL},
    {"Arrow file of zstd", ALL_TYPES, TARN_ARROW_IPC_FILE, TARN_CODEC_ZSTD, TARN_ARROW_UTF8_VIEW, false, NULL},
    {"Arrow file with dictionaries", ALL_TYPES, TARN_ARROW_IPC_FILE, TARN_CODEC_LZ4_RAW, TARN_ARROW_LARGE_UTF8, true, NULL},
    {"Arrow stream of dictionaries", ALL_SHAPES, TARN_ARROW_IPC_STREAM, TARN_CODEC_ZSTD, TARN_ARROW_UTF8, true, NULL},
    {"nested Arrow file", ALL_SHAPES, TARN_ARROW_IPC_FILE, TARN_CODEC_UNCOMPRESSED, TARN_ARROW_LARGE_UTF8, false, NULL},
    {"nested Arrow stream of views", ALL_SHAPES, TARN_ARROW_IPC_STREAM, TARN_CODEC_LZ4_RAW, TARN_ARROW_UTF8_VIEW, false, NULL},
};

/* The text's rows as Arrow IPC, two a batch. */
static struct tarn_buffer *make_ipc(struct tarn_store *store, int i)
{
    struct tarn_arrow_ipc_write_options options = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_sink *sink;
    uint64_t rows;
    options.format = (enum tarn_arrow_ipc_format)texts[i].ipc;
    options.codec = texts[i].codec;
    options.strings = texts[i].strings;
    options.keep_dictionaries = texts[i].dictionaries;
    options.batch_rows = 2;
    ck_assert_ok(tarn_file_open(store, TARN_TEXT("f"), TARN_FILE_AUTO, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    ck_assert_ok(tarn_arrow_ipc_create(store, TARN_TEXT("ipc"), batches->schema, &options, &sink, &err), &err);
    ck_assert_ok(tarn_batches_copy(batches, sink, &rows, &err), &err);
    batches->close(batches);
    tarn_source_close(source);
    return tarn_test_read(store, TARN_TEXT("ipc"));
}

/* One member (RFC 1952), of malloc. */
static uint8_t *gzip(struct tarn_span text, size_t *size)
{
    static const uint8_t header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    struct tarn_text_builder packed;
    struct tarn__deflate *deflate;
    uint8_t trailer[8];
    tarn__builder_init(&packed, text_env);
    tarn__builder_add_bytes(&packed, header, sizeof(header));
    ck_assert_ok(tarn__deflate_open(text_env, &deflate, &err), &err);
    ck_assert_ok(tarn__deflate_pack(deflate, 0, text, &packed, &err), &err);
    tarn__deflate_close(deflate);
    tarn__store32(trailer, tarn__crc32(0, text.data, text.size));
    tarn__store32(trailer + 4, (uint32_t)text.size);
    tarn__builder_add_bytes(&packed, trailer, sizeof(trailer));
    const struct tarn_text whole = tarn__builder_text(&packed);
    uint8_t *out = malloc(whole.size);
    memcpy(out, whole.data, whole.size);
    *size = whole.size;
    tarn__builder_free(&packed);
    return out;
}

/* The text's bytes in another form, of malloc. */
static uint8_t *transform(int form, struct tarn_span text, size_t *size)
{
    uint8_t *out;
    if (form == AS_UTF16 || form == AS_UTF16_BE) {
        const size_t mark = form == AS_UTF16 ? 2 : 0; /* is there already */
        *size = text.size * 2 - mark;
        out = calloc(1, *size);
        memcpy(out, text.data, mark);
        for (size_t i = mark; i < text.size; i++) {
            out[i * 2 - mark + (form == AS_UTF16_BE)] = text.data[i];
        }
        return out;
    }
    if (form == AS_GZIP) {
        return gzip(text, size);
    }
    struct tarn_codec_context *codec;
    ck_assert_ok(tarn__codec_context_open(text_env, &codec, &err), &err);
    out = malloc(tarn__codec_bound(PARQUET_CODEC_ZSTD, text.size));
    ck_assert_ok(tarn__codec_compress(codec, PARQUET_CODEC_ZSTD, 0, text, out, size, &err), &err);
    tarn__codec_context_close(codec);
    return out;
}

START_TEST(read_faults__texts_and_arrow_are_read_right_or_not_at_all)
{
    struct object object = {.name = texts[_i].name, .encoding = texts[_i].encoding};
    struct tarn_buffer *bytes = NULL;
    text_env = tarn_test_env();
    object.bytes = tarn__span_of_text(tarn__text_of(texts[_i].text));
    struct tarn_store *store = tarn_test_store_of(text_env, object.bytes.data, object.bytes.size);
    uint8_t *transformed = NULL;
    if (texts[_i].ipc < AS_IT_IS) {
        transformed = transform(texts[_i].ipc, object.bytes, &object.bytes.size);
        object.bytes.data = transformed;
    } else if (texts[_i].ipc != AS_IT_IS) {
        bytes = make_ipc(store, _i);
        object.bytes = tarn__buffer_span(bytes);
    }
    for (int way = ROWS; way <= ARROW; way++) {
        ck_assert_msg(sweep(&object, 1u << way) > 10, "%s: not read as %s: %s", object.name, way_names[way], err.message);
    }
    tarn__buffer_release(bytes);
    free(transformed);
    tarn_store_close(store);
    tarn_test_env_close(text_env);
}
END_TEST

TARN_SUITE("reader/read faults", TARN_LOOP_TEST(read_faults__parquet_is_read_right_or_not_at_all, corpus_files),
           TARN_LOOP_TEST(read_faults__texts_and_arrow_are_read_right_or_not_at_all, texts))
