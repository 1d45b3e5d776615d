/* SPDX-License-Identifier: Apache-2.0
 *
 * Names to channels: a column, a member of a struct column as an access path of its own. SPEC: Q-NAME-1 to Q-NAME-3.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/utf8.h"
#include "query/bind/bound.h"
#include "query/bind/near_name.h"
#include "query/bind/sql_type.h"
#include "query/sql/caret.h"

/* A column is known by the very text of its schema: files may have several of one name. */
static bool same_path(const struct tarn__channel *channel, uint32_t depth, const struct tarn_text *names)
{
    if (channel->path.depth != depth || channel->path.steps[0].name.data != names[0].data) {
        return false;
    }
    for (uint32_t i = 0; i < depth; i++) {
        if (!tarn__text_equal(channel->path.steps[i].name, names[i])) {
            return false;
        }
    }
    return true;
}

/* The channel of a path of exact names, made when it is new. */
static enum tarn_status channel_for(struct tarn__binder *b, uint32_t depth, const struct tarn_text *names, const struct tarn_type *type,
                                    bool nullable, uint32_t *out, struct tarn_error *err)
{
    struct tarn__scope *scope = b->scope;
    for (uint32_t i = 0; i < scope->channel_count; i++) {
        if (same_path(&scope->channels[i], depth, names)) {
            *out = i;
            return TARN_OK;
        }
    }
    if (scope->channel_count == scope->channel_capacity) {
        const uint32_t capacity = scope->channel_capacity == 0 ? 8 : scope->channel_capacity * 2;
        struct tarn__channel *channels = tarn__arena_calloc(b->arena, capacity, sizeof(*channels));
        if (channels == NULL) {
            return tarn__bind_nomem(b, err);
        }
        if (scope->channel_count != 0) {
            memcpy(channels, scope->channels, scope->channel_count * sizeof(*channels));
        }
        scope->channels = channels;
        scope->channel_capacity = capacity;
    }
    struct tarn_path_step *steps = tarn__arena_calloc(b->arena, depth, sizeof(*steps));
    if (steps == NULL) {
        return tarn__bind_nomem(b, err);
    }
    for (uint32_t i = 0; i < depth; i++) {
        steps[i] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = names[i], .id = -1};
    }
    *out = scope->channel_count++;
    scope->channels[*out] = (struct tarn__channel){{depth, steps}, type, nullable};
    return TARN_OK;
}

static enum tarn_status column_bound(struct tarn__binder *b, uint32_t channel, uint32_t place, struct tarn__bound **out,
                                     struct tarn_error *err)
{
    *out = tarn__bound_new(b, TARN__BOUND_COLUMN, b->scope->channels[channel].type, place);
    if (*out == NULL) {
        return tarn__bind_nomem(b, err);
    }
    (*out)->channel = channel;
    (*out)->nullable = b->scope->channels[channel].nullable;
    return TARN_OK;
}

enum tarn_status tarn__scope_channel(struct tarn__binder *b, uint32_t index, uint32_t place, struct tarn__bound **out,
                                     struct tarn_error *err)
{
    const struct tarn__scope_column *column = &b->scope->columns[index];
    uint32_t channel = index;
    if (!b->scope->fixed) {
        TARN_RETURN_IF_ERROR(channel_for(b, 1, &column->name, column->type, column->nullable, &channel, err));
    }
    return column_bound(b, channel, place, out, err);
}

/* The exact one, else the only one that is equal without case; -1 none, -2 several. */
static int32_t find_column(const struct tarn__scope *scope, struct tarn_text name)
{
    int32_t exact = -1;
    int32_t caseless = -1;
    for (uint32_t i = 0; i < scope->column_count; i++) {
        if (tarn__text_equal(scope->columns[i].name, name)) {
            exact = exact == -1 ? (int32_t)i : scope->fixed ? exact : -2; /* a subquery's first one, as DuckDB has it */
        } else if (tarn__text_equal_caseless(scope->columns[i].name, name)) {
            caseless = caseless == -1 ? (int32_t)i : -2;
        }
    }
    for (uint32_t i = scope->column_count; exact == -1 && caseless == -1 && i < scope->column_count + scope->hidden_count; i++) {
        caseless = tarn__text_equal_caseless(scope->columns[i].name, name) ? (int32_t)i : -1;
    }
    return exact != -1 ? exact : caseless;
}

