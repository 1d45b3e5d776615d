/* SPDX-License-Identifier: Apache-2.0
 *
 * The shell: statements typed at a prompt, or read from standard input. Editing, history and completion by libedit.
 *
 * A statement ends with a semicolon outside quotes and comments; a line that begins with a dot is a command of the shell itself.
 * History is kept in $XDG_STATE_HOME/tarn/history or ~/.tarn_history, mode 0600, never through a link.
 */
#include <dirent.h>
#include <editline/readline.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tarn/command.h"

enum { HISTORY_LINES = 2000 };

static struct session *completing; /* libedit's completion hook carries no argument of ours */

/* ---- statements ---- */

/* Is the text whole statements, the last one ended by a semicolon? */
static bool is_complete(const char *text)
{
    char quote = 0;
    bool ended = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (quote != 0) {
            quote = *at == quote ? 0 : quote;
        } else if (*at == '\'' || *at == '"') {
            quote = *at;
            ended = false;
        } else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
            if (*at == '\0') {
                break;
            }
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (end == NULL) {
                return false;
            }
            at = end + 1;
        } else if (*at == ';') {
            ended = true;
        } else if (strchr(" \t\r\n", *at) == NULL) {
            ended = false;
        }
    }
    return quote == 0 && ended;
}

/* ---- dot commands ---- */

static const char *const dot_commands[] = {".help", ".mode", ".timer", ".tables", ".schema", ".lake", ".quit", ".exit"};

static void list_tables(struct session *session)
{
    run_statements(session, TARN_TEXT("SHOW TABLES"));
}

static void set_mode(struct session *session, const char *mode)
{
    enum form form;
    session->args.given |= BIT(OUTPUT);
    session->args.values[OPTION_OUTPUT] = mode;
    if (form_of(session, &form)) {
        session->shell_form = form;
        session->shell_form_set = true;
    }
    session->args.given &= ~BIT(OUTPUT);
}

/* False: leave the shell. */
static bool dot_command(struct session *session, char *line, bool *timer)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " \t", &rest);
    const char *argument = strtok_r(NULL, " \t", &rest);
    if (strcmp(word, ".quit") == 0 || strcmp(word, ".exit") == 0) {
        return false;
    }
    if (strcmp(word, ".help") == 0) {
        fputs("statements end with ;\n"
              ".mode FORM      table, csv, tsv, json, jsonl, markdown, html, line\n"
              ".timer on|off   show how long each statement took\n"
              ".tables         tables of the lake\n"
              ".schema PATH    columns of a table or file\n"
              ".lake LAKE      another lake: a folder or a catalog\n"
              ".quit           leave\n",
              stdout);
    } else if (strcmp(word, ".mode") == 0 && argument != NULL) {
        set_mode(session, argument);
    } else if (strcmp(word, ".timer") == 0) {
        *timer = argument == NULL || strcmp(argument, "off") != 0;
    } else if (strcmp(word, ".tables") == 0) {
        list_tables(session);
    } else if (strcmp(word, ".schema") == 0 && argument != NULL) {
        const char *words[] = {argument};
        session->args.positionals = words;
        command_schema(session);
    } else if (strcmp(word, ".lake") == 0 && argument != NULL) {
        struct tarn_error err = TARN_ERROR_INIT;
        if (lake_set(session, argument, &err) != TARN_OK) {
            answer_error(session, &err);
        }
    } else {
        fprintf(stderr, "%s: no such command, or its argument is missing; .help lists them\n", word);
    }
    return true;
}

/* ---- completion: keywords, functions, tables, columns of the tables named on the line, paths ---- */

struct words {
    char **list;
    size_t count;
    size_t room;
};

static struct words candidates;

static void offer(const char *word, size_t size, const char *start)
{
    const size_t typed = strlen(start);
    if (size < typed || strncasecmp(word, start, typed) != 0) {
        return;
    }
    if (candidates.count == candidates.room) {
        const size_t room = candidates.room == 0 ? 64 : candidates.room * 2;
        char **larger = realloc(candidates.list, room * sizeof(*larger));
        if (larger == NULL) {
            return;
        }
        candidates.list = larger;
        candidates.room = room;
    }
    char *copy = strndup(word, size);
    if (copy != NULL) {
        candidates.list[candidates.count++] = copy;
    }
}

static enum tarn_status offer_table(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    (void)err;
    if (!table->is_view) {
        offer(table->name.data, table->name.size, *(const char *const *)arg);
    }
    return TARN_OK;
}

/* Tables of a lake; in a folder also the files in it. */
static void offer_lake(struct session *session, const char *start)
{
    const char *lake = has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : ".";
    DIR *dir = opendir(lake);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.' && entry->d_type != DT_DIR) {
            offer(entry->d_name, strlen(entry->d_name), start);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (tarn_lake_tables(session->env, text_of(lake), offer_table, &start, NULL) != TARN_OK) {
        return; /* it only costs candidates */
    }
}

/* Columns of each word of the line that is a table or file. */
static void offer_columns(const char *line, const char *start)
{
    char *copy = strdup(line);
    char *rest = NULL;
    for (char *word = copy != NULL ? strtok_r(copy, " \t\n,;()='\"", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " \t\n,;()='\"", &rest)) {
        struct tarn_relation relation;
        const char *lake = has(completing, OPTION_LAKE) ? completing->args.values[OPTION_LAKE] : "";
        if (strlen(word) > 1 && tarn_relation_open(completing->env, text_of(lake), text_of(word), &relation, NULL) == TARN_OK) {
            const struct tarn_schema *schema = tarn_source_schema(relation.source);
            for (uint32_t i = 0; i < schema->field_count; i++) {
                offer(schema->fields[i].name.data, schema->fields[i].name.size, start);
            }
            tarn_relation_close(&relation);
        }
    }
    free(copy);
}

