/* SPDX-License-Identifier: Apache-2.0
 *
 * What written files say beside their values' bounds: bloom filters, sorting columns, geospatial statistics, orders of floats; and what
 * they leave out where they are asked to.
 */
#include <stdio.h>

#include "format/index/bloom_filter.h"
#include "tarn/reader.h"
#include "tests/support/parquet_file.h"

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_parquet_file file;

static const struct tarn_type i64_type = {.id = TARN_TYPE_I64};
static const struct tarn_type f64_type = {.id = TARN_TYPE_F64};
static const struct tarn_type f32_type = {.id = TARN_TYPE_F32};
static const struct tarn_type bool_type = {.id = TARN_TYPE_BOOL};
static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};
static const struct tarn_type uuid_type = {.id = TARN_TYPE_UUID};
static const struct tarn_type geometry_type = {.id = TARN_TYPE_GEOMETRY};
static const struct tarn_field element = TARN_TEST_FIELD("element", &string_type, true);
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field member = TARN_TEST_FIELD("m", &i64_type, true);
static const struct tarn_type struct_type = {.id = TARN_TYPE_STRUCT, .field_count = 1, .fields = &member};

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void open_store(void)
{
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static struct tarn_schema *make_schema(uint32_t count, const struct tarn_field *fields)
{
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, count, fields, 0, NULL, &schema, &err), &err);
    return schema;
}

static struct tarn_vector_builder *build(const struct tarn_schema *schema, uint32_t column)
{
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, schema->fields[column].type, &builder, &err), &err);
    return builder;
}

static struct tarn_vector *built(struct tarn_vector_builder *builder)
{
    struct tarn_vector *out;
    ck_assert_ok(tarn__vector_builder_finish(builder, &out, &err), &err);
    tarn__vector_builder_close_all(builder);
    return out;
}

static void refuse_findings(void *arg, const struct tarn_finding *finding)
{
    (void)arg;
    ck_assert_msg(finding->kind == TARN_FINDING_OK, "%s of %s: %s", finding->error->detail, finding->error->column,
                  finding->error->message);
}

/* Writes, proves with tarn's own verification, and opens. */
static void write_file(const struct tarn_schema *schema, const struct tarn_parquet_write_options *options, uint32_t rows,
                       struct tarn_vector **columns)
{
    tarn_parquet_file_write(store, TARN_TEXT("f"), schema, options, rows, columns);
    ck_assert_ok(tarn_parquet_verify(store, TARN_TEXT("f"), NULL, refuse_findings, NULL, &err), &err);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
}

static const struct parquet_column_chunk *outer_chunk(uint32_t group, uint32_t leaf)
{
    return tarn_parquet_file_outer_chunk(&file, group, leaf);
}

/* ---- bloom filters ---- */

enum { RANDOM_TEXT, RANDOM_INT, ASCENDING, FEW_TEXTS, FLOAT, TRUTH, UUID, LISTED, COLUMNS, ROWS = 15000, GROUP_ROWS = 5000 };

static const struct tarn_field fields[] = {TARN_TEST_FIELD("text", &string_type, true), TARN_TEST_FIELD("int", &i64_type, true),
                                           TARN_TEST_FIELD("up", &i64_type, true),      TARN_TEST_FIELD("few", &string_type, true),
                                           TARN_TEST_FIELD("float", &f64_type, true),   TARN_TEST_FIELD("truth", &bool_type, true),
                                           TARN_TEST_FIELD("uuid", &uuid_type, true),   TARN_TEST_FIELD("listed", &list_type, true)};

/* The PLAIN bytes of a column's value in a row, without a length; `absent`: of one that no row has. */
static size_t plain_value(uint32_t column, uint64_t row, bool absent, uint8_t out[32])
{
    uint64_t number = mix(row * 8 + column + 1 + (absent ? UINT64_C(1) << 50 : 0));
    double real;
    switch (column) {
    case RANDOM_TEXT:
    case LISTED:
        return (size_t)snprintf((char *)out, 32, "v%llx", (unsigned long long)number);
    case FEW_TEXTS:
        return (size_t)snprintf((char *)out, 32, "%s%llu", absent ? "no" : "few", (unsigned long long)(number % 5));
    case ASCENDING:
        number = row * 3 + absent;
        break;
    case FLOAT:
        real = (double)(number >> 11) * 0.5;
        memcpy(&number, &real, 8);
        break;
    case TRUTH:
        out[0] = number & 1;
        return 1;
    case UUID:
        tarn__store64(out + 8, mix(number));
        tarn__store64(out, number);
        return 16;
    default:
        break;
    }
    tarn__store64(out, number);
    return 8;
}

