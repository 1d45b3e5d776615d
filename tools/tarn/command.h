/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_COMMAND_H
#define TARN_TOOLS_TARN_COMMAND_H

#include <signal.h>
#include <stdio.h>

#include "tarn/tarn.h"

/*
 * What every command of the tool is given: its arguments, the env, and how to answer.
 *
 * One process runs one command (the shell runs many, with one session). Rows and answers go to stdout, everything else to stderr.
 */

enum option_id {
#define OPTION(id, name, letter, argument, help) OPTION_##id,
#include "tools/tarn/options.def"
#undef OPTION
    OPTION_COUNT
};

/** A set of options. */
__extension__ typedef unsigned __int128 option_bits;

#define BIT(id) ((option_bits)1 << OPTION_##id)

/** Options that every command takes. */
#define GENERAL                                                                                                                            \
    (BIT(HELP) | BIT(JSON) | BIT(THREADS) | BIT(MEMORY_LIMIT) | BIT(STATS) | BIT(NO_PRUNE) | BIT(NO_PROGRESS) | BIT(LAKE) |                \
     BIT(ALLOW_ROOT) | BIT(KEY_FILE) | BIT(SIGN_KEY) | BIT(PASSPHRASE_FILE))

_Static_assert(OPTION_COUNT <= 128, "options of a command are bits of a word");

enum { MOST_REPEATS = 32, MOST_GIVEN = 4096, EXIT_USAGE = 2, EXIT_NOT_VERIFIED = 12 };

/** One option as it stood on the command line. */
struct given_option {
    enum option_id id;
    const char *value; /* "" when it takes none */
};

struct arguments {
    option_bits given;                /* the options that were there */
    const char *values[OPTION_COUNT]; /* the last one */
    const char *nulls[MOST_REPEATS];  /* --null, in order */
    int null_count;
    const char *params[MOST_REPEATS]; /* --param, in order */
    int param_count;
    struct given_option all[MOST_GIVEN]; /* every one, in order: for those that may be repeated */
    int all_count;
    const char **positionals; /* points into argv */
    int positional_count;
};

enum form { FORM_TABLE, FORM_CSV, FORM_TSV, FORM_JSON, FORM_JSONL, FORM_MARKDOWN, FORM_HTML, FORM_LINE, FORM_PARQUET, FORM_ARROW };

struct session {
    struct arguments args;
    struct tarn_env *env;
    char *lake;                             /* what the lake's value points at, when it is not of argv */
    struct tarn_env_options env_options;    /* that made it: for a command that needs more of them */
    struct tarn_text allowed[MOST_REPEATS]; /* --allow-root, in order */
    struct tarn_executor executor;
    struct tarn_pool *pool;
    struct tarn_key_file *keys; /* NULL: none were given */
    struct tarn_key_hooks key_hooks;
    struct tarn_signing_key *signing_key; /* NULL: commits are not signed */
    const struct command *command;
    bool json;        /* --json: one document, made by answer.c */
    bool json_begun;  /* its head is written */
    bool json_failed; /* it says what went wrong, and is complete */
    FILE *held;       /* where standard output goes meanwhile; NULL: nowhere else */
    int held_stdout;  /* standard output itself */
    bool stdout_tty;
    bool stderr_tty;
    bool colour;
    enum form shell_form;
    bool shell_form_set;
    int64_t begun; /* monotonic microseconds */
    struct tarn_scan_stats stats;
    char *parts; /* what became of each row group, in lines, for --stats; NULL: nothing is known */
    size_t parts_size;
    unsigned part_count;
};

struct command {
    const char *name;
    const char *alias;
    const char *arguments;
    int least;
    int most;
    const char *summary;
    option_bits options;
    int (*run)(struct session *session); /* the exit code; the error, if any, has been reported */
};

extern const struct command commands[];
extern const int command_total;

#define COMMAND(function, name, alias, arguments, least, most, summary, options) int command_##function(struct session *session);
#include "tools/tarn/commands.def"
#undef COMMAND

/** The interactive shell, or a script on standard input. */
int shell_run(struct session *session, const char *path);
/** Runs all statements of a text; for query, -c, -f, scripts and the shell. */
int run_statements(struct session *session, struct tarn_text sql);

/** Set by SIGINT; the env's cancel hook reads it. */
extern volatile sig_atomic_t interrupted;

static inline bool has(const struct session *session, enum option_id id)
{
    return (session->args.given >> id & 1) != 0;
}

static inline struct tarn_text text_of(const char *terminated)
{
    struct tarn_text text = {terminated, 0};
    while (terminated != NULL && terminated[text.size] != '\0') {
        text.size++;
    }
    return text;
}

int64_t monotonic_now(void);

/* ---- arguments.c ---- */

/** Parses what stands behind the command's name. False: said why on stderr. */
bool arguments_parse(struct session *session, int argc, char **argv);
const struct command *command_find(const char *name);
/** The command most like an unknown word, or NULL. */
const char *command_nearest(const char *word);
void help_print(FILE *to, const struct command *command);
/** "2GB", "512MiB", "1000" as bytes. */
bool size_parse(const char *text, uint64_t *out);
/** The option's number, or `otherwise` when it is not given. Reports and returns false when it is no number. */
bool option_number(struct session *session, enum option_id id, int64_t otherwise, int64_t *out);

/* ---- answer.c ---- */

