/* SPDX-License-Identifier: Apache-2.0
 * Delta tables written by other engines: the rows of every recorded version are those that are expected, or the table is refused for a
 * feature that is named; never other rows. What is refused is frozen here: the lists may only shrink. Variants are compared as the bytes
 * that Spark stored, or as what they hold; row ids and the versions of rows where they were recorded.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "tarn/changes.h"
#include "tests/support/canonical.h"
#include "tests/support/suite.h"
#include "txlog/core/table_scan.h"
#include "txlog/delta/delta_schema.h"

static struct tarn_error err = TARN_ERROR_INIT;

/* Tables (with a version where only some are) that are refused, and why. */
static const struct {
    const char *name;
    enum tarn_status status;
    const char *detail;
} refused[] = {
#include "tests/txlog/delta_corpus_refused.inc"
};

/* ---- lines of canonical JSON, made comparable ---- */

struct lines {
    struct tarn_env *env;
    bool decimals; /* texts that are numbers are these */
    char **line;
    size_t count;
    size_t capacity;
};

static void add_number(struct tarn_text_builder *out, struct tarn_text number)
{
    bool is_float = false;
    for (size_t i = 0; i < number.size; i++) {
        is_float = is_float || number.data[i] == '.' || number.data[i] == 'e' || number.data[i] == 'E';
    }
    double value;
    if (is_float && tarn__double_parse(number, 0, &value) != TARN_PARSED_SYNTAX) {
        tarn__builder_add_double(out, value, NULL);
    } else {
        tarn__builder_add(out, number);
    }
}

/* The same document with one spelling for each value. `decimals`: those of variants are texts here and numbers with Spark. */
static void normalise(struct tarn_env *env, struct tarn_text line, bool decimals, struct tarn_text_builder *out)
{
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, line);
    for (;;) {
        enum tarn_json_event event;
        ck_assert_ok(tarn__json_next(&json, &event, &err), &err);
        if (event == TARN_JSON_END) {
            break;
        }
        static const char *const marks[] = {"", "{", "}", "[", "]", "", "", "", "true", "false", "null"};
        tarn__builder_add_str(out, marks[event]);
        double value;
        if (event == TARN_JSON_STRING && decimals && tarn__double_parse(json.text, 0, &value) == TARN_PARSED) {
            add_number(out, json.text);
        } else if (event == TARN_JSON_KEY || event == TARN_JSON_STRING) {
            tarn__json_put_string(out, json.text);
        } else if (event == TARN_JSON_NUMBER) {
            add_number(out, json.text);
        }
        tarn__builder_add_char(out, ' ');
    }
    tarn__json_close(&json);
}

static void add_lines(struct lines *lines, struct tarn_text text)
{
    while (text.size != 0) {
        const char *newline = memchr(text.data, '\n', text.size);
        const size_t size = newline != NULL ? (size_t)(newline - text.data) : text.size;
        if (size != 0) {
            struct tarn_text_builder out;
            tarn__builder_init(&out, lines->env);
            normalise(lines->env, (struct tarn_text){text.data, size}, lines->decimals, &out);
            ck_assert(tarn__grow(lines->env, &lines->line, &lines->capacity, lines->count + 1, sizeof(char *)));
            size_t made;
            lines->line[lines->count++] = tarn__builder_take(&out, &made);
        }
        text.data += newline != NULL ? size + 1 : size;
        text.size -= newline != NULL ? size + 1 : size;
    }
}

static void add_file_lines(struct lines *lines, const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    ck_assert_uint_eq(fread(text, 1, size, file), size);
    fclose(file);
    add_lines(lines, (struct tarn_text){text, size});
    free(text);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        tarn__free(lines->env, lines->line[i]);
    }
    tarn__free(lines->env, lines->line);
}

