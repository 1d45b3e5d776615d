/* SPDX-License-Identifier: Apache-2.0
 *
 * rewrite, append, concat: Parquet files made of Parquet files. A file that exists is replaced in one step, at the end.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/import.h"
#include "tools/tarn/parquet_options.h"

/* A path as its store and key. */
struct place {
    struct tarn_file_place file;
    char *key;
};

static enum tarn_status place_open(struct session *session, const char *path, bool create, struct place *out, struct tarn_error *err)
{
    *out = (struct place){.key = NULL};
    TARN_TOOL_TRY(store_of_path(session->env, path, create, &out->file.store, &out->key, err));
    out->file.key = text_of(out->key);
    return TARN_OK;
}

static void place_close(struct place *place)
{
    tarn_store_close(place->file.store);
    free(place->key);
}

static int refuse_existing(struct session *session, const char *path)
{
    struct tarn_error err = TARN_ERROR_INIT;
    err.code = TARN_EXISTS;
    snprintf(err.detail, sizeof(err.detail), "file");
    snprintf(err.object, sizeof(err.object), "%s", path);
    snprintf(err.message, sizeof(err.message), "the file is already there: --force writes over it");
    return answer_error(session, &err);
}

static int tell_file(struct session *session, const char *path, const struct tarn_file_result *result)
{
    answer_begin(session);
    if (session->json) {
        fputs("{\"file\":", stdout);
        json_string(stdout, text_of(path));
        printf(",\"rows\":%" PRIu64 ",\"row_groups\":%" PRIu32 ",\"bytes\":%" PRIu64 "}", result->rows, result->row_groups, result->bytes);
    } else {
        printf("%s: %" PRIu64 " rows in %" PRIu32 " row group%s, %" PRIu64 " bytes\n", path, result->rows, result->row_groups,
               result->row_groups == 1 ? "" : "s", result->bytes);
    }
    answer_end(session);
    return 0;
}

/* ---- what is changed without the pages ---- */

struct copy_words {
    struct tarn_parquet_copy_options options;
    struct tarn_parquet_rename renames[MOST_GIVEN];
    struct tarn_parquet_field_id ids[MOST_GIVEN];
    struct tarn_property set[MOST_GIVEN];
    struct tarn_text unset[MOST_GIVEN];
};

static bool copy_given(const struct session *session)
{
    const option_bits copy = BIT(RENAME) | BIT(FIELD_ID) | BIT(SET) | BIT(UNSET) | BIT(DROP_INDEX) | BIT(DROP_BLOOM);
    return (session->args.given & copy) != 0;
}

static void tell_note(void *arg, struct tarn_text words)
{
    note(arg, "%.*s\n", (int)words.size, words.data);
}

static bool cut_pair(struct session *session, const char *option, const char *value, bool last, struct tarn_text *left,
                     struct tarn_text *right)
{
    const char *equals = last ? strrchr(value, '=') : strchr(value, '=');
    if (equals == NULL || equals == value) {
        answer_usage(session, "--%s needs a word on both sides of '=', not \"%s\"", option, value);
        return false;
    }
    *left = (struct tarn_text){value, (size_t)(equals - value)};
    *right = text_of(equals + 1);
    return true;
}

static bool take_id(struct session *session, struct tarn_text word, int32_t *id)
{
    int64_t value = 0;
    bool good = word.size != 0 && word.size <= 10;
    if (strcmp(word.data, "none") == 0) {
        *id = -1;
        return true;
    }
    for (size_t i = 0; good && i < word.size; i++) {
        good = word.data[i] >= '0' && word.data[i] <= '9';
        value = value * 10 + (word.data[i] - '0');
    }
    if (!good || value > INT32_MAX) {
        answer_usage(session, "--field-id takes a number from 0 to %d, or none, not \"%s\"", INT32_MAX, word.data);
        return false;
    }
    *id = (int32_t)value;
    return true;
}

