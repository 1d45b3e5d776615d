/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in the form that was asked for: tables by table_print.c, files by the library's own writers over standard output.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/command.h"
#include "tools/tarn/parquet_options.h"

bool variants_raw(const struct session *session)
{
    return has(session, OPTION_VARIANT) && strcmp(session->args.values[OPTION_VARIANT], "raw") == 0;
}

bool variants_known(struct session *session)
{
    if (!has(session, OPTION_VARIANT) || variants_raw(session) || strcmp(session->args.values[OPTION_VARIANT], "plain") == 0) {
        return true;
    }
    answer_usage(session, "--variant %s: plain or raw", session->args.values[OPTION_VARIANT]);
    return false;
}

bool form_of(struct session *session, enum form *out)
{
    static const struct {
        const char *name;
        enum form form;
    } forms[] = {{"table", FORM_TABLE},       {"csv", FORM_CSV},   {"tsv", FORM_TSV},   {"json", FORM_JSON},       {"jsonl", FORM_JSONL},
                 {"markdown", FORM_MARKDOWN}, {"html", FORM_HTML}, {"line", FORM_LINE}, {"parquet", FORM_PARQUET}, {"arrow", FORM_ARROW}};
    *out = session->shell_form_set ? session->shell_form : FORM_TABLE;
    if (!variants_known(session)) {
        return false;
    }
    if (!has(session, OPTION_OUTPUT)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, session->args.values[OPTION_OUTPUT]) == 0) {
            *out = forms[i].form;
            return true;
        }
    }
    answer_usage(session, "-o %s: the forms are table, csv, tsv, json, jsonl, markdown, html, line, parquet, arrow",
                 session->args.values[OPTION_OUTPUT]);
    return false;
}

static enum tarn_status write_stdout(void *ctx, struct tarn_span bytes, struct tarn_error *err)
{
    (void)ctx;
    if (bytes.size != 0 && fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size) {
        if (err != NULL) {
            *err = (struct tarn_error)TARN_ERROR_INIT;
            err->code = TARN_IO;
            snprintf(err->message, sizeof(err->message), "standard output could not be written");
        }
        return TARN_IO;
    }
    return TARN_OK;
}

static int print_sink(struct session *session, struct tarn_batches *batches, enum form form)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_sink *sink = NULL;
    const struct tarn_byte_sink to = {NULL, write_stdout};
    enum tarn_status status;
    if (form == FORM_CSV || form == FORM_TSV) {
        struct tarn_csv_write_options options = TARN_CSV_WRITE_OPTIONS_INIT;
        options.delimiter = form == FORM_TSV ? '\t' : ',';
        if (has(session, OPTION_DELIMITER)) {
            const char *delimiter = session->args.values[OPTION_DELIMITER];
            options.delimiter = strcmp(delimiter, "\\t") == 0 ? '\t' : delimiter[0];
        }
        options.no_header = has(session, OPTION_NO_HEADER);
        options.null_text = text_of(has(session, OPTION_NULL_TEXT) ? session->args.values[OPTION_NULL_TEXT] : "");
        status = tarn_csv_create_stream(session->env, to, batches->schema, &options, &sink, &err);
    } else {
        struct tarn_json_write_options options = TARN_JSON_WRITE_OPTIONS_INIT;
        options.array = form == FORM_JSON;
        options.stored_variants = variants_raw(session);
        status = tarn_json_create_stream(session->env, to, batches->schema, &options, &sink, &err);
    }
    uint64_t rows;
    status = status == TARN_OK ? tarn_batches_copy(batches, sink, &rows, &err) : status;
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

static int print_arrow(struct session *session, struct tarn_batches *batches)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_sink *sink = NULL;
    const struct tarn_byte_sink to = {NULL, write_stdout};
    uint64_t rows;
    if (session->stdout_tty) {
        return answer_usage(session, "Arrow is binary: send it to a file or a pipe");
    }
    enum tarn_status status = tarn_arrow_ipc_create_stream(session->env, to, batches->schema, NULL, &sink, &err);
    status = status == TARN_OK ? tarn_batches_copy(batches, sink, &rows, &err) : status;
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