/* Prints the first difference. */
static bool equal_lines(const char *what, struct lines *expected, struct lines *got)
{
    if (expected->count != 0) {
        qsort(expected->line, expected->count, sizeof(char *), compare);
    }
    if (got->count != 0) {
        qsort(got->line, got->count, sizeof(char *), compare);
    }
    size_t i = 0;
    while (i < expected->count && i < got->count && strcmp(expected->line[i], got->line[i]) == 0) {
        i++;
    }
    if (i == expected->count && i == got->count) {
        return true;
    }
    printf("WRONG %s: %zu rows, expected %zu\n  expected %.400s\n  got      %.400s\n", what, got->count, expected->count,
           i < expected->count ? expected->line[i] : "(none)", i < got->count ? got->line[i] : "(none)");
    return false;
}

/* ---- tables ---- */

/* What is read of a table, and how it is compared. */
enum view {
    VIEW_ROWS,    /* every column, variants as they are stored */
    VIEW_VARIANT, /* id and v, variants as what they hold */
    VIEW_ROW_IDS, /* every column, and _row_id and _row_commit_version */
};

static enum tarn_status source_lines(struct tarn_source *source, struct lines *lines)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, lines->env);
    const enum tarn_status status = tarn_canonical_rows_stored(source, TARN_BATCH_ROWS, &text, &err);
    if (status == TARN_OK) {
        add_lines(lines, tarn__builder_text(&text));
    }
    tarn__builder_free(&text);
    return status;
}

/* The columns of a view; returns how many. */
static uint32_t view_paths(enum view view, const struct tarn_schema *schema, struct tarn_path_step (*steps)[2], struct tarn_path *paths,
                           struct tarn_text *names)
{
    static const struct tarn_path_step ids[2][2] = {
        {{TARN_PATH_FIELD, {"_metadata", 9}, -1}, {TARN_PATH_FIELD, {"row_id", 6}, -1}},
        {{TARN_PATH_FIELD, {TARN_ROW_VERSION, sizeof(TARN_ROW_VERSION) - 1}, -1}},
    };
    uint32_t count = 0;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_text name = schema->fields[i].name;
        if (view == VIEW_ROW_IDS || tarn__text_equal(name, TARN_TEXT("id")) || tarn__text_equal(name, TARN_TEXT("v"))) {
            steps[count][0] = (struct tarn_path_step){TARN_PATH_FIELD, name, -1};
            paths[count] = (struct tarn_path){1, steps[count]};
            names[count++] = name;
        }
    }
    if (view == VIEW_ROW_IDS) {
        paths[count] = (struct tarn_path){2, ids[0]};
        names[count++] = TARN_TEXT("_row_id");
        paths[count] = (struct tarn_path){1, ids[1]};
        names[count++] = TARN_TEXT("_row_commit_version");
    }
    return count;
}

static enum tarn_status cursor_lines(struct tarn_cursor *cursor, uint32_t count, const struct tarn_text *names,
                                     struct tarn_text_builder *text)
{
    for (;;) {
        uint32_t rows;
        struct tarn_vector *columns[40];
        TARN_RETURN_IF_ERROR(tarn_cursor_next(cursor, 5, &rows, &err)); /* few: windows are on trial too */
        if (rows == 0) {
            return TARN_OK;
        }
        for (uint32_t c = 0; c < count; c++) {
            TARN_RETURN_IF_ERROR(tarn_cursor_column(cursor, c, NULL, &columns[c], &err));
        }
        for (uint32_t row = 0; row < rows; row++) {
            struct tarn_json_printer json;
            tarn__json_printer_init(&json, text);
            tarn__json_print_begin_object(&json);
            for (uint32_t c = 0; c < count; c++) {
                tarn__json_print_key(&json, names[c]);
                tarn_canonical_value(&json, columns[c], row);
            }
            tarn__json_print_end_object(&json);
            tarn__builder_add_char(text, '\n');
        }
    }
}

static enum tarn_status view_lines(enum view view, struct tarn_source *source, struct lines *lines)
{
    struct tarn_path_step steps[40][2];
    struct tarn_path paths[40];
    struct tarn_text names[40];
    ck_assert_uint_lt(tarn_source_schema(source)->field_count, 38);
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = view_paths(view, tarn_source_schema(source), steps, paths, names);
    request.paths = paths;
    struct tarn_scan *scan;
    struct tarn_text_builder text;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &scan, &err));
    tarn__builder_init(&text, lines->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t t = 0; status == TARN_OK && t < tarn_scan_task_count(scan); t++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, t, &cursor, &err);
        if (status == TARN_OK) {
            status = cursor_lines(cursor, request.path_count, names, &text);
            tarn_cursor_close(cursor);
        }
    }
    if (status == TARN_OK) {
        add_lines(lines, tarn__builder_text(&text));
    }
    tarn__builder_free(&text);
    tarn_scan_close(scan);
    return status;
}