static bool take_copy_word(struct session *session, const struct given_option *given, struct copy_words *words)
{
    struct tarn_parquet_copy_options *options = &words->options;
    struct tarn_text right;
    switch (given->id) {
    case OPTION_RENAME: {
        struct tarn_parquet_rename *rename = &words->renames[options->rename_count];
        options->rename_count++;
        return cut_pair(session, "rename", given->value, false, &rename->path, &rename->name);
    }
    case OPTION_FIELD_ID: {
        struct tarn_parquet_field_id *id = &words->ids[options->field_id_count];
        options->field_id_count++;
        return cut_pair(session, "field-id", given->value, true, &id->path, &right) && take_id(session, right, &id->id);
    }
    case OPTION_SET: {
        struct tarn_property *set = &words->set[options->set_count];
        options->set_count++;
        return cut_pair(session, "set", given->value, false, &set->key, &set->value);
    }
    case OPTION_UNSET:
        words->unset[options->unset_count++] = text_of(given->value);
        return true;
    default:
        return true;
    }
}

static bool copy_words_parse(struct session *session, struct copy_words *words)
{
    static const struct tarn_parquet_copy_options none = TARN_PARQUET_COPY_OPTIONS_INIT;
    words->options = none;
    for (int i = 0; i < session->args.all_count; i++) {
        if (!take_copy_word(session, &session->args.all[i], words)) {
            return false;
        }
    }
    words->options.renames = words->renames;
    words->options.field_ids = words->ids;
    words->options.set = words->set;
    words->options.unset = words->unset;
    words->options.drop_page_index = has(session, OPTION_DROP_INDEX);
    words->options.drop_bloom_filters = has(session, OPTION_DROP_BLOOM);
    words->options.note = tell_note;
    words->options.note_arg = session;
    return true;
}

/* ---- rewrite ---- */

static enum tarn_status rewrite_rows(struct session *session, const struct place *from, const struct place *to,
                                     struct tarn_file_result *result, struct tarn_error *err)
{
    struct tarn_parquet_rewrite_options options = TARN_PARQUET_REWRITE_OPTIONS_INIT;
    struct parquet_options parquet;
    struct tarn_source *source = NULL;
    enum tarn_status status = TARN_OK;
    if (!parquet_options_parse(session, &parquet)) {
        return tool_error(err, TARN_INVALID, "options", "%s", ""); /* not reached: they were parsed before */
    }
    status = tarn_parquet_open(from->file.store, from->file.key, NULL, &source, err); /* columns are found in its schema */
    status = status == TARN_OK ? parquet_options_bind(session, &parquet, tarn_source_schema(source), err) : status;
    options.write = &parquet.write;
    options.decrypt = has(session, OPTION_DECRYPT);
    status = status == TARN_OK ? tarn_parquet_rewrite(&from->file, &to->file, &options, result, err) : status;
    parquet_options_free(&parquet);
    tarn_source_close(source);
    return status;
}

int command_rewrite(struct session *session)
{
    const char *from_path = session->args.positionals[0];
    const bool in_place = session->args.positional_count == 1;
    const char *to_path = in_place ? from_path : session->args.positionals[1];
    static struct copy_words words; /* large, and one command a process rewrites */
    struct parquet_options checked;
    struct place from = {.key = NULL};
    struct place to = {.key = NULL};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_file_result result = TARN_FILE_RESULT_INIT;
    const bool options_given = parquet_options_given(session) || has(session, OPTION_CODEC) || has(session, OPTION_DECRYPT);
    if (!copy_words_parse(session, &words) || !parquet_options_parse(session, &checked)) {
        return EXIT_USAGE;
    }
    if (copy_given(session) && options_given) {
        return answer_usage(session,
                            "--rename, --field-id, --set, --unset, --drop-index and --drop-bloom keep the pages as they are; other "
                            "options write the rows anew: do one after the other");
    }
    if (!in_place && access(to_path, F_OK) == 0 && !has(session, OPTION_FORCE)) {
        return refuse_existing(session, to_path);
    }
    enum tarn_status status = place_open(session, from_path, false, &from, &err);
    status = status == TARN_OK ? place_open(session, to_path, true, &to, &err) : status;
    if (status == TARN_OK) {
        status = copy_given(session) ? tarn_parquet_copy(&from.file, &to.file, &words.options, &result, &err)
                                     : rewrite_rows(session, &from, &to, &result, &err);
    }
    place_close(&from);
    place_close(&to);
    return status == TARN_OK ? tell_file(session, to_path, &result) : answer_error(session, &err);
}

