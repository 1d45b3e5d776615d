/* SPDX-License-Identifier: Apache-2.0
 *
 * import, the command: options, progress, what is said to a person. The work is done by table_import.c. And what it shares with convert.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/import.h"
#include "tools/tarn/table_import.h"

/* ---- what is read ---- */

static enum tarn_file_format format_asked(struct session *session)
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
    if (strcmp(word, "arrow") == 0) {
        return TARN_FILE_ARROW;
    }
    return TARN_FILE_AUTO;
}

int input_begin(struct session *session, struct input *input, const char *path)
{
    struct tarn_error err = TARN_ERROR_INIT;
    *input = (struct input){.env = session->env, .path = path, .asked = format_asked(session)};
    input->records = text_of(has(session, OPTION_RECORDS) ? session->args.values[OPTION_RECORDS] : "");
    if (!input_csv_options(session, &input->csv, &input->schema)) {
        return EXIT_USAGE;
    }
    if (has(session, OPTION_REJECTS)) {
        input->rejects = fopen(session->args.values[OPTION_REJECTS], "w+");
        if (input->rejects == NULL) {
            return answer_usage(session, "%s cannot be written", session->args.values[OPTION_REJECTS]);
        }
    }
    return input_open_file(input, NULL, &err) == TARN_OK ? 0 : answer_error(session, &err);
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
        note(session, "%s: %s\n", input->path,
             input->format == TARN_FILE_JSON    ? "JSON"
             : input->format == TARN_FILE_ARROW ? "Arrow"
                                                : "Parquet");
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

enum { MOST_PARTITION_COLUMNS = 64 };

struct import {
    struct session *session;
    struct table_import table;
    struct tarn_text partition_columns[MOST_PARTITION_COLUMNS];
};

static enum tarn_status copy_input(void *arg, struct input *input, struct tarn_batches *from, struct tarn_sink *sink, uint64_t *rows,
                                   struct tarn_error *err)
{
    return input_copy(((struct import *)arg)->session, input, from, sink, rows, err);
}

static void tell_widened(void *arg, const struct input *input)
{
    note(((struct import *)arg)->session, "%s: a later row needs a wider type; beginning anew\n", input->path);
}

/* Columns and transforms of columns, with commas between: city, bucket(16, id). A comma in parentheses is the transform's. */
static void take_partition(struct import *import, const char *list)
{
    struct table_import *table = &import->table;
    table->partition_columns = import->partition_columns;
    while (*list != '\0' && table->partition_column_count < MOST_PARTITION_COLUMNS) {
        int depth = 0;
        const char *begin = list + strspn(list, " ");
        for (list = begin; *list != '\0' && (*list != ',' || depth > 0); list++) {
            depth += (*list == '(') - (*list == ')');
        }
        size_t size = (size_t)(list - begin);
        while (size > 0 && begin[size - 1] == ' ') {
            size--;
        }
        import->partition_columns[table->partition_column_count++] = (struct tarn_text){begin, size};
        list += *list == ',';
    }
}

/* What the command line says about the table. 0, or the exit code of what was reported. */
static int take_options(struct session *session, struct import *import)
{
    struct table_import *table = &import->table;
    const char *mode = has(session, OPTION_MODE) ? session->args.values[OPTION_MODE] : "error";
    *table = (struct table_import){.env = session->env, .copy = copy_input, .widened = tell_widened, .arg = import};
    static const char *const modes[] = {"error", "append", "overwrite", "overwrite-partitions"}; /* as enum import_mode */
    size_t found = 0;
    while (found < sizeof(modes) / sizeof(modes[0]) && strcmp(mode, modes[found]) != 0) {
        found++;
    }
    if (found == sizeof(modes) / sizeof(modes[0])) {
        return answer_usage(session, "--mode is error, append, overwrite or overwrite-partitions, not \"%s\"", mode);
    }
    table->mode = (enum import_mode)found;
    if (has(session, OPTION_REPLACE_WHERE)) {
        if (has(session, OPTION_MODE)) {
            return answer_usage(session, "--replace-where is a mode of its own; leave --mode out");
        }
        table->mode = IMPORT_REPLACE_WHERE;
        table->replace_where = text_of(session->args.values[OPTION_REPLACE_WHERE]);
    }
    if (has(session, OPTION_DRY_RUN) && table->mode == IMPORT_ERROR) {
        table->mode = IMPORT_APPEND; /* nothing is written: say what the files look like */
    }
    table->merge_schema = has(session, OPTION_MERGE_SCHEMA);
    table->overwrite_schema = has(session, OPTION_OVERWRITE_SCHEMA);
    if (table->overwrite_schema && table->mode != IMPORT_OVERWRITE) {
        return answer_usage(session, "--overwrite-schema goes with --mode overwrite");
    }
    table->format = has(session, OPTION_TABLE_FORMAT) ? session->args.values[OPTION_TABLE_FORMAT] : NULL;
    take_partition(import, has(session, OPTION_PARTITION_BY) ? session->args.values[OPTION_PARTITION_BY] : "");
    if (has(session, OPTION_APP_ID)) {
        table->app_id = text_of(session->args.values[OPTION_APP_ID]);
        return option_number(session, OPTION_APP_VERSION, 0, &table->app_version) ? 0 : EXIT_USAGE;
    }
    return 0;
}

static int tell_result(struct session *session, const struct table_import *import)
{
    const struct tarn_commit_result *result = &import->result;
    const uint64_t rows = import->rows;
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
static int dry_run(struct session *session, struct table_import *import)
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
         !import->exists                 ? "create"
         : import->mode == IMPORT_APPEND ? "append to"
                                         : "overwrite",
         import->table);
    return code;
}

