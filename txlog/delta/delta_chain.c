/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain of commits proven: what each record vouches for, from the oldest commit that is there to the newest.
 *
 * Invariants
 *  1. A commit is broken when it is not what a later record says it was, when its own record does not fit it, or when its signature is
 *     wrong, missing where one is asked for, or of a key that may not sign.
 *  2. What was cleaned away cannot be proven and is no break; a commit that is missing between others is.
 *  3. A log that was cut at its end is known by an anchor from elsewhere, or by what the log still has of later versions.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_inventory.h"
#include "txlog/delta/delta_seal.h"

struct link {
    int64_t version;
    uint8_t digest[TARN__BLAKE2B_SIZE];
    enum tarn_link_state state;
    bool has_key;
    uint8_t key[TARN_PUBLIC_KEY_SIZE];
    const char *reason; /* static */
};

struct chain {
    const struct tarn_snapshot *newest;
    const struct tarn_chain_options *options;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn__delta_listing listing;
    struct link *links; /* one a commit of the listing */
    bool require;
    bool has_key; /* the first that signed, where none are given */
    uint8_t key[TARN_PUBLIC_KEY_SIZE];
};

static void break_link(struct link *link, const char *reason)
{
    if (link->state != TARN_LINK_BROKEN) {
        link->state = TARN_LINK_BROKEN;
        link->reason = reason;
    }
}

static bool may_sign(struct chain *chain, const uint8_t *key)
{
    bool may = chain->options->key_count == 0 && (!chain->has_key || memcmp(chain->key, key, TARN_PUBLIC_KEY_SIZE) == 0);
    for (uint32_t i = 0; i < chain->options->key_count; i++) {
        may = may || memcmp(chain->options->keys[i], key, TARN_PUBLIC_KEY_SIZE) == 0;
    }
    if (!chain->has_key) {
        chain->has_key = true;
        memcpy(chain->key, key, TARN_PUBLIC_KEY_SIZE);
    }
    return may;
}

static void check_signature(struct chain *chain, struct link *link, const struct tarn__seal_record *record, char *bytes, size_t size)
{
    char message[160];
    size_t message_size;
    if (!record->has_signature) {
        link->state = TARN_LINK_RECORDED;
        return;
    }
    link->state = TARN_LINK_SIGNED;
    link->has_key = true;
    memcpy(link->key, record->key, sizeof(link->key));
    if (!tarn__seal_message(chain->env, bytes, size, link->version, message, &message_size) ||
        !tarn_signature_verify(record->key, (struct tarn_span){(const uint8_t *)message, message_size}, record->signature)) {
        break_link(link, "its signature is not of this commit: it was changed after it was signed");
    } else if (!may_sign(chain, record->key)) {
        break_link(link, chain->options->key_count != 0 ? "it is signed by a key that may not sign here"
                                                        : "it is signed by another key than the commits before it");
    }
}

/* The commit below, and those of others under it, against what the record says. */
static enum tarn_status check_below(struct chain *chain, size_t at, const struct tarn__seal_record *record, struct tarn_error *err)
{
    struct link *link = &chain->links[at];
    struct link *below = at != 0 && chain->links[at - 1].version == link->version - 1 ? &chain->links[at - 1] : NULL;
    if (below == NULL || !record->has_prev) {
        return TARN_OK; /* cleaned away, or its writer could not read it: nothing is vouched for */
    }
    if (memcmp(below->digest, record->prev, sizeof(record->prev)) != 0) {
        break_link(below, "it is not what the next commit was written on: it was changed or replaced");
    } else if (below->state == TARN_LINK_OPEN) {
        below->state = TARN_LINK_SEALED;
    }
    const int64_t last = link->version - 2;
    if (record->since < 0 || record->since > last || tarn__delta_listing_find(&chain->listing, record->since) < 0) {
        return TARN_OK;
    }
    struct tarn__blake2b all;
    uint8_t digest[TARN__BLAKE2B_SIZE];
    const size_t first = (size_t)tarn__delta_listing_find(&chain->listing, record->since);
    if (!tarn__blake2b_begin(&all)) {
        return tarn__unsupported(err, "encryption", "this build has no digests: it was made without libsodium");
    }
    for (size_t i = first; i + 1 < at; i++) {
        tarn__blake2b_add(&all, chain->links[i].digest, TARN__BLAKE2B_SIZE);
    }
    tarn__blake2b_end(&all, digest);
    const bool same = memcmp(digest, record->others, sizeof(digest)) == 0;
    for (size_t i = first; i + 1 < at; i++) {
        if (!same) {
            break_link(&chain->links[i], "it, or one beside it, is not what a later commit vouched for");
        } else if (chain->links[i].state == TARN_LINK_OPEN) {
            chain->links[i].state = TARN_LINK_SEALED;
        }
    }
    return TARN_OK;
}