/* ---- concat ---- */

static int concat_files(struct session *session, size_t count, char **paths, const char *to_path, const struct copy_words *words)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_file_result result = TARN_FILE_RESULT_INIT;
    struct place *places = calloc(count + 1, sizeof(*places));
    struct tarn_file_place *files = calloc(count + 1, sizeof(*files));
    enum tarn_status status = places != NULL && files != NULL ? TARN_OK : tool_error(&err, TARN_NOMEM, "memory", "no memory");
    for (size_t i = 0; status == TARN_OK && i <= count; i++) {
        status = place_open(session, i < count ? paths[i] : to_path, i == count, &places[i], &err);
        files[i] = places[i].file;
    }
    status = status == TARN_OK ? tarn_parquet_merge((uint32_t)count, files, &files[count], &words->options, &result, &err) : status;
    for (size_t i = 0; places != NULL && i <= count; i++) {
        place_close(&places[i]);
    }
    free(places);
    free(files);
    return status == TARN_OK ? tell_file(session, to_path, &result) : answer_error(session, &err);
}

static void expand(struct session *session, glob_t *files)
{
    for (int i = 0; i + 1 < session->args.positional_count; i++) {
        glob(session->args.positionals[i], GLOB_NOCHECK | (i != 0 ? GLOB_APPEND : 0), NULL, files);
    }
}

int command_concat(struct session *session)
{
    const char *to = session->args.positionals[session->args.positional_count - 1];
    static struct copy_words words;
    glob_t files = {0};
    if (!copy_words_parse(session, &words)) {
        return EXIT_USAGE;
    }
    if (access(to, F_OK) == 0 && !has(session, OPTION_FORCE)) {
        return refuse_existing(session, to);
    }
    expand(session, &files);
    const int code = concat_files(session, files.gl_pathc, files.gl_pathv, to, &words);
    globfree(&files);
    return code;
}

/* ---- append ---- */

/* Columns of a text that the file has too, with the file's types. */
static enum tarn_status typed_as(struct session *session, const struct tarn_schema *file, const struct tarn_schema *text,
                                 struct tarn_schema **out, struct tarn_error *err)
{
    struct tarn_field *fields = calloc((size_t)text->field_count + 1, sizeof(*fields));
    *out = NULL;
    if (fields == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    for (uint32_t i = 0; i < text->field_count; i++) {
        const int32_t at = tarn_fields_find(file->field_count, file->fields, text->fields[i].name);
        fields[i] = at >= 0 ? file->fields[at] : text->fields[i];
    }
    const enum tarn_status status = tarn_schema_make(session->env, text->field_count, fields, 0, NULL, out, err);
    free(fields);
    return status;
}

/* The columns of the file, in its order, of an input that may have them in another. */
static enum tarn_status batches_in_order(struct input *input, const struct tarn_schema *file, struct tarn_batches **out,
                                         struct tarn_error *err)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_schema *schema = tarn_source_schema(input->source);
    struct tarn_path_step *steps = calloc(file->field_count, sizeof(*steps));
    struct tarn_path *paths = calloc(file->field_count, sizeof(*paths));
    enum tarn_status status = steps != NULL && paths != NULL ? TARN_OK : tool_error(err, TARN_NOMEM, "memory", "no memory");
    *out = NULL;
    if (status == TARN_OK && schema->field_count != file->field_count) {
        status = tool_error(err, TARN_INVALID, "schema", "%s has %u columns, the file that is appended to has %u", input->path,
                            (unsigned)schema->field_count, (unsigned)file->field_count);
    }
    for (uint32_t i = 0; status == TARN_OK && i < file->field_count; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_FIELD, file->fields[i].name, -1};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    request.path_count = file->field_count;
    request.paths = paths;
    status = status == TARN_OK ? tarn_source_batches(input->source, &request, out, err) : status;
    free(steps);
    free(paths);
    return status;
}

