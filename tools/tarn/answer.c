/* SPDX-License-Identifier: Apache-2.0
 *
 * How a command answers beside its rows: errors with their exit codes, the JSON document of --json, statistics, notes.
 *
 * Invariants
 *  1. With --json stdout holds exactly one document, also when the command fails half-way: from answer_begin on what is written goes to a
 *     file without a name, which is copied at the end of the process, or dropped when there was an error: then that is the document.
 *  2. Without --json nothing but what was asked for goes to stdout.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utf8proc.h>

#include "tools/tarn/command.h"

int64_t monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void json_string(FILE *to, struct tarn_text text)
{
    fputc('"', to);
    for (size_t i = 0; i < text.size;) {
        const unsigned char c = (unsigned char)text.data[i];
        utf8proc_int32_t code;
        const utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.data + i, (utf8proc_ssize_t)(text.size - i), &code);
        if (size <= 0) {
            fputs("\\ufffd", to); /* a message cut within a character, or text of others that is none */
            i++;
            continue;
        }
        if (c == '"' || c == '\\') {
            fprintf(to, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(to, "\\u%04x", c);
        } else {
            fwrite(text.data + i, 1, (size_t)size, to);
        }
        i += (size_t)size;
    }
    fputc('"', to);
}

static void put_stats(struct session *session)
{
    const struct tarn_scan_stats *s = &session->stats;
    uint64_t peak = 0;
    if (session->env != NULL) {
        tarn_env_memory(session->env, &peak);
    }
    printf("\"stats\":{\"microseconds\":%lld,\"rows\":%llu,\"bytes_read\":%llu,\"requests\":%llu,\"files\":%llu,\"files_pruned\":%llu,"
           "\"row_groups\":%llu,\"row_groups_pruned\":%llu,\"pages\":%llu,\"pages_skipped\":%llu,\"vectors_flattened\":%llu,"
           "\"row_groups_pruned_statistics\":%llu,\"row_groups_pruned_pages\":%llu,\"row_groups_pruned_bloom\":%llu,"
           "\"row_groups_pruned_dictionary\":%llu,\"pages_pruned\":%llu,\"rows_skipped\":%llu,\"bytes_saved\":%llu,"
           "\"files_pruned_partition\":%llu,\"files_pruned_statistics\":%llu,\"peak_memory\":%llu}",
           (long long)(monotonic_now() - session->begun), (unsigned long long)s->rows, (unsigned long long)s->bytes_read,
           (unsigned long long)s->requests, (unsigned long long)s->files, (unsigned long long)s->files_pruned,
           (unsigned long long)s->row_groups, (unsigned long long)s->row_groups_pruned, (unsigned long long)s->pages,
           (unsigned long long)s->pages_skipped, (unsigned long long)s->vectors_flattened,
           (unsigned long long)s->row_groups_pruned_statistics, (unsigned long long)s->row_groups_pruned_pages,
           (unsigned long long)s->row_groups_pruned_bloom, (unsigned long long)s->row_groups_pruned_dictionary,
           (unsigned long long)s->pages_pruned, (unsigned long long)s->rows_skipped, (unsigned long long)s->bytes_saved,
           (unsigned long long)s->files_pruned_partition, (unsigned long long)s->files_pruned_statistics, (unsigned long long)peak);
}

void answer_begin(struct session *session)
{
    if (session->json && !session->json_begun) {
        session->json_begun = true;
        session->held = tmpfile(); /* NULL: the result goes out as it comes */
        if (session->held != NULL) {
            fflush(stdout);
            session->held_stdout = dup(STDOUT_FILENO);
            dup2(fileno(session->held), STDOUT_FILENO);
        }
        fputs("{\"ok\":true,\"result\":", stdout);
    }
}

/* Standard output is itself again, with or without what was held back. */
static void release_held(struct session *session, bool keep)
{
    char block[16384];
    if (session->held == NULL) {
        return;
    }
    fflush(stdout);
    dup2(session->held_stdout, STDOUT_FILENO);
    close(session->held_stdout);
    rewind(session->held);
    for (size_t got = 1; keep && got != 0;) {
        got = fread(block, 1, sizeof(block), session->held);
        fwrite(block, 1, got, stdout);
    }
    fclose(session->held);
    session->held = NULL;
}

void answer_end(struct session *session)
{
    if (session->json && !session->json_failed) {
        fputc(',', stdout);
        put_stats(session);
        fputs("}\n", stdout);
    }
}

static void json_place(const char *name, int64_t value)
{
    if (value >= 0) {
        printf(",\"%s\":%lld", name, (long long)value);
    }
}

static void json_text_place(const char *name, const char *value)
{
    if (value[0] != '\0') {
        printf(",\"%s\":", name);
        json_string(stdout, text_of(value));
    }
}

static void json_error(struct session *session, const struct tarn_error *err)
{
    if (session->json_failed) {
        return; /* the first error is the answer */
    }
    release_held(session, false);
    fputs("{\"ok\":false,\"error\":{\"code\":", stdout);
    session->json_begun = true;
    session->json_failed = true;
    json_string(stdout, text_of(tarn_status_name(err->code)));
    json_text_place("detail", err->detail);
    json_text_place("message", err->message);
    json_text_place("object", err->object);
    json_text_place("column", err->column);
    json_place("row_group", err->row_group);
    json_place("row", err->row);
    json_place("offset", err->offset);
    json_place("version", err->table_version);
    fputs("},", stdout);
    put_stats(session);
    fputs("}\n", stdout);
    session->held = tmpfile(); /* what a command still writes of the result that failed */
    if (session->held != NULL) {
        fflush(stdout);
        session->held_stdout = dup(STDOUT_FILENO);
        dup2(fileno(session->held), STDOUT_FILENO);
    }
}

