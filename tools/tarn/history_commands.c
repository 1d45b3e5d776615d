/* SPDX-License-Identifier: Apache-2.0
 *
 * A table's history: log, show, restore, undo.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/tarn/command.h"

static void time_text(int64_t microseconds, char out[32])
{
    const time_t seconds = (time_t)(microseconds / 1000000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &utc) == 0) {
        snprintf(out, 32, "?");
    }
}

bool version_argument(struct session *session, const char *text, int64_t *out)
{
    char *end;
    const char *digits = text[0] == 'v' ? text + 1 : text;
    errno = 0;
    *out = strtoll(digits, &end, 10);
    const bool good = end != digits && *end == '\0' && errno == 0 && *out != -1; /* -1 stands for no version */
    if (!good) {
        answer_usage(session, "a version is a number, as 3 or v3, not \"%s\"", text);
    }
    return good;
}

/* ---- log ---- */

/* One commit, copied: --reverse needs them all first. */
struct commit_line {
    char texts[8][96];
};

struct log_lines {
    struct commit_line *lines;
    size_t count;
    size_t room;
};

/* A number of the operation metrics, a flat object of numbers that may be strings. False: it is not there. */
static bool metric_of(const struct tarn_commit_info *commit, const char *name, uint64_t *out)
{
    char key[64];
    const int length = snprintf(key, sizeof(key), "\"%s\"", name);
    const char *end = commit->metrics.data + commit->metrics.size;
    const char *at = commit->metrics.size == 0 ? NULL : memmem(commit->metrics.data, commit->metrics.size, key, (size_t)length);
    *out = 0;
    if (at == NULL) {
        return false;
    }
    for (at += length; at < end && strchr(" \t:\"", *at) != NULL;) {
        at++;
    }
    const char *digits = at;
    for (; at < end && *at >= '0' && *at <= '9' && at - digits < 18; at++) {
        *out = *out * 10 + (uint64_t)(*at - '0');
    }
    return at != digits;
}

/* The sum of those that are there. */
static bool metrics_of(const struct tarn_commit_info *commit, const char *const *names, size_t count, uint64_t *out)
{
    bool any = false;
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        any = metric_of(commit, names[i], &value) || any;
        *out += value;
    }
    return any;
}

/*
 * How many rows came and went. Files tell that only where none was rewritten; a rewriting commit says in its metrics how many rows it
 * changed and how many it only copied. What is not said stays empty.
 */
static void rows_texts(const struct tarn_commit_info *commit, char *added, char *removed, size_t size)
{
    static const char *const copies[] = {"numCopiedRows", "numTargetRowsCopied"};
    static const char *const changes[] = {"numDeletedRows", "numUpdatedRows", "numTargetRowsDeleted", "numTargetRowsUpdated"};
    uint64_t copied;
    uint64_t changed;
    added[0] = '\0';
    removed[0] = '\0';
    const bool has_copied = metrics_of(commit, copies, sizeof(copies) / sizeof(copies[0]), &copied);
    const bool has_changed = metrics_of(commit, changes, sizeof(changes) / sizeof(changes[0]), &changed);
    const bool rewrites = commit->files_removed != 0 && has_copied && has_changed;
    if (commit->has_rows_added && (!rewrites || copied <= commit->rows_added)) {
        snprintf(added, size, "%" PRIu64, rewrites ? commit->rows_added - copied : commit->rows_added);
    }
    if (rewrites || commit->has_rows_removed) {
        snprintf(removed, size, "%" PRIu64, rewrites ? changed : commit->rows_removed);
    }
}

