/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies in a log's folder.
 *
 * Specification: Delta PROTOCOL.md, "Delta Log Entries", "Checkpoints", "Log Compaction Files", "Version Checksum File".
 */
#include "txlog/delta/delta_inventory.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/delta/delta_visit.h"

enum { VERSION_DIGITS = 20 };

static bool take_version(struct tarn_text *name, int64_t *version)
{
    if (name->size < VERSION_DIGITS || tarn__int64_parse((struct tarn_text){name->data, VERSION_DIGITS}, version) != TARN_PARSED ||
        !tarn__is_digit(name->data[0])) {
        return false;
    }
    name->data += VERSION_DIGITS;
    name->size -= VERSION_DIGITS;
    return true;
}

static void classify(struct tarn__delta_object *object)
{
    struct tarn_text name = object->facts.key;
    name.data += sizeof(TARN_DELTA_LOG) - 1;
    name.size -= sizeof(TARN_DELTA_LOG) - 1;
    int64_t version = -1;
    object->facts.version = -1;
    object->last = -1;
    if (tarn__text_starts(name, TARN_TEXT("_sidecars/"))) {
        object->facts.kind = TARN_LOG_SIDECAR;
    } else if (tarn__text_starts(name, TARN_TEXT(TARN_DELTA_UNPROVEN))) {
        object->facts.kind = TARN_LOG_UNFINISHED;
    } else if (!take_version(&name, &version)) {
        object->unknown = true;
    } else if (tarn__text_equal(name, TARN_TEXT(".json"))) {
        object->facts.kind = TARN_LOG_COMMIT;
    } else if (tarn__text_equal(name, TARN_TEXT(".crc"))) {
        object->facts.kind = TARN_LOG_CHECKSUM;
    } else if (tarn__text_starts(name, TARN_TEXT(".checkpoint."))) {
        object->facts.kind = TARN_LOG_CHECKPOINT;
    } else {
        object->facts.kind = TARN_LOG_COMPACTION;
        struct tarn_text rest = {name.data + 1, name.size - 1};
        object->unknown = name.size < 2 || name.data[0] != '.' || !take_version(&rest, &object->last) ||
                          !tarn__text_equal(rest, TARN_TEXT(".compacted.json"));
    }
    object->facts.version = object->unknown ? -1 : version;
}

static enum tarn_status note_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct tarn__delta_inventory *inventory = arg;
    struct tarn_env *env = inventory->arena.env;
    if (!tarn__grow(env, &inventory->objects, &inventory->capacity, inventory->count + 1, sizeof(*inventory->objects))) {
        return tarn__nomem(env, err, sizeof(*inventory->objects));
    }
    struct tarn__delta_object *object = &inventory->objects[inventory->count];
    *object = (struct tarn__delta_object){
        .facts = {.key = tarn__arena_text(&inventory->arena, key), .size = info->size, .modified = info->modified}};
    if (object->facts.key.data == NULL) {
        return tarn__nomem(env, err, key.size);
    }
    classify(object);
    inventory->count++;
    return TARN_OK;
}

enum tarn_status tarn__delta_inventory_read(struct tarn_store *store, struct tarn__delta_inventory *out, struct tarn_error *err)
{
    *out = (struct tarn__delta_inventory){.objects = NULL};
    tarn__arena_init(&out->arena, store->env);
    const enum tarn_status status = tarn_store_list(store, TARN_TEXT(TARN_DELTA_LOG), (struct tarn_text){"", 0}, note_object, out, err);
    if (status != TARN_OK) {
        tarn__delta_inventory_free(out);
    }
    return status;
}

void tarn__delta_inventory_free(struct tarn__delta_inventory *inventory)
{
    if (inventory->arena.env != NULL) {
        tarn__free(inventory->arena.env, inventory->objects);
        tarn__arena_free(&inventory->arena);
        *inventory = (struct tarn__delta_inventory){.objects = NULL};
    }
}

/* ---- sidecars ---- */

static enum tarn_status note_sidecar(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    struct tarn__file_set *keys = arg;
    (void)version;
    if (action->kind != TARN_DELTA_SIDECAR) {
        return TARN_OK;
    }
    struct tarn_text_builder key;
    tarn__builder_init(&key, keys->env);
    if (!tarn__text_starts(action->u.sidecar, TARN_TEXT(TARN_DELTA_LOG))) {
        tarn__builder_add_str(&key, TARN_DELTA_LOG "_sidecars/");
    }
    tarn__builder_add(&key, action->u.sidecar);
    enum tarn_status status = tarn__builder_status(&key, err);
    if (status == TARN_OK && tarn__file_set_find(keys, tarn__builder_text(&key), NULL) == TARN_FILE_NONE) {
        const struct tarn__tracked_file file = {.path = tarn__builder_text(&key), .rows = -1};
        status = tarn__file_set_add(keys, &file, err);
    }
    tarn__builder_free(&key);
    return status;
}

enum tarn_status tarn__delta_note_sidecars(const struct tarn_snapshot *snapshot, const struct tarn__delta_checkpoint *checkpoint,
                                           struct tarn__file_set *keys, struct tarn_error *err)
{
    const struct tarn__delta_visitor visitor = {.action = note_sidecar, .arg = keys, .without_added = true, .top_only = true};
    return tarn__delta_visit_checkpoint(snapshot, snapshot->store, checkpoint, &visitor, err);
}