static enum tarn_status no_column(const struct tarn__binder *b, struct tarn_text name, uint32_t place, struct tarn_error *err)
{
    struct tarn__near_names near = {.wanted = name};
    char hint[240];
    if (b->scope->column_count == 0) {
        (void)tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\": the query has no FROM; texts take single quotes",
                              (int)(name.size > 60 ? 60 : name.size), name.data);
    } else {
        for (uint32_t i = 0; i < b->scope->column_count; i++) {
            tarn__near_offer(&near, b->scope->columns[i].name);
        }
        tarn__near_print(&near, hint, sizeof(hint));
        (void)tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\"%s", (int)(name.size > 60 ? 60 : name.size),
                              name.data, hint);
    }
    tarn__error_at_column(err, name);
    tarn__sql_error_at(err, b->sql, place);
    return TARN_NOT_FOUND;
}

/* Members behind a column: each a struct's, so that only they are read. */
static enum tarn_status descend(struct tarn__binder *b, uint32_t column, uint32_t count, const struct tarn_text *members, uint32_t place,
                                struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn__scope_column *top = &b->scope->columns[column];
    struct tarn_text *names = tarn__arena_calloc(b->arena, count + 1u, sizeof(*names));
    const struct tarn_type *type = top->type;
    bool nullable = top->nullable;
    if (names == NULL) {
        return tarn__bind_nomem(b, err);
    }
    names[0] = top->name;
    for (uint32_t i = 0; i < count; i++) {
        if (type->id == TARN_TYPE_VARIANT) { /* what fields its objects have only their values say */
            names[i + 1] = members[i];
            nullable = true;
            continue;
        }
        const int32_t found = type->id == TARN_TYPE_STRUCT ? tarn_fields_find(type->field_count, type->fields, members[i]) : -1;
        if (found < 0) {
            char shown[120];
            tarn_type_format(type, shown, sizeof(shown));
            return tarn__bind_error(b, place, "member", err, "\"%.*s\" is no member of %s",
                                    (int)(members[i].size > 60 ? 60 : members[i].size), members[i].data, shown);
        }
        names[i + 1] = type->fields[found].name;
        nullable = nullable || type->fields[found].nullable;
        type = type->fields[found].type;
    }
    uint32_t channel;
    TARN_RETURN_IF_ERROR(channel_for(b, count + 1, names, type, nullable, &channel, err));
    return column_bound(b, channel, place, out, err);
}

enum tarn_status tarn__bind_member(struct tarn__binder *b, struct tarn__bound *value, struct tarn_text name, uint32_t place,
                                   struct tarn__bound **out, struct tarn_error *err)
{
    const struct tarn_type *type = value->type;
    const int32_t found = type->id == TARN_TYPE_STRUCT ? tarn_fields_find(type->field_count, type->fields, name) : -1;
    if (found < 0) {
        char shown[120];
        tarn_type_format(type, shown, sizeof(shown));
        return tarn__bind_error(b, place, "member", err, "\"%.*s\" is no member of %s", (int)(name.size > 60 ? 60 : name.size), name.data,
                                shown);
    }
    const struct tarn_value number = {.type = &tarn__sql_integer, .u.i64 = found};
    struct tarn__bound *args[2] = {value, tarn__bound_literal(b, &number, place)};
    *out = tarn__bound_call(b, TARN__F_STRUCT_EXTRACT, type->fields[found].type, 2, args, place);
    return *out != NULL ? TARN_OK : tarn__bind_nomem(b, err);
}

enum tarn_status tarn__bind_column(struct tarn__binder *b, const struct tarn__ast *ast, struct tarn__bound **out, struct tarn_error *err)
{
    uint32_t at = 0;
    int32_t column = find_column(b->scope, ast->names[0]);
    if (column == -1 && ast->name_count > 1 && b->scope->alias.size != 0 && tarn__text_equal_caseless(b->scope->alias, ast->names[0])) {
        at = 1;
        column = find_column(b->scope, ast->names[1]);
    }
    if (column == -2) {
        return tarn__bind_error(b, ast->place, "ambiguous", err,
                                "\"%.*s\" is the name of several columns; quote the one you mean where they differ in case",
                                (int)(ast->names[at].size > 60 ? 60 : ast->names[at].size), ast->names[at].data);
    }
    if (column < 0) {
        return no_column(b, ast->names[at], ast->place, err);
    }
    const uint32_t members = ast->name_count - at - 1;
    if (members == 0) {
        return tarn__scope_channel(b, (uint32_t)column, ast->place, out, err);
    }
    if (!b->scope->fixed) {
        return descend(b, (uint32_t)column, members, ast->names + at + 1, ast->place, out, err);
    }
    TARN_RETURN_IF_ERROR(tarn__scope_channel(b, (uint32_t)column, ast->place, out, err));
    for (uint32_t i = 0; i < members; i++) {
        TARN_RETURN_IF_ERROR(tarn__bind_member(b, *out, ast->names[at + 1 + i], ast->place, out, err));
    }
    return TARN_OK;
}
