/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line's words: the tables of options and commands, their parsing, help, and "did you mean".
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

static const struct {
    const char *name;
    char letter;
    const char *argument;
    const char *help;
} options[] = {
#define OPTION(id, name, letter, argument, help) {name, letter, argument, help},
#include "tools/tarn/options.def"
#undef OPTION
};

const struct command commands[] = {
#define COMMAND(function, name, alias, arguments, least, most, summary, options)                                                           \
    {name, alias, arguments, least, most, summary, options, command_##function},
#include "tools/tarn/commands.def"
#undef COMMAND
};
const int command_total = (int)(sizeof(commands) / sizeof(commands[0]));

const struct command *command_find(const char *name)
{
    for (int i = 0; i < command_total; i++) {
        if (strcmp(commands[i].name, name) == 0 || (commands[i].alias != NULL && strcmp(commands[i].alias, name) == 0)) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Edits (insert, delete, replace, swap of neighbours count one) between two words of at most 31 letters. */
static int distance(const char *a, const char *b)
{
    int rows[3][32] = {{0}};
    const int n = (int)strlen(a);
    const int m = (int)strlen(b);
    if (n > 31 || m > 31) {
        return 99;
    }
    for (int j = 0; j <= m; j++) {
        rows[1][j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int *now = rows[(i + 1) % 3];
        const int *before = rows[i % 3];
        const int *earlier = rows[(i + 2) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = before[j - 1] + (a[i - 1] != b[j - 1]);
            best = before[j] + 1 < best ? before[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < best) {
                best = earlier[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return rows[(n + 1) % 3][m];
}

const char *command_nearest(const char *word)
{
    const char *nearest = NULL;
    int least = 3;
    for (int i = 0; i < command_total; i++) {
        const int edits = distance(word, commands[i].name);
        if (edits < least) {
            least = edits;
            nearest = commands[i].name;
        }
    }
    return nearest;
}

static const char *option_nearest(const char *word, option_bits allowed)
{
    const char *nearest = NULL;
    int least = 3;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const int edits = distance(word, options[i].name);
        if ((allowed >> i & 1) != 0 && edits < least) {
            least = edits;
            nearest = options[i].name;
        }
    }
    return nearest;
}

/* "[=X]": the value may be left out, and stands behind '=' alone. */
static bool may_lack_argument(int i)
{
    return options[i].argument != NULL && options[i].argument[0] == '[';
}

static const char *before_argument(int i)
{
    return options[i].argument != NULL && !may_lack_argument(i) ? " " : "";
}

static void put_option(FILE *to, int i)
{
    char left[64];
    const bool letter = options[i].letter != 0;
    snprintf(left, sizeof(left), "%c%c%s--%s%s%s", letter ? '-' : ' ', letter ? options[i].letter : ' ', letter ? ", " : "  ",
             options[i].name, before_argument(i), options[i].argument != NULL ? options[i].argument : "");
    fprintf(to, "  %-30s %s\n", left, options[i].help);
}

void help_print(FILE *to, const struct command *command)
{
    if (command == NULL) {
        fputs("tarn: the lakehouse in one small program: Parquet, Delta Lake, CSV and JSON, with SQL\n\n"
              "usage: tarn COMMAND [options]     a command, see below\n"
              "       tarn [PATH]                the shell\n"
              "       tarn PATH 'SQL'            run SQL with PATH as the lake or the table\n"
              "       tarn -c SQL                run SQL\n"
              "       tarn < script.sql          run a script\n\n",
              to);
        for (int i = 0; i < command_total; i++) {
            fprintf(to, "  %-14s %-16s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
        }
        fputs("\nA PATH is a file, a table folder, a glob, or - for standard input; PATH@v3 and PATH@2026-11-20T10:00Z travel in time.\n"
              "Every command takes:\n",
              to);
        for (int i = 0; i < OPTION_COUNT; i++) {
            if ((GENERAL >> i & 1) != 0) {
                put_option(to, i);
            }
        }
        return;
    }
    fprintf(to, "usage: tarn %s %s [options]\n\n%s.\n\n", command->name, command->arguments, command->summary);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (((command->options | GENERAL) >> i & 1) != 0) {
            put_option(to, i);
        }
    }
}

static bool take_value(struct session *session, enum option_id id, const char *value)
{
    struct arguments *args = &session->args;
    if (id == OPTION_NULL_TEXT || id == OPTION_PARAM) {
        const char **list = id == OPTION_PARAM ? args->params : args->nulls;
        int *count = id == OPTION_PARAM ? &args->param_count : &args->null_count;
        if (*count == MOST_REPEATS) {
            answer_usage(session, "--%s is given more than %d times", options[id].name, MOST_REPEATS);
            return false;
        }
        list[(*count)++] = value;
    }
    if (args->all_count == MOST_GIVEN) {
        answer_usage(session, "more than %d options", MOST_GIVEN);
        return false;
    }
    args->all[args->all_count++] = (struct given_option){id, value};
    args->given |= (option_bits)1 << id;
    args->values[id] = value;
    return true;
}

/* One word that begins with '-'. *at stands on it and is moved over what it takes. */
static bool take_option(struct session *session, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const option_bits allowed = session->command != NULL ? session->command->options | GENERAL : ~(option_bits)0;
    const bool is_long = word[1] == '-';
    const char *equals = is_long ? strchr(word, '=') : NULL;
    const size_t length = is_long ? (equals != NULL ? (size_t)(equals - word) : strlen(word)) - 2 : 1;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const bool match = is_long ? strlen(options[i].name) == length && strncmp(options[i].name, word + 2, length) == 0
                                   : options[i].letter != 0 && options[i].letter == word[1];
        if (!match || (allowed >> i & 1) == 0) {
            continue;
        }
        if (options[i].argument == NULL) {
            if (equals != NULL) {
                answer_usage(session, "--%s takes no value", options[i].name);
                return false;
            }
            return take_value(session, (enum option_id)i, "");
        }
        if (equals != NULL) {
            return take_value(session, (enum option_id)i, equals + 1);
        }
        if (may_lack_argument(i)) {
            return take_value(session, (enum option_id)i, "");
        }
        if (!is_long && word[2] != '\0') {
            return take_value(session, (enum option_id)i, word + 2);
        }
        if (*at + 1 >= argc) {
            answer_usage(session, "--%s needs a value: %s", options[i].name, options[i].argument);
            return false;
        }
        return take_value(session, (enum option_id)i, argv[++*at]);
    }
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)(length < 60 ? length : 60), is_long ? word + 2 : word + 1);
    const char *nearest = option_nearest(name, allowed);
    if (nearest != NULL) {
        answer_usage(session, "unknown option %s; did you mean --%s?", word, nearest);
    } else {
        answer_usage(session, "unknown option %s; `tarn help %s` lists them", word, session->command != NULL ? session->command->name : "");
    }
    return false;
}

bool arguments_parse(struct session *session, int argc, char **argv)
{
    struct arguments *args = &session->args;
    bool only_words = false;
    int words = 0;
    for (int i = 0; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(session, argc, argv, &i)) {
                return false;
            }
        } else {
            argv[words++] = argv[i]; /* words move to the front, over options already read */
        }
    }
    args->positionals = (const char **)argv;
    args->positional_count = words;
    session->json = has(session, OPTION_JSON);
    const struct command *command = session->command;
    if (command != NULL && !has(session, OPTION_HELP) && (words < command->least || (command->most >= 0 && words > command->most))) {
        answer_usage(session, "usage: tarn %s %s", command->name, command->arguments);
        return false;
    }
    return true;
}

bool size_parse(const char *text, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {{"", 1},
                 {"B", 1},
                 {"K", 1000},
                 {"KB", 1000},
                 {"KiB", 1024},
                 {"M", 1000000},
                 {"MB", 1000000},
                 {"MiB", 1048576},
                 {"G", 1000000000},
                 {"GB", 1000000000},
                 {"GiB", 1073741824},
                 {"T", 1000000000000},
                 {"TB", 1000000000000},
                 {"TiB", 1099511627776}};
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
            return false;
        }
    }
    if (at == text) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].unit, at) == 0) {
            return !__builtin_mul_overflow(value, units[i].bytes, out);
        }
    }
    return false;
}