void answer_done(struct session *session)
{
    release_held(session, !session->json_failed);
}

int answer_error(struct session *session, const struct tarn_error *err)
{
    if (session->json) {
        json_error(session, err);
    } else if (err->code == TARN_CANCELLED) {
        fputs("interrupted; nothing was left half-done\n", stderr);
    } else {
        char line[2048];
        fflush(stdout);
        tarn_error_format(err, line, sizeof(line));
        const char *text = strstr(line, ": ");
        const size_t code = text != NULL ? (size_t)(text - line) : 0;
        fprintf(stderr, "%serror[%.*s]%s: %s\n", session->colour ? "\033[31m" : "", (int)code, line, session->colour ? "\033[0m" : "",
                text != NULL ? text + 2 : line);
    }
    return tarn_status_exit_code(err->code);
}

int answer_usage(struct session *session, const char *format, ...)
{
    char message[480];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (session->json) {
        struct tarn_error err = TARN_ERROR_INIT;
        err.code = TARN_INVALID;
        snprintf(err.detail, sizeof(err.detail), "usage");
        snprintf(err.message, sizeof(err.message), "%s", message);
        json_error(session, &err);
    } else {
        fprintf(stderr, "tarn: %s\n", message);
    }
    return EXIT_USAGE;
}

void note(struct session *session, const char *format, ...)
{
    if (!session->json) {
        va_list args;
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
    }
}

void stats_add(struct session *session, const struct tarn_scan_stats *stats)
{
    tarn_scan_stats_add(&session->stats, stats);
}

void stats_part(void *arg, struct tarn_text words)
{
    enum { MOST_PARTS = 100 };
    struct session *session = arg;
    if (++session->part_count > MOST_PARTS) {
        return;
    }
    char *grown = realloc(session->parts, session->parts_size + words.size + 2);
    if (grown != NULL) {
        session->parts = grown;
        memcpy(grown + session->parts_size, words.data, words.size);
        session->parts_size += words.size;
        grown[session->parts_size++] = '\n';
        grown[session->parts_size] = '\0';
    }
}

static void print_parts(struct session *session)
{
    if (session->parts == NULL) {
        return;
    }
    fputs(session->parts, stderr);
    unsigned lines = 0;
    for (size_t i = 0; i < session->parts_size; i++) {
        lines += session->parts[i] == '\n';
    }
    if (session->part_count > lines) {
        fprintf(stderr, "and %u parts more\n", session->part_count - lines);
    }
    free(session->parts);
    session->parts = NULL;
}

void stats_print(struct session *session)
{
    if (!has(session, OPTION_STATS) || session->json) {
        return;
    }
    const struct tarn_scan_stats *s = &session->stats;
    const int64_t spent = monotonic_now() - session->begun;
    uint64_t peak;
    tarn_env_memory(session->env, &peak);
    fflush(stdout);
    fprintf(stderr,
            "time %lld.%03lld ms, peak memory %llu KiB\n"
            "read %llu rows, %llu bytes in %llu requests\n"
            "files read %llu, skipped by partition %llu, by statistics %llu; row groups read %llu, skipped %llu; pages read %llu, skipped "
            "%llu\n"
            "row groups skipped by statistics %llu, page index %llu, bloom filter %llu, dictionary %llu\n"
            "pages ruled out %llu; rows skipped %llu; bytes saved %llu\n"
            "vectors flattened %llu\n",
            (long long)(spent / 1000), (long long)(spent % 1000), (unsigned long long)(peak / 1024), (unsigned long long)s->rows,
            (unsigned long long)s->bytes_read, (unsigned long long)s->requests, (unsigned long long)s->files,
            (unsigned long long)s->files_pruned_partition, (unsigned long long)s->files_pruned_statistics,
            (unsigned long long)s->row_groups, (unsigned long long)s->row_groups_pruned, (unsigned long long)s->pages,
            (unsigned long long)s->pages_skipped, (unsigned long long)s->row_groups_pruned_statistics,
            (unsigned long long)s->row_groups_pruned_pages, (unsigned long long)s->row_groups_pruned_bloom,
            (unsigned long long)s->row_groups_pruned_dictionary, (unsigned long long)s->pages_pruned, (unsigned long long)s->rows_skipped,
            (unsigned long long)s->bytes_saved, (unsigned long long)s->vectors_flattened);
    print_parts(session);
}

int command_explain_error(struct session *session)
{
    static const enum tarn_status all[] = {
#define STATUS(name, number, sys_errno, exit_code, meaning) TARN_##name,
        TARN_STATUS_TABLE(STATUS)
#undef STATUS
    };
    const char *wanted = session->args.positional_count == 1 ? session->args.positionals[0] : NULL;
    bool found = false;
    if (session->json) {
        answer_begin(session);
        fputc('[', stdout);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *name = tarn_status_name(all[i]);
        const size_t length = strlen(name);
        if (wanted != NULL && (strncasecmp(wanted, name, length) != 0 || (wanted[length] != '\0' && wanted[length] != '.'))) {
            continue;
        }
        if (session->json) {
            printf("%s{\"code\":\"%s\",\"exit_code\":%d,\"meaning\":", found ? "," : "", name, tarn_status_exit_code(all[i]));
            json_string(stdout, text_of(tarn_status_meaning(all[i])));
            fputc('}', stdout);
        } else {
            printf("%-15s exit code %-4d %s\n", name, tarn_status_exit_code(all[i]), tarn_status_meaning(all[i]));
        }
        found = true;
    }
    if (session->json) {
        fputc(']', stdout);
        answer_end(session);
    }
    return found ? 0 : answer_usage(session, "there is no error code %s; `tarn explain-error` lists them", wanted);
}
