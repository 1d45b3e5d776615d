/* SPDX-License-Identifier: Apache-2.0
 * Pruning on is pruning off: for files of the conformance corpus, by all writers, and a table of predicates over their columns with
 * literals from their own rows, the same rows are found whatever is left out, with one thread and several, on each set of instructions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector.h"
#include "format/json/json_pull.h"
#include "tarn/filtered_scan.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

enum { MOST_COLUMNS = 5, LITERALS = 3, MOST_BYTES = 1 << 20, MOST_TEXT = 200 };

static struct tarn_error err;

/* How a file is read. The first is the yardstick, without pruning. */
struct variant {
    enum tarn_cpu cpu;
    bool threads;
    struct tarn_env *env; /* NULL: this machine has not these instructions */
    struct tarn_store *store;
    struct tarn_source *source;
};

static struct variant variants[] = {{TARN_CPU_AUTO, false, NULL, NULL, NULL},
                                    {TARN_CPU_AUTO, true, NULL, NULL, NULL},
                                    {TARN_CPU_BASE, false, NULL, NULL, NULL},
                                    {TARN_CPU_V3, false, NULL, NULL, NULL}};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

struct column {
    struct tarn_path_step steps[8];
    struct tarn_path path;
    const struct tarn_type *type;
    uint32_t literal_count;
    struct tarn_value literals[LITERALS];
    char texts[LITERALS][MOST_TEXT];
};

struct tally {
    unsigned files;
    unsigned predicates;
    uint64_t groups_pruned;
    uint64_t rows_skipped;
    uint64_t rows_found;
};

static struct tally tally;

/* ---- predicates ---- */

enum test { EQUAL, UNEQUAL, BELOW, AT_LEAST, NOT_BELOW, ONE_OF, PREFIX, IS_NULL, NOT_NULL, BOTH, EITHER, TESTS };

static const struct tarn_expr_node *compare(struct tarn_expr_builder *b, const struct column *column, enum tarn_expr_op op,
                                            uint32_t literal)
{
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(b, &column->path, column->type, true),
                                           tarn_expr_make_literal(b, &column->literals[literal])};
    return tarn_expr_make(b, op, 2, args);
}

static const struct tarn_expr_node *make_test(struct tarn_expr_builder *b, const struct column *column, const struct column *other,
                                              enum test test, uint32_t literal)
{
    const struct tarn_expr_node *args[LITERALS + 1] = {NULL};
    struct tarn_value prefix = column->literals[literal];
    switch (test) {
    case EQUAL:
        return compare(b, column, TARN_EXPR_EQ, literal);
    case UNEQUAL:
        return compare(b, column, TARN_EXPR_NE, literal);
    case BELOW:
        return compare(b, column, TARN_EXPR_LT, literal);
    case AT_LEAST:
        return compare(b, column, TARN_EXPR_GE, literal);
    case NOT_BELOW:
        args[0] = compare(b, column, TARN_EXPR_LT, literal);
        return tarn_expr_make(b, TARN_EXPR_NOT, 1, args);
    case ONE_OF:
        args[0] = tarn_expr_make_column(b, &column->path, column->type, true);
        for (uint32_t i = 0; i < column->literal_count; i++) {
            args[1 + i] = tarn_expr_make_literal(b, &column->literals[i]);
        }
        return tarn_expr_make(b, TARN_EXPR_IN, 1 + column->literal_count, args);
    case PREFIX:
        prefix.u.bytes.size = prefix.u.bytes.size > 2 ? 2 : prefix.u.bytes.size;
        args[0] = tarn_expr_make_column(b, &column->path, column->type, true);
        args[1] = tarn_expr_make_literal(b, &prefix);
        return tarn_expr_make(b, TARN_EXPR_STARTS_WITH, 2, args);
    case IS_NULL:
    case NOT_NULL:
        args[0] = tarn_expr_make_column(b, &column->path, column->type, true);
        args[0] = tarn_expr_make(b, TARN_EXPR_IS_NULL, 1, args);
        return test == IS_NULL ? args[0] : tarn_expr_make(b, TARN_EXPR_NOT, 1, args);
    default:
        args[0] = compare(b, column, TARN_EXPR_LE, literal);
        args[1] = compare(b, other, TARN_EXPR_GE, 0);
        return tarn_expr_make(b, test == BOTH ? TARN_EXPR_AND : TARN_EXPR_OR, 2, args);
    }
}