/** Reports an error (stderr, or the JSON document) and gives the exit code for it. */
int answer_error(struct session *session, const struct tarn_error *err);
/** A mistake in the command line: exit code 2. */
int answer_usage(struct session *session, const char *format, ...) TARN_PRINTF(2, 3);
/** {"ok":true,"result": -- then the caller writes the result to stdout as JSON -- and end. */
void answer_begin(struct session *session);
void answer_end(struct session *session);
/** At the end of the process: the document goes out. */
void answer_done(struct session *session);
/** A JSON string with its quotes. */
void json_string(FILE *to, struct tarn_text text);
/** Adds the counters of a scan to the session's, for --stats. */
void stats_add(struct session *session, const struct tarn_scan_stats *stats);
/** Notes what became of a part of what is read; `arg`: the session. For tarn_query_options.part. */
void stats_part(void *arg, struct tarn_text words);
void stats_print(struct session *session);
/** A note for a person, on stderr; none with --json. */
void note(struct session *session, const char *format, ...) TARN_PRINTF(2, 3);

/* ---- rows.c ---- */

/** The form that -o, or the shell's .mode, asks for. False: reported, as is a --variant that there is not. */
bool form_of(struct session *session, enum form *out);
/** Are variants to be shown as they are stored? */
bool variants_raw(const struct session *session);
/** False: --variant is neither plain nor raw; reported. */
bool variants_known(struct session *session);
/** Prints all batches of a query or a source in the asked form. Takes nothing over. */
int rows_print(struct session *session, struct tarn_batches *batches);

/* ---- table_print.c ---- */
struct table_print;
struct table_column {
    struct tarn_text name;
    bool right; /* numbers */
};
/** NULL: out of memory, or a usage error that was reported. */
struct table_print *table_print_open(struct session *session, uint32_t columns, const struct table_column *heads, enum form form);
struct table_print *table_print_open_schema(struct session *session, const struct tarn_schema *schema, enum form form);
/** False: out of memory. */
bool table_print_add(struct table_print *table, const struct tarn_batch *batch);
/** One text a column; NULL: null. */
bool table_print_add_texts(struct table_print *table, const char *const *texts);
/** Prints and frees. */
void table_print_close(struct table_print *table, bool print);

/* ---- listing.c: what the tool itself has to say as rows (log, schema, inspect), in any form or with --json as objects ---- */
struct listing;
/** `columns`: names with commas between; '#' before one: it holds numbers. NULL: reported. */
struct listing *listing_open(struct session *session, const char *columns);
/** One text a column; NULL: null. Texts of number columns are numbers. */
void listing_row(struct listing *listing, const char *const *texts);
/** Prints what is left and frees; the exit code. */
int listing_close(struct listing *listing);

/* ---- listing_rows.c: rows of a listing in the forms of a query ---- */
struct listing_rows;
/** NULL: out of memory. */
struct listing_rows *listing_rows_open(uint32_t columns, const struct table_column *heads);
/** False: out of memory. */
bool listing_rows_add(struct listing_rows *rows, const char *const *texts);
/** Prints them in the asked form; the exit code. */
int listing_rows_print(struct session *session, const struct listing_rows *rows);
void listing_rows_close(struct listing_rows *rows);

/* ---- inputs.c ---- */

/** The path's relation, with --version and --as-of applied. Reports its error. */
int input_open(struct session *session, const char *path, struct tarn_relation *out);
/** CSV and JSON options from the command line. False: reported. `schema` is released by the caller. */
bool input_csv_options(struct session *session, struct tarn_csv_options *out, struct tarn_schema **schema);
/** Parses "a BIGINT, b VARCHAR". */
enum tarn_status schema_parse(struct tarn_env *env, const char *text, struct tarn_schema **out, struct tarn_error *err);
/** `SELECT columns FROM 'path' WHERE ...` from --columns and --where; freed by the caller. NULL: no memory. */
char *select_text(struct session *session, const char *path, const char *columns, const char *tail);
/** `SELECT columns FROM table_changes('table', ...) WHERE ...` from --from, --to, --recorded, --columns and --where; as select_text. */
char *changes_text(struct session *session, const char *table, const char *tail);
/** The path with @version appended when --version or --as-of is given; freed by the caller. */
char *travel_path(struct session *session, const char *path);

/** Makes `word` the lake: a folder, a URI, or the name of a catalog. Errors: those of lake_by_name. */
enum tarn_status lake_set(struct session *session, const char *word, struct tarn_error *err);
/** The URI of a table's name in the lake; freed by the caller. NULL: `err` says why. */
char *lake_table(struct session *session, const char *name, struct tarn_error *err);
/** The path of a table: the name itself where that is a path, else that of the lake's table. As lake_table. */
char *table_path(struct session *session, const char *name, struct tarn_error *err);

/* ---- history_commands.c ---- */

/** A version's number, as "3" or "v3". False: reported. */
bool version_argument(struct session *session, const char *text, int64_t *out);
/** The table in one version; -1: the newest. */
enum tarn_status load_version(struct session *session, const char *name, int64_t version, struct tarn_snapshot **out,
                              struct tarn_error *err);

/* ---- vacuum_command.c ---- */

/** "7d", "36h" as microseconds. */
bool duration_parse(const char *text, int64_t *microseconds);

/* ---- sign_commands.c ---- */

/** Opens the key of --sign-key for the options of the session's env. */
enum tarn_status signing_offer(struct session *session, struct tarn_env_options *options, struct tarn_error *err);
/** `verify --chain` and `log --show-signatures`. */
int chain_show(struct session *session);

/* ---- progress.c ---- */
struct progress *progress_begin(struct session *session, const char *what, uint64_t total_bytes);
void progress_update(struct progress *progress, uint64_t rows, uint64_t bytes);
void progress_end(struct progress *progress);

#endif
