/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn create and tarn alter: short forms of CREATE TABLE and ALTER TABLE.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

/* A statement that is put together. NULL: no memory. */
struct statement {
    char *text;
    size_t size;
    FILE *to;
};

static bool statement_open(struct statement *statement)
{
    *statement = (struct statement){0};
    statement->to = open_memstream(&statement->text, &statement->size);
    return statement->to != NULL;
}

/* 'path', with its quotes doubled */
static void add_table(FILE *to, const char *path)
{
    putc('\'', to);
    for (; *path != '\0'; path++) {
        fprintf(to, *path == '\'' ? "''" : "%c", *path);
    }
    putc('\'', to);
}

static int no_memory(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    err.code = TARN_NOMEM;
    snprintf(err.message, sizeof(err.message), "there is no memory for the statement");
    return answer_error(session, &err);
}

static int run(struct session *session, struct statement *statement)
{
    const bool whole = fclose(statement->to) == 0;
    const struct tarn_text sql = {statement->text, statement->size};
    const int code = whole ? run_statements(session, sql) : no_memory(session);
    free(statement->text);
    return code;
}

/* "VERB 'table' " at the begin of a statement; false: *code is of what was reported. */
static bool begin(struct session *session, struct statement *statement, const char *verb, int *code)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        *code = answer_error(session, &err);
        return false;
    }
    if (!statement_open(statement)) {
        free(path);
        *code = no_memory(session);
        return false;
    }
    fputs(verb, statement->to);
    add_table(statement->to, path);
    putc(' ', statement->to);
    free(path);
    return true;
}

int command_create(struct session *session)
{
    struct statement statement;
    int code;
    if (!begin(session, &statement, "CREATE TABLE ", &code)) {
        return code;
    }
    fprintf(statement.to, "(%s)", session->args.positionals[1]);
    if (has(session, OPTION_TABLE_FORMAT)) {
        fprintf(statement.to, " USING %s", session->args.values[OPTION_TABLE_FORMAT]);
    }
    if (has(session, OPTION_PARTITION_BY)) {
        fprintf(statement.to, " PARTITIONED BY (%s)", session->args.values[OPTION_PARTITION_BY]);
    }
    return run(session, &statement);
}

int command_alter(struct session *session)
{
    struct statement statement;
    int code;
    if (!begin(session, &statement, "ALTER TABLE ", &code)) {
        return code;
    }
    fputs(session->args.positionals[1], statement.to);
    return run(session, &statement);
}