static enum tarn_status keep_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    struct log_lines *log = arg;
    if (log->count == log->room) {
        const size_t room = log->room == 0 ? 32 : log->room * 2;
        struct commit_line *larger = realloc(log->lines, room * sizeof(*larger));
        if (larger == NULL) {
            err->code = TARN_NOMEM;
            return TARN_NOMEM;
        }
        log->lines = larger;
        log->room = room;
    }
    struct commit_line *line = &log->lines[log->count++];
    snprintf(line->texts[0], sizeof(line->texts[0]), "%" PRId64, commit->version);
    time_text(commit->timestamp, line->texts[1]);
    snprintf(line->texts[2], sizeof(line->texts[2]), "%.*s", (int)(commit->operation.size < 90 ? commit->operation.size : 90),
             commit->operation.data != NULL ? commit->operation.data : "");
    snprintf(line->texts[3], sizeof(line->texts[3]), "%" PRIu64, commit->files_added);
    snprintf(line->texts[4], sizeof(line->texts[4]), "%" PRIu64, commit->files_removed);
    rows_texts(commit, line->texts[5], line->texts[6], sizeof(line->texts[5]));
    snprintf(line->texts[7], sizeof(line->texts[7]), "%.*s", (int)(commit->engine.size < 90 ? commit->engine.size : 90),
             commit->engine.data != NULL ? commit->engine.data : "");
    return TARN_OK;
}

int command_log(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct log_lines log = {NULL, 0, 0};
    int64_t limit;
    if (has(session, OPTION_SHOW_SIGNATURES)) {
        return chain_show(session);
    }
    if (!option_number(session, OPTION_LIMIT, 0, &limit) || limit < 0) {
        return EXIT_USAGE;
    }
    char *path = table_path(session, session->args.positionals[0], &err);
    const enum tarn_status status =
        path == NULL ? err.code : tarn_table_history(session->env, text_of(path), (uint64_t)limit, keep_commit, &log, &err);
    free(path);
    if (status != TARN_OK) {
        free(log.lines);
        return answer_error(session, &err);
    }
    struct listing *listing = listing_open(session, "#version,time,operation,#files added,#files removed,#rows added,#rows removed,engine");
    for (size_t i = 0; i < log.count; i++) {
        const struct commit_line *line = &log.lines[has(session, OPTION_REVERSE) ? log.count - 1 - i : i];
        const char *texts[8];
        for (size_t t = 0; t < 8; t++) {
            texts[t] = line->texts[t][0] == '\0' ? NULL : line->texts[t];
        }
        listing_row(listing, texts);
    }
    free(log.lines);
    return listing_close(listing);
}

/* ---- show ---- */

static enum tarn_status list_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    char size[32];
    char rows[32];
    char deleted[32];
    char path[1024];
    (void)err;
    snprintf(path, sizeof(path), "%.*s", (int)(file->path.size < 1000 ? file->path.size : 1000), file->path.data);
    snprintf(size, sizeof(size), "%" PRIu64, file->size);
    snprintf(rows, sizeof(rows), "%" PRIu64, file->row_count);
    snprintf(deleted, sizeof(deleted), "%" PRIu64, file->deleted_rows);
    const char *texts[] = {path, size, file->has_row_count ? rows : NULL, deleted};
    listing_row(arg, texts);
    return TARN_OK;
}

enum tarn_status load_version(struct session *session, const char *name, int64_t version, struct tarn_snapshot **out,
                              struct tarn_error *err)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    *out = NULL;
    char *path = table_path(session, name, err);
    const enum tarn_status status = path == NULL ? err->code : tarn_snapshot_load(session->env, text_of(path), &options, out, err);
    free(path);
    return status;
}

int command_show(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_relation relation = {0};
    int code = 0;
    if (session->args.positional_count == 2) {
        int64_t version;
        if (!version_argument(session, session->args.positionals[1], &version)) {
            return EXIT_USAGE;
        }
        if (load_version(session, session->args.positionals[0], version, &relation.snapshot, &err) != TARN_OK) {
            return answer_error(session, &err);
        }
    } else {
        code = input_open(session, session->args.positionals[0], &relation);
        if (code == 0 && relation.snapshot == NULL) {
            tarn_relation_close(&relation);
            return answer_usage(session, "%s is no table", session->args.positionals[0]);
        }
    }
    if (code != 0) {
        return code;
    }
    const struct tarn_snapshot_info info = tarn_snapshot_info(relation.snapshot);
    if (!session->json && !has(session, OPTION_OUTPUT)) { /* for people; with a form asked for there are rows alone */
        char when[32];
        time_text(info.timestamp, when);
        printf("version %" PRId64 ", %s UTC: %" PRIu64 " files, %" PRIu64 " bytes", info.version, when, info.file_count, info.total_bytes);
        printf(info.has_row_count ? ", %" PRIu64 " rows\n" : "\n", info.row_count);
    }
    struct listing *listing = listing_open(session, "file,#bytes,#rows,#deleted");
    const enum tarn_status status = tarn_snapshot_files(relation.snapshot, list_file, listing, &err);
    const int closed = listing_close(listing);
    if (relation.source != NULL) {
        tarn_relation_close(&relation);
    } else {
        tarn_snapshot_close(relation.snapshot);
    }
    return status == TARN_OK ? closed : answer_error(session, &err);
}

