/* SPDX-License-Identifier: Apache-2.0
 *
 * From words of the command line to sources: paths, time travel, CSV options, schemas.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/catalogs.h"
#include "tools/tarn/command.h"

/* Text that grows; `failed` sticks. */
struct words {
    char *text;
    size_t size;
    bool failed;
};

static void words_add(struct words *words, const char *text, size_t size)
{
    char *larger = words->failed ? NULL : realloc(words->text, words->size + size + 1);
    if (larger == NULL) {
        words->failed = true;
        return;
    }
    memcpy(larger + words->size, text, size);
    words->text = larger;
    words->size += size;
    words->text[words->size] = '\0';
}

static void words_add_str(struct words *words, const char *text)
{
    words_add(words, text, strlen(text));
}

/* With each quote doubled. */
static void words_add_quoted(struct words *words, const char *text, char quote)
{
    words_add(words, &quote, 1);
    for (; *text != '\0'; text++) {
        words_add(words, text, 1);
        if (*text == quote) {
            words_add(words, text, 1);
        }
    }
    words_add(words, &quote, 1);
}

static char *words_take(struct words *words)
{
    if (words->failed) {
        free(words->text);
        return NULL;
    }
    return words->text;
}

char *travel_path(struct session *session, const char *path)
{
    struct words words = {NULL, 0, false};
    words_add_str(&words, path);
    if (has(session, OPTION_VERSION)) {
        words_add_str(&words, "@v");
        words_add_str(&words, session->args.values[OPTION_VERSION]);
    } else if (has(session, OPTION_REF)) {
        words_add_str(&words, "@ref:");
        words_add_str(&words, session->args.values[OPTION_REF]);
    } else if (has(session, OPTION_AS_OF)) {
        words_add_str(&words, "@");
        words_add_str(&words, session->args.values[OPTION_AS_OF]);
    }
    return words_take(&words);
}

/* SELECT ... FROM `from`, which is SQL, WHERE ... */
static char *select_from(struct session *session, const char *from, const char *columns, const char *tail)
{
    struct words words = {NULL, 0, false};
    words_add_str(&words, "SELECT ");
    if (columns != NULL) {
        words_add_str(&words, columns);
    } else if (has(session, OPTION_COLUMNS)) {
        const char *at = session->args.values[OPTION_COLUMNS];
        for (bool first = true; *at != '\0'; first = false) {
            const size_t size = strcspn(at, ",");
            char *name = strndup(at, size);
            if (name == NULL) {
                words.failed = true;
                break;
            }
            words_add_str(&words, first ? "" : ", ");
            words_add_quoted(&words, name, '"');
            free(name);
            at += size + (at[size] == ',');
        }
    } else {
        words_add_str(&words, "*");
    }
    words_add_str(&words, " FROM ");
    words_add_str(&words, from);
    if (has(session, OPTION_WHERE)) {
        words_add_str(&words, " WHERE ");
        words_add_str(&words, session->args.values[OPTION_WHERE]);
    }
    words_add_str(&words, tail);
    return words_take(&words);
}

char *select_text(struct session *session, const char *path, const char *columns, const char *tail)
{
    struct words words = {NULL, 0, false};
    char *travel = travel_path(session, path);
    words_add_quoted(&words, travel != NULL ? travel : "", '\'');
    words.failed = words.failed || travel == NULL;
    free(travel);
    char *from = words_take(&words);
    char *sql = from != NULL ? select_from(session, from, columns, tail) : NULL;
    free(from);
    return sql;
}

/* A version as a number, a time as a text. */
static void add_change_end(struct words *words, const char *text)
{
    const char *digits = text[0] == 'v' ? text + 1 : text;
    if (digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0') {
        words_add_str(words, digits);
    } else {
        words_add_quoted(words, text, '\'');
    }
}

char *changes_text(struct session *session, const char *table, const char *tail)
{
    struct words words = {NULL, 0, false};
    words_add_str(&words, "table_changes(");
    words_add_quoted(&words, table, '\'');
    words_add_str(&words, ", ");
    add_change_end(&words, has(session, OPTION_FROM) ? session->args.values[OPTION_FROM] : "0");
    words_add_str(&words, ", ");
    if (has(session, OPTION_TO)) {
        add_change_end(&words, session->args.values[OPTION_TO]);
    } else {
        words_add_str(&words, "NULL");
    }
    words_add_str(&words, has(session, OPTION_RECORDED) ? ", true)" : ", false)");
    char *from = words_take(&words);
    char *sql = from != NULL ? select_from(session, from, NULL, tail) : NULL;
    free(from);
    return sql;
}

static enum tarn_status keep_text(void *arg, struct tarn_text text, struct tarn_error *err)
{
    char **kept = arg;
    *kept = strndup(text.data, text.size);
    if (*kept == NULL) {
        err->code = TARN_NOMEM;
    }
    return *kept != NULL ? TARN_OK : TARN_NOMEM;
}