static enum tarn_status table_lines(struct tarn_env *env, const char *path, int64_t version, enum view view, struct lines *lines,
                                    struct tarn_snapshot **snapshot)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    *snapshot = NULL;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, tarn__text_of(path), &options, snapshot, &err));
    struct tarn_source *source;
    enum tarn_status status = tarn_snapshot_source(*snapshot, &source, &err);
    if (status == TARN_OK) {
        status = view == VIEW_ROWS ? source_lines(source, lines) : view_lines(view, source, lines);
        tarn_source_close(source);
    }
    if (status != TARN_OK) {
        tarn_snapshot_close(*snapshot);
        *snapshot = NULL;
    }
    return status;
}

static int names_only(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* 0: equal; 1: refused as listed; 2: anything else, told. */
static int judge(const char *name, int64_t version, enum tarn_status status)
{
    char versioned[400];
    snprintf(versioned, sizeof(versioned), "%s@%lld", name, (long long)version);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if ((strcmp(refused[i].name, name) == 0 || strcmp(refused[i].name, versioned) == 0) && refused[i].status == status &&
            strcmp(refused[i].detail, err.detail) == 0) {
            return 1;
        }
    }
    char text[800];
    tarn_error_format(&err, text, sizeof(text));
    printf("NOT LISTED {\"%s\", TARN_%s, \"%s\"}, /* %s */\n", versioned, tarn_status_name(status), err.detail, text);
    return 2;
}

struct counts {
    unsigned equal;
    unsigned refused;
    unsigned wrong;
};

static void check_version(struct tarn_env *env, const char *name, const char *table, const char *rows, enum view view, int64_t version,
                          struct counts *counts)
{
    char what[400];
    snprintf(what, sizeof(what), "%s@%lld", name, (long long)version);
    struct lines got = {.env = env, .decimals = view == VIEW_VARIANT};
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = table_lines(env, table, version, view, &got, &snapshot);
    if (status != TARN_OK) {
        const int verdict = judge(name, version, status);
        counts->refused += verdict == 1;
        counts->wrong += verdict == 2;
        free_lines(&got);
        return;
    }
    struct lines expected = {.env = env, .decimals = view == VIEW_VARIANT};
    add_file_lines(&expected, rows);
    if (equal_lines(what, &expected, &got)) {
        counts->equal++;
    } else {
        counts->wrong++;
    }
    tarn_snapshot_close(snapshot);
    free_lines(&expected);
    free_lines(&got);
}

/* A clone's log names the folder in which it was made. */
#define CLONE_ROOT "/tmp/tarn-delta/shallow-clone"

static void put_clone_source(const char *root)
{
    char command[1500];
    snprintf(command, sizeof(command), "mkdir -p " CLONE_ROOT " && cp -r '%s/shallow-clone/source' " CLONE_ROOT, root);
    ck_assert_int_eq(system(command), 0);
}

