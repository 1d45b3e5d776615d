/* SPDX-License-Identifier: Apache-2.0
 *
 * What there is: tables, one table, its history; and the health and counters of the server.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/lake_table.h"
#include "tools/tarn/serve/request.h"

enum { DEFAULT_COMMITS = 100 };

static void finish(struct request *request, FILE *to, enum tarn_status status, const struct tarn_error *err)
{
    reply_document_end(&request->reply, to, 200, "application/json");
    if (status != TARN_OK) {
        request_fail(request, err);
    }
}

static void put_time(FILE *to, const char *name, int64_t micros)
{
    struct tm utc;
    char text[32] = "1970-01-01T00:00:00";
    const time_t seconds = (time_t)(micros / 1000000);
    if (gmtime_r(&seconds, &utc) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    }
    fprintf(to, ",\"%s\":\"%s.%03dZ\"", name, text, (int)(micros / 1000 % 1000));
}

static void put_count(FILE *to, const char *name, bool known, uint64_t value)
{
    if (known) {
        fprintf(to, ",\"%s\":%llu", name, (unsigned long long)value);
    } else {
        fprintf(to, ",\"%s\":null", name);
    }
}

struct names {
    FILE *to;
    bool first;
};

/* What cannot be asked for by its name over HTTP is not listed either. */
static enum tarn_status put_name(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    struct names *names = arg;
    (void)err;
    if (table->is_view || !table_name_is_legal(table->name.data, table->name.size)) {
        return TARN_OK;
    }
    fputs(names->first ? "{\"name\":" : ",{\"name\":", names->to);
    json_string(names->to, table->name);
    fprintf(names->to, ",\"format\":\"%s\"}", table->format != NULL ? table->format : "");
    names->first = false;
    return TARN_OK;
}

void endpoint_tables(struct request *request)
{
    struct tarn_error err = TARN_ERROR_INIT;
    FILE *to = reply_document(&request->reply);
    struct names names = {to, true};
    enum tarn_status status = TARN_OK;
    if (to != NULL) {
        fputs("{\"tables\":[", to);
        status = tarn_lake_tables(request->env, text_of(request->server->lake), put_name, &names, &err);
        fputs("]}\n", to);
    }
    finish(request, to, status, &err);
}

/* The place of the request's table, which must be there. */
static enum tarn_status find_table(struct request *request, char **uri, struct tarn_error *err)
{
    bool exists;
    TARN_TOOL_TRY(lake_table_find(request->env, request->server->lake, request->table, uri, &exists, err));
    if (!exists) {
        free(*uri);
        *uri = NULL;
        return tool_error(err, TARN_NOT_FOUND, "table", "there is no table \"%s\"", request->table);
    }
    return TARN_OK;
}

static void put_columns(FILE *to, const struct tarn_schema *schema)
{
    fputs(",\"columns\":[", to);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        char type[2048];
        tarn_type_format(schema->fields[i].type, type, sizeof(type));
        fputs(i == 0 ? "{\"name\":" : ",{\"name\":", to);
        json_string(to, schema->fields[i].name);
        fputs(",\"type\":", to);
        json_string(to, text_of(type));
        fprintf(to, ",\"nullable\":%s}", schema->fields[i].nullable ? "true" : "false");
    }
    fputc(']', to);
}

static void put_table(FILE *to, const char *name, const struct tarn_snapshot *snapshot)
{
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    fputs("{\"name\":", to);
    json_string(to, text_of(name));
    fprintf(to, ",\"format\":\"%s\",\"version\":%lld", info.format, (long long)info.version);
    put_time(to, "modified", info.timestamp);
    put_count(to, "files", true, info.file_count);
    put_count(to, "bytes", true, info.total_bytes);
    put_count(to, "rows", info.has_row_count, info.row_count);
    put_columns(to, tarn_snapshot_schema(snapshot));
    fputs(",\"partition_columns\":[", to);
    for (uint32_t i = 0; i < info.partition_column_count; i++) {
        fputs(i == 0 ? "" : ",", to);
        json_string(to, info.partition_columns[i]);
    }
    fputs("]}\n", to);
}

void endpoint_table(struct request *request)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    struct tarn_snapshot *snapshot = NULL;
    struct tarn_error err = TARN_ERROR_INIT;
    char *uri = NULL;
    options.version = request_number(request, "version", -1);
    enum tarn_status status = find_table(request, &uri, &err);
    status = status == TARN_OK ? tarn_snapshot_load(request->env, text_of(uri), &options, &snapshot, &err) : status;
    if (status != TARN_OK) {
        request_fail(request, &err);
    } else {
        FILE *to = reply_document(&request->reply);
        if (to != NULL) {
            put_table(to, request->table, snapshot);
        }
        finish(request, to, TARN_OK, NULL);
    }
    tarn_snapshot_close(snapshot);
    free(uri);
}

struct commits {
    FILE *to;
    bool first;
};

static enum tarn_status put_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    struct commits *commits = arg;
    FILE *to = commits->to;
    (void)err;
    fprintf(to, "%s{\"version\":%lld", commits->first ? "" : ",", (long long)commit->version);
    commits->first = false;
    put_time(to, "timestamp", commit->timestamp);
    fputs(",\"operation\":", to);
    json_string(to, commit->operation);
    if (commit->engine.size != 0) {
        fputs(",\"engine\":", to);
        json_string(to, commit->engine);
    }
    put_count(to, "files_added", true, commit->files_added);
    put_count(to, "files_removed", true, commit->files_removed);
    put_count(to, "rows_added", commit->has_rows_added, commit->rows_added);
    put_count(to, "rows_removed", commit->has_rows_removed, commit->rows_removed);
    fputc('}', to);
    return TARN_OK;
}

void endpoint_history(struct request *request)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char *uri = NULL;
    const int64_t limit = request_number(request, "limit", DEFAULT_COMMITS);
    enum tarn_status status = find_table(request, &uri, &err);
    FILE *to = status == TARN_OK ? reply_document(&request->reply) : NULL;
    if (to != NULL) {
        struct commits commits = {to, true};
        fputs("{\"commits\":[", to);
        if (limit != 0) { /* the library takes 0 for all */
            status = tarn_table_history(request->env, text_of(uri), (uint64_t)limit, put_commit, &commits, &err);
        }
        fputs("]}\n", to);
    }
    finish(request, to, status, &err);
    free(uri);
}

void endpoint_health(struct request *request)
{
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fprintf(to, "{\"status\":\"ok\",\"version\":\"%s\"}\n", tarn_version());
    }
    finish(request, to, TARN_OK, NULL);
}

void endpoint_metrics(struct request *request)
{
    uint32_t waiting;
    uint32_t running;
    FILE *to = reply_document(&request->reply);
    work_queue_counts(&request->server->queue, &waiting, &running);
    if (to != NULL) {
        metrics_print(&request->server->metrics, waiting, running, to);
    }
    reply_document_end(&request->reply, to, 200, "text/plain; version=0.0.4; charset=utf-8");
}
