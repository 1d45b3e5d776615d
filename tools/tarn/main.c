/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn, the command. Decides what the first words mean, opens the env, runs one command, and turns its outcome into an exit code.
 *
 * The tool is where the environment is read (NO_COLOR, PAGER, COLUMNS, HOME, PYICEBERG_*) and where signals are handled; the library does
 * neither.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/catalogs.h"
#include "tools/tarn/command.h"
#include "tools/tarn/key_option.h"

volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1; /* the handler is gone after one signal: a second one ends the process at once */
}

static bool is_interrupted(void *ctx)
{
    (void)ctx;
    return interrupted != 0;
}

static int version_print(void)
{
    printf("tarn %s\n", tarn_version());
#if defined(TARN_MINIMAL)
    fputs("codecs: zstd, lz4, snappy; built minimal\n", stdout);
#else
    fputs("codecs: zstd, lz4, snappy; gzip for text files\n", stdout);
#endif
    fputs("formats: parquet, csv, json, arrow; tables: delta\n", stdout);
#if defined(TARN_HAS_SQLCATALOG)
    fputs("catalogs: sql (sqlite)\n", stdout);
#else
    fputs("catalogs: none\n", stdout);
#endif
    return 0;
}

/* What the library met and found a way round: a damaged checkpoint, a file that could not be removed. */
static void print_note(void *ctx, enum tarn_log_level level, const char *text)
{
    (void)ctx;
    if (level >= TARN_LOG_WARN) {
        fprintf(stderr, "note: %s\n", text);
    }
}

/* The env with what the command line says of it. False: the exit code is in *code. */
static bool env_make(struct session *session, int *code)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    int64_t threads;
    if (!option_number(session, OPTION_THREADS, 0, &threads)) {
        *code = EXIT_USAGE;
        return false;
    }
    if (threads < 0 || threads > 1024) {
        *code = answer_usage(session, "--threads takes 1 to 1024");
        return false;
    }
    if (has(session, OPTION_MEMORY_LIMIT) && !size_parse(session->args.values[OPTION_MEMORY_LIMIT], &options.memory_limit)) {
        *code = answer_usage(session, "--memory-limit takes a size, as 512MiB or 2GB");
        return false;
    }
    if (threads != 1) {
        if (tarn_pool_open((uint32_t)threads, &session->pool, &err) != TARN_OK) {
            *code = answer_error(session, &err);
            return false;
        }
        session->executor = tarn_pool_executor(session->pool);
        options.executor = &session->executor;
    }
    options.is_cancelled = is_interrupted;
    options.log = print_note;
    options.expr_host = tarn_query_expr_host();
    catalogs_offer(&options);
    for (int i = 0; i < session->args.all_count; i++) {
        if (session->args.all[i].id == OPTION_ALLOW_ROOT) {
            if (options.allowed_folder_count == MOST_REPEATS) {
                *code = answer_usage(session, "--allow-root is given more than %d times", MOST_REPEATS);
                return false;
            }
            session->allowed[options.allowed_folder_count++] = text_of(session->args.all[i].value);
        }
    }
    options.allowed_folders = session->allowed;
    if (keys_offer(session, &options, &err) != TARN_OK || signing_offer(session, &options, &err) != TARN_OK) {
        *code = answer_error(session, &err);
        return false;
    }
    session->env_options = options;
    if (tarn_env_open(&options, &session->env, &err) != TARN_OK ||
        (has(session, OPTION_LAKE) && lake_set(session, session->args.values[OPTION_LAKE], &err) != TARN_OK)) {
        *code = answer_error(session, &err);
        return false;
    }
    return true;
}

static int finish(struct session *session, int code)
{
    if (session->env != NULL) {
        stats_print(session);
    }
    answer_done(session);
    tarn_env_close(session->env);
    tarn_pool_close(session->pool);
    tarn_key_file_close(session->keys);
    tarn_signing_key_close(session->signing_key);
    free(session->lake);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("tarn: standard output could not be written\n", stderr);
        return code == 0 ? tarn_status_exit_code(TARN_IO) : code;
    }
    return code;
}