static bool is_null_row(uint32_t column, uint64_t row)
{
    return mix(row + column) % 11 == 0;
}

static struct tarn_vector *make_column(const struct tarn_schema *schema, uint32_t column)
{
    struct tarn_vector_builder *builder = build(schema, column);
    for (uint64_t row = 0; row < ROWS; row++) {
        uint8_t bytes[32];
        double real;
        const size_t size = plain_value(column, row, false, bytes);
        if (is_null_row(column, row)) {
            tarn__vector_builder_null(builder);
            continue;
        }
        switch (column) {
        case RANDOM_INT:
        case ASCENDING:
            tarn__vector_builder_i64(builder, (int64_t)tarn__load64(bytes));
            break;
        case FLOAT:
            memcpy(&real, bytes, 8);
            tarn__vector_builder_f64(builder, real);
            break;
        case TRUTH:
            tarn__vector_builder_bool(builder, bytes[0] != 0);
            break;
        case LISTED:
            tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){(const char *)bytes, size});
            tarn__vector_builder_null(tarn__vector_builder_child(builder, 0));
            tarn__vector_builder_close(builder);
            break;
        default:
            tarn__vector_builder_text(builder, (struct tarn_text){(const char *)bytes, size});
            break;
        }
    }
    return built(builder);
}

static void write_columns(const struct tarn_parquet_write_options *options)
{
    struct tarn_vector *columns[COLUMNS];
    struct tarn_schema *schema = make_schema(COLUMNS, fields);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        columns[c] = make_column(schema, c);
    }
    write_file(schema, options, ROWS, columns);
    tarn_schema_release(schema);
}

/* The filter of a chunk holds all of its values, and of others no more than it should. Returns whether there is one. */
static bool check_filter(uint32_t group, uint32_t column, double aim)
{
    enum { PROBES = 20000 };
    struct tarn_object *object;
    struct tarn_bloom_filter filter;
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, group, column);
    uint8_t bytes[32];
    uint64_t wrong = 0;
    if (!chunk->has_bloom_filter_offset) {
        ck_assert(!chunk->has_bloom_filter_length);
        return false;
    }
    ck_assert(chunk->has_bloom_filter_length);
    ck_assert_ok(tarn_object_open(store, TARN_TEXT("f"), &object, &err), &err);
    ck_assert_ok(tarn__bloom_filter_read(object, chunk, env, 0, &filter, &err), &err);
    ck_assert_uint_gt(filter.block_count, 0);
    ck_assert_uint_eq(filter.block_count & (filter.block_count - 1), 0);
    ck_assert_int_gt(chunk->bloom_filter_length, (int32_t)filter.block_count * 32);
    ck_assert_int_lt(chunk->bloom_filter_length, (int32_t)filter.block_count * 32 + 32);
    for (uint64_t row = group * GROUP_ROWS; row < ROWS && row < (group + 1) * GROUP_ROWS; row++) {
        const size_t size = plain_value(column, row, false, bytes);
        ck_assert(is_null_row(column, row) || tarn__bloom_filter_probe(&filter, tarn__bloom_hash(bytes, size)));
    }
    for (uint64_t i = 0; i < PROBES; i++) {
        const size_t size = plain_value(column, i, true, bytes);
        wrong += tarn__bloom_filter_probe(&filter, tarn__bloom_hash(bytes, size));
    }
    ck_assert_msg((double)wrong / PROBES <= aim * 1.25 + 0.001, "column %u: %llu of %d", column, (unsigned long long)wrong, PROBES);
    tarn__bloom_filter_release(&filter);
    tarn_object_close(object);
    return true;
}

