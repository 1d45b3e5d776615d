/* SPDX-License-Identifier: Apache-2.0
 *
 * Upkeep of tables by location: each call goes to what the table's format has for it.
 */
#include "txlog/core/upkeep.h"

#include <stdlib.h>

#include "format/base/bytes.h"
#include "txlog/core/table_format.h"

/* Copies what the caller's version of a struct has over the defaults. */
static enum tarn_status take_options(void *to, size_t size, const void *from, uint32_t given, struct tarn_error *err)
{
    if (given < sizeof(uint32_t) || given > size) {
        return tarn__invalid(err, "options", "options of %u bytes are not of this version of the library", given);
    }
    memcpy(to, from, given);
    return TARN_OK;
}

static enum tarn_status refuse(const struct tarn__table_format *format, struct tarn_error *err)
{
    return tarn__invalid(err, "table_format", "tables of the format \"%s\" have no log that could be kept so", format->name);
}

enum tarn_status tarn_snapshot_checkpoint(struct tarn_snapshot *snapshot, const struct tarn_checkpoint_options *options,
                                          struct tarn_checkpoint_result *result, struct tarn_error *err)
{
    struct tarn_checkpoint_options wanted = TARN_CHECKPOINT_OPTIONS_INIT;
    struct tarn_checkpoint_result unused;
    result = result != NULL ? result : &unused;
    *result = (struct tarn_checkpoint_result){.version = snapshot->info.version};
    if (options != NULL) {
        TARN_RETURN_IF_ERROR(take_options(&wanted, sizeof(wanted), options, options->size, err));
    }
    const struct tarn__table_upkeep *upkeep = snapshot->format->upkeep;
    if (upkeep == NULL || upkeep->checkpoint == NULL) {
        return refuse(snapshot->format, err);
    }
    const enum tarn_status status = upkeep->checkpoint(snapshot, &wanted, result, err);
    if (status != TARN_OK) {
        tarn__error_at_version(err, snapshot->info.version);
    }
    return status;
}

enum tarn_status tarn_table_compact_log(struct tarn_env *env, struct tarn_text uri, int64_t first, int64_t last, struct tarn_error *err)
{
    struct tarn__place place;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(tarn__table_find(env, uri, &place, &format, err));
    const enum tarn_status status = format->upkeep != NULL && format->upkeep->compact_log != NULL
                                        ? format->upkeep->compact_log(&place, first, last, err)
                                        : refuse(format, err);
    tarn__place_close(&place);
    return status;
}

static enum tarn_status load_newest(struct tarn_env *env, struct tarn_text uri, struct tarn_snapshot **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, uri, NULL, out, err));
    if ((*out)->format->upkeep == NULL) {
        const enum tarn_status status = refuse((*out)->format, err);
        tarn_snapshot_close(*out);
        *out = NULL;
        return status;
    }
    return TARN_OK;
}

static enum tarn_status ignore_object(void *arg, const struct tarn_log_object *object, struct tarn_error *err)
{
    (void)arg;
    (void)object;
    (void)err;
    return TARN_OK;
}

enum tarn_status tarn_table_clean_log(struct tarn_env *env, struct tarn_text uri, const struct tarn_log_clean_options *options,
                                      tarn_log_object_fn fn, void *arg, struct tarn_log_clean_result *result, struct tarn_error *err)
{
    struct tarn_log_clean_options wanted = TARN_LOG_CLEAN_OPTIONS_INIT;
    struct tarn_log_clean_result unused;
    result = result != NULL ? result : &unused;
    *result = (struct tarn_log_clean_result){.first_version = -1};
    if (options != NULL) {
        TARN_RETURN_IF_ERROR(take_options(&wanted, sizeof(wanted), options, options->size, err));
    }
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(load_newest(env, uri, &snapshot, err));
    const enum tarn_status status =
        snapshot->format->upkeep->clean_log != NULL
            ? snapshot->format->upkeep->clean_log(snapshot, &wanted, fn != NULL ? fn : ignore_object, arg, result, err)
            : refuse(snapshot->format, err);
    tarn_snapshot_close(snapshot);
    return status;
}

/* ---- check ---- */

void tarn__check_tell(struct tarn__check *check, enum tarn_finding_kind kind, const struct tarn_error *finding)
{
    const struct tarn_finding told = {kind, finding};
    check->result->damages += kind == TARN_FINDING_ERROR;
    check->result->blemishes += kind == TARN_FINDING_WARNING;
    if (check->fn != NULL) {
        check->fn(check->arg, &told);
    }
}

enum tarn_status tarn_table_check(struct tarn_env *env, struct tarn_text uri, const struct tarn_check_options *options,
                                  void (*fn)(void *arg, const struct tarn_finding *finding), void *arg, struct tarn_check_result *result,
                                  struct tarn_error *err)
{
    struct tarn_check_options wanted = TARN_CHECK_OPTIONS_INIT;
    struct tarn_check_result unused;
    result = result != NULL ? result : &unused;
    *result = (struct tarn_check_result){0};
    if (options != NULL) {
        TARN_RETURN_IF_ERROR(take_options(&wanted, sizeof(wanted), options, options->size, err));
    }
    struct tarn__place place;
    const struct tarn__table_format *format;
    TARN_RETURN_IF_ERROR(tarn__table_find(env, uri, &place, &format, err));
    struct tarn__check check = {env, &place, format, &wanted, fn, arg, result};
    const enum tarn_status status =
        format->upkeep != NULL && format->upkeep->check != NULL ? format->upkeep->check(&check, err) : refuse(format, err);
    tarn__place_close(&place);
    return status;
}