/* Files that were signed with their bytes hold them still. One that is gone was removed since, or fsck tells of it. */
static enum tarn_status check_content(struct chain *chain, struct link *link, struct tarn_text content, struct tarn_error *err)
{
    struct tarn_json json;
    struct tarn_arena arena;
    struct tarn_text hex;
    char found[TARN__HEX_DIGEST + 1];
    tarn__arena_init(&arena, chain->env);
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = chain->env, .arena = &arena, .failure = TARN_CORRUPT}, content);
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    for (bool more = true; status == TARN_OK;) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        const struct tarn_text path = json.text;
        uint8_t digest[TARN__BLAKE2B_SIZE];
        struct tarn_error local = TARN_ERROR_INIT;
        status = tarn__json_string(&json, &hex, NULL, err);
        if (status != TARN_OK) {
            break;
        }
        const enum tarn_status read = tarn__seal_object(chain->store, path, digest, &local);
        tarn__hex_print((struct tarn_span){digest, TARN__BLAKE2B_SIZE}, found);
        if (read == TARN_OK && !tarn__text_equal(hex, (struct tarn_text){found, TARN__HEX_DIGEST})) {
            break_link(link, "a data file of it holds other bytes than were signed");
        } else if (read != TARN_OK && read != TARN_NOT_FOUND && read != TARN_INVALID) {
            if (err != NULL) {
                *err = local;
            }
            status = read;
        }
    }
    tarn__json_close(&json);
    tarn__arena_free(&arena);
    return status;
}

static enum tarn_status check_commit(struct chain *chain, size_t at, struct tarn_error *err)
{
    struct link *link = &chain->links[at];
    char *bytes;
    size_t size;
    link->version = chain->listing.commits[at].version;
    link->state = TARN_LINK_OPEN;
    if (at != 0 && chain->links[at - 1].version != link->version - 1) {
        break_link(link, "the commit below it is missing");
    }
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(chain->env, err));
    TARN_RETURN_IF_ERROR(tarn__delta_commit_bytes(chain->store, link->version, &bytes, &size, err));
    struct tarn__seal_record record;
    enum tarn_status status = TARN_OK;
    if (!tarn__blake2b((struct tarn_span){(const uint8_t *)bytes, size}, link->digest)) {
        status = tarn__unsupported(err, "encryption", "this build has no digests: it was made without libsodium");
    } else if (tarn__seal_read(chain->env, (struct tarn_text){bytes, size}, &record, NULL) != TARN_OK) {
        break_link(link, "what it says of the log makes no sense");
    } else if (record.there) {
        uint8_t files[TARN__BLAKE2B_SIZE];
        check_signature(chain, link, &record, bytes, size);
        if (link->state != TARN_LINK_BROKEN) { /* what a forged commit says of others counts for nothing */
            status = check_below(chain, at, &record, err);
        }
        if (status == TARN_OK && record.has_files) {
            const bool read = tarn__seal_files(chain->env, (struct tarn_text){bytes, size}, record.content, files, NULL) == TARN_OK;
            if (!read || memcmp(files, record.files, sizeof(files)) != 0) {
                break_link(link, "the files that it adds are not those that it vouches for");
            }
        }
        if (status == TARN_OK && record.content.size != 0 && !chain->options->shallow) {
            status = check_content(chain, link, record.content, err);
        }
    }
    if (status == TARN_OK && chain->require && !link->has_key) {
        break_link(link, "it is not signed, and every commit has to be");
    }
    tarn__free(chain->env, bytes);
    return status;
}