static char *next_candidate(const char *start, int state)
{
    static size_t at;
    (void)start;
    if (state == 0) {
        at = 0;
    }
    return at < candidates.count ? strdup(candidates.list[at++]) : NULL;
}

static char **complete(const char *start, int from, int to)
{
    (void)to;
    for (size_t i = 0; i < candidates.count; i++) {
        free(candidates.list[i]);
    }
    candidates.count = 0;
    const char quote = from > 0 ? rl_line_buffer[from - 1] : 0;
    if (start[0] == '.' && from == 0) {
        for (size_t i = 0; i < sizeof(dot_commands) / sizeof(dot_commands[0]); i++) {
            offer(dot_commands[i], strlen(dot_commands[i]), start);
        }
    } else if (quote == '\'') {
        return NULL; /* libedit completes file names */
    } else {
        for (uint32_t i = 0; tarn_sql_keyword(i) != NULL; i++) {
            offer(tarn_sql_keyword(i), strlen(tarn_sql_keyword(i)), start);
        }
        for (uint32_t i = 0; tarn_sql_function(i) != NULL; i++) {
            offer(tarn_sql_function(i), strlen(tarn_sql_function(i)), start);
        }
        offer_lake(completing, start);
        offer_columns(rl_line_buffer, start);
    }
    return rl_completion_matches(start, next_candidate);
}

/* ---- history ---- */

/* The file's path in `out`, made with mode 0600 when it is not there. False: no history is kept. */
static bool history_path(char *out, size_t size)
{
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        return false;
    }
    const int length = snprintf(out, size, "%s/.tarn_history", home);
    if (length < 0 || (size_t)length >= size) {
        return false;
    }
    const int file = open(out, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return false;
    }
    const bool good = fchmod(file, S_IRUSR | S_IWUSR) == 0;
    close(file);
    return good;
}

/* ---- the loop ---- */

static void run_text(struct session *session, const char *text, bool timer)
{
    const int64_t begun = monotonic_now();
    interrupted = 0;
    run_statements(session, text_of(text));
    session->json_begun = false;
    if (timer) {
        const int64_t spent = monotonic_now() - begun;
        printf("%lld.%03lld ms\n", (long long)(spent / 1000), (long long)(spent % 1000));
    }
}

/* Appends a line to the statement so far. */
static char *statement_add(char *statement, const char *line)
{
    const size_t before = statement != NULL ? strlen(statement) : 0;
    char *longer = realloc(statement, before + strlen(line) + 2);
    if (longer == NULL) {
        free(statement);
        return NULL;
    }
    sprintf(longer + before, "%s\n", line); /* sized above */
    return longer;
}

static int run_interactive(struct session *session)
{
    char path[1024];
    const bool keeps = history_path(path, sizeof(path));
    bool timer = false;
    char *statement = NULL;
    completing = session;
    rl_readline_name = "tarn";
    rl_initialize();
    rl_attempted_completion_function = complete;
    using_history();
    stifle_history(HISTORY_LINES);
    if (keeps) {
        read_history(path);
    }
    printf("tarn %s; .help for help, statements end with ;\n", tarn_version());
    for (;;) {
        char *line = readline(statement == NULL ? "tarn> " : "  ...> ");
        if (line == NULL) {
            break;
        }
        if (line[0] != '\0') {
            add_history(line);
        }
        if (statement == NULL && line[0] == '.') {
            const bool stay = dot_command(session, line, &timer);
            free(line);
            if (!stay) {
                break;
            }
            continue;
        }
        statement = statement_add(statement, line);
        free(line);
        if (statement != NULL && is_complete(statement)) {
            run_text(session, statement, timer);
            free(statement);
            statement = NULL;
        } else if (statement != NULL && statement[strspn(statement, " \t\n")] == '\0') {
            free(statement);
            statement = NULL;
        }
    }
    free(statement);
    if (keeps && write_history(path) == 0) {
        chmod(path, S_IRUSR | S_IWUSR);
    }
    fputc('\n', stdout);
    return 0;
}

/* A script: stops at the first error, as `query -f` does; dot commands are allowed between statements. */
static int run_script(struct session *session)
{
    char *line = NULL;
    size_t room = 0;
    char *statement = NULL;
    bool timer = false;
    int code = 0;
    bool stay = true;
    while (stay && code == 0 && getline(&line, &room, stdin) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (statement == NULL && line[0] == '.') {
            stay = dot_command(session, line, &timer);
            continue;
        }
        statement = statement_add(statement, line);
        if (statement != NULL && is_complete(statement)) {
            code = run_statements(session, text_of(statement));
            session->json_begun = false;
            free(statement);
            statement = NULL;
        }
    }
    if (statement != NULL && code == 0 && statement[strspn(statement, " \t\n")] != '\0') {
        code = run_statements(session, text_of(statement)); /* the last one may lack its semicolon */
    }
    free(statement);
    free(line);
    return code;
}

int shell_run(struct session *session, const char *path)
{
    (void)path; /* it is the lake already */
    return isatty(STDIN_FILENO) ? run_interactive(session) : run_script(session);
}