START_TEST(parquet_bloom__is_chosen_where_it_helps) /* P-BLOOM-WRITE-4 P-BLOOM-WRITE-5 */
{
    const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                       .row_group_rows = GROUP_ROWS,
                                                       .page_rows = 500,
                                                       .bloom_filters = TARN_CHOICE_YES,
                                                       .no_dictionary = _i == 1};
    open_store();
    write_columns(&options);
    const int64_t data_end = outer_chunk(2, COLUMNS - 1)->meta_data.data_page_offset;
    int64_t end = 0;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const bool expected = c == RANDOM_TEXT || c == RANDOM_INT || c == UUID || c == LISTED || (c == FEW_TEXTS && _i == 1);
        for (uint32_t g = 0; g < 3; g++) {
            ck_assert_msg(check_filter(g, c, 0.01) == expected, "column %u", c);
            const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, g, c);
            if (expected) { /* one behind the other, a column's together, between the pages and the indexes */
                ck_assert_int_gt(chunk->bloom_filter_offset, data_end);
                ck_assert_int_lt(chunk->bloom_filter_offset, outer_chunk(0, 0)->offset_index_offset);
                ck_assert(end == 0 || chunk->bloom_filter_offset == end);
                end = chunk->bloom_filter_offset + chunk->bloom_filter_length;
            }
        }
    }
    tarn_parquet_file_close(&file);
    close_store();
}
END_TEST

START_TEST(parquet_bloom__is_made_where_it_is_asked_for) /* P-BLOOM-WRITE-3 */
{
    struct tarn_parquet_column_options chosen[COLUMNS];
    struct tarn_path_step steps[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        chosen[c] = (struct tarn_parquet_column_options)TARN_PARQUET_COLUMN_OPTIONS_INIT;
        steps[c] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = fields[c].name, .id = -1};
        chosen[c].path = (struct tarn_path){1, &steps[c]};
        chosen[c].bloom_filter = c == RANDOM_TEXT ? TARN_CHOICE_NO : TARN_CHOICE_YES;
        chosen[c].bloom_false_positives = c == UUID ? 0.1 : c == RANDOM_INT ? 0.001 : 0;
        chosen[c].bloom_distinct = c == FLOAT ? 100 : 0; /* far fewer than there are: the caller's word */
    }
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .row_group_rows = GROUP_ROWS, .page_rows = 500, .column_count = COLUMNS, .columns = chosen};
    open_store();
    write_columns(&options);
    for (uint32_t g = 0; g < 3; g++) {
        ck_assert(!check_filter(g, RANDOM_TEXT, 0));
        ck_assert(!check_filter(g, TRUTH, 0)); /* there is no filter of two values */
        ck_assert(check_filter(g, RANDOM_INT, 0.001) && check_filter(g, ASCENDING, 0.01) && check_filter(g, FEW_TEXTS, 0.01));
        ck_assert(check_filter(g, UUID, 0.1) && check_filter(g, LISTED, 0.01) && check_filter(g, FLOAT, 1));
        const int32_t few = tarn_parquet_file_chunk(&file, g, FEW_TEXTS)->bloom_filter_length;
        ck_assert_int_lt(few, 32 + 32); /* one block for five values */
        ck_assert_int_lt(tarn_parquet_file_chunk(&file, g, UUID)->bloom_filter_length,
                         tarn_parquet_file_chunk(&file, g, RANDOM_INT)->bloom_filter_length);
        ck_assert_int_le(tarn_parquet_file_chunk(&file, g, FLOAT)->bloom_filter_length, 256 + 32);
    }
    tarn_parquet_file_close(&file);
    close_store();
}
END_TEST

/* More than is kept back: filters of the first row groups go out behind one of them. */
START_TEST(parquet_bloom__large_ones_are_not_all_kept) /* P-BLOOM-WRITE-5 */
{
    enum { MANY = 2400000, GROUP = 131072 };
    struct tarn_parquet_column_options chosen = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    const struct tarn_path_step step = {.kind = TARN_PATH_FIELD, .name = TARN_TEXT("m"), .id = -1};
    chosen.path = (struct tarn_path){1, &step};
    chosen.bloom_filter = TARN_CHOICE_YES;
    chosen.bloom_false_positives = 1e-7;
    const struct tarn_parquet_write_options options = {.size = sizeof(options),
                                                       .codec = TARN_CODEC_UNCOMPRESSED,
                                                       .row_group_rows = GROUP,
                                                       .no_dictionary = true,
                                                       .column_count = 1,
                                                       .columns = &chosen};
    open_store();
    struct tarn_schema *schema = make_schema(1, &member);
    struct tarn_vector_builder *builder = build(schema, 0);
    for (uint64_t row = 0; row < MANY; row++) {
        tarn__vector_builder_i64(builder, (int64_t)mix(row));
    }
    struct tarn_vector *column = built(builder);
    write_file(schema, &options, MANY, &column);
    const uint32_t groups = file.footer->metadata.row_groups.count;
    const int64_t last = tarn_parquet_file_chunk(&file, groups - 1, 0)->data_page_offset;
    ck_assert_int_lt(tarn_parquet_file_chunk(&file, 0, 0)->bloom_filter_offset, last);
    ck_assert_int_gt(tarn_parquet_file_chunk(&file, groups - 1, 0)->bloom_filter_offset, last);
    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    close_store();
}
END_TEST