static enum tarn_status write_batches(struct tarn_batches *batches, struct tarn_sink *sink, struct tarn_error *err)
{
    struct tarn_batch *batch;
    do {
        TARN_TOOL_TRY(batches->next(batches, &batch, err));
        if (batch != NULL) {
            TARN_TOOL_TRY(tarn_sink_write(sink, batch, err));
        }
    } while (batch != NULL);
    return TARN_OK;
}

struct appending {
    struct session *session;
    const struct place *file;
    const struct tarn_schema *schema; /* the file's */
    struct parquet_options parquet;
    struct tarn_sink *sink; /* opened with the first rows */
};

static enum tarn_status append_input(struct appending *appending, struct input *input, struct tarn_error *err)
{
    struct tarn_parquet_append_options options = TARN_PARQUET_APPEND_OPTIONS_INIT;
    struct tarn_batches *batches = NULL;
    if (!input_is_typed(input)) {
        struct tarn_schema *typed;
        TARN_TOOL_TRY(typed_as(appending->session, appending->schema, tarn_source_schema(input->source), &typed, err));
        const enum tarn_status reopened = input_open_file(input, typed, err);
        tarn_schema_release(input->schema);
        input->schema = typed;
        TARN_TOOL_TRY(reopened);
    }
    enum tarn_status status = batches_in_order(input, appending->schema, &batches, err);
    if (status == TARN_OK && appending->sink == NULL) {
        options.write = &appending->parquet.write;
        status = parquet_options_bind(appending->session, &appending->parquet, appending->schema, err);
        status =
            status == TARN_OK ? tarn_parquet_append_open(&appending->file->file, batches->schema, &options, &appending->sink, err) : status;
    }
    status = status == TARN_OK ? write_batches(batches, appending->sink, err) : status;
    if (batches != NULL) {
        batches->close(batches);
    }
    return status;
}

static int append_files(struct appending *appending, size_t count, char **paths)
{
    struct tarn_error err = TARN_ERROR_INIT;
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < count; i++) {
        struct input input;
        const int code = input_begin(appending->session, &input, paths[i]);
        status = code == 0 ? append_input(appending, &input, &err) : TARN_OK;
        input_end(&input);
        if (code != 0) {
            return code;
        }
    }
    if (status == TARN_OK) {
        struct tarn_sink *sink = appending->sink;
        appending->sink = NULL;
        status = tarn_sink_finish(sink, &err);
    }
    return status == TARN_OK ? 0 : answer_error(appending->session, &err);
}

/* What the file is now. */
static int tell_appended(struct session *session, const struct place *file, const char *path)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_parquet_metadata *metadata;
    if (tarn_parquet_metadata_open(file->file.store, file->file.key, &metadata, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    const struct tarn_file_result result = {sizeof(result), info.row_count, info.file_size, info.row_group_count};
    tarn_parquet_metadata_close(metadata);
    return tell_file(session, path, &result);
}

static int append_to_file(struct session *session, size_t count, char **paths, const char *to)
{
    struct appending appending = {.session = session};
    struct tarn_error err = TARN_ERROR_INIT;
    struct place file = {.key = NULL};
    struct tarn_source *source = NULL;
    int code = EXIT_USAGE;
    if (!parquet_options_parse(session, &appending.parquet)) {
        return EXIT_USAGE;
    }
    enum tarn_status status = place_open(session, to, false, &file, &err);
    status = status == TARN_OK ? tarn_parquet_open(file.file.store, file.file.key, NULL, &source, &err) : status;
    if (status == TARN_OK) {
        appending.file = &file;
        appending.schema = tarn_source_schema(source);
        code = append_files(&appending, count, paths);
    } else {
        code = answer_error(session, &err);
    }
    if (appending.sink != NULL) {
        tarn_sink_abort(appending.sink);
    }
    code = code == 0 ? tell_appended(session, &file, to) : code;
    parquet_options_free(&appending.parquet);
    tarn_source_close(source);
    place_close(&file);
    return code;
}

int command_append(struct session *session)
{
    const char *to = session->args.positionals[session->args.positional_count - 1];
    glob_t files = {0};
    expand(session, &files);
    const int code = append_to_file(session, files.gl_pathc, files.gl_pathv, to);
    globfree(&files);
    return code;
}