/* What names versions behind the newest commit was written when they were there. */
static enum tarn_status check_end(struct chain *chain, struct tarn_error *err)
{
    const size_t count = chain->listing.commit_count;
    struct link *last = &chain->links[count - 1];
    struct tarn__delta_inventory inventory;
    TARN_RETURN_IF_ERROR(tarn__delta_inventory_read(chain->store, &inventory, err));
    for (size_t i = 0; i < inventory.count; i++) {
        if (!inventory.objects[i].unknown && inventory.objects[i].facts.version > last->version) {
            break_link(last, "the log has been cut behind it: it still has files of later versions");
        }
    }
    tarn__delta_inventory_free(&inventory);
    const int64_t anchor = chain->options->anchor;
    const int64_t at = anchor >= 0 ? tarn__delta_listing_find(&chain->listing, anchor) : -1;
    if (anchor > last->version) {
        break_link(last, "the log has been cut behind it: a later version is known from elsewhere");
    } else if (at >= 0 && memcmp(chain->links[at].digest, chain->options->anchor_digest, TARN__BLAKE2B_SIZE) != 0) {
        break_link(&chain->links[at], "it is not the commit that is known from elsewhere");
    }
    return TARN_OK;
}

static enum tarn_status tell(const struct chain *chain, tarn_link_fn fn, void *arg, struct tarn_chain_result *result,
                             struct tarn_error *err)
{
    const size_t count = chain->listing.commit_count;
    uint64_t *const counts[] = {&result->signed_count, &result->recorded, &result->sealed, &result->open, &result->broken};
    for (size_t i = 0; i < count; i++) {
        const struct link *link = &chain->links[i];
        struct tarn_link told = {.version = link->version, .state = link->state, .has_key = link->has_key, .reason = {"", 0}};
        memcpy(told.key, link->key, sizeof(told.key));
        if (link->state == TARN_LINK_BROKEN && link->reason != NULL) {
            told.reason = tarn__text_of(link->reason);
        }
        (*counts[link->state])++;
        TARN_RETURN_IF_ERROR(fn(arg, &told, err));
    }
    result->first = chain->links[0].version;
    result->newest = chain->links[count - 1].version;
    memcpy(result->head, chain->links[count - 1].digest, sizeof(result->head));
    return TARN_OK;
}

enum tarn_status tarn__delta_verify_chain(const struct tarn_snapshot *newest, const struct tarn_chain_options *options, tarn_link_fn fn,
                                          void *arg, struct tarn_chain_result *result, struct tarn_error *err)
{
    struct chain chain = {.newest = newest, .options = options, .env = newest->env, .store = newest->store};
    chain.require = options->require || tarn__delta_property_is_true(tarn__delta_state_of(newest), TARN_TEXT("tarn.requireSignature"));
    TARN_RETURN_IF_ERROR(tarn__delta_list(chain.store, 0, &chain.listing, err));
    enum tarn_status status = TARN_OK;
    if (chain.listing.commit_count == 0) {
        status = tarn__error_set(err, TARN_NOT_FOUND, "version", "the log has no commits, only a checkpoint: there is no chain");
    }
    if (status == TARN_OK) {
        chain.links = tarn__calloc(chain.env, chain.listing.commit_count, sizeof(*chain.links));
        status = chain.links == NULL ? tarn__nomem(chain.env, err, chain.listing.commit_count * sizeof(*chain.links)) : TARN_OK;
    }
    for (size_t i = 0; status == TARN_OK && i < chain.listing.commit_count; i++) {
        status = check_commit(&chain, i, err);
    }
    if (status == TARN_OK) {
        status = check_end(&chain, err);
    }
    if (status == TARN_OK) {
        status = tell(&chain, fn, arg, result, err);
    }
    tarn__free(chain.env, chain.links);
    tarn__delta_listing_free(&chain.listing);
    return status;
}
