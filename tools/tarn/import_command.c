/* SPDX-License-Identifier: Apache-2.0
 *
 * import: files into a table, as one commit. And what it shares with convert: opening what is to be read, saying what was inferred.
 *
 * Invariants
 *  1. Nothing is committed before every row of every file has been taken in; a failed import leaves no table and no version.
 *  2. A type that was inferred and is broken by a later row is widened and the import begun anew, when the file can be read again; standard
 *     input cannot, and the message then says which --schema to give.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/import.h"

/* ---- what is read ---- */

static void reject_row(void *arg, const struct tarn_reject *reject)
{
    struct input *input = arg;
    input->rejected++;
    fprintf(input->rejects, "%" PRIu64 ",%" PRIu32 ",", reject->line, reject->column);
    const struct tarn_text texts[] = {reject->column_name, reject->text, reject->reason, reject->raw};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fputc('"', input->rejects);
        for (size_t c = 0; c < texts[i].size; c++) {
            if (texts[i].data[c] == '"') {
                fputc('"', input->rejects);
            }
            fputc(texts[i].data[c], input->rejects);
        }
        fputs(i + 1 < sizeof(texts) / sizeof(texts[0]) ? "\"," : "\"\n", input->rejects);
    }
}

static enum tarn_status read_stdin(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    (void)ctx;
    const ssize_t count = read(STDIN_FILENO, into, size);
    *got = count > 0 ? (size_t)count : 0;
    if (count < 0) {
        *err = (struct tarn_error)TARN_ERROR_INIT;
        err->code = TARN_IO;
        snprintf(err->message, sizeof(err->message), "standard input cannot be read");
        return TARN_IO;
    }
    return TARN_OK;
}

static enum tarn_file_format format_asked(struct session *session, const char *path)
{
    const char *word = has(session, OPTION_INPUT_FORMAT) ? session->args.values[OPTION_INPUT_FORMAT] : "";
    if (strcmp(word, "csv") == 0 || strcmp(word, "tsv") == 0) {
        return TARN_FILE_CSV;
    }
    if (strcmp(word, "json") == 0 || strcmp(word, "ndjson") == 0 || strcmp(word, "jsonl") == 0) {
        return TARN_FILE_JSON;
    }
    if (strcmp(word, "parquet") == 0) {
        return TARN_FILE_PARQUET;
    }
    return strcmp(path, "-") == 0 ? TARN_FILE_CSV : TARN_FILE_AUTO;
}

/* Opens the file of input->path with `schema` (NULL: inferred) into input->source. */
static enum tarn_status open_file(struct session *session, struct input *input, const struct tarn_schema *schema, struct tarn_error *err)
{
    const bool is_stdin = strcmp(input->path, "-") == 0;
    struct tarn_store *store = NULL;
    char *key = NULL;
    enum tarn_status status = TARN_OK;
    input->format = format_asked(session, input->path);
    if (!is_stdin) {
        status = store_of_path(session->env, input->path, false, &store, &key, err);
        if (status == TARN_OK && input->format == TARN_FILE_AUTO) {
            status = tarn_file_format_detect(store, text_of(key), &input->format, err);
        }
        struct tarn_object_info info;
        if (status == TARN_OK && tarn_store_head(store, text_of(key), &info, NULL) == TARN_OK) {
            input->bytes = info.size;
        }
    }
    const struct tarn_byte_stream stream = {NULL, read_stdin};
    if (status == TARN_OK && input->format == TARN_FILE_CSV) {
        struct tarn_csv_options options = input->csv;
        options.schema = schema != NULL ? schema : options.schema;
        options.reject = input->rejects != NULL ? reject_row : NULL;
        options.reject_arg = input;
        status = is_stdin ? tarn_csv_open_stream(session->env, stream, &options, &input->source, err)
                          : tarn_csv_open(store, text_of(key), &options, &input->source, err);
    } else if (status == TARN_OK && input->format == TARN_FILE_JSON) {
        struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
        options.schema = schema != NULL ? schema : input->csv.schema;
        options.records = text_of(has(session, OPTION_RECORDS) ? session->args.values[OPTION_RECORDS] : "");
        options.reject = input->rejects != NULL ? reject_row : NULL;
        options.reject_arg = input;
        status = is_stdin ? tarn_json_open_stream(session->env, stream, &options, &input->source, err)
                          : tarn_json_open(store, text_of(key), &options, &input->source, err);
    } else if (status == TARN_OK) {
        status = tarn_parquet_open(store, text_of(key), NULL, &input->source, err);
    }
    input->store = store;
    free(key);
    return status;
}