static struct tarn_env *corpus_env(void)
{
    const struct tarn_text folder = TARN_TEXT(CLONE_ROOT "/source");
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.allowed_folder_count = 1;
    options.allowed_folders = &folder;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

/* Every version of a case that is recorded in its folder `kind`. */
static void check_case(const char *root, const char *name, const char *kind, enum view view, struct counts *counts)
{
    char table[1000];
    char folder[1000];
    snprintf(table, sizeof(table), "%s/%s/table", root, name);
    snprintf(folder, sizeof(folder), "%s/%s/%s", root, name, kind);
    struct dirent **versions;
    const int count = scandir(folder, &versions, names_only, alphasort);
    for (int v = 0; v < count; v++) {
        char rows[1400];
        snprintf(rows, sizeof(rows), "%s/%s", folder, versions[v]->d_name);
        struct tarn_env *env = corpus_env();
        check_version(env, name, table, rows, view, atoll(versions[v]->d_name + 1), counts);
        tarn_test_env_close(env);
        free(versions[v]);
    }
    if (count >= 0) {
        free(versions);
    }
}

START_TEST(delta_corpus__reads_what_engines_wrote) /* T-DELTA-READ-1 */
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    char root[600];
    snprintf(root, sizeof(root), "%s/delta/engines", corpus);
    put_clone_source(root);
    struct dirent **cases;
    const int count = scandir(root, &cases, names_only, alphasort);
    ck_assert_int_gt(count, 40);
    struct counts rows = {0};
    struct counts others = {0};
    for (int i = 0; i < count; i++) {
        const char *name = cases[i]->d_name;
        if (strcmp(name, "variant-shredded") != 0) { /* its bytes are Spark's way of putting variants together again */
            check_case(root, name, "rows", VIEW_ROWS, &rows);
        }
        check_case(root, name, "variant", VIEW_VARIANT, &others);
        check_case(root, name, "rowtracking", VIEW_ROW_IDS, &others);
        free(cases[i]);
    }
    free(cases);
    printf("engines: %u versions equal, %u refused by name, %u wrong\n", rows.equal, rows.refused, rows.wrong);
    printf("variants and row ids: %u versions equal, %u refused by name, %u wrong\n", others.equal, others.refused, others.wrong);
    ck_assert_uint_eq(rows.wrong + others.wrong, 0);
    ck_assert_uint_ge(others.equal, 8);
}
END_TEST

/* ---- change feeds ---- */

static enum tarn_status change_lines(struct tarn_env *env, const char *table, int64_t first, int64_t last, struct lines *lines)
{
    struct tarn_changes_options options = TARN_CHANGES_OPTIONS_INIT;
    struct tarn_source *source;
    options.first_version = first;
    options.last_version = last;
    TARN_RETURN_IF_ERROR(tarn_changes_source(env, tarn__text_of(table), &options, NULL, &source, &err));
    const enum tarn_status status = source_lines(source, lines);
    tarn_source_close(source);
    for (size_t i = 0; i < lines->count; i++) {
        char *time = strstr(lines->line[i], "\"_commit_timestamp\""); /* the last column, which is not recorded */
        ck_assert_ptr_nonnull(time);
        strcpy(time, "} ");
    }
    return status;
}

/* `rows`: a file "<first>-<last>.rows.jsonl". */
static void check_changes(struct tarn_env *env, const char *name, const char *table, const char *folder, const char *rows,
                          struct counts *counts)
{
    char what[400];
    char path[1600];
    long long first;
    long long last;
    ck_assert_int_eq(sscanf(rows, "%lld-%lld", &first, &last), 2);
    snprintf(what, sizeof(what), "%s %lld..%lld", name, first, last);
    snprintf(path, sizeof(path), "%s/%s", folder, rows);
    struct lines got = {.env = env};
    struct lines expected = {.env = env};
    const enum tarn_status status = change_lines(env, table, first, last, &got);
    if (status != TARN_OK) {
        const int verdict = judge(name, last, status);
        counts->refused += verdict == 1;
        counts->wrong += verdict == 2;
    } else {
        add_file_lines(&expected, path);
        const bool equal = equal_lines(what, &expected, &got);
        counts->equal += equal;
        counts->wrong += !equal;
    }
    free_lines(&expected);
    free_lines(&got);
}

START_TEST(delta_corpus__gives_the_changes_that_spark_gives) /* T-CHANGES-8 */
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    char root[600];
    snprintf(root, sizeof(root), "%s/delta/engines", corpus);
    struct dirent **cases;
    const int count = scandir(root, &cases, names_only, alphasort);
    struct counts counts = {0};
    for (int i = 0; i < count; i++) {
        char table[1000];
        char folder[1000];
        snprintf(table, sizeof(table), "%s/%s/table", root, cases[i]->d_name);
        snprintf(folder, sizeof(folder), "%s/%s/cdf", root, cases[i]->d_name);
        struct dirent **feeds;
        const int feed_count = scandir(folder, &feeds, names_only, alphasort);
        for (int f = 0; f < feed_count; f++) {
            struct tarn_env *env = tarn_test_env();
            check_changes(env, cases[i]->d_name, table, folder, feeds[f]->d_name, &counts);
            tarn_test_env_close(env);
            free(feeds[f]);
        }
        if (feed_count >= 0) {
            free(feeds);
        }
        free(cases[i]);
    }
    free(cases);
    printf("change feeds: %u equal, %u refused by name, %u wrong\n", counts.equal, counts.refused, counts.wrong);
    ck_assert_uint_eq(counts.wrong, 0);
    ck_assert_uint_ge(counts.equal, 17);
}
END_TEST

