/* SPDX-License-Identifier: Apache-2.0
 *
 * Delta tables made like others: protocol, metadata and domains of the source under an id of their own.
 *
 * Invariants
 *  1. The clone's protocol and schema are the source's, word for word: its files were written under them.
 *  2. The property tarn.cloneOf names the source by its id; nothing else of the metadata differs.
 */
#include "txlog/delta/delta_clone.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_row_tracking.h"
#include "txlog/delta/delta_state.h"

static const struct tarn_text clone_of = {"tarn.cloneOf", 12};

struct tarn_text tarn__delta_cloned_from(const struct tarn_snapshot *snapshot)
{
    return tarn__delta_property(tarn__delta_state_of(snapshot), clone_of);
}

enum tarn_status tarn__delta_vector_key(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                        struct tarn_text_builder *out, struct tarn_error *err)
{
    if (tarn__text_equal(vector->storage, TARN_TEXT("i"))) {
        return TARN_OK;
    }
    const size_t begin = out->size;
    TARN_RETURN_IF_ERROR(tarn__delta_vector_path(vector, out, err));
    const struct tarn_text path = {out->data + begin, out->size - begin};
    const struct tarn_text key = tarn__delta_relative_path(snapshot, path);
    memmove(out->data + begin, key.data, key.size);
    out->size = begin + key.size;
    return TARN_OK;
}

/* The source's metadata under the clone's id. */
static enum tarn_status make_metadata(struct tarn_arena *arena, const struct tarn__delta_metadata *source, struct tarn_text id,
                                      int64_t created, struct tarn__delta_metadata *out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__delta_metadata_copy(arena, source, out, err));
    struct tarn_property *properties = tarn__arena_calloc(arena, (size_t)source->property_count + 1, sizeof(*properties));
    const struct tarn_text source_id = out->id;
    out->id = tarn__arena_text(arena, id);
    if (properties == NULL || out->id.data == NULL) {
        return tarn__nomem(arena->env, err, source->property_count * sizeof(*properties));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->property_count; i++) {
        if (!tarn__text_equal(out->properties[i].key, clone_of)) { /* a clone of a clone is of its own source */
            properties[count++] = out->properties[i];
        }
    }
    properties[count++] = (struct tarn_property){clone_of, source_id};
    out->properties = properties;
    out->property_count = count;
    out->created = created;
    return TARN_OK;
}

enum tarn_status tarn__delta_clone(struct tarn_snapshot *snapshot, const struct tarn_snapshot *source, struct tarn_error *err)
{
    const struct tarn__delta_state *from = tarn__delta_state_of(source);
    snapshot->is_new = true;
    snapshot->position = -1;
    struct tarn__delta_state *state = tarn__arena_alloc(&snapshot->arena, sizeof(*state));
    snapshot->state = state;
    if (state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*state));
    }
    char id[37];
    tarn__uuid(snapshot->env, id);
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_copy(&snapshot->arena, &from->protocol, &state->protocol, err));
    TARN_RETURN_IF_ERROR(
        make_metadata(&snapshot->arena, &from->metadata, tarn__text_of(id), tarn__now(snapshot->env) / 1000, &state->metadata, err));
    state->has_protocol = true;
    state->has_metadata = true;
    return tarn__delta_state_describe(snapshot, err);
}

static const struct tarn__delta_domain *find_domain(const struct tarn__delta_state *state, struct tarn_text name)
{
    for (size_t i = 0; i < state->domain_count; i++) {
        if (!state->domains[i].removed && tarn__text_equal(state->domains[i].domain, name)) {
            return &state->domains[i];
        }
    }
    return NULL;
}

enum tarn_status tarn__delta_take_domains(struct tarn_transaction *transaction, const struct tarn__delta_state *from, bool numbers,
                                          struct tarn_error *err)
{
    const struct tarn__delta_state *now = tarn__delta_state_of(transaction->snapshot);
    const struct tarn_text marks = TARN_TEXT(TARN_DELTA_ROW_TRACKING);
    for (size_t i = 0; i < from->domain_count; i++) {
        const struct tarn__delta_domain *domain = &from->domains[i];
        const struct tarn__delta_domain *there = find_domain(now, domain->domain);
        const bool same = there != NULL && tarn__text_equal(there->configuration, domain->configuration);
        if (!domain->removed && !same && (numbers || !tarn__text_equal(domain->domain, marks))) {
            TARN_RETURN_IF_ERROR(tarn__transaction_set_domain(transaction, domain->domain, domain->configuration, false, err));
        }
    }
    for (size_t i = 0; i < now->domain_count; i++) {
        const struct tarn__delta_domain *domain = &now->domains[i];
        const bool gone = !domain->removed && find_domain(from, domain->domain) == NULL;
        if (gone && (numbers || !tarn__text_equal(domain->domain, marks))) {
            TARN_RETURN_IF_ERROR(tarn__transaction_set_domain(transaction, domain->domain, (struct tarn_text){"", 0}, true, err));
        }
    }
    const struct tarn__delta_domain *given = numbers ? find_domain(from, marks) : NULL;
    if (given != NULL) { /* ids that the source has given are given here too, also those that no row has any more */
        transaction->row_id_mark = tarn__delta_row_id_mark(transaction->env, given->configuration);
    }
    return TARN_OK;
}

bool tarn__delta_metadata_same(const struct tarn__delta_metadata *a, const struct tarn__delta_metadata *b)
{
    bool same = tarn__text_equal(a->schema, b->schema) && tarn__text_equal(a->name, b->name) &&
                tarn__text_equal(a->description, b->description) && a->property_count == b->property_count &&
                tarn__delta_texts_equal(a->partition_column_count, a->partition_columns, b->partition_column_count, b->partition_columns);
    for (uint32_t i = 0; same && i < a->property_count; i++) {
        same = tarn__text_equal(a->properties[i].key, b->properties[i].key) &&
               tarn__text_equal(a->properties[i].value, b->properties[i].value);
    }
    return same;
}

enum tarn_status tarn__delta_clone_state(struct tarn_transaction *transaction, const struct tarn_snapshot *source, struct tarn_error *err)
{
    const struct tarn__delta_state *now = tarn__delta_state_of(transaction->snapshot);
    const struct tarn__delta_state *from = tarn__delta_state_of(source);
    TARN_RETURN_IF_ERROR(tarn__delta_take_domains(transaction, from, true, err));
    if (transaction->snapshot->is_new) {
        return TARN_OK;
    }
    struct tarn__delta_metadata *metadata = tarn__arena_alloc(&transaction->arena, sizeof(*metadata));
    struct tarn__delta_protocol *protocol = tarn__arena_alloc(&transaction->arena, sizeof(*protocol));
    if (metadata == NULL || protocol == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*metadata));
    }
    TARN_RETURN_IF_ERROR(make_metadata(&transaction->arena, &from->metadata, now->metadata.id, now->metadata.created, metadata, err));
    if (!tarn__delta_metadata_same(metadata, &now->metadata)) {
        transaction->change.metadata = metadata;
    }
    if (!tarn__delta_protocol_equal(&from->protocol, &now->protocol)) {
        TARN_RETURN_IF_ERROR(tarn__delta_protocol_copy(&transaction->arena, &from->protocol, protocol, err));
        transaction->change.protocol = protocol;
    }
    return TARN_OK;
}