enum tarn_status input_reopen(struct session *session, struct input *input, const struct tarn_schema *schema, struct tarn_error *err)
{
    tarn_source_close(input->source);
    tarn_store_close(input->store);
    input->source = NULL;
    input->store = NULL;
    input->rejected = 0;
    if (input->rejects != NULL && (fflush(input->rejects) != 0 || ftruncate(fileno(input->rejects), 0) != 0)) {
        note(session, "the file of rejects cannot be emptied\n");
    }
    if (input->rejects != NULL) {
        rewind(input->rejects);
        fputs("line,column,column_name,text,reason,row\n", input->rejects);
    }
    return open_file(session, input, schema, err);
}

int input_begin(struct session *session, struct input *input, const char *path)
{
    struct tarn_error err = TARN_ERROR_INIT;
    memset(input, 0, sizeof(*input));
    input->path = path;
    if (!input_csv_options(session, &input->csv, &input->schema)) {
        return EXIT_USAGE;
    }
    if (has(session, OPTION_REJECTS)) {
        input->rejects = fopen(session->args.values[OPTION_REJECTS], "w+");
        if (input->rejects == NULL) {
            return answer_usage(session, "%s cannot be written", session->args.values[OPTION_REJECTS]);
        }
    }
    return input_reopen(session, input, NULL, &err) == TARN_OK ? 0 : answer_error(session, &err);
}

void input_end(struct input *input)
{
    tarn_source_close(input->source);
    tarn_store_close(input->store);
    tarn_schema_release(input->schema);
    if (input->rejects != NULL) {
        fclose(input->rejects);
    }
}

static const char *char_name(char c, char out[8])
{
    if (c == '\t') {
        return "tab";
    }
    snprintf(out, 8, "%c", c);
    return c == 0 ? "none" : out;
}

void input_tell(struct session *session, struct input *input)
{
    const struct tarn_schema *schema = tarn_source_schema(input->source);
    if (session->json) {
        return;
    }
    if (input->format == TARN_FILE_CSV) {
        char delimiter[8];
        char quote[8];
        const struct tarn_csv_dialect dialect = tarn_csv_dialect(input->source);
        note(session, "%s: CSV, %.*s, delimiter %s, quote %s, %s", input->path, (int)dialect.encoding.size, dialect.encoding.data,
             char_name(dialect.delimiter, delimiter), char_name(dialect.quote, quote), dialect.header ? "with header" : "no header");
        if (dialect.compression.size != 0) {
            note(session, ", %.*s", (int)dialect.compression.size, dialect.compression.data);
        }
        note(session, "\n");
    } else {
        note(session, "%s: %s\n", input->path, input->format == TARN_FILE_JSON ? "JSON" : "Parquet");
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        char type[256];
        tarn_type_format(schema->fields[i].type, type, sizeof(type));
        note(session, "  %.*s %s\n", (int)schema->fields[i].name.size, schema->fields[i].name.data, type);
    }
}

/* ---- copying, with progress ---- */

/* Batches on their way to a sink, counted for the progress bar. */
struct counting {
    struct tarn_batches base;
    struct tarn_batches *from;
    struct tarn_store *store;
    struct progress *progress;
    uint64_t rows;
};

static enum tarn_status counting_next(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    struct counting *counting = (struct counting *)batches;
    const enum tarn_status status = counting->from->next(counting->from, out, err);
    if (status == TARN_OK && *out != NULL && counting->progress != NULL) {
        struct tarn_store_stats stats = {.size = sizeof(stats)};
        if (counting->store != NULL) {
            tarn_store_stats(counting->store, &stats);
        }
        counting->rows += (*out)->selection.count;
        progress_update(counting->progress, counting->rows, stats.bytes_read);
    }
    return status;
}

