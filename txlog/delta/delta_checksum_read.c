/* SPDX-License-Identifier: Apache-2.0
 *
 * Version checksums, read: what their writer found the table to be, held against what the log comes to.
 *
 * Specification: Delta PROTOCOL.md, "Version Checksum File".
 *
 * Invariants
 *  1. The log decides. A checksum never changes what a version is; it only tells that the log, or the checksum, is damaged.
 */
#include "txlog/delta/delta_checksum_read.h"

#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_log.h"
#include "txlog/delta/delta_state.h"

enum { MOST_BYTES = 256 << 20 };

struct checksum {
    int64_t bytes; /* -1 in each: not said */
    int64_t files;
    int64_t metadata;
    int64_t protocols;
    int64_t timestamp;
    int64_t vectors;
    int64_t reader;
    int64_t writer;
    bool has_schema;
    struct tarn_text schema;
};

static const struct {
    const char *key;
    size_t place;
} numbers[] = {
    {"tableSizeBytes", offsetof(struct checksum, bytes)},           {"numFiles", offsetof(struct checksum, files)},
    {"numMetadata", offsetof(struct checksum, metadata)},           {"numProtocol", offsetof(struct checksum, protocols)},
    {"inCommitTimestampOpt", offsetof(struct checksum, timestamp)}, {"numDeletionVectorsOpt", offsetof(struct checksum, vectors)},
    {"minReaderVersion", offsetof(struct checksum, reader)},        {"minWriterVersion", offsetof(struct checksum, writer)},
};

/* The fields of one object; `protocol` and `metadata` are objects in it. */
static enum tarn_status read_fields(struct tarn_json *json, struct checksum *out, struct tarn_error *err)
{
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    for (bool more = !is_null; more;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        size_t at = 0;
        while (at < sizeof(numbers) / sizeof(numbers[0]) && !tarn__text_equal(json->text, tarn__text_of(numbers[at].key))) {
            at++;
        }
        if (at < sizeof(numbers) / sizeof(numbers[0])) {
            bool null = false;
            int64_t *number = (int64_t *)(void *)((char *)out + numbers[at].place);
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, number, &null, err));
            *number = null ? -1 : *number;
        } else if (tarn__json_is(json, "schemaString")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &out->schema, NULL, err));
            out->has_schema = true;
        } else if (json->depth == 1 && (tarn__json_is(json, "protocol") || tarn__json_is(json, "metadata"))) {
            TARN_RETURN_IF_ERROR(read_fields(json, out, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status differs(struct tarn_error *err, const char *what, int64_t log, int64_t checksum)
{
    return tarn__corrupt(err, "version_checksum", "the log comes to %lld %s, the version's checksum says %lld", (long long)log, what,
                         (long long)checksum);
}

static enum tarn_status compare(const struct tarn_snapshot *snapshot, const struct checksum *checksum, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const struct {
        const char *what;
        int64_t log;
        int64_t checksum;
    } facts[] = {
        {"files", snapshot->files.count, checksum->files},
        {"bytes", (int64_t)snapshot->files.bytes, checksum->bytes},
        {"metaData actions", 1, checksum->metadata},
        {"protocol actions", 1, checksum->protocols},
        {"as minReaderVersion", state->protocol.reader, checksum->reader},
        {"as minWriterVersion", state->protocol.writer, checksum->writer},
        {"deletion vectors", snapshot->files.vectors, checksum->vectors},
        {"as inCommitTimestamp", state->has_in_commit_timestamp ? state->in_commit_timestamp : checksum->timestamp, checksum->timestamp},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].checksum >= 0 && facts[i].log != facts[i].checksum) {
            return differs(err, facts[i].what, facts[i].log, facts[i].checksum);
        }
    }
    if (checksum->has_schema && !tarn__text_equal(checksum->schema, state->metadata.schema)) {
        return tarn__corrupt(err, "version_checksum", "the version's checksum has another schema than the log");
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_checksum_verify(const struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    char *bytes;
    size_t size;
    tarn__delta_checksum_key(snapshot->info.version, key);
    enum tarn_status status = tarn__delta_read_object(snapshot->store, tarn__text_of(key), MOST_BYTES, &bytes, &size, NULL, err);
    if (status == TARN_NOT_FOUND || status == TARN_LIMIT) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(status);
    struct checksum checksum = {-1, -1, -1, -1, -1, -1, -1, -1, false, {NULL, 0}};
    struct tarn_arena arena;
    struct tarn_json json;
    tarn__arena_init(&arena, snapshot->env);
    const struct tarn_json_pull_options options = {.env = snapshot->env, .arena = &arena, .failure = TARN_CORRUPT};
    tarn__json_open(&json, &options, (struct tarn_text){bytes, size});
    struct tarn_error why = TARN_ERROR_INIT;
    status = read_fields(&json, &checksum, &why);
    tarn__json_close(&json);
    if (status == TARN_CORRUPT) {
        status = tarn__corrupt(err, "version_checksum_unread", "the version's checksum cannot be read: %s", why.message);
    } else if (status != TARN_OK && err != NULL) {
        *err = why;
    } else if (status == TARN_OK) {
        status = compare(snapshot, &checksum, err);
    }
    tarn__arena_free(&arena);
    tarn__free(snapshot->env, bytes);
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(key));
        tarn__error_at_version(err, snapshot->info.version);
    }
    return status;
}