bool option_number(struct session *session, enum option_id id, int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    if (!has(session, id)) {
        return true;
    }
    const char *text = session->args.values[id];
    const char *at = text[0] == '-' ? text + 1 : text;
    int64_t value = 0;
    bool good = *at != '\0';
    for (; good && *at != '\0'; at++) {
        good = *at >= '0' && *at <= '9' && !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, *at - '0', &value);
    }
    if (!good) {
        answer_usage(session, "--%s takes a whole number, not \"%s\"", options[id].name, text);
        return false;
    }
    *out = text[0] == '-' ? -value : value;
    return true;
}

int command_help(struct session *session)
{
    const struct command *command = NULL;
    if (session->args.positional_count == 1) {
        command = command_find(session->args.positionals[0]);
        if (command == NULL) {
            const char *nearest = command_nearest(session->args.positionals[0]);
            return answer_usage(session, "no command %s%s%s%s", session->args.positionals[0], nearest != NULL ? "; did you mean " : "",
                                nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
        }
    }
    help_print(stdout, command);
    return 0;
}

/* A word for troff: a hyphen must stay one. */
static void put_roff(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\') {
            fputc('\\', stdout);
        }
        fputc(*text, stdout);
    }
}

static void put_roff_option(int i)
{
    fputs(".TP\n.B ", stdout);
    if (options[i].letter != 0) {
        printf("\\-%c, ", options[i].letter);
    }
    fputs("\\-\\-", stdout);
    put_roff(options[i].name);
    printf("%s%s\n", before_argument(i), options[i].argument != NULL ? options[i].argument : "");
    put_roff(options[i].help);
    fputc('\n', stdout);
}

