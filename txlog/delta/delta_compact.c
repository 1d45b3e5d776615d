/* SPDX-License-Identifier: Apache-2.0
 *
 * Log compaction: several commits as one file, for readers that are far behind.
 *
 * Specification: Delta PROTOCOL.md, "Log Compaction Files", "Action Reconciliation".
 *
 * Invariants
 *  1. Of each key the newest action is kept, as the line that it was; an add wins over a remove of its commit. Removes stay: they take out
 *     files that older commits added.
 *  2. Commits stay. What says who committed what (commitInfo, cdc) is of single commits, and left out.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_action.h"
#include "txlog/delta/delta_upkeep.h"

struct compacting {
    struct tarn_store *store;
    struct tarn__file_set files; /* keys that newer actions have decided */
    struct tarn__file_set names; /* the same for transactions and domains */
    bool protocol;
    bool metadata;
    struct tarn_text_builder lines;
    struct tarn_text_builder removes; /* of the commit being read, each behind its size */
    struct tarn_text_builder scratch;
};

static void keep_line(struct compacting *compacting, struct tarn_text line)
{
    tarn__builder_add(&compacting->lines, line);
    tarn__builder_add_char(&compacting->lines, '\n');
}

/* Is the key decided? If not, it is from now on. */
static enum tarn_status decide(struct tarn__file_set *set, struct tarn_text path, const struct tarn__file_extra *extra, bool *decided,
                               struct tarn_error *err)
{
    const struct tarn__deletion_vector *vector = extra != NULL ? extra->deletion_vector : NULL;
    *decided = tarn__file_set_find(set, path, vector) != TARN_FILE_NONE;
    if (*decided) {
        return TARN_OK;
    }
    struct tarn__tracked_file file = {.path = path, .rows = -1};
    if (vector != NULL) {
        file.extra = tarn__file_extra_copy(&set->arena, extra);
        if (file.extra == NULL) {
            return tarn__nomem(set->env, err, sizeof(*extra));
        }
    }
    return tarn__file_set_add(set, &file, err);
}

static enum tarn_status decide_name(struct compacting *compacting, const char *kind, struct tarn_text name, bool *decided,
                                    struct tarn_error *err)
{
    tarn__builder_clear(&compacting->scratch);
    tarn__builder_add_str(&compacting->scratch, kind);
    tarn__builder_add(&compacting->scratch, name);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&compacting->scratch, err));
    return decide(&compacting->names, tarn__builder_text(&compacting->scratch), NULL, decided, err);
}

static enum tarn_status take_action(struct compacting *compacting, const struct tarn__delta_action *action, struct tarn_text line,
                                    struct tarn_error *err)
{
    bool decided = true;
    uint32_t size = 0;
    switch (action->kind) {
    case TARN_DELTA_ADD:
        TARN_RETURN_IF_ERROR(decide(&compacting->files, action->u.file.path, &action->u.file.extra, &decided, err));
        break;
    case TARN_DELTA_REMOVE:
        if (line.size > UINT32_MAX) {
            return tarn__error_set(err, TARN_LIMIT, "log_line", "a line of the log is longer than 4 GiB");
        }
        size = (uint32_t)line.size;
        tarn__builder_add_bytes(&compacting->removes, &size, sizeof(size));
        tarn__builder_add(&compacting->removes, line);
        break;
    case TARN_DELTA_TXN:
        TARN_RETURN_IF_ERROR(decide_name(compacting, "txn:", action->u.txn.app_id, &decided, err));
        break;
    case TARN_DELTA_DOMAIN:
        TARN_RETURN_IF_ERROR(decide_name(compacting, "domain:", action->u.domain.domain, &decided, err));
        break;
    case TARN_DELTA_PROTOCOL:
        decided = compacting->protocol;
        compacting->protocol = true;
        break;
    case TARN_DELTA_METADATA:
        decided = compacting->metadata;
        compacting->metadata = true;
        break;
    default:
        break;
    }
    if (!decided) {
        keep_line(compacting, line);
    }
    return TARN_OK;
}

/* The removes of a commit, once all its adds are known. */
static enum tarn_status take_removes(struct compacting *compacting, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn_json json;
    TARN_RETURN_IF_ERROR(tarn__builder_status(&compacting->removes, err));
    tarn__arena_init(&arena, compacting->store->env);
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = compacting->store->env, .arena = &arena, .failure = TARN_CORRUPT},
                    (struct tarn_text){"", 0});
    enum tarn_status status = TARN_OK;
    for (size_t at = 0; status == TARN_OK && at < compacting->removes.size;) {
        uint32_t size;
        memcpy(&size, compacting->removes.data + at, sizeof(size));
        const struct tarn_text line = {compacting->removes.data + at + sizeof(size), size};
        at += sizeof(size) + size;
        struct tarn__delta_action action;
        bool decided = true;
        status = tarn__delta_action_parse(&json, line, 0, &action, err);
        if (status == TARN_OK) {
            status = decide(&compacting->files, action.u.file.path, &action.u.file.extra, &decided, err);
        }
        if (status == TARN_OK && !decided) {
            keep_line(compacting, line);
        }
    }
    tarn__json_close(&json);
    tarn__arena_free(&arena);
    tarn__builder_clear(&compacting->removes);
    return status;
}

static enum tarn_status take_commit(struct compacting *compacting, int64_t version, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    struct tarn__delta_stream stream;
    enum tarn_status status = tarn__delta_stream_open(&stream, compacting->store, tarn__text_of(key), err);
    if (status == TARN_OK) {
        for (;;) {
            struct tarn__delta_action action;
            bool more;
            status = tarn__delta_stream_next(&stream, &action, &more, err);
            if (status != TARN_OK || !more) {
                break;
            }
            status = take_action(compacting, &action, stream.line, err);
            if (status != TARN_OK) {
                break;
            }
        }
        tarn__delta_stream_close(&stream);
    }
    if (status == TARN_OK) {
        status = take_removes(compacting, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_version(err, version);
    }
    return status;
}

enum tarn_status tarn__delta_compact_log(const struct tarn__place *place, int64_t first, int64_t last, struct tarn_error *err)
{
    if (first < 0 || last <= first) {
        return tarn__invalid(err, "versions", "a compaction stands for at least two versions, the older one first");
    }
    struct compacting compacting = {.store = place->store};
    tarn__file_set_init(&compacting.files, place->env);
    tarn__file_set_init(&compacting.names, place->env);
    tarn__builder_init(&compacting.lines, place->env);
    tarn__builder_init(&compacting.removes, place->env);
    tarn__builder_init(&compacting.scratch, place->env);
    enum tarn_status status = TARN_OK;
    for (int64_t version = last; status == TARN_OK && version >= first; version--) {
        status = take_commit(&compacting, version, err);
    }
    if (status == TARN_OK) {
        status = tarn__builder_status(&compacting.lines, err);
    }
    if (status == TARN_OK && compacting.lines.size == 0) {
        status = tarn__invalid(err, "versions", "these versions have no actions that a compaction could hold");
    }
    if (status == TARN_OK) {
        char key[TARN_DELTA_KEY * 2];
        tarn__delta_compaction_key(first, last, key);
        status = tarn_store_put(place->store, tarn__text_of(key), tarn__span_of_text(tarn__builder_text(&compacting.lines)),
                                TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err);
    }
    tarn__file_set_free(&compacting.files);
    tarn__file_set_free(&compacting.names);
    tarn__builder_free(&compacting.lines);
    tarn__builder_free(&compacting.removes);
    tarn__builder_free(&compacting.scratch);
    return status;
}