static void counting_close(struct tarn_batches *batches)
{
    (void)batches;
}

enum tarn_status input_copy(struct session *session, struct input *input, struct tarn_batches *from, struct tarn_sink *sink, uint64_t *rows,
                            struct tarn_error *err)
{
    struct counting counting = {{session->env, from->schema, counting_next, counting_close}, from, input->store, NULL, 0};
    counting.progress = progress_begin(session, input->path, input->bytes);
    const enum tarn_status status = tarn_batches_copy(&counting.base, sink, rows, err);
    progress_end(counting.progress);
    return status;
}

/* ---- the table ---- */

struct import {
    struct session *session;
    struct input *inputs;
    size_t count;
    const char *table;
    bool exists;
    bool overwrite;
    struct tarn_snapshot *snapshot;
};

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
 * The schema to read a text file with so that it fits the table: the file's columns in their order, with the table's types. Columns of the
 * table that the file lacks are left to the SELECT that maps one to the other.
 */
static enum tarn_status schema_for_table(struct session *session, const struct tarn_schema *table, const struct tarn_schema *file,
                                         struct tarn_schema **out, struct tarn_error *err)
{
    struct tarn_field *fields = calloc(file->field_count + 1, sizeof(*fields));
    *out = NULL;
    if (fields == NULL) {
        return TARN_NOMEM;
    }
    for (uint32_t i = 0; i < file->field_count; i++) {
        const int32_t at = tarn_fields_find(table->field_count, table->fields, file->fields[i].name);
        fields[i] = file->fields[i];
        if (at >= 0) {
            fields[i].type = table->fields[at].type;
        }
    }
    const enum tarn_status status = tarn_schema_make(session->env, file->field_count, fields, 0, NULL, out, err);
    free(fields);
    return status;
}

static enum tarn_status refuse(struct tarn_error *err, const char *detail, const char *format, ...) TARN_PRINTF(3, 4);

static enum tarn_status refuse(struct tarn_error *err, const char *detail, const char *format, ...)
{
    va_list args;
    *err = (struct tarn_error)TARN_ERROR_INIT;
    err->code = TARN_INVALID;
    snprintf(err->detail, sizeof(err->detail), "%s", detail);
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return TARN_INVALID;
}

/* Every column of the file must be one of the table's, with its type; the order may differ, nullable ones may be missing. */
static enum tarn_status map_columns(const struct tarn_schema *table, const struct tarn_schema *file, struct tarn_error *err)
{
    for (uint32_t i = 0; i < file->field_count; i++) {
        const struct tarn_text name = file->fields[i].name;
        const int32_t at = tarn_fields_find(table->field_count, table->fields, name);
        if (at < 0) {
            return refuse(err, "column", "the table has no column \"%.*s\"", (int)name.size, name.data);
        }
        if (!tarn_type_equal(table->fields[at].type, file->fields[i].type)) {
            char have[128];
            char want[128];
            tarn_type_format(file->fields[i].type, have, sizeof(have));
            tarn_type_format(table->fields[at].type, want, sizeof(want));
            return refuse(err, "type", "column \"%.*s\" is %s, the table has %s", (int)name.size, name.data, have, want);
        }
    }
    return TARN_OK;
}