/* NULL: there is no such test of this type. */
static struct tarn_expr *make_predicate(struct tarn_env *env, const struct column *column, const struct column *other, enum test test,
                                        uint32_t literal)
{
    struct tarn_expr_builder *b;
    struct tarn_expr *out;
    ck_assert_ok(tarn_expr_builder_open(env, &b, &err), &err);
    const struct tarn_expr_node *root = make_test(b, column, other, test, literal);
    return tarn_expr_builder_finish(b, root, &out, &err) == TARN_OK ? out : NULL;
}

/* ---- rows ---- */

struct found {
    enum tarn_status status;
    uint64_t rows;
    uint64_t digest; /* of the positions, in order */
    struct tarn_scan_stats stats;
};

/* The positions of the rows that pass; the column is fetched too, so that what is left of it is read. */
static struct found find(const struct variant *variant, const struct tarn_expr *predicate, const struct column *column, bool no_prune)
{
    struct found found = {TARN_OK, 0, UINT64_C(14695981039346656037), {.size = sizeof(found.stats)}};
    struct tarn_filter_request request = TARN_FILTER_REQUEST_INIT;
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT(TARN_ROW_INDEX), -1};
    const struct tarn_path paths[] = {{1, &step}, column->path};
    struct tarn_filtered_scan *scan;
    struct tarn_batch *batch;
    request.path_count = 2;
    request.paths = paths;
    request.predicate = predicate;
    request.no_prune = no_prune;
    request.batch_rows = 1000;
    found.status = tarn_filtered_scan_open(variant->source, &request, &scan, &err);
    while (found.status == TARN_OK) {
        found.status = tarn_filtered_scan_next(scan, &batch, &err);
        if (found.status != TARN_OK || batch == NULL) {
            break;
        }
        const int64_t *positions = batch->columns[0]->u.values;
        for (uint32_t i = 0; i < batch->length; i++) {
            found.digest = (found.digest ^ (uint64_t)positions[i]) * UINT64_C(1099511628211);
        }
        found.rows += batch->length;
    }
    if (scan != NULL) {
        tarn_filtered_scan_stats(scan, &found.stats);
    }
    tarn_filtered_scan_close(scan);
    return found;
}

static void check_predicate(const char *path, const struct column *column, const struct column *other, enum test test, uint32_t literal)
{
    struct tarn_expr *predicate = make_predicate(variants[0].env, column, other, test, literal);
    if (predicate == NULL) {
        return;
    }
    const struct found expected = find(&variants[0], predicate, column, true);
    tarn_expr_release(predicate);
    if (expected.status != TARN_OK) { /* a column that cannot be read */
        return;
    }
    tally.predicates++;
    tally.rows_found += expected.rows;
    for (unsigned i = 0; i < VARIANTS; i++) {
        if (variants[i].env == NULL) {
            continue;
        }
        predicate = make_predicate(variants[i].env, column, other, test, literal);
        const struct found found = find(&variants[i], predicate, column, false);
        ck_assert_msg(found.status == TARN_OK, "%s: column %.*s, test %d, literal %u, variant %u: %s", path,
                      TARN_TEXT_ARG(column->steps[0].name), (int)test, literal, i, err.message);
        ck_assert_msg(found.rows == expected.rows && found.digest == expected.digest,
                      "%s: column %.*s, test %d, literal %u, variant %u: %llu rows, not %llu", path, TARN_TEXT_ARG(column->steps[0].name),
                      (int)test, literal, i, (unsigned long long)found.rows, (unsigned long long)expected.rows);
        tally.groups_pruned += found.stats.row_groups_pruned;
        tally.rows_skipped += found.stats.rows_skipped;
        tarn_expr_release(predicate);
    }
}

