/* SPDX-License-Identifier: Apache-2.0
 *
 * A table's folder beside its log: which file is held by what.
 *
 * Invariants
 *  1. A file is live when the newest version names it, or a deletion vector in it; retained when a remove that is still protected does;
 *     orphaned when neither.
 *  2. Paths that lead out of the table are not of its folder.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_check.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"
#include "txlog/delta/delta_visit.h"

struct walking {
    const struct tarn_snapshot *newest;
    tarn__delta_holding_fn fn;
    void *arg;
    struct tarn__file_set named; /* sequence: the kind; rows: number of the live data file, -1 none; modified: 1 with a size */
    uint8_t *seen;               /* a bit each */
    struct tarn_text_builder text;
};

static enum tarn_status name_file(struct walking *walking, enum tarn_usage_kind kind, struct tarn_text key, struct tarn_text partition,
                                  int64_t live, bool has_size, uint64_t size, struct tarn_error *err)
{
    struct tarn__file_set *named = &walking->named;
    if (tarn__place_leads_out(key) || tarn__file_set_find(named, key, NULL) != TARN_FILE_NONE) {
        return TARN_OK;
    }
    struct tarn__tracked_file file = {.path = key, .size = size, .rows = live, .sequence = (int64_t)kind, .modified = has_size};
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(named, partition, &file.partition, err));
    return tarn__file_set_add(named, &file, err);
}

/* The file that a deletion vector lies in. One that makes no sense is found when rows are read. */
static enum tarn_status name_vector(struct walking *walking, enum tarn_usage_kind kind, const struct tarn__tracked_file *file,
                                    struct tarn_text partition, struct tarn_error *err)
{
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    if (vector == NULL || tarn__text_equal(vector->storage, TARN_TEXT("i"))) {
        return TARN_OK;
    }
    tarn__builder_clear(&walking->text);
    if (tarn__delta_vector_path(vector, &walking->text, NULL) != TARN_OK) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(&walking->text, err));
    return name_file(walking, kind, tarn__builder_text(&walking->text), partition, -1, false, 0, err);
}

static enum tarn_status name_all(struct walking *walking, struct tarn_error *err)
{
    const struct tarn__file_set *live = &walking->newest->files;
    for (uint32_t i = 0; i < live->count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(live, i);
        const struct tarn_text partition = live->partitions[file->partition].raw;
        TARN_RETURN_IF_ERROR(name_file(walking, TARN_USAGE_LIVE, file->path, partition, i, true, file->size, err));
    }
    for (uint32_t i = 0; i < live->count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(live, i);
        TARN_RETURN_IF_ERROR(name_vector(walking, TARN_USAGE_LIVE, file, live->partitions[file->partition].raw, err));
    }
    struct tarn__file_set removed;
    enum tarn_status status = tarn__delta_tombstones(walking->newest, tarn__now(walking->newest->env), &removed, err);
    for (uint32_t i = 0; status == TARN_OK && i < removed.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&removed, i);
        const struct tarn_text partition = removed.partitions[file->partition].raw;
        status = name_file(walking, TARN_USAGE_RETAINED, file->path, partition, -1, file->rows >= 0, file->size, err);
        if (status == TARN_OK) {
            status = name_vector(walking, TARN_USAGE_RETAINED, file, partition, err);
        }
    }
    tarn__file_set_free(&removed);
    return status;
}

static bool is_hidden(struct tarn_text key)
{
    bool begin = true;
    for (size_t i = 0; i < key.size; i++) {
        if (begin && (key.data[i] == '_' || key.data[i] == '.')) {
            const char *end = memchr(key.data + i, '/', key.size - i);
            const char *equals = memchr(key.data + i, '=', key.size - i);
            if (equals == NULL || (end != NULL && equals > end) || (end == NULL)) {
                return true; /* no folder of a partition column */
            }
        }
        begin = key.data[i] == '/';
    }
    return false;
}