/* The file's batches with the table's columns in the table's order. */
static enum tarn_status batches_for_table(const struct tarn_schema *table, struct tarn_source *source, struct tarn_batches **out,
                                          struct tarn_error *err)
{
    const struct tarn_schema *file = tarn_source_schema(source);
    TARN_TOOL_TRY(map_columns(table, file, err));
    if (fields_match(table, file)) {
        return tarn_source_batches(source, NULL, out, err);
    }
    struct tarn_path_step *steps = calloc(table->field_count + 1, sizeof(*steps));
    struct tarn_path *paths = calloc(table->field_count + 1, sizeof(*paths));
    enum tarn_status status = steps != NULL && paths != NULL ? TARN_OK : TARN_NOMEM;
    for (uint32_t i = 0; status == TARN_OK && i < table->field_count; i++) {
        if (tarn_fields_find(file->field_count, file->fields, table->fields[i].name) < 0) {
            status = refuse(err, "column", "the file has no column \"%.*s\" for the table", (int)table->fields[i].name.size,
                            table->fields[i].name.data);
        }
        steps[i] = (struct tarn_path_step){TARN_PATH_FIELD, table->fields[i].name, -1};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    if (status == TARN_OK) {
        struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
        request.path_count = table->field_count;
        request.paths = paths;
        status = tarn_source_batches(source, &request, out, err);
    }
    free(steps);
    free(paths);
    return status;
}

static enum tarn_status begin_transaction(struct import *import, struct tarn_transaction **out, struct tarn_error *err)
{
    struct session *session = import->session;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    char parameters[64];
    *out = NULL;
    options.operation = import->exists ? "WRITE" : "CREATE TABLE AS SELECT";
    snprintf(parameters, sizeof(parameters), "{\"mode\":\"%s\"}",
             import->overwrite ? "Overwrite"
             : import->exists  ? "Append"
                               : "ErrorIfExists");
    options.parameters = text_of(parameters);
    if (has(session, OPTION_APP_ID)) {
        options.app_id = text_of(session->args.values[OPTION_APP_ID]);
        if (!option_number(session, OPTION_APP_VERSION, 0, &options.app_version)) {
            return refuse(err, "usage", "--app-version is no number");
        }
    }
    if (import->exists) {
        TARN_TOOL_TRY(tarn_transaction_open(import->snapshot, &options, out, err));
        return import->overwrite ? tarn_transaction_remove_all(*out, err) : TARN_OK;
    }
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_text columns[64];
    if (has(session, OPTION_PARTITION_BY)) {
        const char *at = session->args.values[OPTION_PARTITION_BY];
        while (*at != '\0' && create.partition_column_count < 64) {
            const size_t size = strcspn(at, ",");
            columns[create.partition_column_count++] = (struct tarn_text){at, size};
            at += size + (at[size] == ',');
        }
    }
    create.partition_columns = columns;
    create.format = has(session, OPTION_TABLE_FORMAT) ? session->args.values[OPTION_TABLE_FORMAT] : NULL;
    create.schema = tarn_source_schema(import->inputs[0].source);
    create.narrow = true;
    return tarn_transaction_create(session->env, text_of(import->table), &create, &options, out, err);
}

static enum tarn_status take_in(struct import *import, struct tarn_transaction *transaction, uint64_t *rows, size_t *failed,
                                struct tarn_error *err)
{
    *rows = 0;
    for (size_t i = 0; i < import->count; i++) {
        struct tarn_batches *batches = NULL;
        struct tarn_sink *sink = NULL;
        uint64_t taken = 0;
        *failed = i;
        enum tarn_status status = batches_for_table(tarn_transaction_schema(transaction), import->inputs[i].source, &batches, err);
        status = status == TARN_OK ? tarn_transaction_sink(transaction, &sink, err) : status;
        if (status == TARN_OK) {
            status = input_copy(import->session, &import->inputs[i], batches, sink, &taken, err);
        }
        if (batches != NULL) {
            batches->close(batches);
        }
        TARN_TOOL_TRY(status);
        *rows += taken;
    }
    return TARN_OK;
}

/* One try. *again: a type was widened, and another try may succeed. */
static enum tarn_status import_once(struct import *import, struct tarn_commit_result *result, uint64_t *rows, bool *again,
                                    struct tarn_error *err)
{
    struct tarn_transaction *transaction = NULL;
    size_t failed = 0;
    *again = false;
    enum tarn_status status = begin_transaction(import, &transaction, err);
    status = status == TARN_OK ? take_in(import, transaction, rows, &failed, err) : status;
    if (status == TARN_OK) {
        return tarn_transaction_commit(transaction, result, err);
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
    note(import->session, "%s: a later row needs a wider type; beginning anew\n", input->path);
    struct tarn_error ignored = TARN_ERROR_INIT;
    const enum tarn_status reopened = input_reopen(import->session, input, wider, &ignored);
    tarn_schema_release(input->schema);
    input->schema = wider;
    if (reopened != TARN_OK) {
        *err = ignored;
        return reopened;
    }
    *again = true;
    return status;
}

static int tell_result(struct session *session, const struct import *import, const struct tarn_commit_result *result, uint64_t rows)
{
    uint64_t rejected = 0;
    for (size_t i = 0; i < import->count; i++) {
        rejected += import->inputs[i].rejected;
    }
    answer_begin(session);
    if (session->json) {
        printf("{\"table\":");
        json_string(stdout, text_of(import->table));
        printf(",\"version\":%" PRId64 ",\"rows\":%" PRIu64 ",\"rejected\":%" PRIu64 ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
               result->version, rows, rejected, result->files_added, result->bytes_added);
    } else {
        printf("%s: version %" PRId64 ", %" PRIu64 " rows in %" PRIu64 " file%s, %" PRIu64 " bytes\n", import->table, result->version, rows,
               result->files_added, result->files_added == 1 ? "" : "s", result->bytes_added);
        if (rejected != 0) {
            printf("%" PRIu64 " rows rejected, see %s\n", rejected, session->args.values[OPTION_REJECTS]);
        }
    }
    answer_end(session);
    return 0;
}

/* Five rows of each file, and what would be done. */
static int dry_run(struct session *session, struct import *import)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < import->count; i++) {
        struct tarn_error err = TARN_ERROR_INIT;
        struct tarn_batches *batches = NULL;
        struct tarn_batch *batch = NULL;
        struct table_print *table = NULL;
        input_tell(session, &import->inputs[i]);
        enum tarn_status status = tarn_source_batches(import->inputs[i].source, NULL, &batches, &err);
        status = status == TARN_OK ? batches->next(batches, &batch, &err) : status;
        if (status == TARN_OK) {
            table = table_print_open_schema(session, batches->schema, FORM_TABLE);
            if (table != NULL && batch != NULL) {
                struct tarn_batch five = *batch;
                static const uint32_t first[] = {0, 1, 2, 3, 4};
                five.selection = (struct tarn_selection){.kind = TARN_SELECT_POSITIONS,
                                                         .rows = batch->length,
                                                         .count = batch->length < 5 ? batch->length : 5,
                                                         .u.positions = first};
                table_print_add(table, &five);
            }
            table_print_close(table, true);
        } else {
            code = answer_error(session, &err);
        }
        if (batches != NULL) {
            batches->close(batches);
        }
    }
    note(session, "nothing was written; the import would %s %s\n",
         import->overwrite ? "overwrite"
         : import->exists  ? "append to"
                           : "create",
         import->table);
    return code;
}