/* ---- sorting ---- */

static const struct tarn_field sorted_fields[] = {TARN_TEST_FIELD("a", &i64_type, true), TARN_TEST_FIELD("s", &struct_type, true),
                                                  TARN_TEST_FIELD("l", &list_type, true), TARN_TEST_FIELD("g", &geometry_type, true)};
static const struct tarn_path_step to_a[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("a"), .id = -1}};
static const struct tarn_path_step to_m[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("s"), .id = -1},
                                             {.kind = TARN_PATH_FIELD, .name = TARN_TEXT("m"), .id = -1}};
static const struct tarn_path_step to_element[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("l"), .id = -1},
                                                   {.kind = TARN_PATH_ELEMENT}};
static const struct tarn_path_step to_geometry[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("g"), .id = -1}};
static const struct tarn_path_step to_nothing[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("x"), .id = -1}};

/* Rows a, s.m of one batch; -1: null. Lists and geometries are null. */
static enum tarn_status write_sorted(const struct tarn_parquet_write_options *options, uint32_t rows, const int64_t (*values)[2])
{
    struct tarn_vector *columns[4];
    struct tarn_vector_builder *builders[4];
    struct tarn_batch *batch;
    struct tarn_sink *sink;
    struct tarn_schema *schema = make_schema(4, sorted_fields);
    for (uint32_t c = 0; c < 4; c++) {
        builders[c] = build(schema, c);
    }
    for (uint32_t row = 0; row < rows; row++) {
        struct tarn_vector_builder *child = tarn__vector_builder_child(builders[1], 0);
        if (values[row][0] < 0) {
            tarn__vector_builder_null(builders[0]);
        } else {
            tarn__vector_builder_i64(builders[0], values[row][0]);
        }
        if (values[row][1] < 0) {
            tarn__vector_builder_null(child);
        } else {
            tarn__vector_builder_i64(child, values[row][1]);
        }
        tarn__vector_builder_close(builders[1]);
        tarn__vector_builder_null(builders[2]);
        tarn__vector_builder_null(builders[3]);
    }
    for (uint32_t c = 0; c < 4; c++) {
        columns[c] = built(builders[c]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, rows, columns, &batch, &err), &err);
    enum tarn_status status = tarn_parquet_create(store, TARN_TEXT("f"), schema, options, &sink, &err);
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, batch, &err);
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, &err);
        } else {
            tarn_sink_abort(sink);
        }
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    return status;
}

START_TEST(parquet_sorting__is_declared_and_proved) /* P-SORT-3 */
{
    /* a descending with nulls first, then s.m ascending with nulls last; the second row group of five begins anew. */
    static const int64_t values[][2] = {{-1, 4}, {-1, -1}, {9, 1}, {9, 1}, {8, 0}, {7, 5}, {7, 6}, {3, 2}, {3, -1}, {0, 0}};
    const struct tarn_parquet_sorting sorting[] = {{{1, to_a}, true, true}, {{2, to_m}, false, false}};
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .row_group_rows = 5, .sorting_count = 2, .sorting = sorting};
    open_store();
    ck_assert_ok(write_sorted(&options, 10, values), &err);
    ck_assert_ok(tarn_parquet_verify(store, TARN_TEXT("f"), NULL, refuse_findings, NULL, &err), &err);
    tarn_parquet_file_open(&file, store, TARN_TEXT("f"));
    for (uint32_t g = 0; g < 2; g++) {
        const struct parquet_row_group *group = &file.footer->metadata.row_groups.items[g];
        ck_assert(group->has_sorting_columns);
        ck_assert_uint_eq(group->sorting_columns.count, 2);
        const struct parquet_sorting_column *columns = group->sorting_columns.items;
        ck_assert(columns[0].column_idx == 0 && columns[0].descending && columns[0].nulls_first);
        ck_assert(columns[1].column_idx == 1 && !columns[1].descending && !columns[1].nulls_first);
    }
    tarn_parquet_file_close(&file);
    /* Over the border of the row group rows may fall back. */
    static const int64_t again[][2] = {{5, 0}, {4, 0}, {4, 1}, {4, 2}, {1, 0}, {8, 0}, {2, 0}};
    ck_assert_ok(write_sorted(&options, 7, again), &err);
    close_store();
}
END_TEST

