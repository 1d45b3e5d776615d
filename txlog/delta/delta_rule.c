/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Delta table says about rows that are written: constraints, invariants, generated, identity and default columns.
 *
 * Specification: Delta PROTOCOL.md, "CHECK Constraints", "Column Invariants", "Generated Columns", "Identity Columns", "Default Columns".
 *
 * Invariant: what the protocol does not list is metadata of no meaning; what it lists is a rule, or an error, never passed over.
 */
#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_property.h"
#include "txlog/delta/delta_state.h"

struct gathering {
    struct tarn_snapshot *snapshot;
    uint32_t count;
    struct tarn__row_rule *rules;
    bool invariants;
    bool generated;
    bool identity;
    bool defaults;
};

static enum tarn_status add(struct gathering *gathering, const struct tarn__row_rule *rule, struct tarn_error *err)
{
    struct tarn_arena *arena = &gathering->snapshot->arena;
    if (!tarn__arena_room(arena, &gathering->rules, gathering->count, sizeof(*gathering->rules))) {
        return tarn__nomem(arena->env, err, sizeof(*gathering->rules));
    }
    gathering->rules[gathering->count++] = *rule;
    return TARN_OK;
}

static const struct tarn_text *property_of(const struct tarn_field *field, const char *key)
{
    for (uint32_t i = 0; i < field->property_count; i++) {
        if (tarn__text_equal(field->properties[i].key, tarn__text_of(key))) {
            return &field->properties[i].value;
        }
    }
    return NULL;
}

/* {"expression":{"expression":"x > 3"}} */
static enum tarn_status invariant_text(struct tarn_snapshot *snapshot, struct tarn_text json, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_json reader;
    tarn__json_open(&reader, &(struct tarn_json_pull_options){.arena = &snapshot->arena, .env = snapshot->env, .failure = TARN_CORRUPT},
                    json);
    unsigned depth = 0;
    *out = (struct tarn_text){NULL, 0};
    enum tarn_status status = tarn__json_object(&reader, NULL, err);
    for (bool more = true; status == TARN_OK && more;) {
        status = tarn__json_key(&reader, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (!tarn__json_is(&reader, "expression")) {
            status = tarn__json_skip(&reader, err);
        } else if (depth == 0) {
            depth++;
            status = tarn__json_object(&reader, NULL, err);
        } else {
            status = tarn__json_string(&reader, out, NULL, err);
        }
    }
    tarn__json_close(&reader);
    return status == TARN_OK && out->size == 0 ? tarn__corrupt(err, "invariant", "an invariant of the table has no expression") : status;
}

static enum tarn_status number(const struct tarn_field *field, const char *key, int64_t otherwise, int64_t *out, struct tarn_error *err)
{
    const struct tarn_text *text = property_of(field, key);
    *out = otherwise;
    if (text == NULL || tarn__int64_parse(*text, out) == TARN_PARSED) {
        return TARN_OK;
    }
    return tarn__corrupt(err, "identity", "%s of the column \"%.*s\" is no number", key, TARN_TEXT_ARG(field->name));
}

static enum tarn_status add_identity(struct gathering *gathering, const struct tarn_field *field, uint32_t column, struct tarn_error *err)
{
    struct tarn__row_rule rule = {.kind = TARN_RULE_IDENTITY, .column = column, .name = field->name};
    const struct tarn_text *given = property_of(field, "delta.identity.allowExplicitInsert");
    TARN_RETURN_IF_ERROR(number(field, "delta.identity.start", 1, &rule.start, err));
    TARN_RETURN_IF_ERROR(number(field, "delta.identity.step", 1, &rule.step, err));
    TARN_RETURN_IF_ERROR(number(field, "delta.identity.highWaterMark", 0, &rule.mark, err));
    rule.has_mark = property_of(field, "delta.identity.highWaterMark") != NULL;
    rule.takes_given = given != NULL && tarn__text_equal(*given, TARN_TEXT("true"));
    if (rule.step == 0 || field->type->id != TARN_TYPE_I64) {
        return tarn__corrupt(err, "identity", "the identity column \"%.*s\" has a step of 0 or is no long", TARN_TEXT_ARG(field->name));
    }
    return add(gathering, &rule, err);
}

static enum tarn_status gather_fields(struct gathering *gathering, uint32_t count, const struct tarn_field *fields, uint32_t top,
                                      bool nested, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_field *field = &fields[i];
        const uint32_t column = nested ? top : i;
        const struct tarn_text *invariant = gathering->invariants ? property_of(field, "delta.invariants") : NULL;
        const struct tarn_text *generated = gathering->generated && !nested ? property_of(field, "delta.generationExpression") : NULL;
        const struct tarn_text *otherwise = gathering->defaults && !nested ? property_of(field, "CURRENT_DEFAULT") : NULL;
        struct tarn__row_rule rule = {.column = column, .name = field->name};
        if (invariant != NULL) {
            rule.kind = TARN_RULE_CHECK;
            TARN_RETURN_IF_ERROR(invariant_text(gathering->snapshot, *invariant, &rule.text, err));
            TARN_RETURN_IF_ERROR(add(gathering, &rule, err));
        }
        if (generated != NULL) {
            rule.kind = TARN_RULE_GENERATED;
            rule.text = *generated;
            TARN_RETURN_IF_ERROR(add(gathering, &rule, err));
        } else if (gathering->identity && !nested && property_of(field, "delta.identity.start") != NULL) {
            TARN_RETURN_IF_ERROR(add_identity(gathering, field, column, err));
        } else if (otherwise != NULL) {
            rule.kind = TARN_RULE_DEFAULT;
            rule.text = *otherwise;
            TARN_RETURN_IF_ERROR(add(gathering, &rule, err));
        }
        TARN_RETURN_IF_ERROR(gather_fields(gathering, field->type->field_count, field->type->fields, column, true, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_rules(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const struct tarn__delta_protocol *protocol = &state->protocol;
    static const struct tarn_text prefix = {TARN_DELTA_CONSTRAINTS, sizeof(TARN_DELTA_CONSTRAINTS) - 1};
    struct gathering gathering = {
        .snapshot = snapshot,
        .invariants = tarn__delta_protocol_has_writer(protocol, TARN_TEXT("invariants")),
        .generated = tarn__delta_protocol_has_writer(protocol, TARN_TEXT("generatedColumns")),
        .identity = tarn__delta_protocol_has_writer(protocol, TARN_TEXT("identityColumns")),
        .defaults = tarn__delta_protocol_has_writer(protocol, TARN_TEXT("allowColumnDefaults")),
    };
    TARN_RETURN_IF_ERROR(gather_fields(&gathering, snapshot->schema->field_count, snapshot->schema->fields, 0, false, err));
    for (uint32_t i = 0; i < state->metadata.property_count; i++) {
        const struct tarn_property *property = &state->metadata.properties[i];
        if (tarn__text_starts(property->key, prefix) && tarn__delta_protocol_has_writer(protocol, TARN_TEXT("checkConstraints"))) {
            const struct tarn__row_rule rule = {.kind = TARN_RULE_CHECK,
                                                .name = {property->key.data + prefix.size, property->key.size - prefix.size},
                                                .text = property->value};
            TARN_RETURN_IF_ERROR(add(&gathering, &rule, err));
        }
    }
    snapshot->rule_count = gathering.count;
    snapshot->rules = gathering.rules;
    return TARN_OK;
}
