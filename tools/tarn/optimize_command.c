/* SPDX-License-Identifier: Apache-2.0
 *
 * optimize: a table's files laid out anew.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tarn/maintain.h"
#include "tools/tarn/command.h"

/* A folder for what sorting has no room for; made when the command begins, gone when it ends. */
struct spill {
    char path[512];
    struct tarn_store *store;
};

static bool spill_open(struct session *session, struct spill *spill, struct tarn_error *err)
{
    const char *folder = getenv("TMPDIR");
    spill->store = NULL;
    snprintf(spill->path, sizeof(spill->path), "%s/tarn-XXXXXX", folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    if (mkdtemp(spill->path) == NULL) {
        err->code = TARN_IO;
        snprintf(err->detail, sizeof(err->detail), "spill");
        snprintf(err->message, sizeof(err->message), "no folder for temporary files can be made in %.200s: %s", spill->path,
                 strerror(errno));
        spill->path[0] = '\0';
        return false;
    }
    return tarn_store_open_local(session->env, text_of(spill->path), false, &spill->store, err) == TARN_OK;
}

static void spill_close(struct spill *spill)
{
    tarn_store_close(spill->store);
    if (spill->path[0] != '\0') {
        rmdir(spill->path); /* it is empty: the sort removes what it made */
    }
}

/* "a, s.b" cut at the commas, which become terminators. */
static uint32_t cut_names(char *text, struct tarn_text *names, uint32_t most)
{
    uint32_t count = 0;
    for (char *save, *name = strtok_r(text, ",", &save); name != NULL && count < most; name = strtok_r(NULL, ",", &save)) {
        while (*name == ' ') {
            name++;
        }
        size_t size = strlen(name);
        while (size != 0 && name[size - 1] == ' ') {
            size--;
        }
        names[count++] = (struct tarn_text){name, size};
    }
    return count;
}

static enum tarn_status parse_where(struct session *session, const char *path, struct tarn_optimize_options *options,
                                    struct tarn_expr **out, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    *out = NULL;
    if (!has(session, OPTION_WHERE)) {
        return TARN_OK;
    }
    options->predicate_text = text_of(session->args.values[OPTION_WHERE]);
    enum tarn_status status = tarn_snapshot_load(session->env, text_of(path), NULL, &snapshot, err);
    if (status == TARN_OK) {
        status = tarn_predicate_parse(session->env, tarn_snapshot_schema(snapshot), options->predicate_text, out, err);
        tarn_snapshot_close(snapshot);
    }
    options->where = *out;
    return status;
}

static void print_result(struct session *session, const struct tarn_optimize_result *result, bool dry_run)
{
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"dry_run\":%s,\"files_considered\":%" PRIu64 ",\"files_removed\":%" PRIu64
               ",\"bytes_removed\":%" PRIu64 ",\"files_added\":%" PRIu64 ",\"bytes_added\":%" PRIu64 ",\"rows\":%" PRIu64
               ",\"rows_purged\":%" PRIu64 ",\"partitions\":%" PRIu32 ",\"attempts\":%" PRIu32 "}",
               result->version, dry_run ? "true" : "false", result->files_considered, result->files_removed, result->bytes_removed,
               result->files_added, result->bytes_added, result->rows, result->rows_purged, result->partitions, result->attempts);
    } else if (result->files_removed == 0) {
        printf("nothing to do: none of %" PRIu64 " files would gain by it\n", result->files_considered);
    } else {
        printf("%s%" PRIu64 " files, %" PRIu64 " bytes -> %s%" PRIu64 " files", dry_run ? "would be rewritten: " : "",
               result->files_removed, result->bytes_removed, dry_run ? "about " : "", result->files_added);
        if (!dry_run) {
            printf(", %" PRIu64 " bytes; %" PRIu64 " rows, version %" PRId64, result->bytes_added, result->rows, result->version);
        }
        if (result->rows_purged != 0) {
            printf("; %" PRIu64 " deleted rows %s", result->rows_purged, dry_run ? "would go" : "purged");
        }
        printf("\n");
    }
    answer_end(session);
}

/* Options from the command line. False: reported. `columns`: a copy of their names, freed by the caller. */
static bool read_options(struct session *session, struct tarn_optimize_options *options, struct tarn_text *names, char **columns)
{
    const bool zorder = has(session, OPTION_ZORDER);
    const bool hilbert = has(session, OPTION_HILBERT);
    const char *by = session->args.values[zorder ? OPTION_ZORDER : OPTION_HILBERT];
    *columns = NULL;
    options->full = has(session, OPTION_FULL);
    options->purge = has(session, OPTION_PURGE);
    options->dry_run = has(session, OPTION_DRY_RUN);
    if (has(session, OPTION_TARGET_SIZE) && !size_parse(session->args.values[OPTION_TARGET_SIZE], &options->target_size)) {
        answer_usage(session, "--target-size is a size, as 256MiB, not \"%s\"", session->args.values[OPTION_TARGET_SIZE]);
        return false;
    }
    if (zorder && hilbert) {
        answer_usage(session, "rows lie along one curve: --zorder or --hilbert, not both");
        return false;
    }
    if (zorder || hilbert) {
        *columns = strdup(by);
        options->layout = zorder ? TARN_LAYOUT_ZORDER : TARN_LAYOUT_HILBERT;
        options->columns = names;
        options->column_count = *columns != NULL ? cut_names(*columns, names, MOST_REPEATS) : 0;
    }
    return true;
}

int command_optimize(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_optimize_result result = TARN_OPTIMIZE_RESULT_INIT;
    struct tarn_text names[MOST_REPEATS];
    struct tarn_expr *where = NULL;
    struct spill spill = {.path = ""};
    char *columns;
    if (!read_options(session, &options, names, &columns)) {
        return EXIT_USAGE;
    }
    options.memory = session->env_options.memory_limit / 2;
    char *path = table_path(session, session->args.positionals[0], &err);
    bool good = path != NULL && parse_where(session, path, &options, &where, &err) == TARN_OK && spill_open(session, &spill, &err);
    options.spill = spill.store;
    good = good && tarn_table_optimize(session->env, text_of(path), &options, &result, &err) == TARN_OK;
    spill_close(&spill);
    tarn_expr_release(where);
    free(columns);
    free(path);
    if (!good) {
        return answer_error(session, &err);
    }
    print_result(session, &result, options.dry_run);
    return 0;
}