static bool looks_like_path(const char *word)
{
    return access(word, F_OK) == 0 || strpbrk(word, "/.:*") != NULL;
}

/* tarn PATH 'SQL': PATH is the lake, or a table in it, whose folder or catalog then is the lake. */
static int run_with_path(struct session *session, const char *path, const char *sql)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const char *format = NULL;
    char *lake = strdup(path);
    if (lake == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    char *hash = strrchr(lake, '#');
    if (hash != NULL) {
        *hash = '\0';
    }
    if (!is_catalog(session->env, lake)) {
        strcpy(lake, path); /* it was copied from there */
        if (tarn_table_detect(session->env, text_of(path), &format, &err) != TARN_OK) {
            free(lake);
            return answer_error(session, &err);
        }
    }
    if (format != NULL) {
        size_t length = strlen(lake);
        while (length > 1 && lake[length - 1] == '/') {
            lake[--length] = '\0';
        }
        char *slash = strrchr(lake, '/');
        if (slash == NULL) {
            lake[0] = '.';
            lake[1] = '\0';
        } else {
            slash[slash == lake ? 1 : 0] = '\0';
        }
    }
    session->args.given |= BIT(LAKE);
    session->args.values[OPTION_LAKE] = lake;
    const int code = sql != NULL ? run_statements(session, text_of(sql)) : shell_run(session, path);
    free(lake);
    return code;
}

/* No command: options, PATH, PATH SQL, or nothing. */
static int run_bare(struct session *session, int argc, char **argv)
{
    int code = 0;
    if (!arguments_parse(session, argc, argv)) {
        return EXIT_USAGE;
    }
    if (has(session, OPTION_HELP)) {
        help_print(stdout, NULL);
        return 0;
    }
    const int words = session->args.positional_count;
    if (words > 2) {
        return answer_usage(session, "usage: tarn PATH 'SQL', or tarn COMMAND ...; `tarn help` lists the commands");
    }
    if (!env_make(session, &code)) {
        return code;
    }
    if (has(session, OPTION_COMMAND) && words == 0) {
        return run_statements(session, text_of(session->args.values[OPTION_COMMAND]));
    }
    const char *sql = words == 2                     ? session->args.positionals[1]
                      : has(session, OPTION_COMMAND) ? session->args.values[OPTION_COMMAND]
                                                     : NULL;
    return words == 0 ? shell_run(session, NULL) : run_with_path(session, session->args.positionals[0], sql);
}

static int run_command(struct session *session, int argc, char **argv)
{
    int code = 0;
    if (!arguments_parse(session, argc, argv)) {
        return EXIT_USAGE;
    }
    if (has(session, OPTION_HELP)) {
        help_print(stdout, session->command);
        return 0;
    }
    return env_make(session, &code) ? session->command->run(session) : code;
}

int main(int argc, char **argv)
{
    struct session session = {.begun = monotonic_now()};
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);

    session.stdout_tty = isatty(STDOUT_FILENO) != 0;
    session.stderr_tty = isatty(STDERR_FILENO) != 0;
    const char *no_colour = getenv("NO_COLOR");
    session.colour = session.stderr_tty && (no_colour == NULL || no_colour[0] == '\0');

    int code;
    const char *first = argc > 1 ? argv[1] : NULL;
    if (first != NULL && (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)) {
        code = version_print();
    } else if (first != NULL && (session.command = command_find(first)) != NULL) {
        code = run_command(&session, argc - 2, argv + 2);
    } else if (first == NULL || first[0] == '-' || looks_like_path(first)) {
        code = run_bare(&session, argc - 1, argv + 1);
    } else {
        const char *nearest = command_nearest(first);
        code = nearest != NULL ? answer_usage(&session, "no command and no path \"%s\"; did you mean `tarn %s`?", first, nearest)
                               : answer_usage(&session, "no command and no path \"%s\"; `tarn help` lists the commands", first);
    }
    return finish(&session, code);
}