static int run_import(struct session *session, struct table_import *import)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const enum tarn_status status = table_import_run(import, &err);
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
    return status == TARN_OK ? tell_result(session, import) : answer_error(session, &err);
}

static int import_files(struct session *session, struct table_import *import, size_t count, char **paths)
{
    struct tarn_error err = TARN_ERROR_INIT;
    enum tarn_status status = table_import_look(import, &err);
    if (status != TARN_OK) {
        if (status == TARN_EXISTS) {
            snprintf(err.message, sizeof(err.message), "the table is already there: say --mode append or --mode overwrite");
        }
        return answer_error(session, &err);
    }
    for (size_t i = 0; i < count; i++) {
        import->count = i + 1;
        const int code = input_begin(session, &import->inputs[i], paths[i]);
        if (code != 0) {
            return code;
        }
    }
    status = table_import_fit(import, &err);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    return has(session, OPTION_DRY_RUN) ? dry_run(session, import) : run_import(session, import);
}

int command_import(struct session *session)
{
    struct import import = {.session = session};
    const int words = session->args.positional_count;
    const char *table = session->args.positionals[words - 1];
    char *in_lake = NULL;
    glob_t files = {0};
    int code = take_options(session, &import);
    if (code != 0) {
        return code;
    }
    if (has(session, OPTION_LAKE) && strpbrk(table, "/#:") == NULL) {
        struct tarn_error err = TARN_ERROR_INIT;
        in_lake = lake_table(session, table, &err);
        if (in_lake == NULL) {
            return answer_error(session, &err);
        }
        table = in_lake;
    }
    for (int i = 0; i + 1 < words; i++) {
        glob(session->args.positionals[i], GLOB_NOCHECK | (i != 0 ? GLOB_APPEND : 0), NULL, &files);
    }
    import.table.table = table;
    import.table.inputs = calloc(files.gl_pathc, sizeof(*import.table.inputs));
    code = import.table.inputs == NULL ? tarn_status_exit_code(TARN_NOMEM)
                                       : import_files(session, &import.table, files.gl_pathc, files.gl_pathv);
    for (size_t i = 0; i < import.table.count; i++) {
        input_end(&import.table.inputs[i]);
    }
    table_import_end(&import.table, code != 0);
    free(import.table.inputs);
    free(in_lake);
    globfree(&files);
    return code;
}
