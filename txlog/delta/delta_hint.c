/* SPDX-License-Identifier: Apache-2.0
 *
 * `_last_checkpoint`: where the newest checkpoint is, for readers that want to list less.
 *
 * Specification: Delta PROTOCOL.md, "Last Checkpoint File", "JSON checksum".
 *
 * Invariants
 *  1. It never goes back: a newer checkpoint that is there stays the one that is named.
 *  2. The canonical form of a document: a pair `path=value` for each scalar, joined by commas in the order of their paths; a path is the
 *     keys, quoted, and the places in arrays, joined by '+'; texts are percent-encoded but for letters, digits and "-._~".
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/base/digest.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_action_print.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checkpoint_write.h"

/* ---- the canonical form ---- */

struct pair {
    struct tarn_text order; /* places in arrays padded, so that bytes compare as numbers */
    struct tarn_text text;
};

struct canon {
    struct tarn_json json;
    struct tarn_arena arena;
    struct pair *pairs;
    size_t count;
    size_t capacity;
};

static void add_encoded(struct tarn_text_builder *out, struct tarn_text text)
{
    static const char digits[] = "0123456789ABCDEF";
    tarn__builder_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            tarn__builder_add_char(out, (char)c);
        } else {
            tarn__builder_add_char(out, '%');
            tarn__builder_add_char(out, digits[c >> 4]);
            tarn__builder_add_char(out, digits[c & 15]);
        }
    }
    tarn__builder_add_char(out, '"');
}

/* A path and how it is ordered, one step longer than before. */
struct step {
    struct tarn_text_builder path;
    struct tarn_text_builder order;
};

static void step_begin(struct step *step, const struct step *before, struct tarn_env *env)
{
    tarn__builder_init(&step->path, env);
    tarn__builder_init(&step->order, env);
    if (before != NULL && before->path.size != 0) {
        tarn__builder_add(&step->path, tarn__builder_text(&before->path));
        tarn__builder_add_char(&step->path, '+');
        tarn__builder_add(&step->order, tarn__builder_text(&before->order));
        tarn__builder_add_char(&step->order, '+');
    }
}

static void step_end(struct step *step)
{
    tarn__builder_free(&step->path);
    tarn__builder_free(&step->order);
}

static enum tarn_status note_scalar(struct canon *canon, const struct step *at, enum tarn_json_event event, struct tarn_error *err)
{
    struct tarn_env *env = canon->arena.env;
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    tarn__builder_add(&text, tarn__builder_text(&at->path));
    tarn__builder_add_char(&text, '=');
    switch (event) {
    case TARN_JSON_STRING:
        add_encoded(&text, canon->json.text);
        break;
    case TARN_JSON_NUMBER:
        tarn__builder_add(&text, canon->json.text);
        break;
    default:
        tarn__builder_add_str(&text, event == TARN_JSON_TRUE ? "true" : event == TARN_JSON_FALSE ? "false" : "null");
        break;
    }
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK && !tarn__grow(env, &canon->pairs, &canon->capacity, canon->count + 1, sizeof(*canon->pairs))) {
        status = tarn__nomem(env, err, sizeof(*canon->pairs));
    }
    if (status == TARN_OK) {
        struct pair *pair = &canon->pairs[canon->count];
        pair->order = tarn__arena_text(&canon->arena, tarn__builder_text(&at->order));
        pair->text = tarn__arena_text(&canon->arena, tarn__builder_text(&text));
        status = pair->order.data == NULL || pair->text.data == NULL ? tarn__nomem(env, err, text.size) : TARN_OK;
        canon->count += status == TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

static enum tarn_status walk_value(struct canon *canon, const struct step *at, bool top, struct tarn_error *err);

static enum tarn_status walk_member(struct canon *canon, const struct step *at, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__builder_status(&at->path, err));
    TARN_RETURN_IF_ERROR(tarn__builder_status(&at->order, err));
    return walk_value(canon, at, false, err);
}

static enum tarn_status walk_object(struct canon *canon, const struct step *before, bool top, struct tarn_error *err)
{
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(&canon->json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (top && tarn__json_is(&canon->json, "checksum")) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(&canon->json, err));
            continue;
        }
        struct step step;
        step_begin(&step, before, canon->arena.env);
        add_encoded(&step.path, canon->json.text);
        add_encoded(&step.order, canon->json.text);
        const enum tarn_status status = walk_member(canon, &step, err);
        step_end(&step);
        TARN_RETURN_IF_ERROR(status);
    }
}

