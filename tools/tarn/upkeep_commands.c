/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeping a table's log: checkpoint, fsck, du.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

static enum tarn_status make_checkpoint(struct session *session, struct tarn_checkpoint_result *result, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    struct tarn_checkpoint_options options = TARN_CHECKPOINT_OPTIONS_INIT;
    options.kind = has(session, OPTION_V2) ? TARN_CHECKPOINT_V2 : TARN_CHECKPOINT_BY_TABLE;
    options.parquet_top = has(session, OPTION_PARQUET_TOP);
    enum tarn_status status = load_version(session, session->args.positionals[0], -1, &snapshot, err);
    if (status == TARN_OK) {
        status = tarn_snapshot_checkpoint(snapshot, &options, result, err);
        tarn_snapshot_close(snapshot);
    }
    return status;
}

/* ---- compaction and clean-up ---- */

static const char *value_of(const struct session *session, enum option_id id)
{
    return has(session, id) ? session->args.values[id] : NULL;
}

static int compact_log(struct session *session, const char *versions)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char *end;
    const int64_t first = strtoll(versions, &end, 10);
    if (end == versions || strncmp(end, "..", 2) != 0) {
        return answer_usage(session, "--compact-log takes two versions, as 0..9, not \"%s\"", versions);
    }
    const char *second = end + 2;
    const int64_t last = strtoll(second, &end, 10);
    if (end == second || *end != '\0') {
        return answer_usage(session, "--compact-log takes two versions, as 0..9, not \"%s\"", versions);
    }
    char *path = table_path(session, session->args.positionals[0], &err);
    const enum tarn_status status = path == NULL ? err.code : tarn_table_compact_log(session->env, text_of(path), first, last, &err);
    free(path);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    printf(session->json ? "{\"first\":%" PRId64 ",\"last\":%" PRId64 "}" : "versions %" PRId64 " to %" PRId64 " are compacted\n", first,
           last);
    answer_end(session);
    return 0;
}

static enum tarn_status list_object(void *arg, const struct tarn_log_object *object, struct tarn_error *err)
{
    static const char *const kinds[] = {"commit", "checkpoint", "sidecar", "compaction", "checksum", "unfinished"};
    char key[300];
    char size[32];
    char version[32];
    (void)err;
    snprintf(key, sizeof(key), "%.*s", (int)(object->key.size < 290 ? object->key.size : 290), object->key.data);
    snprintf(size, sizeof(size), "%" PRIu64, object->size);
    snprintf(version, sizeof(version), "%" PRId64, object->version);
    const char *texts[] = {kinds[object->kind], object->version >= 0 ? version : NULL, size, key};
    listing_row(arg, texts);
    return TARN_OK;
}

static int clean_log(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_log_clean_options options = TARN_LOG_CLEAN_OPTIONS_INIT;
    struct tarn_log_clean_result result = {0};
    const char *keep = value_of(session, OPTION_RETAIN);
    if (keep != NULL && !duration_parse(keep, &options.retention)) {
        return answer_usage(session, "--retain is a time, as 7d, 36h or 90m, not \"%s\"", keep);
    }
    options.dry_run = has(session, OPTION_DRY_RUN);
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    struct listing *listing = listing_open(session, "removed,#version,#bytes,file");
    const enum tarn_status status = tarn_table_clean_log(session->env, text_of(path), &options, list_object, listing, &result, &err);
    const int code = listing_close(listing);
    free(path);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    note(session, "%s%" PRIu64 " files with %" PRIu64 " bytes; the oldest version is %" PRId64 "\n",
         options.dry_run ? "would remove " : "removed ", result.objects, result.bytes, result.first_version);
    return code;
}

int command_checkpoint(struct session *session)
{
    if (has(session, OPTION_COMPACT_LOG)) {
        return compact_log(session, value_of(session, OPTION_COMPACT_LOG));
    }
    if (has(session, OPTION_CLEAN_LOG)) {
        return clean_log(session);
    }
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_checkpoint_result result;
    if (make_checkpoint(session, &result, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"existed\":%s,\"files\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
               result.version, result.existed ? "true" : "false", result.files, result.removed, result.bytes);
    } else if (result.existed) {
        printf("version %" PRId64 " has a checkpoint already\n", result.version);
    } else {
        printf("checkpoint of version %" PRId64 ": %" PRIu64 " files, %" PRIu64 " removed files, %" PRIu64 " bytes\n", result.version,
               result.files, result.removed, result.bytes);
    }
    answer_end(session);
    return 0;
}

/* ---- fsck ---- */

static void list_finding(void *arg, const struct tarn_finding *finding)
{
    static const char *const kinds[] = {"ok", "warning", "ERROR"};
    char line[2048];
    tarn_error_format(finding->error, line, sizeof(line));
    const char *texts[] = {kinds[finding->kind], line};
    listing_row(arg, texts);
}

int command_fsck(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_check_options options = TARN_CHECK_OPTIONS_INIT;
    struct tarn_check_result result = {0};
    options.repair = has(session, OPTION_REPAIR);
    options.drop_missing = has(session, OPTION_DROP_MISSING);
    options.dry_run = has(session, OPTION_DRY_RUN);
    if (options.drop_missing && !options.repair) {
        return answer_usage(session, "--drop-missing goes with --repair");
    }
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    struct listing *listing = listing_open(session, "finding,what");
    const enum tarn_status status = tarn_table_check(session->env, text_of(path), &options, list_finding, listing, &result, &err);
    const int code = listing_close(listing);
    free(path);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    note(session, "%" PRIu64 " damages, %" PRIu64 " blemishes, %" PRIu64 " repaired\n", result.damages, result.blemishes, result.repaired);
    return result.damages + result.blemishes > result.repaired ? EXIT_NOT_VERIFIED : code;
}

/* ---- du ---- */

static enum tarn_status list_usage(void *arg, const struct tarn_usage *usage, struct tarn_error *err)
{
    static const char *const kinds[] = {"live", "removed, retained", "orphaned", "log", "checkpoints"};
    char partition[400];
    char objects[32];
    char bytes[32];
    (void)err;
    snprintf(partition, sizeof(partition), "%.*s", (int)(usage->partition.size < 390 ? usage->partition.size : 390), usage->partition.data);
    snprintf(objects, sizeof(objects), "%" PRIu64, usage->objects);
    snprintf(bytes, sizeof(bytes), "%" PRIu64, usage->bytes);
    const char *texts[] = {usage->partition.size != 0 ? partition : NULL, kinds[usage->kind], objects, bytes};
    listing_row(arg, texts);
    return TARN_OK;
}

int command_du(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    struct listing *listing = listing_open(session, "partition,kind,#files,#bytes");
    const enum tarn_status status = tarn_table_usage(session->env, text_of(path), list_usage, listing, &err);
    const int code = listing_close(listing);
    free(path);
    return status == TARN_OK ? code : answer_error(session, &err);
}
