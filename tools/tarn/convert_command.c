/* SPDX-License-Identifier: Apache-2.0
 *
 * convert and export: rows to a file whose name says its format. The file appears when it is whole, or not at all.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/import.h"
#include "tools/tarn/parquet_options.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text);
    const size_t tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

enum kind { KIND_UNKNOWN, KIND_PARQUET, KIND_CSV, KIND_TSV, KIND_JSON, KIND_JSONL, KIND_ARROW_FILE, KIND_ARROW_STREAM };

static enum kind kind_of(const char *path)
{
    static const struct {
        const char *ending;
        enum kind kind;
    } kinds[] = {{".parquet", KIND_PARQUET},     {".csv", KIND_CSV},         {".tsv", KIND_TSV},          {".json", KIND_JSON},
                 {".ndjson", KIND_JSONL},        {".jsonl", KIND_JSONL},     {".arrow", KIND_ARROW_FILE}, {".feather", KIND_ARROW_FILE},
                 {".arrows", KIND_ARROW_STREAM}, {".ipc", KIND_ARROW_STREAM}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (ends_with(path, kinds[i].ending)) {
            return kinds[i].kind;
        }
    }
    return KIND_UNKNOWN;
}

static enum tarn_status sink_of_kind(struct session *session, struct parquet_options *options, enum kind kind, struct tarn_store *store,
                                     struct tarn_text key, const struct tarn_schema *schema, struct tarn_sink **out, struct tarn_error *err)
{
    struct tarn_csv_write_options csv = TARN_CSV_WRITE_OPTIONS_INIT;
    struct tarn_json_write_options json = TARN_JSON_WRITE_OPTIONS_INIT;
    struct tarn_arrow_ipc_write_options arrow = TARN_ARROW_IPC_WRITE_OPTIONS_INIT;
    switch (kind) {
    case KIND_CSV:
    case KIND_TSV:
        csv.delimiter = kind == KIND_TSV ? '\t' : ',';
        csv.no_header = has(session, OPTION_NO_HEADER);
        return tarn_csv_create(store, key, schema, &csv, out, err);
    case KIND_JSON:
    case KIND_JSONL:
        json.array = kind == KIND_JSON;
        json.stored_variants = variants_raw(session);
        return tarn_json_create(store, key, schema, &json, out, err);
    case KIND_ARROW_FILE:
    case KIND_ARROW_STREAM:
        arrow.format = kind == KIND_ARROW_FILE ? TARN_ARROW_IPC_FILE : TARN_ARROW_IPC_STREAM;
        arrow.codec = options->write.codec;
        return tarn_arrow_ipc_create(store, key, schema, &arrow, out, err);
    default:
        TARN_TOOL_TRY(parquet_options_bind(session, options, schema, err));
        return tarn_parquet_create(store, key, schema, &options->write, out, err);
    }
}

/* The sink for a destination, by its name. */
static enum tarn_status sink_open(struct session *session, struct parquet_options *options, const char *path,
                                  const struct tarn_schema *schema, struct tarn_sink **out, struct tarn_error *err)
{
    struct tarn_store *store;
    char *key;
    *out = NULL;
    TARN_TOOL_TRY(store_of_path(session->env, path, true, &store, &key, err));
    const enum tarn_status status = sink_of_kind(session, options, kind_of(path), store, text_of(key), schema, out, err);
    tarn_store_close(store);
    free(key);
    return status;
}

static int check_destination(struct session *session, const char *path, struct parquet_options *options)
{
    if (kind_of(path) == KIND_UNKNOWN) {
        return answer_usage(
            session, "%s: the name must end in .parquet, .csv, .tsv, .json, .ndjson, .jsonl, .arrow, .feather, .arrows or .ipc", path);
    }
    if (!parquet_options_parse(session, options) || !variants_known(session)) {
        return EXIT_USAGE;
    }
    if (kind_of(path) != KIND_PARQUET && parquet_options_given(session)) {
        return answer_usage(session, "%s: the options of Parquet files need a name that ends in .parquet", path);
    }
    if (access(path, F_OK) == 0 && !has(session, OPTION_FORCE)) {
        struct tarn_error err = TARN_ERROR_INIT;
        err.code = TARN_EXISTS;
        snprintf(err.detail, sizeof(err.detail), "file");
        snprintf(err.object, sizeof(err.object), "%s", path);
        snprintf(err.message, sizeof(err.message), "the file is already there: --force writes over it");
        return answer_error(session, &err);
    }
    return 0;
}