START_TEST(parquet_sorting__wrong_rows_are_named) /* P-SORT-3 */
{
    static const int64_t values[][2] = {{5, 0}, {4, 0}, {4, 1}, {4, 2}, {1, 0}, {8, 0}, {2, 3}, {2, 2}, {1, 0}};
    const struct tarn_parquet_sorting sorting[] = {{{1, to_a}, true, true}, {{2, to_m}, false, false}};
    struct tarn_parquet_write_options options = {.size = sizeof(options), .row_group_rows = 5, .sorting_count = 2, .sorting = sorting};
    open_store();
    ck_assert_status(write_sorted(&options, 9, values), TARN_INVALID);
    ck_assert_str_eq(err.detail, "sorting");
    ck_assert_int_eq(err.row, 7);
    ck_assert(tarn_test_store_is_empty(store));
    options.row_group_rows = 0;
    ck_assert_status(write_sorted(&options, 9, values), TARN_INVALID);
    ck_assert_int_eq(err.row, 5);
    close_store();
}
END_TEST

static const struct {
    const char *name;
    struct tarn_path path;
    enum tarn_status status;
} unsortable[] = {{"in a list", {2, to_element}, TARN_INVALID},
                  {"a list", {1, to_element}, TARN_INVALID},
                  {"a struct", {1, to_m}, TARN_INVALID},
                  {"without order", {1, to_geometry}, TARN_INVALID},
                  {"not there", {1, to_nothing}, TARN_NOT_FOUND}};

START_TEST(parquet_sorting__needs_columns_with_an_order) /* P-SORT-4 */
{
    static const int64_t values[][2] = {{1, 1}};
    const struct tarn_parquet_sorting sorting[] = {
        {{1, to_a}, false, false}, {unsortable[_i].path, false, false}, {{1, to_a}, true, false}};
    struct tarn_parquet_write_options options = {.size = sizeof(options), .sorting_count = 2, .sorting = sorting};
    open_store();
    ck_assert_msg(write_sorted(&options, 1, values) == unsortable[_i].status, "%s", unsortable[_i].name);
    ck_assert(unsortable[_i].status == TARN_NOT_FOUND || strcmp(err.detail, "sorting") == 0);
    const struct tarn_parquet_sorting twice[] = {sorting[0], sorting[2]};
    options.sorting = twice;
    ck_assert_status(write_sorted(&options, 1, values), TARN_INVALID);
    options.sorting = NULL;
    ck_assert_status(write_sorted(&options, 1, values), TARN_INVALID);
    ck_assert(tarn_test_store_is_empty(store));
    close_store();
}
END_TEST

/* ---- geometries ---- */

static void put_point(struct tarn_vector_builder *builder, double x, double y)
{
    uint8_t bytes[21] = {1, 1};
    uint64_t bits;
    memcpy(&bits, &x, 8);
    tarn__store64(bytes + 5, bits);
    memcpy(&bits, &y, 8);
    tarn__store64(bytes + 13, bits);
    tarn__vector_builder_text(builder, (struct tarn_text){(const char *)bytes, sizeof(bytes)});
}