/* The expected Parquet files, read under the table's schema: they were written by Spark from it. */
static enum tarn_status expected_lines(struct tarn_env *env, const char *folder, const struct tarn_snapshot *table, struct lines *lines)
{
    struct tarn__place place;
    TARN_RETURN_IF_ERROR(tarn__place_find(env, tarn__text_of(folder), &place, &err));
    struct tarn_snapshot *fake;
    enum tarn_status status = tarn__snapshot_new(&place, table->format, &fake, &err);
    tarn__place_close(&place);
    TARN_RETURN_IF_ERROR(status);
    static const struct tarn__partition_spec none;
    fake->spec = &none;
    ck_assert_ok(tarn__snapshot_set_schema(fake, 0, tarn_schema_retain(table->schema), &err), &err);
    ck_assert_ok(tarn__delta_schema_identity(&fake->arena, table->schema->field_count, table->schema->fields, &fake->physical, &err), &err);
    struct dirent **files;
    const int count = scandir(folder, &files, names_only, alphasort);
    for (int i = 0; i < count; i++) {
        if (tarn__text_ends(tarn__text_of(files[i]->d_name), TARN_TEXT(".parquet"))) {
            struct tarn__tracked_file file = {.path = tarn__text_of(files[i]->d_name), .rows = -1};
            ck_assert_ok(tarn__file_set_partition(&fake->files, TARN_TEXT(""), &file.partition, &err), &err);
            ck_assert_ok(tarn__file_set_add(&fake->files, &file, &err), &err);
        }
        free(files[i]);
    }
    free(files);
    struct tarn_source *source;
    status = tarn_snapshot_source(fake, &source, &err);
    if (status == TARN_OK) {
        status = source_lines(source, lines);
        tarn_source_close(source);
    }
    tarn_snapshot_close(fake);
    return status;
}

/* Blanks the value behind a key in every line. */
static void blank_value(struct lines *lines, const char *key)
{
    for (size_t i = 0; i < lines->count; i++) {
        char *at = strstr(lines->line[i], key);
        for (at = at != NULL ? at + strlen(key) + 1 : NULL; at != NULL && *at != '\0' && *at != ' '; at++) {
            *at = '-';
        }
    }
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

START_TEST(delta_corpus__reads_the_golden_tables) /* T-DELTA-READ-1 */
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    char root[600];
    snprintf(root, sizeof(root), "%s/delta/golden", corpus);
    struct dirent **cases;
    const int count = scandir(root, &cases, names_only, alphasort);
    ck_assert_int_gt(count, 50);
    struct counts counts = {0};
    for (int i = 0; i < count; i++) {
        char table[1000];
        char expected[1000];
        snprintf(table, sizeof(table), "%s/%s/delta", root, cases[i]->d_name);
        snprintf(expected, sizeof(expected), "%s/%s/expected", root, cases[i]->d_name);
        struct tarn_env *env = tarn_test_env();
        struct lines got = {.env = env};
        struct lines want = {.env = env};
        struct tarn_snapshot *snapshot;
        const enum tarn_status status = table_lines(env, table, -1, VIEW_ROWS, &got, &snapshot);
        if (status != TARN_OK) {
            const int verdict = judge(cases[i]->d_name, -1, status);
            counts.refused += verdict == 1;
            counts.wrong += verdict == 2;
        } else if (!is_folder(expected)) {
            printf("%s: %zu rows, nothing to compare with\n", cases[i]->d_name, got.count);
        } else {
            ck_assert_ok(expected_lines(env, expected, snapshot, &want), &err);
            /* Its partition timestamps are local times of its writer in California; without a zone in them they are UTC here. */
            const bool elsewhere = strcmp(cases[i]->d_name, "data-reader-partition-values") == 0;
            if (elsewhere) {
                ck_assert_uint_eq(want.count, got.count);
                blank_value(&want, "\"as_timestamp\"");
                blank_value(&got, "\"as_timestamp\"");
            }
            const bool equal = equal_lines(cases[i]->d_name, &want, &got);
            counts.equal += equal;
            counts.wrong += !equal;
        }
        tarn_snapshot_close(snapshot);
        free_lines(&got);
        free_lines(&want);
        tarn_test_env_close(env);
        free(cases[i]);
    }
    free(cases);
    printf("golden: %u tables equal, %u refused by name, %u wrong\n", counts.equal, counts.refused, counts.wrong);
    ck_assert_uint_eq(counts.wrong, 0);
}
END_TEST