static int tell_written(struct session *session, const char *path, uint64_t rows)
{
    answer_begin(session);
    if (session->json) {
        fputs("{\"file\":", stdout);
        json_string(stdout, text_of(path));
        printf(",\"rows\":%" PRIu64 "}", rows);
    } else {
        printf("%s: %" PRIu64 " rows\n", path, rows);
    }
    answer_end(session);
    return 0;
}

static enum tarn_status convert_once(struct session *session, struct parquet_options *options, struct input *input, const char *to,
                                     uint64_t *rows, struct tarn_error *err)
{
    struct tarn_sink *sink = NULL;
    struct tarn_batches *batches = NULL;
    enum tarn_status status = tarn_source_batches(input->source, NULL, &batches, err);
    status = status == TARN_OK ? sink_open(session, options, to, batches->schema, &sink, err) : status;
    status = status == TARN_OK ? input_copy(session, input, batches, sink, rows, err) : status;
    if (batches != NULL) {
        batches->close(batches);
    }
    return status;
}

/* The rows of a SELECT into a file. */
static int write_query(struct session *session, struct parquet_options *parquet, const char *sql, const char *to)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query = NULL;
    struct tarn_sink *sink = NULL;
    uint64_t rows = 0;
    options.lake = text_of(has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "");
    enum tarn_status status = tarn_query_open(session->env, text_of(sql), &options, &query, &err);
    status = status == TARN_OK ? sink_open(session, parquet, to, tarn_query_schema(query), &sink, &err) : status;
    while (status == TARN_OK) {
        struct tarn_batch *batch;
        status = tarn_query_next(query, &batch, &err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        status = tarn_sink_write(sink, batch, &err);
        rows += batch->selection.count;
    }
    if (status == TARN_OK) {
        status = tarn_sink_finish(sink, &err);
    } else if (sink != NULL) {
        tarn_sink_abort(sink);
    }
    parquet_options_free(parquet); /* they point into the query's schema */
    tarn_query_close(query);
    return status == TARN_OK ? tell_written(session, to, rows) : answer_error(session, &err);
}

static int export_select(struct session *session, struct parquet_options *parquet, const char *from, const char *to)
{
    char *sql = select_text(session, from, NULL, "");
    if (sql == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    const int code = write_query(session, parquet, sql, to);
    free(sql);
    return code;
}

static int convert_file(struct session *session, struct parquet_options *options, const char *from, const char *to)
{
    struct input input;
    struct tarn_error err = TARN_ERROR_INIT;
    uint64_t rows = 0;
    const int code = input_begin(session, &input, from);
    enum tarn_status status = code == 0 ? convert_once(session, options, &input, to, &rows, &err) : TARN_OK;
    struct tarn_schema *wider = NULL;
    while (status == TARN_INVALID && strcmp(from, "-") != 0 && tarn_source_wider_schema(input.source, &wider)) {
        status = input_open_file(&input, wider, &err);
        tarn_schema_release(input.schema);
        input.schema = wider;
        status = status == TARN_OK ? convert_once(session, options, &input, to, &rows, &err) : status;
    }
    parquet_options_free(options); /* they may point into the input's schema */
    input_end(&input);
    if (code != 0) {
        return code;
    }
    return status == TARN_OK ? tell_written(session, to, rows) : answer_error(session, &err);
}

int command_convert(struct session *session)
{
    const char *from = session->args.positionals[0];
    const char *to = session->args.positionals[1];
    struct parquet_options options;
    const int code = check_destination(session, to, &options);
    if (code != 0) {
        return code;
    }
    return has(session, OPTION_COLUMNS) || has(session, OPTION_WHERE) ? export_select(session, &options, from, to)
                                                                      : convert_file(session, &options, from, to);
}

int command_export(struct session *session)
{
    const char *to = session->args.positionals[1];
    struct parquet_options options;
    const int code = check_destination(session, to, &options);
    return code != 0 ? code : export_select(session, &options, session->args.positionals[0], to);
}