START_TEST(parquet_geometry__has_boxes_and_no_bounds) /* P-GEO-5 */
{
    static const char empty_line[] = {1, 2, 0, 0, 0, 0, 0, 0, 0};
    const struct tarn_field field = TARN_TEST_FIELD("g", &geometry_type, true);
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .row_group_rows = 100, .page_rows = 10, .no_dictionary = _i == 1, .bloom_filters = TARN_CHOICE_YES};
    open_store();
    struct tarn_schema *schema = make_schema(1, &field);
    struct tarn_vector_builder *builder = build(schema, 0);
    for (int row = 0; row < 400; row++) {
        if (row >= 300) { /* a row group of nothing that is known */
            tarn__vector_builder_text(builder, TARN_TEXT("POINT(1 2)"));
        } else if (row >= 200 || row % 7 == 0) { /* one of nulls */
            tarn__vector_builder_null(builder);
        } else if (row == 101) {
            tarn__vector_builder_text(builder, (struct tarn_text){empty_line, sizeof(empty_line)});
        } else {
            put_point(builder, row % 10 - (row == 55 ? 100 : 0), row / 10 * 2);
        }
    }
    struct tarn_vector *column = built(builder);
    write_file(schema, &options, 400, &column);
    static const int32_t types[] = {1, 2};
    for (uint32_t g = 0; g < 4; g++) {
        const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&file, g, 0);
        const struct parquet_geospatial_statistics *geo = chunk->geospatial_statistics;
        ck_assert(chunk->has_statistics && chunk->statistics.has_null_count);
        ck_assert(!chunk->statistics.has_min_value && !chunk->statistics.has_max_value && !chunk->has_bloom_filter_offset);
        ck_assert(!outer_chunk(g, 0)->has_column_index_offset && outer_chunk(g, 0)->has_offset_index_offset);
        if (g >= 2) {
            ck_assert_ptr_null(geo);
            continue;
        }
        ck_assert_ptr_nonnull(geo);
        ck_assert(geo->has_bbox && !geo->bbox.has_zmin && !geo->bbox.has_mmin);
        ck_assert(geo->bbox.xmin == (g == 0 ? -95 : 0) && geo->bbox.xmax == 9);
        ck_assert(geo->bbox.ymin == (g == 0 ? 0 : 20) && geo->bbox.ymax == (g == 0 ? 18 : 38));
        ck_assert_uint_eq(geo->geospatial_types.count, g + 1);
        ck_assert_mem_eq(geo->geospatial_types.items, types, (g + 1) * sizeof(types[0]));
    }
    tarn_parquet_file_close(&file);
    tarn_schema_release(schema);
    close_store();
}
END_TEST

/* ---- what is left out ---- */

START_TEST(parquet_facts__are_left_out_by_column) /* P-INDEX-WRITE-6 */
{
    static const struct tarn_path_step to[] = {{.kind = TARN_PATH_FIELD, .name = TARN_TEXT("int"), .id = -1},
                                               {.kind = TARN_PATH_FIELD, .name = TARN_TEXT("up"), .id = -1}};
    struct tarn_parquet_column_options chosen[2] = {TARN_PARQUET_COLUMN_OPTIONS_INIT, TARN_PARQUET_COLUMN_OPTIONS_INIT};
    chosen[0].path = (struct tarn_path){1, &to[0]};
    chosen[0].statistics = TARN_CHOICE_NO;
    chosen[1].path = (struct tarn_path){1, &to[1]};
    chosen[1].page_index = _i == 0 ? TARN_CHOICE_NO : TARN_CHOICE_YES;
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .page_rows = 1000, .no_page_index = _i == 1, .column_count = 2, .columns = chosen};
    open_store();
    write_columns(&options);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const struct parquet_column_chunk *chunk = outer_chunk(0, c);
        ck_assert_int_eq(chunk->meta_data.has_statistics, c != RANDOM_INT);
        ck_assert(chunk->has_offset_index_offset); /* all have one as soon as one has a column index */
        ck_assert_int_eq(chunk->has_column_index_offset, _i == 0 ? c != RANDOM_INT && c != ASCENDING : c == ASCENDING);
    }
    tarn_parquet_file_close(&file);
    close_store();
}
END_TEST

START_TEST(parquet_facts__no_page_index_at_all) /* P-INDEX-WRITE-6 */
{
    const struct tarn_parquet_write_options options = {.size = sizeof(options), .no_page_index = true};
    open_store();
    write_columns(&options);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        ck_assert(!outer_chunk(0, c)->has_offset_index_offset && !outer_chunk(0, c)->has_column_index_offset);
    }
    tarn_parquet_file_close(&file);
    close_store();
}
END_TEST

/* ---- orders of floats ---- */