/* ---- tables without recorded rows ---- */

static const struct {
    const char *name;
    enum tarn_status status;
    const char *detail;
} unread[] = {
#include "tests/txlog/delta_corpus_unread.inc"
};

/* 0: read whole, with as many rows as its log says; 1: refused as listed; 2: anything else, told. */
static int read_whole(const char *name, const char *path)
{
    struct tarn_env *env = corpus_env();
    struct lines got = {.env = env};
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = table_lines(env, path, -1, VIEW_ROWS, &got, &snapshot);
    int verdict = 2;
    if (status == TARN_OK) {
        const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
        verdict = info.has_row_count && info.row_count != got.count ? 2 : 0;
        if (verdict != 0) {
            printf("WRONG %s: %zu rows, %llu by its log\n", name, got.count, (unsigned long long)info.row_count);
        }
    } else {
        for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
            if (strcmp(unread[i].name, name) == 0 && unread[i].status == status && strcmp(unread[i].detail, err.detail) == 0) {
                verdict = 1;
            }
        }
        if (verdict != 1) {
            printf("NOT LISTED {\"%s\", TARN_%s, \"%s\"}, /* %.300s */\n", name, tarn_status_name(status), err.detail, err.message);
        }
    }
    tarn_snapshot_close(snapshot);
    free_lines(&got);
    tarn_test_env_close(env);
    return verdict;
}

/* Every folder with a log below `path`, to three levels. */
static void walk_tables(const char *path, const char *name, int levels, struct counts *counts)
{
    char inner[1400];
    snprintf(inner, sizeof(inner), "%s/_delta_log", path);
    if (is_folder(inner)) {
        const int verdict = strstr(name, "300k") != NULL ? 0 : read_whole(name, path); /* that one has no data files */
        counts->equal += verdict == 0;
        counts->refused += verdict == 1;
        counts->wrong += verdict == 2;
        return;
    }
    struct dirent **entries;
    const int count = levels != 0 ? scandir(path, &entries, names_only, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        char below[700];
        snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        snprintf(below, sizeof(below), "%.400s/%.250s", name, entries[i]->d_name);
        if (is_folder(inner)) {
            walk_tables(inner, below, levels - 1, counts);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

START_TEST(delta_corpus__reads_every_other_table) /* T-DELTA-READ-1 */
{
    static const char *const folders[] = {"golden-only-log", "kernel", "spark", "delta-rs"};
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    struct counts counts = {0};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char root[600];
        snprintf(root, sizeof(root), "%s/delta/%s", corpus, folders[i]);
        walk_tables(root, folders[i], 3, &counts);
    }
    printf("others: %u tables read, %u refused as listed, %u wrong\n", counts.equal, counts.refused, counts.wrong);
    ck_assert_uint_eq(counts.wrong, 0);
    ck_assert_uint_ge(counts.equal, 100);
}
END_TEST

TARN_SUITE("txlog/delta_corpus", TARN_TEST(delta_corpus__reads_what_engines_wrote), TARN_TEST(delta_corpus__reads_the_golden_tables),
           TARN_TEST(delta_corpus__reads_every_other_table), TARN_TEST(delta_corpus__gives_the_changes_that_spark_gives))