enum tarn_status lake_set(struct session *session, const char *word, struct tarn_error *err)
{
    char *lake;
    const enum tarn_status status = lake_by_name(word, &lake, err);
    if (status != TARN_OK) {
        return status;
    }
    lake = lake != NULL ? lake : strdup(word);
    if (lake == NULL) {
        err->code = TARN_NOMEM;
        return TARN_NOMEM;
    }
    free(session->lake);
    session->lake = lake;
    session->args.given |= BIT(LAKE);
    session->args.values[OPTION_LAKE] = lake;
    return TARN_OK;
}

char *lake_table(struct session *session, const char *name, struct tarn_error *err)
{
    char *uri = NULL;
    const char *lake = has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "";
    return tarn_lake_table_uri(session->env, text_of(lake), text_of(name), keep_text, &uri, err) == TARN_OK ? uri : NULL;
}

char *table_path(struct session *session, const char *name, struct tarn_error *err)
{
    if (access(name, F_OK) != 0 && strpbrk(name, "/#:") == NULL) {
        return lake_table(session, name, err);
    }
    char *path = strdup(name);
    err->code = path == NULL ? TARN_NOMEM : err->code;
    return path;
}

int input_open(struct session *session, const char *path, struct tarn_relation *out)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char *whole = travel_path(session, path);
    memset(out, 0, sizeof(*out));
    if (whole == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    const char *lake = has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "";
    const enum tarn_status status = tarn_relation_open(session->env, text_of(lake), text_of(whole), out, &err);
    free(whole);
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

/*
 * "a BIGINT, b VARCHAR NOT NULL" is the inside of a STRUCT type: the library parses it as one, and its members are the columns.
 */
enum tarn_status schema_parse(struct tarn_env *env, const char *text, struct tarn_schema **out, struct tarn_error *err)
{
    struct words words = {NULL, 0, false};
    struct tarn_schema *holder = NULL;
    const struct tarn_type *type = NULL;
    *out = NULL;
    words_add_str(&words, "STRUCT(");
    words_add_str(&words, text);
    words_add_str(&words, ")");
    char *whole = words_take(&words);
    if (whole == NULL) {
        return TARN_NOMEM;
    }
    enum tarn_status status = tarn_type_parse(env, text_of(whole), &holder, &type, err);
    if (status == TARN_OK) {
        status = tarn_schema_make(env, type->field_count, type->fields, 0, NULL, out, err);
        tarn_schema_release(holder);
    }
    free(whole);
    return status;
}

static char option_char(struct session *session, enum option_id id)
{
    const char *value = has(session, id) ? session->args.values[id] : "";
    return strcmp(value, "\\t") == 0 || strcmp(value, "tab") == 0 ? '\t' : value[0];
}

bool input_csv_options(struct session *session, struct tarn_csv_options *out, struct tarn_schema **schema)
{
    const struct arguments *args = &session->args;
    static const struct tarn_csv_options init = TARN_CSV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    int64_t skip;
    *schema = NULL;
    *out = init;
    if (!option_number(session, OPTION_SKIP, 0, &skip)) {
        return false;
    }
    out->skip = skip > 0 ? (uint32_t)skip : 0;
    out->delimiter = option_char(session, OPTION_DELIMITER);
    if (has(session, OPTION_INPUT_FORMAT) && strcmp(args->values[OPTION_INPUT_FORMAT], "tsv") == 0) {
        out->delimiter = '\t';
    }
    out->no_quote = has(session, OPTION_QUOTE) && strcmp(args->values[OPTION_QUOTE], "none") == 0;
    out->quote = out->no_quote ? 0 : option_char(session, OPTION_QUOTE);
    out->escape = option_char(session, OPTION_ESCAPE);
    out->comment = option_char(session, OPTION_COMMENT);
    if (has(session, OPTION_HEADER)) {
        const char *answer = args->values[OPTION_HEADER];
        if (strcmp(answer, "yes") != 0 && strcmp(answer, "no") != 0) {
            answer_usage(session, "--header takes yes or no");
            return false;
        }
        out->header = answer[0] == 'y' ? TARN_CHOICE_YES : TARN_CHOICE_NO;
    }
    out->encoding = text_of(has(session, OPTION_ENCODING) ? args->values[OPTION_ENCODING] : "");
    out->date_format = text_of(has(session, OPTION_DATE_FORMAT) ? args->values[OPTION_DATE_FORMAT] : "");
    out->all_varchar = has(session, OPTION_ALL_VARCHAR);
    out->prefer_decimal = has(session, OPTION_DECIMAL);
    if (args->null_count != 0) {
        static struct tarn_text nulls[MOST_REPEATS]; /* one command a process reads files */
        for (int i = 0; i < args->null_count; i++) {
            nulls[i] = text_of(args->nulls[i]);
        }
        out->nulls = nulls;
        out->null_count = (uint32_t)args->null_count;
    }
    if (has(session, OPTION_SCHEMA)) {
        if (schema_parse(session->env, args->values[OPTION_SCHEMA], schema, &err) != TARN_OK) {
            answer_error(session, &err);
            return false;
        }
        out->schema = *schema;
    }
    return true;
}