static uint32_t float_bits(struct tarn_span bound)
{
    ck_assert_uint_eq(bound.size, 4);
    return tarn__load32(bound.data);
}

/* Three pages: numbers with NaN among them, NaN alone, zeros. */
static void write_floats(enum tarn_parquet_float_order order, enum tarn_choice nan_counts)
{
    const struct tarn_field field = TARN_TEST_FIELD("f", &f32_type, true);
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .page_rows = 4, .no_dictionary = true, .float_order = order, .nan_counts = nan_counts};
    const double nan = __builtin_nan("");
    const double values[] = {nan, 2, -3, 1, nan, nan, nan, nan, 0.0, 0.0, 0.0, 0.0};
    struct tarn_schema *schema = make_schema(1, &field);
    struct tarn_vector_builder *builder = build(schema, 0);
    for (unsigned i = 0; i < 12; i++) {
        tarn__vector_builder_f64(builder, values[i]);
    }
    struct tarn_vector *column = built(builder);
    write_file(schema, &options, 12, &column);
    tarn_schema_release(schema);
}

START_TEST(parquet_floats__by_the_order_that_is_asked_for) /* P-BOUND-8 P-FILE-WRITE-2 */
{
    struct tarn_column_index index;
    open_store();
    write_floats(TARN_FLOAT_ORDER_IEEE754, TARN_CHOICE_AUTO);
    const struct parquet_statistics *statistics = &tarn_parquet_file_chunk(&file, 0, 0)->statistics;
    ck_assert_int_eq(file.footer->metadata.column_orders.items[0].id, PARQUET_ORDER_IEEE_754_TOTAL);
    ck_assert(statistics->has_nan_count && statistics->nan_count == 5);
    ck_assert_uint_eq(float_bits(statistics->min_value), 0xc0400000);
    ck_assert_uint_eq(float_bits(statistics->max_value), 0x40000000);
    ck_assert(tarn_parquet_file_column_index(&file, 0, 0, &index));
    ck_assert_uint_eq(index.page_count, 3);
    ck_assert(index.nan_counts[0] == 1 && index.nan_counts[1] == 4 && index.nan_counts[2] == 0);
    ck_assert_uint_eq(float_bits(index.min_values[0]), 0xc0400000);
    ck_assert_uint_eq(float_bits(index.min_values[1]) & 0x7fc00000, 0x7fc00000);
    ck_assert_uint_eq(float_bits(index.max_values[1]) & 0x7fc00000, 0x7fc00000);
    ck_assert_uint_eq(float_bits(index.min_values[2]), 0); /* as they are: +0 */
    tarn_parquet_file_close(&file);

    write_floats(TARN_FLOAT_ORDER_TYPE, TARN_CHOICE_AUTO);
    statistics = &tarn_parquet_file_chunk(&file, 0, 0)->statistics;
    ck_assert_int_eq(file.footer->metadata.column_orders.items[0].id, PARQUET_ORDER_TYPE);
    ck_assert(statistics->has_nan_count && statistics->nan_count == 5);
    ck_assert(!tarn_parquet_file_column_index(&file, 0, 0, &index)); /* for the page of NaN */
    tarn_parquet_file_close(&file);

    write_floats(TARN_FLOAT_ORDER_TYPE, TARN_CHOICE_NO);
    ck_assert(!tarn_parquet_file_chunk(&file, 0, 0)->statistics.has_nan_count);
    tarn_parquet_file_close(&file);
    close_store();
}
END_TEST

TARN_SUITE("parquet_facts", TARN_LOOP_TIMES(parquet_bloom__is_chosen_where_it_helps, 2),
           TARN_TEST(parquet_bloom__is_made_where_it_is_asked_for), TARN_TEST(parquet_bloom__large_ones_are_not_all_kept),
           TARN_TEST(parquet_sorting__is_declared_and_proved), TARN_TEST(parquet_sorting__wrong_rows_are_named),
           TARN_LOOP_TEST(parquet_sorting__needs_columns_with_an_order, unsortable),
           TARN_LOOP_TIMES(parquet_geometry__has_boxes_and_no_bounds, 2), TARN_LOOP_TIMES(parquet_facts__are_left_out_by_column, 2),
           TARN_TEST(parquet_facts__no_page_index_at_all), TARN_TEST(parquet_floats__by_the_order_that_is_asked_for))