/* ---- restore, undo ---- */

/* On a terminal a change that takes rows away is asked about first. */
static bool agreed(struct session *session, const char *question)
{
    char answer[8] = "";
    if (has(session, OPTION_YES) || !session->stderr_tty || !isatty(STDIN_FILENO)) {
        return true;
    }
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int restore_to(struct session *session, const char *path, int64_t version, const char *what)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_commit_result result;
    if (tarn_table_restore(session->env, text_of(path), version, &result, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"restored\":%" PRId64 ",\"files_added\":%" PRIu64 ",\"files_removed\":%" PRIu64 "}",
               result.version, version, result.files_added, result.files_removed);
    } else {
        printf("%s: version %" PRId64 " is equal to version %" PRId64 " (%" PRIu64 " files back, %" PRIu64 " out)\n", what, result.version,
               version, result.files_added, result.files_removed);
    }
    answer_end(session);
    return 0;
}

/* A version's number, or the version that was the newest at a time. The exit code; 0: found. */
static int version_or_time(struct session *session, const char *table, const char *text, int64_t *version)
{
    struct tarn_relation relation;
    const char *digits = text[0] == 'v' || text[0] == '-' ? text + 1 : text;
    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] == '\0') {
        return version_argument(session, text, version) ? 0 : EXIT_USAGE;
    }
    char path[4096];
    const int size = snprintf(path, sizeof(path), "%s@%s", table, text);
    if (size < 0 || (size_t)size >= sizeof(path)) {
        return answer_usage(session, "\"%s\" is no version and no time", text);
    }
    const int code = input_open(session, path, &relation);
    if (code == 0 && relation.snapshot == NULL) {
        tarn_relation_close(&relation);
        return answer_usage(session, "%s is no table", table);
    }
    if (code == 0) {
        *version = tarn_snapshot_info(relation.snapshot).version;
        tarn_relation_close(&relation);
    }
    return code;
}

int command_restore(struct session *session)
{
    int64_t version = -1;
    const int found = version_or_time(session, session->args.positionals[0], session->args.positionals[1], &version);
    if (found != 0) {
        return found;
    }
    if (!agreed(session, "Make a new version equal to the old one?")) {
        return 0;
    }
    struct tarn_error err = TARN_ERROR_INIT;
    char *path = table_path(session, session->args.positionals[0], &err);
    const int code = path == NULL ? answer_error(session, &err) : restore_to(session, path, version, "restored");
    free(path);
    return code;
}

/* The two newest commits, and whether the newest is itself an undo. */
struct newest {
    uint32_t count;
    int64_t before; /* the newest but one */
    bool restore;
};

static enum tarn_status note_newest(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    struct newest *newest = arg;
    (void)err;
    if (newest->count++ == 0) {
        newest->restore = commit->operation.size == 7 && memcmp(commit->operation.data, "RESTORE", 7) == 0;
    } else {
        newest->before = commit->version;
    }
    return TARN_OK;
}

int command_undo(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct newest newest = {0, 0, false};
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    int code = 0;
    if (tarn_table_history(session->env, text_of(path), 2, note_newest, &newest, &err) != TARN_OK) {
        code = answer_error(session, &err);
    } else if (newest.count < 2) {
        err.code = TARN_INVALID;
        snprintf(err.detail, sizeof(err.detail), "nothing_to_undo");
        snprintf(err.message, sizeof(err.message), "the table has only one version: there is nothing to take back");
        code = answer_error(session, &err);
    } else if (agreed(session, "Take the last change back?")) {
        code = restore_to(session, path, newest.before, newest.restore ? "redone (the last change was an undo)" : "undone");
    }
    free(path);
    return code;
}