static enum tarn_status walk_array(struct canon *canon, const struct step *before, struct tarn_error *err)
{
    uint64_t place = 0;
    for (bool more = true;; place++) {
        TARN_RETURN_IF_ERROR(tarn__json_element(&canon->json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        struct step step;
        step_begin(&step, before, canon->arena.env);
        tarn__builder_add_uint64(&step.path, place);
        tarn__builder_add_uint_padded(&step.order, place, 20);
        const enum tarn_status status = walk_member(canon, &step, err);
        step_end(&step);
        TARN_RETURN_IF_ERROR(status);
    }
}

static enum tarn_status walk_value(struct canon *canon, const struct step *at, bool top, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(&canon->json, &event, err));
    if (event == TARN_JSON_OBJECT_BEGIN) {
        return walk_object(canon, at, top, err);
    }
    if (event == TARN_JSON_ARRAY_BEGIN && !top) {
        return walk_array(canon, at, err);
    }
    return top ? tarn__json_fail(&canon->json, err, "json.type", "an object is due here") : note_scalar(canon, at, event, err);
}

static int compare_pairs(const void *a, const void *b)
{
    return tarn__text_compare(((const struct pair *)a)->order, ((const struct pair *)b)->order);
}

enum tarn_status tarn__delta_json_checksum(struct tarn_env *env, struct tarn_text json, char hex[33], bool *has, struct tarn_error *err)
{
    struct canon canon = {0};
    *has = false;
    hex[0] = '\0';
    tarn__arena_init(&canon.arena, env);
    tarn__json_open(&canon.json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT, .max_depth = 64}, json);
    enum tarn_status status = walk_value(&canon, NULL, true, err);
    tarn__json_close(&canon.json);
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    if (status == TARN_OK) {
        if (canon.count != 0) {
            qsort(canon.pairs, canon.count, sizeof(*canon.pairs), compare_pairs);
        }
        for (size_t i = 0; i < canon.count; i++) {
            if (i != 0) {
                tarn__builder_add_char(&text, ',');
            }
            tarn__builder_add(&text, canon.pairs[i].text);
        }
        status = tarn__builder_status(&text, err);
    }
    uint8_t digest[TARN__MD5_SIZE];
    if (status == TARN_OK && tarn__md5(tarn__span_of_text(tarn__builder_text(&text)), digest)) {
        *has = true;
        tarn__hex_print((struct tarn_span){digest, TARN__MD5_SIZE}, hex);
    }
    tarn__builder_free(&text);
    tarn__free(env, canon.pairs);
    tarn__arena_free(&canon.arena);
    return status;
}

/* ---- the hint ---- */

void tarn__delta_hint_print(const struct tarn_checkpoint_result *checkpoint, struct tarn_text checksum, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    key_int(&json, TARN_TEXT("version"), checkpoint->version);
    key_int(&json, TARN_TEXT("size"), (int64_t)checkpoint->actions);
    key_int(&json, TARN_TEXT("sizeInBytes"), (int64_t)checkpoint->bytes);
    key_int(&json, TARN_TEXT("numOfAddFiles"), (int64_t)checkpoint->files);
    if (checksum.size != 0) {
        key_text(&json, TARN_TEXT("checksum"), checksum);
    }
    tarn__json_print_end_object(&json);
}

/* Does the hint that stands name a checkpoint that is newer, and there? */
static enum tarn_status is_ahead(struct tarn_store *store, int64_t version, bool *ahead, struct tarn_error *err)
{
    *ahead = false;
    const int64_t hint = tarn__delta_checkpoint_hint(store);
    if (hint <= version) {
        return TARN_OK;
    }
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(tarn__delta_list(store, hint, &listing, err));
    for (size_t i = 0; i < listing.checkpoint_count; i++) {
        *ahead = *ahead || (listing.checkpoints[i].version == hint && tarn__delta_checkpoint_is_complete(&listing.checkpoints[i]));
    }
    tarn__delta_listing_free(&listing);
    return TARN_OK;
}

enum tarn_status tarn__delta_hint_write(struct tarn_store *store, const struct tarn_checkpoint_result *checkpoint, struct tarn_error *err)
{
    bool ahead;
    TARN_RETURN_IF_ERROR(is_ahead(store, checkpoint->version, &ahead, err));
    if (ahead) {
        return TARN_OK;
    }
    char hex[33];
    bool has = false;
    struct tarn_text_builder text;
    tarn__builder_init(&text, store->env);
    tarn__delta_hint_print(checkpoint, (struct tarn_text){NULL, 0}, &text);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        status = tarn__delta_json_checksum(store->env, tarn__builder_text(&text), hex, &has, err);
    }
    if (status == TARN_OK && has) {
        tarn__builder_clear(&text);
        tarn__delta_hint_print(checkpoint, tarn__text_of(hex), &text);
        status = tarn__builder_status(&text, err);
    }
    if (status == TARN_OK) {
        status = tarn_store_put(store, TARN_TEXT(TARN_DELTA_LOG "_last_checkpoint"), tarn__span_of_text(tarn__builder_text(&text)),
                                TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, err);
    }
    tarn__builder_free(&text);
    return status;
}