/* The man page, from the same two tables. */
static void print_man_page(void)
{
    fputs(".TH TARN 1\n.SH NAME\ntarn \\- the lakehouse in one small program\n.SH SYNOPSIS\n"
          ".B tarn\nCOMMAND [options]\n.br\n.B tarn\n[PATH ['SQL']]\n.SH COMMANDS\n",
          stdout);
    for (int i = 0; i < command_total; i++) {
        printf(".TP\n.B ");
        put_roff(commands[i].name);
        printf(" %s\n", commands[i].arguments);
        put_roff(commands[i].summary);
        fputs(".\n", stdout);
    }
    fputs(".SH OPTIONS\n", stdout);
    for (int i = 0; i < OPTION_COUNT; i++) {
        put_roff_option(i);
    }
    fputs(".SH EXIT CODES\n0 done, 1 internal, 2 usage, 3 not found, 4 invalid, 5 corrupt, 6 unsupported, 7 conflict, 8 commit outcome "
          "unknown,\n"
          "9 I/O, 10 limit, 11 exists, 12 not verified, 130 interrupted.\n",
          stdout);
}

int command_completion(struct session *session)
{
    if (strcmp(session->args.positionals[0], "man") == 0) {
        print_man_page();
        return 0;
    }
    if (strcmp(session->args.positionals[0], "bash") != 0) {
        return answer_usage(session, "completion is there for bash; `tarn completion man` prints the man page");
    }
    fputs("_tarn() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ] && [[ $word != -* ]]; then\n"
          "        words='",
          stdout);
    for (int i = 0; i < command_total; i++) {
        printf("%s%s", i == 0 ? "" : " ", commands[i].name);
    }
    fputs("'\n    else\n        case ${COMP_WORDS[1]} in\n", stdout);
    for (int i = 0; i < command_total; i++) {
        printf("        %s) words='", commands[i].name);
        bool any = false;
        for (int o = 0; o < OPTION_COUNT; o++) {
            if (((commands[i].options | GENERAL) >> o & 1) != 0) {
                printf("%s--%s", any ? " " : "", options[o].name);
                any = true;
            }
        }
        fputs("' ;;\n", stdout);
    }
    fputs("        esac\n    fi\n    if [[ $word == -* || $COMP_CWORD -eq 1 ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    fi\n"
          "    [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n}\n"
          "complete -o filenames -F _tarn tarn\n",
          stdout);
    return 0;
}
