/* SPDX-License-Identifier: Apache-2.0
 *
 * vacuum: files that no version in its time needs, removed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tarn/maintain.h"
#include "tools/tarn/command.h"

/* "7d", "36h", "90m", "30s", a bare number of hours. False: none of these. */
bool duration_parse(const char *text, int64_t *microseconds)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"min", 60}, {"", 3600}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    char *end;
    const long long number = strtoll(text, &end, 10);
    if (end == text || number < 0 || number > 1000000) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) == 0) {
            *microseconds = number * units[i].seconds * 1000000;
            return true;
        }
    }
    return false;
}

/* What goes, a line a file. */
struct told {
    struct session *session;
    uint64_t count;
};

static void tell_file(void *arg, struct tarn_text key, uint64_t size)
{
    struct told *told = arg;
    if (told->session->json) {
        fputs(told->count != 0 ? "," : "", stdout);
        json_string(stdout, key);
    } else {
        printf("%12" PRIu64 "  %.*s\n", size, (int)key.size, key.data);
    }
    told->count++;
}

static bool agreed(const struct tarn_vacuum_result *result)
{
    char answer[8] = "";
    if (result->files == 0) {
        return true;
    }
    fprintf(stderr, "Remove %" PRIu64 " files, %" PRIu64 " bytes, for good? [y/N] ", result->files, result->bytes);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool read_options(struct session *session, struct tarn_vacuum_options *options)
{
    options->force = has(session, OPTION_FORCE);
    options->mode = has(session, OPTION_LITE) ? TARN_VACUUM_LITE : TARN_VACUUM_FULL;
    options->log = has(session, OPTION_RECORD);
    if (has(session, OPTION_RETAIN) && !duration_parse(session->args.values[OPTION_RETAIN], &options->retention)) {
        answer_usage(session, "--retain is a time, as 7d, 36h or 90m, not \"%s\"", session->args.values[OPTION_RETAIN]);
        return false;
    }
    if (has(session, OPTION_LITE) && has(session, OPTION_INVENTORY)) {
        answer_usage(session, "--lite goes by the log: it has no use for --inventory");
        return false;
    }
    return true;
}

static void print_end(struct session *session, const struct tarn_vacuum_result *result, bool dry_run)
{
    if (session->json) {
        printf("],\"version\":%" PRId64 ",\"dry_run\":%s,\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"temporaries\":%" PRIu64
               ",\"files_looked\":%" PRIu64 ",\"files_kept\":%" PRIu64 ",\"horizon\":%" PRId64 "}",
               result->version, dry_run ? "true" : "false", result->files, result->bytes, result->temporaries, result->files_looked,
               result->files_kept, result->horizon);
    } else {
        printf("%s %" PRIu64 " files, %" PRIu64 " bytes; %" PRIu64 " of %" PRIu64 " looked at stay\n",
               dry_run ? "would be removed:" : "removed", result->files, result->bytes, result->files_kept, result->files_looked);
    }
}

/* Says what would go, asks, and lets it go. */
static int clean(struct session *session, const char *path, struct tarn_vacuum_options *options)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vacuum_result result = TARN_VACUUM_RESULT_INIT;
    const bool dry_run = has(session, OPTION_DRY_RUN);
    const bool asks = !dry_run && !has(session, OPTION_YES) && session->stderr_tty && isatty(STDIN_FILENO);
    if (asks) {
        options->dry_run = true;
        if (tarn_table_vacuum(session->env, text_of(path), options, &result, &err) != TARN_OK) {
            return answer_error(session, &err);
        }
        if (!agreed(&result)) {
            return 0;
        }
    }
    struct told told = {.session = session};
    options->dry_run = dry_run;
    options->fn = tell_file;
    options->arg = &told;
    answer_begin(session);
    if (session->json) {
        printf("{\"removed\":[");
    }
    if (tarn_table_vacuum(session->env, text_of(path), options, &result, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    print_end(session, &result, dry_run);
    answer_end(session);
    return 0;
}

int command_vacuum(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vacuum_options options = TARN_VACUUM_OPTIONS_INIT;
    struct tarn_relation inventory = {TARN_RELATION_FILE, NULL, NULL};
    if (!read_options(session, &options)) {
        return EXIT_USAGE;
    }
    if (has(session, OPTION_INVENTORY)) {
        const int code = input_open(session, session->args.values[OPTION_INVENTORY], &inventory);
        if (code != 0) {
            return code;
        }
        options.inventory = inventory.source;
    }
    char *path = table_path(session, session->args.positionals[0], &err);
    const int code = path == NULL ? answer_error(session, &err) : clean(session, path, &options);
    free(path);
    if (inventory.source != NULL) {
        tarn_relation_close(&inventory);
    }
    return code;
}