/* ---- the sealed log ---- */

static enum tarn_status ignore_link(void *arg, const struct tarn_link *link, struct tarn_error *err)
{
    (void)arg;
    (void)link;
    (void)err;
    return TARN_OK;
}

enum tarn_status tarn_table_verify_chain(struct tarn_env *env, struct tarn_text uri, const struct tarn_chain_options *options,
                                         tarn_link_fn fn, void *arg, struct tarn_chain_result *result, struct tarn_error *err)
{
    struct tarn_chain_options wanted = TARN_CHAIN_OPTIONS_INIT;
    struct tarn_chain_result unused;
    result = result != NULL ? result : &unused;
    *result = (struct tarn_chain_result){.first = -1, .newest = -1};
    if (options != NULL) {
        TARN_RETURN_IF_ERROR(take_options(&wanted, sizeof(wanted), options, options->size, err));
    }
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(load_newest(env, uri, &snapshot, err));
    const struct tarn__table_upkeep *upkeep = snapshot->format->upkeep;
    const enum tarn_status status = upkeep->verify_chain != NULL
                                        ? upkeep->verify_chain(snapshot, &wanted, fn != NULL ? fn : ignore_link, arg, result, err)
                                        : refuse(snapshot->format, err);
    tarn_snapshot_close(snapshot);
    return status;
}

/* ---- usage ---- */

struct usage_line {
    struct tarn_text partition;
    uint64_t objects[TARN_USAGE_KINDS];
    uint64_t bytes[TARN_USAGE_KINDS];
};

struct tarn__usage_sums {
    struct tarn_arena arena;
    struct usage_line whole;
    struct usage_line *lines; /* in the order of their partitions */
    size_t count;
    size_t capacity;
};

static enum tarn_status find_line(struct tarn__usage_sums *sums, struct tarn_text partition, struct usage_line **out,
                                  struct tarn_error *err)
{
    size_t low = 0;
    size_t high = sums->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (tarn__text_compare(sums->lines[middle].partition, partition) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == sums->count || !tarn__text_equal(sums->lines[low].partition, partition)) {
        struct tarn_env *env = sums->arena.env;
        if (!tarn__grow(env, &sums->lines, &sums->capacity, sums->count + 1, sizeof(*sums->lines))) {
            return tarn__nomem(env, err, sizeof(*sums->lines));
        }
        const struct tarn_text copy = tarn__arena_text(&sums->arena, partition);
        if (copy.data == NULL) {
            return tarn__nomem(env, err, partition.size);
        }
        memmove(&sums->lines[low + 1], &sums->lines[low], (sums->count - low) * sizeof(*sums->lines));
        sums->lines[low] = (struct usage_line){.partition = copy};
        sums->count++;
    }
    *out = &sums->lines[low];
    return TARN_OK;
}

enum tarn_status tarn__usage_add(struct tarn__usage_sums *sums, enum tarn_usage_kind kind, struct tarn_text partition, uint64_t bytes,
                                 struct tarn_error *err)
{
    sums->whole.objects[kind]++;
    sums->whole.bytes[kind] += bytes;
    if (partition.size == 0) {
        return TARN_OK;
    }
    struct usage_line *line = NULL;
    TARN_RETURN_IF_ERROR(find_line(sums, partition, &line, err));
    line->objects[kind]++;
    line->bytes[kind] += bytes;
    return TARN_OK;
}

static enum tarn_status tell_line(const struct usage_line *line, bool all, tarn_usage_fn fn, void *arg, struct tarn_error *err)
{
    for (int kind = 0; kind < TARN_USAGE_KINDS; kind++) {
        if (all || line->objects[kind] != 0) {
            const struct tarn_usage usage = {(enum tarn_usage_kind)kind, line->partition, line->objects[kind], line->bytes[kind]};
            TARN_RETURN_IF_ERROR(fn(arg, &usage, err));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn_table_usage(struct tarn_env *env, struct tarn_text uri, tarn_usage_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot;
    TARN_RETURN_IF_ERROR(load_newest(env, uri, &snapshot, err));
    struct tarn__usage_sums sums = {.whole = {.partition = {"", 0}}};
    tarn__arena_init(&sums.arena, env);
    enum tarn_status status =
        snapshot->format->upkeep->usage != NULL ? snapshot->format->upkeep->usage(snapshot, &sums, err) : refuse(snapshot->format, err);
    if (status == TARN_OK) {
        status = tell_line(&sums.whole, true, fn, arg, err);
    }
    for (size_t i = 0; status == TARN_OK && i < sums.count; i++) {
        status = tell_line(&sums.lines[i], false, fn, arg, err);
    }
    tarn__free(env, sums.lines);
    tarn__arena_free(&sums.arena);
    tarn_snapshot_close(snapshot);
    return status;
}
