/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL from the command line: statements one after the other, their rows, what they changed.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

/* A query as batches, for rows_print. */
struct query_batches {
    struct tarn_batches base;
    struct tarn_query *query;
};

static enum tarn_status next_of_query(struct tarn_batches *batches, struct tarn_batch **out, struct tarn_error *err)
{
    return tarn_query_next(((struct query_batches *)batches)->query, out, err);
}

static void close_nothing(struct tarn_batches *batches)
{
    (void)batches;
}

/* --param NAME=VALUE: a number when it is one, else text. */
static bool parameters_of(struct session *session, struct tarn_parameter *out, uint32_t *count)
{
    static const struct tarn_type text_type = {.id = TARN_TYPE_STRING};
    static const struct tarn_type int_type = {.id = TARN_TYPE_I64};
    *count = 0;
    for (int i = 0; i < session->args.param_count; i++) {
        const char *word = session->args.params[i];
        const char *equals = strchr(word, '=');
        if (equals == NULL || equals == word) {
            answer_usage(session, "--param takes NAME=VALUE, not \"%s\"", word);
            return false;
        }
        struct tarn_parameter *parameter = &out[(*count)++];
        char *end;
        const long long number = strtoll(equals + 1, &end, 10);
        const bool is_number = end != equals + 1 && *end == '\0';
        parameter->name = (struct tarn_text){word, (size_t)(equals - word)};
        parameter->value = (struct tarn_value){.type = is_number ? &int_type : &text_type};
        if (is_number) {
            parameter->value.u.i64 = number;
        } else {
            parameter->value.u.bytes = text_of(equals + 1);
        }
    }
    return true;
}

static void tell_change(struct session *session, const struct tarn_query_info *info)
{
    static const char *const verbs[] = {[TARN_STATEMENT_DELETE] = "deleted",
                                        [TARN_STATEMENT_UPDATE] = "updated",
                                        [TARN_STATEMENT_INSERT] = "inserted",
                                        [TARN_STATEMENT_CREATE] = "created",
                                        [TARN_STATEMENT_ALTER] = "altered"};
    const char *verb = info->kind <= TARN_STATEMENT_ALTER && verbs[info->kind] != NULL ? verbs[info->kind] : "done";
    if (session->json) {
        answer_begin(session);
        printf("{\"statement\":\"%s\",\"rows_changed\":%llu,\"version\":%lld}", verb, (unsigned long long)info->rows_changed,
               (long long)info->version);
        return;
    }
    if ((info->kind == TARN_STATEMENT_CREATE && info->rows_changed == 0) || info->kind == TARN_STATEMENT_ALTER) {
        printf("%s, version %lld\n", verb, (long long)info->version);
    } else if (info->version >= 0) {
        printf("%s %llu row%s, version %lld\n", verb, (unsigned long long)info->rows_changed, info->rows_changed == 1 ? "" : "s",
               (long long)info->version);
    } else {
        printf("%s %llu rows, nothing to commit\n", verb, (unsigned long long)info->rows_changed);
    }
}

static bool only_space(struct tarn_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(" \t\r\n;", text.data[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* One statement; *rest moves behind it. */
static int run_one(struct session *session, const struct tarn_query_options *options, struct tarn_text *rest, bool *none)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query *query;
    int code = 0;
    if (tarn_query_open(session->env, *rest, options, &query, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    const struct tarn_query_info info = tarn_query_info(query);
    *none = info.kind == TARN_STATEMENT_NONE;
    if (!*none && tarn_query_schema(query)->field_count != 0) {
        struct query_batches batches = {{session->env, tarn_query_schema(query), next_of_query, close_nothing}, query};
        code = rows_print(session, &batches.base);
    } else if (!*none) {
        tell_change(session, &info);
    }
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    tarn_query_stats(query, &stats);
    stats_add(session, &stats);
    tarn_query_close(query);
    rest->data += info.consumed;
    rest->size -= info.consumed;
    return code;
}

int run_statements(struct session *session, struct tarn_text sql)
{
    struct tarn_parameter parameters[MOST_REPEATS];
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    if (!parameters_of(session, parameters, &options.parameter_count)) {
        return EXIT_USAGE;
    }
    options.parameters = parameters;
    options.lake = text_of(has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "");
    options.read_only = has(session, OPTION_READ_ONLY);
    options.no_prune = has(session, OPTION_NO_PRUNE);
    options.part = has(session, OPTION_STATS) ? stats_part : NULL;
    options.part_arg = session;

    int code = 0;
    bool none = false;
    for (bool first = true; code == 0 && !none && (first || !only_space(sql)); first = false) {
        if (session->json && !first) {
            return answer_usage(session, "--json answers one statement; run the others by themselves");
        }
        code = run_one(session, &options, &sql, &none);
    }
    if (code == 0 && session->json) {
        if (none && !session->json_begun) {
            answer_begin(session);
            fputs("null", stdout);
        }
        answer_end(session);
    }
    return code;
}

/* A whole file, or standard input for "-"; freed by the caller. */
static char *file_text(struct session *session, const char *path, size_t *size)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = NULL;
    size_t room = 0;
    *size = 0;
    bool good = file != NULL;
    while (good) {
        if (*size == room) {
            room = room == 0 ? 4096 : room * 2;
            char *larger = realloc(text, room);
            good = larger != NULL;
            text = good ? larger : text;
            if (!good) {
                break;
            }
        }
        const size_t got = fread(text + *size, 1, room - *size, file);
        *size += got;
        if (got == 0) {
            good = ferror(file) == 0;
            break;
        }
    }
    if (file != NULL && file != stdin) {
        fclose(file);
    }
    if (!good) {
        struct tarn_error err = TARN_ERROR_INIT;
        err.code = file == NULL ? TARN_NOT_FOUND : TARN_IO;
        snprintf(err.message, sizeof(err.message), "the SQL file cannot be read");
        snprintf(err.object, sizeof(err.object), "%s", path);
        answer_error(session, &err);
        free(text);
        return NULL;
    }
    return text;
}

int command_query(struct session *session)
{
    const bool from_file = has(session, OPTION_FILE);
    const int words = session->args.positional_count;
    if (from_file == (words == 1)) {
        return answer_usage(session, "usage: tarn query SQL, tarn query -f FILE, or tarn query -");
    }
    const char *word = from_file ? session->args.values[OPTION_FILE] : session->args.positionals[0];
    if (!from_file && strcmp(word, "-") != 0) {
        return run_statements(session, text_of(word));
    }
    size_t size;
    char *text = file_text(session, word, &size);
    if (text == NULL) {
        return tarn_status_exit_code(TARN_IO);
    }
    const struct tarn_text sql = {text, size};
    const int code = run_statements(session, sql);
    free(text);
    return code;
}
