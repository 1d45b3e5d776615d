/* SPDX-License-Identifier: Apache-2.0
 *
 * clone: a table made equal to another one. adopt: one made of the files in a folder.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tarn/maintain.h"
#include "tools/tarn/command.h"

static void print_result(struct session *session, const struct tarn_clone_options *options, const struct tarn_clone_result *result)
{
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"source_version\":%" PRId64 ",\"shallow\":%s,\"dry_run\":%s,\"files_added\":%" PRIu64
               ",\"bytes_added\":%" PRIu64 ",\"files_removed\":%" PRIu64 ",\"files_kept\":%" PRIu64 ",\"files_copied\":%" PRIu64
               ",\"bytes_copied\":%" PRIu64 "}",
               result->version, result->source_version, options->shallow ? "true" : "false", options->dry_run ? "true" : "false",
               result->files_added, result->bytes_added, result->files_removed, result->files_kept, result->files_copied,
               result->bytes_copied);
    } else if (options->dry_run) {
        printf("would be cloned: version %" PRId64 "; %" PRIu64 " files, %" PRIu64 " bytes in, %" PRIu64 " out, %" PRIu64
               " there already\n",
               result->source_version, result->files_added, result->bytes_added, result->files_removed, result->files_kept);
    } else {
        printf("version %" PRId64 " is equal to version %" PRId64 " of the source: %" PRIu64 " files in, %" PRIu64 " out, %" PRIu64
               " there already; %" PRIu64 " objects copied, %" PRIu64 " bytes\n",
               result->version, result->source_version, result->files_added, result->files_removed, result->files_kept,
               result->files_copied, result->bytes_copied);
    }
    answer_end(session);
}

/* The version that --version or --as-of mean. The exit code; 0: found. */
static int find_version(struct session *session, const char *path, int64_t *version)
{
    struct tarn_relation relation;
    if (!has(session, OPTION_VERSION) && !has(session, OPTION_AS_OF)) {
        return 0;
    }
    const int code = input_open(session, path, &relation);
    if (code == 0 && relation.snapshot == NULL) {
        tarn_relation_close(&relation);
        return answer_usage(session, "%s is no table", path);
    }
    if (code == 0) {
        *version = tarn_snapshot_info(relation.snapshot).version;
        tarn_relation_close(&relation);
    }
    return code;
}

int command_clone(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_clone_options options = TARN_CLONE_OPTIONS_INIT;
    struct tarn_clone_result result = TARN_CLONE_RESULT_INIT;
    options.shallow = has(session, OPTION_SHALLOW);
    options.force = has(session, OPTION_FORCE);
    options.dry_run = has(session, OPTION_DRY_RUN);
    if (options.shallow && has(session, OPTION_DEEP)) {
        return answer_usage(session, "a clone is shallow or deep, not both");
    }
    const int found = find_version(session, session->args.positionals[0], &options.version);
    if (found != 0) {
        return found;
    }
    char *from = table_path(session, session->args.positionals[0], &err);
    char *to = from != NULL ? table_path(session, session->args.positionals[1], &err) : NULL;
    const bool good = to != NULL && tarn_table_clone(session->env, text_of(from), text_of(to), &options, &result, &err) == TARN_OK;
    free(from);
    free(to);
    if (!good) {
        return answer_error(session, &err);
    }
    print_result(session, &options, &result);
    return 0;
}

/* ---- adopt ---- */

int command_adopt(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_adopt_options options = TARN_ADOPT_OPTIONS_INIT;
    struct tarn_adopt_result result = TARN_ADOPT_RESULT_INIT;
    struct tarn_schema *partitions = NULL;
    options.dry_run = has(session, OPTION_DRY_RUN);
    if (has(session, OPTION_PARTITION_BY) &&
        schema_parse(session->env, session->args.values[OPTION_PARTITION_BY], &partitions, &err) != TARN_OK) {
        return answer_error(session, &err);
    }
    options.partitions = partitions;
    char *path = table_path(session, session->args.positionals[0], &err);
    const bool good = path != NULL && tarn_table_adopt(session->env, text_of(path), &options, &result, &err) == TARN_OK;
    tarn_schema_release(partitions);
    free(path);
    if (!good) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    if (session->json) {
        printf("{\"version\":%" PRId64 ",\"dry_run\":%s,\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"rows\":%" PRIu64
               ",\"files_left\":%" PRIu64 "}",
               result.version, options.dry_run ? "true" : "false", result.files, result.bytes, result.rows, result.files_left);
    } else {
        printf("%s %" PRIu64 " files, %" PRIu64 " bytes, %" PRIu64 " rows; %" PRIu64 " other files left alone\n",
               options.dry_run ? "would be adopted:" : "adopted", result.files, result.bytes, result.rows, result.files_left);
    }
    answer_end(session);
    return 0;
}
