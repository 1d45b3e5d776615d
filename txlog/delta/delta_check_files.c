/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a table's folder: what should be there and is not, what is there and need not be, and how much of each.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "txlog/core/commit.h"
#include "txlog/delta/delta_check.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_inventory.h"
#include "txlog/delta/delta_upkeep.h"

enum { MOST_NAMED = 20 }; /* orphans that are told by name */

struct files {
    struct tarn__check *check;
    struct tarn_snapshot *newest;
    int64_t oldest_young; /* what was modified later is not old enough to be an orphan */
    uint64_t orphans;
    uint64_t orphan_bytes;
    uint64_t missing;
    struct tarn_transaction *repair; /* takes missing files out; NULL: not begun */
};

static void tell(struct files *files, enum tarn_finding_kind kind, struct tarn_text object, enum tarn_status code, const char *detail,
                 const char *message)
{
    struct tarn_error finding = TARN_ERROR_INIT;
    tarn__error_set(&finding, code, detail, "%s", message);
    if (object.size != 0) {
        tarn__error_at_object(&finding, object);
    }
    tarn__check_tell(files->check, kind, &finding);
}

static enum tarn_status take_out(struct files *files, const struct tarn__delta_holding *holding, struct tarn_error *err)
{
    const struct tarn_check_options *options = files->check->options;
    if (!options->repair || !options->drop_missing || holding->live < 0 || options->dry_run) {
        return TARN_OK;
    }
    if (files->repair == NULL) {
        struct tarn_transaction_options how = TARN_TRANSACTION_OPTIONS_INIT;
        how.operation = "FSCK";
        TARN_RETURN_IF_ERROR(tarn_transaction_open(files->newest, &how, &files->repair, err));
    }
    return tarn__transaction_remove_index(files->repair, (uint32_t)holding->live, err);
}

static enum tarn_status see(void *arg, const struct tarn__delta_holding *holding, struct tarn_error *err)
{
    struct files *files = arg;
    char message[300];
    if (holding->kind == TARN_USAGE_ORPHANED) {
        if (holding->info->modified > files->oldest_young) {
            return TARN_OK;
        }
        files->orphans++;
        files->orphan_bytes += holding->info->size;
        if (files->orphans <= MOST_NAMED) {
            tell(files, TARN_FINDING_WARNING, holding->key, TARN_CORRUPT, "orphan", "no version names this file; tarn vacuum removes it");
        }
        return TARN_OK;
    }
    if (holding->kind != TARN_USAGE_LIVE) {
        return TARN_OK; /* of a removed file only older versions need to speak */
    }
    if (holding->info == NULL) {
        files->missing += holding->live >= 0;
        tell(files, TARN_FINDING_ERROR, holding->key, TARN_NOT_FOUND, holding->live >= 0 ? "missing_file" : "missing_deletion_vector",
             holding->live >= 0 ? "a data file of the newest version is gone" : "a file of deletion vectors of the newest version is gone");
        return take_out(files, holding, err);
    }
    if (holding->has_size && holding->info->size != holding->size) {
        snprintf(message, sizeof(message), "the file has %llu bytes, the log says %llu", (unsigned long long)holding->info->size,
                 (unsigned long long)holding->size);
        tell(files, TARN_FINDING_ERROR, holding->key, TARN_CORRUPT, "file_size", message);
    }
    return TARN_OK;
}

static enum tarn_status finish_repair(struct files *files, struct tarn_error *err)
{
    char message[200];
    const struct tarn_check_options *options = files->check->options;
    if (options->repair && options->drop_missing && options->dry_run && files->missing != 0) {
        tell(files, TARN_FINDING_OK, (struct tarn_text){"", 0}, TARN_OK, "repair",
             "would be repaired: files that are gone taken out by a commit");
    }
    if (files->repair == NULL) {
        return TARN_OK;
    }
    struct tarn_commit_result result;
    struct tarn_transaction *repair = files->repair;
    files->repair = NULL;
    TARN_RETURN_IF_ERROR(tarn_transaction_commit(repair, &result, err));
    files->check->result->repaired += result.files_removed;
    snprintf(message, sizeof(message), "repaired: %llu files that are gone were taken out by version %lld",
             (unsigned long long)result.files_removed, (long long)result.version);
    tell(files, TARN_FINDING_OK, (struct tarn_text){"", 0}, TARN_OK, "repair", message);
    return TARN_OK;
}

enum tarn_status tarn__delta_check_files(struct tarn__check *check, struct tarn_snapshot *newest, struct tarn_error *err)
{
    const int64_t age = check->options->orphan_age >= 0 ? check->options->orphan_age : TARN_DELTA_DAY;
    struct files files = {.check = check, .newest = newest, .oldest_young = tarn__now(check->env) - age};
    enum tarn_status status = tarn__delta_walk_folder(newest, see, &files, err);
    if (status == TARN_OK && files.orphans > MOST_NAMED) {
        char message[200];
        snprintf(message, sizeof(message), "%llu files with %llu bytes in all are named by no version; tarn vacuum removes them",
                 (unsigned long long)files.orphans, (unsigned long long)files.orphan_bytes);
        tell(&files, TARN_FINDING_WARNING, (struct tarn_text){"", 0}, TARN_CORRUPT, "orphans", message);
    }
    if (status == TARN_OK) {
        status = finish_repair(&files, err);
    }
    tarn_transaction_abort(files.repair);
    return status;
}

/* ---- sizes ---- */

static enum tarn_status add_holding(void *arg, const struct tarn__delta_holding *holding, struct tarn_error *err)
{
    return holding->info == NULL ? TARN_OK : tarn__usage_add(arg, holding->kind, holding->partition, holding->info->size, err);
}

enum tarn_status tarn__delta_usage(const struct tarn_snapshot *newest, struct tarn__usage_sums *sums, struct tarn_error *err)
{
    struct tarn__delta_inventory inventory;
    TARN_RETURN_IF_ERROR(tarn__delta_walk_folder(newest, add_holding, sums, err));
    TARN_RETURN_IF_ERROR(tarn__delta_inventory_read(newest->store, &inventory, err));
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < inventory.count; i++) {
        const struct tarn_log_object *object = &inventory.objects[i].facts;
        const bool checkpoint = !inventory.objects[i].unknown && (object->kind == TARN_LOG_CHECKPOINT || object->kind == TARN_LOG_SIDECAR);
        status = tarn__usage_add(sums, checkpoint ? TARN_USAGE_CHECKPOINTS : TARN_USAGE_LOG, (struct tarn_text){"", 0}, object->size, err);
    }
    tarn__delta_inventory_free(&inventory);
    return status;
}