/* "p=x/q=y" */
static struct tarn_text partition_text(struct walking *walking, struct tarn_text raw)
{
    struct tarn_text_builder *text = &walking->text;
    struct tarn_text key;
    struct tarn_text value;
    bool is_null = false;
    tarn__builder_clear(text);
    while (tarn__delta_partition_next(&raw, &key, &value, &is_null)) {
        if (text->size != 0) {
            tarn__builder_add_char(text, '/');
        }
        tarn__delta_path_escape_name(key, text);
        tarn__builder_add_char(text, '=');
        tarn__delta_path_escape_name(is_null ? TARN_TEXT("__HIVE_DEFAULT_PARTITION__") : value, text);
    }
    return tarn__builder_text(text);
}

static struct tarn_text folder_of(struct tarn_text key)
{
    size_t size = key.size;
    while (size != 0 && key.data[size - 1] != '/') {
        size--;
    }
    return (struct tarn_text){key.data, size == 0 ? 0 : size - 1};
}

static enum tarn_status see_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct walking *walking = arg;
    if (tarn__text_starts(key, TARN_TEXT(TARN_DELTA_LOG))) {
        return TARN_OK;
    }
    struct tarn__delta_holding holding = {.kind = TARN_USAGE_ORPHANED, .key = key, .info = info, .live = -1};
    const int64_t found = tarn__file_set_find(&walking->named, key, NULL);
    if (found != TARN_FILE_NONE) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&walking->named, (uint32_t)found);
        tarn__bit_set(walking->seen, (uint64_t)found);
        holding.kind = (enum tarn_usage_kind)file->sequence;
        holding.live = file->rows;
        holding.has_size = file->modified != 0;
        holding.size = file->size;
        holding.partition = partition_text(walking, walking->named.partitions[file->partition].raw);
        TARN_RETURN_IF_ERROR(tarn__builder_status(&walking->text, err));
    } else if (tarn__text_starts(key, TARN_TEXT("_change_data/"))) {
        holding.kind = TARN_USAGE_RETAINED;
    } else if (is_hidden(key)) {
        return TARN_OK;
    } else if (walking->newest->info.partition_column_count != 0) {
        holding.partition = folder_of(key);
    }
    return walking->fn(walking->arg, &holding, err);
}

static enum tarn_status tell_missing(struct walking *walking, struct tarn_error *err)
{
    for (uint32_t i = 0; i < walking->named.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&walking->named, i);
        if (tarn__bit_get(walking->seen, i)) {
            continue;
        }
        const struct tarn__delta_holding holding = {
            .kind = (enum tarn_usage_kind)file->sequence,
            .key = file->path,
            .live = file->rows,
            .has_size = file->modified != 0,
            .size = file->size,
        };
        TARN_RETURN_IF_ERROR(walking->fn(walking->arg, &holding, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_walk_folder(const struct tarn_snapshot *newest, tarn__delta_holding_fn fn, void *arg, struct tarn_error *err)
{
    struct walking walking = {.newest = newest, .fn = fn, .arg = arg};
    tarn__file_set_init(&walking.named, newest->env);
    tarn__builder_init(&walking.text, newest->env);
    enum tarn_status status = name_all(&walking, err);
    if (status == TARN_OK) {
        walking.seen = tarn__calloc(newest->env, tarn__bits_bytes(walking.named.count) + 1, 1);
        status = walking.seen == NULL ? tarn__nomem(newest->env, err, walking.named.count) : TARN_OK;
    }
    if (status == TARN_OK) {
        status = tarn_store_list(newest->store, TARN_TEXT(""), (struct tarn_text){"", 0}, see_object, &walking, err);
    }
    if (status == TARN_OK) {
        status = tell_missing(&walking, err);
    }
    tarn__free(newest->env, walking.seen);
    tarn__builder_free(&walking.text);
    tarn__file_set_free(&walking.named);
    return status;
}