/* ---- columns and their literals ---- */

static void keep_literal(struct column *column, struct tarn_value value)
{
    const enum tarn_kind kind = tarn_type_kind(value.type);
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        if (value.u.bytes.size > MOST_TEXT) {
            return;
        }
        memcpy(column->texts[column->literal_count], value.u.bytes.data, value.u.bytes.size);
        value.u.bytes.data = column->texts[column->literal_count];
    }
    value.type = column->type;
    column->literals[column->literal_count++] = value;
}

/* Values of the first, a middle and the last row that have one, of the first batch of the first and the last task. */
static void find_literals(struct tarn_source *source, struct column *column)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    request.path_count = 1;
    request.paths = &column->path;
    column->literal_count = 0;
    if (tarn_source_scan(source, &request, &scan, &err) != TARN_OK) {
        return;
    }
    const uint32_t tasks = tarn_scan_task_count(scan);
    for (uint32_t i = 0; i < 2 && tasks != 0; i++) {
        struct tarn_cursor *cursor;
        struct tarn_vector *vector;
        uint32_t rows = 0;
        if (tarn_scan_open(scan, i == 0 ? 0 : tasks - 1, &cursor, &err) != TARN_OK) {
            break;
        }
        if (tarn_cursor_next(cursor, 0, &rows, &err) == TARN_OK && rows != 0 &&
            tarn_cursor_column(cursor, 0, NULL, &vector, &err) == TARN_OK) {
            const uint32_t places[] = {rows / 2, rows - 1};
            for (uint32_t k = 0; k < 2 && column->literal_count < LITERALS; k++) {
                if (!tarn_vector_is_null(vector, places[k])) {
                    keep_literal(column, tarn__vector_value(vector, places[k]));
                }
            }
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_close(scan);
}

/* Columns outside of lists, members of structs among them. */
static void collect(const struct tarn_field *fields, uint32_t count, struct column *around, uint32_t depth, struct column *columns,
                    uint32_t *found)
{
    for (uint32_t i = 0; i < count && *found < MOST_COLUMNS; i++) {
        const struct tarn_type *type = fields[i].type;
        around->steps[depth] = (struct tarn_path_step){TARN_PATH_FIELD, fields[i].name, -1};
        if (type->id == TARN_TYPE_STRUCT && depth < 7) {
            collect(type->fields, type->field_count, around, depth + 1, columns, found);
        } else if (tarn_type_kind(type) != TARN_KIND_NESTED && type->id != TARN_TYPE_NULL) {
            struct column *column = &columns[(*found)++];
            *column = *around;
            column->type = type;
            column->path = (struct tarn_path){depth + 1, column->steps};
        }
    }
}

static void check_columns(const char *path)
{
    static struct column columns[MOST_COLUMNS];
    static struct column around;
    uint32_t count = 0;
    const struct tarn_schema *schema = tarn_source_schema(variants[0].source);
    collect(schema->fields, schema->field_count, &around, 0, columns, &count);
    for (uint32_t i = 0; i < count; i++) {
        find_literals(variants[0].source, &columns[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct column *other = &columns[(i + 1) % count];
        for (uint32_t literal = 0; literal < columns[i].literal_count; literal++) {
            for (int test = 0; test < TESTS; test++) {
                const bool once = test == ONE_OF || test == IS_NULL || test == NOT_NULL;
                if ((once && literal != 0) || (test >= BOTH && other->literal_count == 0)) {
                    continue;
                }
                check_predicate(path, &columns[i], other, (enum test)test, literal);
            }
        }
    }
}

/* ---- files ---- */

static void check_file(const char *path)
{
    struct tarn_object_info info;
    if (tarn_store_head(variants[0].store, tarn__text_of(path), &info, &err) != TARN_OK || info.size > MOST_BYTES) {
        return;
    }
    bool opened = true;
    for (unsigned i = 0; i < VARIANTS; i++) {
        variants[i].source = NULL;
        if (variants[i].env != NULL && opened) {
            struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
            options.invalid_utf8_as_is = true;
            opened = tarn_parquet_open(variants[i].store, tarn__text_of(path), &options, &variants[i].source, &err) == TARN_OK;
        }
    }
    if (opened) {
        tally.files++;
        check_columns(path);
    }
    for (unsigned i = 0; i < VARIANTS; i++) {
        tarn_source_close(variants[i].source);
    }
}

/* One line of the index: the path of a file that is to be read; else empty. */
static void path_of_line(struct tarn_json *json, char *path, size_t size)
{
    bool read = true;
    bool more = true;
    path[0] = '\0';
    for (;;) {
        ck_assert_ok(tarn__json_key(json, &more, &err), &err);
        if (!more) {
            break;
        }
        struct tarn_text text;
        if (tarn__json_is(json, "path")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            snprintf(path, size, "%.*s", TARN_TEXT_ARG(text));
        } else if (tarn__json_is(json, "must")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err), &err);
            read = tarn__text_equal(text, TARN_TEXT("read"));
        } else {
            ck_assert_ok(tarn__json_skip(json, &err), &err);
        }
    }
    if (!read || strncmp(path, "../", 3) == 0) {
        path[0] = '\0';
    }
}

static void open_variants(const char *folder, const struct tarn_executor *executor)
{
    for (unsigned i = 0; i < VARIANTS; i++) {
        struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
        options.cpu = variants[i].cpu;
        options.executor = variants[i].threads ? executor : NULL;
        if (tarn_env_open(&options, &variants[i].env, &err) == TARN_OK) {
            ck_assert_ok(tarn_store_open(variants[i].env, tarn__text_of(folder), false, &variants[i].store, &err), &err);
        }
    }
    ck_assert_ptr_nonnull(variants[0].env);
}

START_TEST(prune_equal__finds_the_same_rows) /* P-SCAN-1 P-SCAN-4 P-SCAN-5 P-SCAN-6 P-STAT-7 */
{
    const char *corpus = tarn_test_corpus();
    struct tarn_pool *pool;
    char folder[1024];
    char path[1200];
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
        return;
    }
    ck_assert_ok(tarn_pool_open(3, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    snprintf(folder, sizeof(folder), "%s/parquet", corpus);
    open_variants(folder, &executor);

    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(variants[0].store, TARN_TEXT("expected/index.jsonl"), &object, &err), &err);
    const size_t size = (size_t)tarn_object_info(object).size;
    char *index = malloc(size);
    ck_assert_ptr_nonnull(index);
    const struct tarn_read_range whole = {0, size, (uint8_t *)index};
    ck_assert_ok(tarn_object_read(object, 1, &whole, &err), &err);
    tarn_object_close(object);

    struct tarn_json json;
    const struct tarn_json_pull_options options = {.env = variants[0].env, .failure = TARN_CORRUPT, .many = true};
    tarn__json_open(&json, &options, (struct tarn_text){index, size});
    for (;;) {
        enum tarn_json_event event;
        ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
        if (event == TARN_JSON_END) {
            break;
        }
        path_of_line(&json, path, sizeof(path));
        if (path[0] != '\0') {
            check_file(path);
        }
    }
    tarn__json_close(&json);
    free(index);
    for (unsigned i = 0; i < VARIANTS; i++) {
        if (variants[i].env != NULL) {
            tarn_store_close(variants[i].store);
            tarn_test_env_close(variants[i].env);
        }
    }
    tarn_pool_close(pool);
    printf("%u files, %u predicates, %llu rows found, %llu row groups and %llu rows left out\n", tally.files, tally.predicates,
           (unsigned long long)tally.rows_found, (unsigned long long)tally.groups_pruned, (unsigned long long)tally.rows_skipped);
    ck_assert_uint_gt(tally.predicates, 5000);
    ck_assert_uint_gt(tally.groups_pruned, 1000); /* and something was left out */
}
END_TEST

TARN_SUITE("reader/prune_equal", TARN_TEST(prune_equal__finds_the_same_rows))
