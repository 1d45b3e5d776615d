/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at data and shape: cat, head, count, schema, describe, summarize. Rows and numbers come through SQL, so that these commands and
 * `query` cannot disagree.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/tarn/command.h"
#include "tools/tarn/inspect.h"

static int run_select(struct session *session, const char *columns, const char *tail)
{
    char *sql = select_text(session, session->args.positionals[0], columns, tail);
    if (sql == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    const int code = run_statements(session, text_of(sql));
    free(sql);
    return code;
}

/* " LIMIT n" of --limit. False: reported. */
static bool limit_tail(struct session *session, int64_t otherwise, char tail[40])
{
    int64_t limit;
    tail[0] = '\0';
    if (!option_number(session, OPTION_LIMIT, otherwise, &limit)) {
        return false;
    }
    if (limit >= 0) {
        snprintf(tail, 40, " LIMIT %" PRId64, limit);
    }
    return true;
}

static int print_first(struct session *session, int64_t otherwise)
{
    char tail[40];
    return limit_tail(session, otherwise, tail) ? run_select(session, NULL, tail) : EXIT_USAGE;
}

int command_changes(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char tail[40];
    if (!limit_tail(session, -1, tail)) {
        return EXIT_USAGE;
    }
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    char *sql = changes_text(session, path, tail);
    free(path);
    if (sql == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    const int code = run_statements(session, text_of(sql));
    free(sql);
    return code;
}

int command_cat(struct session *session)
{
    return print_first(session, -1);
}

int command_head(struct session *session)
{
    return print_first(session, 10);
}

/* The one number of a query of one row. */
static int query_number(struct session *session, const char *sql, int64_t *out)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query;
    struct tarn_batch *batch = NULL;
    options.lake = text_of(has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "");
    options.no_prune = has(session, OPTION_NO_PRUNE);
    options.part = has(session, OPTION_STATS) ? stats_part : NULL;
    options.part_arg = session;
    *out = 0;
    if (tarn_query_open(session->env, text_of(sql), &options, &query, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    enum tarn_status status = tarn_query_next(query, &batch, &err);
    if (status == TARN_OK && batch != NULL && batch->length == 1) {
        char text[64];
        tarn_vector_format(session->env, batch->columns[0], 0, text, sizeof(text));
        *out = strtoll(text, NULL, 10);
    }
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    tarn_query_stats(query, &stats);
    stats_add(session, &stats);
    tarn_query_close(query);
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

int command_count(struct session *session)
{
    int64_t count;
    char *sql = select_text(session, session->args.positionals[0], "count(*)", "");
    if (sql == NULL) {
        return tarn_status_exit_code(TARN_NOMEM);
    }
    const int code = query_number(session, sql, &count);
    free(sql);
    if (code == 0) {
        answer_begin(session);
        printf("%" PRId64 "%s", count, session->json ? "" : "\n");
        answer_end(session);
    }
    return code;
}

/* The type's whole text; freed by the caller. */
static char *type_text(const struct tarn_type *type)
{
    const size_t size = tarn_type_format(type, NULL, 0) + 1;
    char *text = malloc(size);
    if (text != NULL) {
        tarn_type_format(type, text, size);
    }
    return text;
}

static int list_schema(struct session *session, const struct tarn_schema *schema)
{
    struct listing *listing = listing_open(session, "column,type,null,#id");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct tarn_field *field = &schema->fields[i];
        char id[16];
        char *name = strndup(field->name.data, field->name.size);
        char *type = type_text(field->type);
        snprintf(id, sizeof(id), "%" PRId32, field->id);
        const char *texts[] = {name, type, field->nullable ? "yes" : "no", field->id >= 0 ? id : NULL};
        listing_row(listing, texts);
        free(type);
        free(name);
    }
    return listing_close(listing);
}

int command_schema(struct session *session)
{
    struct tarn_relation relation;
    if (has(session, OPTION_DETAIL)) {
        return inspect_schema(session);
    }
    int code = input_open(session, session->args.positionals[0], &relation);
    if (code == 0) {
        code = list_schema(session, tarn_source_schema(relation.source));
        tarn_relation_close(&relation);
    }
    return code;
}

static void fact(struct listing *listing, const char *name, const char *format, ...) TARN_PRINTF(3, 4);

static void fact(struct listing *listing, const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *texts[] = {name, text};
    listing_row(listing, texts);
}

static enum tarn_status add_deleted(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    (void)err;
    *(uint64_t *)arg += file->deleted_rows;
    return TARN_OK;
}

static void describe_table(struct session *session, struct listing *listing, const struct tarn_snapshot_info *info)
{
    char when[64] = "";
    (void)session;
    const time_t seconds = (time_t)(info->timestamp / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
    fact(listing, "kind", "%s table", info->format);
    fact(listing, "version", "%" PRId64 ", of %s", info->version, when);
    fact(listing, "id", "%.*s", (int)info->table_id.size, info->table_id.data);
    if (info->name.size != 0) {
        fact(listing, "name", "%.*s", (int)info->name.size, info->name.data);
    }
    if (info->comment.size != 0) {
        fact(listing, "comment", "%.*s", (int)info->comment.size, info->comment.data);
    }
    fact(listing, "files", "%" PRIu64, info->file_count);
    fact(listing, "bytes", "%" PRIu64, info->total_bytes);
    if (info->has_row_count) {
        fact(listing, "rows", "%" PRIu64, info->row_count);
    }
    for (uint32_t i = 0; i < info->partition_column_count; i++) {
        fact(listing, "partitioned by", "%.*s", (int)info->partition_columns[i].size, info->partition_columns[i].data);
    }
    fact(listing, "protocol", "reader %d, writer %d", info->reader_version, info->writer_version);
    for (uint32_t i = 0; i < info->feature_count; i++) {
        fact(listing, "feature", "%.*s", (int)info->features[i].size, info->features[i].data);
    }
    for (uint32_t i = 0; i < info->property_count; i++) {
        fact(listing, "property", "%.*s = %.*s", (int)info->properties[i].key.size, info->properties[i].key.data,
             (int)info->properties[i].value.size, info->properties[i].value.data);
    }
}

int command_describe(struct session *session)
{
    struct tarn_relation relation;
    const int code = input_open(session, session->args.positionals[0], &relation);
    if (code != 0) {
        return code;
    }
    struct listing *listing = listing_open(session, "fact,value");
    uint64_t rows;
    if (relation.snapshot != NULL) {
        const struct tarn_snapshot_info info = tarn_snapshot_info(relation.snapshot);
        uint64_t deleted = 0;
        describe_table(session, listing, &info);
        if (tarn_snapshot_files(relation.snapshot, add_deleted, &deleted, NULL) == TARN_OK && deleted != 0) {
            fact(listing, "deleted rows", "%" PRIu64 ", still in the files", deleted);
        }
    } else {
        fact(listing, "kind", "%s %s", relation.source->ops->name, relation.kind == TARN_RELATION_GLOB ? "files" : "file");
        if (tarn_source_row_count(relation.source, &rows)) {
            fact(listing, "rows", "%" PRIu64, rows);
        }
    }
    const struct tarn_schema *schema = tarn_source_schema(relation.source);
    fact(listing, "columns", "%" PRIu32, schema->field_count);
    tarn_relation_close(&relation);
    return listing_close(listing);
}

static bool has_order(const struct tarn_type *type)
{
    return type->id != TARN_TYPE_LIST && type->id != TARN_TYPE_STRUCT && type->id != TARN_TYPE_MAP && type->id != TARN_TYPE_VARIANT &&
           type->id != TARN_TYPE_NULL && type->id != TARN_TYPE_INTERVAL;
}

/* count, distinct, least, greatest of one column, in one statement. */
static char *summary_sql(struct session *session, const struct tarn_field *field)
{
    const size_t room = field->name.size * 2 + 3;
    char *name = malloc(room);
    char *columns = malloc(room * 4 + 100);
    char *sql = NULL;
    if (name != NULL && columns != NULL) {
        char *at = name;
        *at++ = '"';
        for (size_t i = 0; i < field->name.size; i++) {
            *at++ = field->name.data[i];
            if (field->name.data[i] == '"') {
                *at++ = '"';
            }
        }
        *at++ = '"';
        *at = '\0';
        if (has_order(field->type)) {
            snprintf(columns, room * 4 + 100, "count(*) - count(%s), count(DISTINCT %s), min(%s), max(%s)", name, name, name, name);
        } else {
            snprintf(columns, room * 4 + 100, "count(*) - count(%s), NULL, NULL, NULL", name);
        }
        sql = select_text(session, session->args.positionals[0], columns, "");
    }
    free(name);
    free(columns);
    return sql;
}

static int summarize_column(struct session *session, struct listing *listing, const struct tarn_field *field)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query = NULL;
    struct tarn_batch *batch = NULL;
    char cells[4][256];
    const char *texts[6];
    char *sql = summary_sql(session, field);
    char *name = strndup(field->name.data, field->name.size);
    char *type = type_text(field->type);
    options.lake = text_of(has(session, OPTION_LAKE) ? session->args.values[OPTION_LAKE] : "");
    enum tarn_status status = sql == NULL ? TARN_NOMEM : tarn_query_open(session->env, text_of(sql), &options, &query, &err);
    status = status == TARN_OK ? tarn_query_next(query, &batch, &err) : status;
    if (status == TARN_OK && batch != NULL) {
        texts[0] = name;
        texts[1] = type;
        for (uint32_t i = 0; i < 4; i++) {
            tarn_vector_format(session->env, batch->columns[i], 0, cells[i], sizeof(cells[i]));
            texts[2 + i] = tarn_vector_is_null(batch->columns[i], 0) ? NULL : cells[i];
        }
        listing_row(listing, texts);
    }
    tarn_query_close(query);
    free(sql);
    free(name);
    free(type);
    return status == TARN_OK ? 0 : answer_error(session, &err);
}

int command_summarize(struct session *session)
{
    struct tarn_relation relation;
    int code = input_open(session, session->args.positionals[0], &relation);
    if (code != 0) {
        return code;
    }
    struct listing *listing = listing_open(session, "column,type,#nulls,#distinct,min,max");
    const struct tarn_schema *schema = tarn_source_schema(relation.source);
    for (uint32_t i = 0; code == 0 && listing != NULL && i < schema->field_count; i++) {
        code = summarize_column(session, listing, &schema->fields[i]);
    }
    tarn_relation_close(&relation);
    const int closed = listing_close(listing);
    return code != 0 ? code : closed;
}