/* A Parquet file is made in memory first: its footer comes last, and a failed one must not reach the pipe. */
static int print_parquet(struct session *session, struct tarn_batches *batches)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store = NULL;
    struct tarn_sink *sink = NULL;
    struct tarn_object *object = NULL;
    struct parquet_options options;
    uint8_t *bytes = NULL;
    uint64_t rows;
    if (session->stdout_tty) {
        return answer_usage(session, "Parquet is binary: send it to a file or a pipe");
    }
    if (!parquet_options_parse(session, &options)) {
        return EXIT_USAGE;
    }
    enum tarn_status status = tarn_store_open_memory(session->env, 0, &store, &err);
    status = status == TARN_OK ? parquet_options_bind(session, &options, batches->schema, &err) : status;
    status =
        status == TARN_OK ? tarn_parquet_create(store, TARN_TEXT("out.parquet"), batches->schema, &options.write, &sink, &err) : status;
    parquet_options_free(&options);
    status = status == TARN_OK ? tarn_batches_copy(batches, sink, &rows, &err) : status;
    status = status == TARN_OK ? tarn_object_open(store, TARN_TEXT("out.parquet"), &object, &err) : status;
    if (status == TARN_OK) {
        const size_t size = (size_t)tarn_object_info(object).size;
        bytes = malloc(size);
        const struct tarn_read_range whole = {0, size, bytes};
        status = bytes != NULL ? tarn_object_read(object, 1, &whole, &err) : TARN_NOMEM;
        const struct tarn_span span = {bytes, size};
        status = status == TARN_OK ? write_stdout(NULL, span, &err) : status;
    }
    free(bytes);
    tarn_object_close(object);
    tarn_store_close(store);
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

static int print_table(struct session *session, struct tarn_batches *batches, enum form form)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct table_print *table = table_print_open_schema(session, batches->schema, form);
    if (table == NULL) {
        return EXIT_USAGE;
    }
    for (;;) {
        struct tarn_batch *batch;
        const enum tarn_status status = batches->next(batches, &batch, &err);
        if (status != TARN_OK) {
            table_print_close(table, false);
            return answer_error(session, &err);
        }
        if (batch == NULL) {
            table_print_close(table, true);
            return 0;
        }
        if (!table_print_add(table, batch)) {
            table_print_close(table, false);
            err.code = TARN_NOMEM;
            snprintf(err.message, sizeof(err.message), "no memory for the rows to show: use -o csv or --max-rows");
            return answer_error(session, &err);
        }
    }
}

/* {"columns":[{"name":..,"type":..}],"rows":[...]} */
static int print_document(struct session *session, struct tarn_batches *batches)
{
    answer_begin(session);
    fputs("{\"columns\":[", stdout);
    for (uint32_t i = 0; i < batches->schema->field_count; i++) {
        char type[1024];
        tarn_type_format(batches->schema->fields[i].type, type, sizeof(type));
        fputs(i == 0 ? "{\"name\":" : ",{\"name\":", stdout);
        json_string(stdout, batches->schema->fields[i].name);
        fputs(",\"type\":", stdout);
        json_string(stdout, text_of(type));
        fputc('}', stdout);
    }
    fputs("],\"rows\":", stdout);
    const int code = print_sink(session, batches, FORM_JSON);
    fputc('}', stdout);
    return code;
}

/* Standard output through $PAGER, for a terminal that is to see all rows. */
static FILE *pager_open(struct session *session, int *saved)
{
    const char *pager = getenv("PAGER");
    if (!session->stdout_tty || pager == NULL || pager[0] == '\0' || !has(session, OPTION_MAX_ROWS)) {
        return NULL;
    }
    fflush(stdout);
    FILE *pipe = popen(pager, "w"); /* NOLINT(cert-env33-c): the user's own choice of program */
    if (pipe == NULL) {
        return NULL;
    }
    *saved = dup(STDOUT_FILENO);
    dup2(fileno(pipe), STDOUT_FILENO);
    return pipe;
}

static void pager_close(FILE *pipe, int saved)
{
    if (pipe != NULL) {
        fflush(stdout);
        dup2(saved, STDOUT_FILENO);
        close(saved);
        pclose(pipe);
    }
}

int rows_print(struct session *session, struct tarn_batches *batches)
{
    enum form form;
    if (!form_of(session, &form)) {
        return EXIT_USAGE;
    }
    if (session->json) {
        return print_document(session, batches);
    }
    if (form == FORM_PARQUET) {
        return print_parquet(session, batches);
    }
    if (form == FORM_ARROW) {
        return print_arrow(session, batches);
    }
    int saved = -1;
    FILE *pager = pager_open(session, &saved);
    const int code = form == FORM_CSV || form == FORM_TSV || form == FORM_JSON || form == FORM_JSONL ? print_sink(session, batches, form)
                                                                                                     : print_table(session, batches, form);
    pager_close(pager, saved);
    return code;
}