/* What --mode says about a table that is there, or is not. */
static int check_mode(struct session *session, struct import *import)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const char *mode = has(session, OPTION_MODE) ? session->args.values[OPTION_MODE] : "error";
    const char *format = NULL;
    if (strcmp(mode, "error") != 0 && strcmp(mode, "append") != 0 && strcmp(mode, "overwrite") != 0) {
        return answer_usage(session, "--mode is error, append or overwrite, not \"%s\"", mode);
    }
    enum tarn_status status = tarn_table_detect(session->env, text_of(import->table), &format, &err);
    if (status != TARN_OK && status != TARN_NOT_FOUND) {
        return answer_error(session, &err);
    }
    import->exists = status == TARN_OK && format != NULL;
    import->overwrite = import->exists && strcmp(mode, "overwrite") == 0;
    if (!import->exists) {
        return 0;
    }
    if (strcmp(mode, "error") == 0 && !has(session, OPTION_DRY_RUN)) {
        err = (struct tarn_error)TARN_ERROR_INIT;
        err.code = TARN_EXISTS;
        snprintf(err.detail, sizeof(err.detail), "table");
        snprintf(err.object, sizeof(err.object), "%s", import->table);
        snprintf(err.message, sizeof(err.message), "the table is already there: say --mode append or --mode overwrite");
        return answer_error(session, &err);
    }
    status = tarn_snapshot_load(session->env, text_of(import->table), NULL, &import->snapshot, &err);
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

/* Text files that go into a table that is there are read with its types from the start. */
static int adopt_types(struct session *session, struct import *import)
{
    struct tarn_error err = TARN_ERROR_INIT;
    for (size_t i = 0; import->snapshot != NULL && i < import->count; i++) {
        struct input *input = &import->inputs[i];
        struct tarn_schema *schema = NULL;
        if (input->format == TARN_FILE_PARQUET || strcmp(input->path, "-") == 0) {
            continue;
        }
        enum tarn_status status =
            schema_for_table(session, tarn_snapshot_schema(import->snapshot), tarn_source_schema(input->source), &schema, &err);
        status = status == TARN_OK ? input_reopen(session, input, schema, &err) : status;
        tarn_schema_release(schema);
        if (status != TARN_OK) {
            return answer_error(session, &err);
        }
    }
    return 0;
}

static int run_import(struct session *session, struct import *import)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_commit_result result = {0};
    uint64_t rows = 0;
    bool again = false;
    enum tarn_status status;
    for (int tries = 0;; tries++) {
        status = import_once(import, &result, &rows, &again, &err);
        if (!again || tries > 1000) { /* each try widens at least one column one step: this ends */
            break;
        }
    }
    for (size_t i = 0; status == TARN_OK && i < import->count; i++) {
        input_tell(session, &import->inputs[i]);
    }
    if (status == TARN_EXISTS && strcmp(err.detail, "app_transaction") == 0) {
        note(session, "this import was done before (--app-id, --app-version): nothing to do\n");
        answer_begin(session);
        fputs(session->json ? "{\"done_before\":true}" : "", stdout);
        answer_end(session);
        return 0;
    }
    return status == TARN_OK ? tell_result(session, import, &result, rows) : answer_error(session, &err);
}

int command_import(struct session *session)
{
    struct import import = {.session = session};
    const int words = session->args.positional_count;
    glob_t files = {0};
    int code = 0;
    import.table = session->args.positionals[words - 1];
    char *in_lake = NULL;
    if (has(session, OPTION_LAKE) && strchr(import.table, '/') == NULL) {
        const char *lake = session->args.values[OPTION_LAKE];
        in_lake = malloc(strlen(lake) + strlen(import.table) + 2);
        if (in_lake == NULL) {
            return tarn_status_exit_code(TARN_NOMEM);
        }
        sprintf(in_lake, "%s/%s", lake, import.table); /* sized above */
        import.table = in_lake;
    }
    for (int i = 0; i + 1 < words; i++) {
        glob(session->args.positionals[i], GLOB_NOCHECK | (i != 0 ? GLOB_APPEND : 0), NULL, &files);
    }
    const bool is_new = access(import.table, F_OK) != 0;
    import.inputs = calloc(files.gl_pathc, sizeof(*import.inputs));
    code = import.inputs == NULL ? tarn_status_exit_code(TARN_NOMEM) : check_mode(session, &import);
    for (size_t i = 0; code == 0 && i < files.gl_pathc; i++) {
        import.count = i + 1;
        code = input_begin(session, &import.inputs[i], files.gl_pathv[i]);
    }
    code = code == 0 ? adopt_types(session, &import) : code;
    if (code == 0) {
        code = has(session, OPTION_DRY_RUN) ? dry_run(session, &import) : run_import(session, &import);
    }
    for (size_t i = 0; i < import.count; i++) {
        input_end(&import.inputs[i]);
    }
    tarn_snapshot_close(import.snapshot);
    if (code != 0 && is_new) {
        rmdir(import.table); /* the folder that was made for a table that did not come to be; stays when anything is in it */
    }
    free(import.inputs);
    free(in_lake);
    globfree(&files);
    return code;
}
