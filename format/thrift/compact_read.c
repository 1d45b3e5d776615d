/* SPDX-License-Identifier: Apache-2.0
 *
 * The Thrift compact protocol, read: into C structs by a table, or without one as a walk over whatever is there.
 *
 * Specification: apache/thrift, doc/specs/thrift-compact-protocol.md. SPEC: P-THRIFT-1 to P-THRIFT-6.
 *
 * Invariants
 *  1. begin <= at <= end; nothing is read before it is known to lie before `end`.
 *  2. Every element of a list takes at least one byte of the input, so that a count is refused before memory is asked for it, and no loop
 *     runs longer than the input.
 *  3. Recursion is at most TARN_THRIFT_DEPTH deep, in skipped fields too.
 *  4. `truncated` is set exactly when the bytes ended where more were due.
 */
#include "format/thrift/compact.h"

struct reader {
    const uint8_t *begin;
    const uint8_t *at;
    const uint8_t *end;
    struct tarn_arena *arena;
    const struct tarn_thrift_taker *takers;
    size_t taker_count;
    bool truncated;
    struct tarn_error *err;
};

struct list_header {
    uint32_t count;
    uint8_t element;
};

struct field_header {
    int32_t id;
    uint8_t type; /* STOP: the struct ends */
};

/* Pointer arithmetic wants a place, also for no bytes. */
static struct reader reader_of(struct tarn_span bytes, struct tarn_arena *arena, struct tarn_error *err)
{
    static const uint8_t nothing;
    const uint8_t *begin = bytes.size != 0 ? bytes.data : &nothing;
    return (struct reader){.begin = begin, .at = begin, .end = begin + bytes.size, .arena = arena, .err = err};
}

static enum tarn_status corrupt(struct reader *r, const char *what)
{
    const enum tarn_status status = tarn__corrupt(r->err, "thrift", "Thrift: %s", what);
    tarn__error_at_offset(r->err, (uint64_t)(r->at - r->begin));
    return status;
}

static enum tarn_status truncated(struct reader *r)
{
    r->truncated = true;
    return corrupt(r, "the bytes end inside a value");
}

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static enum tarn_status take_byte(struct reader *r, uint8_t *out)
{
    if (r->at == r->end) {
        return truncated(r);
    }
    *out = *r->at++;
    return TARN_OK;
}

static enum tarn_status take_varint(struct reader *r, uint64_t *out)
{
    uint64_t value = 0;
    const uint8_t *at = r->at;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (at == r->end) {
            return truncated(r);
        }
        const uint8_t byte = *at++;
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            r->at = at;
            *out = value;
            return TARN_OK;
        }
    }
    return corrupt(r, "a varint is longer than 64 bits");
}

static enum tarn_status take_integer(struct reader *r, int64_t least, int64_t most, int64_t *out)
{
    uint64_t raw;
    TARN_RETURN_IF_ERROR(take_varint(r, &raw));
    *out = (int64_t)((raw >> 1) ^ (0 - (raw & 1)));
    return *out >= least && *out <= most ? TARN_OK : corrupt(r, "an integer is wider than its type");
}

static enum tarn_status take_bytes(struct reader *r, size_t size, struct tarn_span *out)
{
    if (size > left(r)) {
        return truncated(r);
    }
    *out = (struct tarn_span){r->at, size};
    r->at += size;
    return TARN_OK;
}

static enum tarn_status take_binary(struct reader *r, struct tarn_span *out)
{
    uint64_t size;
    TARN_RETURN_IF_ERROR(take_varint(r, &size));
    return size > INT32_MAX ? corrupt(r, "a binary is longer than 2 GiB") : take_bytes(r, (size_t)size, out);
}

/* The fewest bytes that a value of a wire type can take. */
static size_t least_size(uint8_t type)
{
    return type == TARN_THRIFT_DOUBLE ? 8 : type == TARN_THRIFT_UUID ? 16 : 1;
}

/* The same for a struct of a table: its stop byte and what is required. */
size_t tarn__thrift_least_size(const struct tarn_thrift_struct *of)
{
    size_t size = 1;
    for (uint16_t id = 0; id < of->field_count; id++) {
        const struct tarn_thrift_field *field = &of->fields[id];
        size += !field->required ? 0 : field->type == TARN_THRIFT_TRUE ? 1 : 1 + least_size(field->type);
    }
    return size;
}

static bool is_value_type(uint8_t type)
{
    return type >= TARN_THRIFT_TRUE && type <= TARN_THRIFT_UUID;
}

/* Bools have two wire types, which mean the same in lists and the value in fields. */
static uint8_t plain_type(uint8_t type)
{
    return type == TARN_THRIFT_FALSE ? (uint8_t)TARN_THRIFT_TRUE : type;
}

static enum tarn_status take_field(struct reader *r, int32_t last, struct field_header *out)
{
    uint8_t byte;
    *out = (struct field_header){0, TARN_THRIFT_STOP};
    TARN_RETURN_IF_ERROR(take_byte(r, &byte));
    if (byte == TARN_THRIFT_STOP) {
        return TARN_OK;
    }
    int64_t id = last + (byte >> 4);
    if (byte >> 4 == 0) {
        TARN_RETURN_IF_ERROR(take_integer(r, INT16_MIN, INT16_MAX, &id));
    }
    if (!is_value_type(byte & 15) || id > INT16_MAX) {
        return corrupt(r, "a field header names no type");
    }
    *out = (struct field_header){(int32_t)id, byte & 15};
    return TARN_OK;
}

static enum tarn_status take_list(struct reader *r, struct list_header *out)
{
    uint8_t byte;
    TARN_RETURN_IF_ERROR(take_byte(r, &byte));
    uint64_t count = byte >> 4;
    const uint8_t element = plain_type(byte & 15);
    if (count == 15) {
        TARN_RETURN_IF_ERROR(take_varint(r, &count));
    }
    if (count != 0 && !is_value_type(element)) {
        return corrupt(r, "a list names no element type");
    }
    if (count > INT32_MAX) {
        return corrupt(r, "a list has more than 2^31 elements");
    }
    if (count != 0 && count > left(r) / least_size(element)) {
        return truncated(r);
    }
    *out = (struct list_header){(uint32_t)count, element};
    return TARN_OK;
}

static enum tarn_status check_depth(struct reader *r, uint32_t depth)
{
    return depth < TARN_THRIFT_DEPTH
               ? TARN_OK
               : tarn__error_set(r->err, TARN_LIMIT, "thrift_depth", "Thrift: more than %d structs within each other", TARN_THRIFT_DEPTH);
}

/* ---- the walk; with fn NULL it passes over values ---- */

struct walk {
    struct reader *r;
    enum tarn_status (*fn)(void *arg, const struct tarn_thrift_item *item, struct tarn_error *err);
    void *arg;
};

static enum tarn_status tell(const struct walk *w, const struct tarn_thrift_item *item)
{
    return w->fn == NULL ? TARN_OK : w->fn(w->arg, item, w->r->err);
}

static enum tarn_status walk_value(const struct walk *w, uint8_t type, bool in_field, uint32_t depth, int32_t id);

static enum tarn_status walk_struct(const struct walk *w, uint32_t depth, int32_t id)
{
    struct tarn_thrift_item item = {.event = TARN_THRIFT_BEGIN, .depth = depth, .id = id, .type = TARN_THRIFT_STRUCT};
    TARN_RETURN_IF_ERROR(check_depth(w->r, depth));
    TARN_RETURN_IF_ERROR(tell(w, &item));
    struct field_header field = {0, TARN_THRIFT_STOP};
    for (;;) {
        TARN_RETURN_IF_ERROR(take_field(w->r, field.id, &field));
        if (field.type == TARN_THRIFT_STOP) {
            break;
        }
        TARN_RETURN_IF_ERROR(walk_value(w, field.type, true, depth + 1, field.id));
    }
    item.event = TARN_THRIFT_END;
    return tell(w, &item);
}

static enum tarn_status walk_list(const struct walk *w, uint8_t type, uint32_t depth, int32_t id)
{
    struct list_header list;
    TARN_RETURN_IF_ERROR(check_depth(w->r, depth));
    TARN_RETURN_IF_ERROR(take_list(w->r, &list));
    struct tarn_thrift_item item = {
        .event = TARN_THRIFT_BEGIN, .depth = depth, .id = id, .type = type, .element = list.element, .count = list.count};
    TARN_RETURN_IF_ERROR(tell(w, &item));
    for (uint32_t i = 0; i < list.count; i++) {
        TARN_RETURN_IF_ERROR(walk_value(w, list.element, false, depth + 1, (int32_t)i));
    }
    item.event = TARN_THRIFT_END;
    return tell(w, &item);
}

static enum tarn_status walk_map(const struct walk *w, uint32_t depth, int32_t id)
{
    uint64_t count;
    uint8_t types = 0;
    TARN_RETURN_IF_ERROR(check_depth(w->r, depth));
    TARN_RETURN_IF_ERROR(take_varint(w->r, &count));
    if (count != 0) {
        TARN_RETURN_IF_ERROR(take_byte(w->r, &types));
    }
    const uint8_t key = plain_type(types >> 4);
    const uint8_t value = plain_type(types & 15);
    if (count != 0 && (!is_value_type(key) || !is_value_type(value))) {
        return corrupt(w->r, "a map names no type");
    }
    if (count > left(w->r) / 2 || count > INT32_MAX / 2) {
        return truncated(w->r);
    }
    struct tarn_thrift_item item = {.event = TARN_THRIFT_BEGIN,
                                    .depth = depth,
                                    .id = id,
                                    .type = TARN_THRIFT_MAP,
                                    .element = key,
                                    .value = value,
                                    .count = (uint32_t)count};
    TARN_RETURN_IF_ERROR(tell(w, &item));
    for (int32_t i = 0; i < (int32_t)count; i++) {
        TARN_RETURN_IF_ERROR(walk_value(w, key, false, depth + 1, 2 * i));
        TARN_RETURN_IF_ERROR(walk_value(w, value, false, depth + 1, 2 * i + 1));
    }
    item.event = TARN_THRIFT_END;
    return tell(w, &item);
}

static enum tarn_status take_bool(struct reader *r, uint8_t type, bool in_field, bool *out)
{
    uint8_t byte = type;
    if (!in_field) {
        TARN_RETURN_IF_ERROR(take_byte(r, &byte));
    }
    *out = byte == TARN_THRIFT_TRUE; /* false is 2 or, in lists of some writers, 0 */
    return byte <= TARN_THRIFT_FALSE ? TARN_OK : corrupt(r, "a bool is neither true nor false");
}

static enum tarn_status take_double(struct reader *r, double *out)
{
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(take_bytes(r, 8, &bytes));
    const uint64_t bits = tarn__load64(bytes.data);
    memcpy(out, &bits, sizeof(*out));
    return TARN_OK;
}

static enum tarn_status take_scalar(struct reader *r, uint8_t type, bool in_field, struct tarn_thrift_item *item)
{
    uint8_t byte;
    bool truth = false;
    switch (type) {
    case TARN_THRIFT_TRUE:
    case TARN_THRIFT_FALSE:
        TARN_RETURN_IF_ERROR(take_bool(r, type, in_field, &truth));
        item->integer = truth;
        return TARN_OK;
    case TARN_THRIFT_I8:
        TARN_RETURN_IF_ERROR(take_byte(r, &byte));
        item->integer = (int8_t)byte;
        return TARN_OK;
    case TARN_THRIFT_I16:
        return take_integer(r, INT16_MIN, INT16_MAX, &item->integer);
    case TARN_THRIFT_I32:
        return take_integer(r, INT32_MIN, INT32_MAX, &item->integer);
    case TARN_THRIFT_I64:
        return take_integer(r, INT64_MIN, INT64_MAX, &item->integer);
    case TARN_THRIFT_DOUBLE:
        return take_double(r, &item->real);
    case TARN_THRIFT_UUID:
        return take_bytes(r, 16, &item->bytes);
    default:
        return take_binary(r, &item->bytes);
    }
}

static enum tarn_status walk_value(const struct walk *w, uint8_t type, bool in_field, uint32_t depth, int32_t id)
{
    switch (type) {
    case TARN_THRIFT_STRUCT:
        return walk_struct(w, depth, id);
    case TARN_THRIFT_LIST:
    case TARN_THRIFT_SET:
        return walk_list(w, type, depth, id);
    case TARN_THRIFT_MAP:
        return walk_map(w, depth, id);
    default:
        break;
    }
    struct tarn_thrift_item item = {.event = TARN_THRIFT_VALUE, .depth = depth, .id = id, .type = plain_type(type)};
    TARN_RETURN_IF_ERROR(take_scalar(w->r, type, in_field, &item));
    return tell(w, &item);
}

enum tarn_status tarn__thrift_walk(struct tarn_span bytes,
                                   enum tarn_status (*fn)(void *arg, const struct tarn_thrift_item *item, struct tarn_error *err),
                                   void *arg, struct tarn_thrift_progress *progress, struct tarn_error *err)
{
    struct reader r = reader_of(bytes, NULL, err);
    const enum tarn_status status = walk_struct(&(struct walk){&r, fn, arg}, 0, 0);
    *progress = (struct tarn_thrift_progress){(size_t)(r.at - r.begin), r.truncated};
    return status;
}

/* ---- into structs ---- */

static enum tarn_status decode_struct(struct reader *r, const struct tarn_thrift_struct *of, uint8_t *out, uint32_t depth);

static enum tarn_status skip(struct reader *r, uint8_t type, bool in_field, uint32_t depth)
{
    return walk_value(&(struct walk){r, NULL, NULL}, type, in_field, depth, 0);
}

/* Stores a scalar or binary at `to`, which has the member's C type. */
static enum tarn_status decode_scalar(struct reader *r, uint8_t type, bool in_field, uint8_t *to)
{
    struct tarn_thrift_item item = {0};
    TARN_RETURN_IF_ERROR(take_scalar(r, type, in_field, &item));
    switch (type) {
    case TARN_THRIFT_TRUE:
    case TARN_THRIFT_FALSE:
        memcpy(to, &(bool){item.integer != 0}, sizeof(bool));
        break;
    case TARN_THRIFT_I8:
        memcpy(to, &(int8_t){(int8_t)item.integer}, sizeof(int8_t));
        break;
    case TARN_THRIFT_I16:
        memcpy(to, &(int16_t){(int16_t)item.integer}, sizeof(int16_t));
        break;
    case TARN_THRIFT_I32:
        memcpy(to, &(int32_t){(int32_t)item.integer}, sizeof(int32_t));
        break;
    case TARN_THRIFT_I64:
        memcpy(to, &item.integer, sizeof(item.integer));
        break;
    case TARN_THRIFT_DOUBLE:
        memcpy(to, &item.real, sizeof(item.real));
        break;
    default:
        memcpy(to, &item.bytes, sizeof(item.bytes));
        break;
    }
    return TARN_OK;
}

static size_t element_size(const struct tarn_thrift_field *field)
{
    switch (field->element) {
    case TARN_THRIFT_TRUE:
        return sizeof(bool);
    case TARN_THRIFT_I32:
        return sizeof(int32_t);
    case TARN_THRIFT_I64:
        return sizeof(int64_t);
    case TARN_THRIFT_STRUCT:
        return field->of->size;
    default:
        return sizeof(struct tarn_span);
    }
}

static const struct tarn_thrift_taker *find_taker(const struct reader *r, const struct tarn_thrift_struct *of)
{
    for (size_t i = 0; i < r->taker_count; i++) {
        if (r->takers[i].of == of) {
            return &r->takers[i];
        }
    }
    return NULL;
}

/* Elements of structs, `depth` deep, one behind the other at `item` (NULL: they are not kept). */
static enum tarn_status decode_structs(struct reader *r, const struct tarn_thrift_struct *of, uint32_t count,
                                       const struct tarn_thrift_taker *taker, uint32_t depth, uint8_t *item)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t used = 0;
        if (taker != NULL) {
            const enum tarn_status status = taker->take(taker->arg, (struct tarn_span){r->at, left(r)}, depth, item, &used, r->err);
            if (status != TARN_OK) {
                if (r->err != NULL && r->err->offset >= 0) {
                    r->err->offset += r->at - r->begin;
                }
                return status;
            }
            r->at += used;
        }
        if (used == 0) {
            TARN_RETURN_IF_ERROR(decode_struct(r, of, item, depth));
        }
        item = item != NULL ? item + of->size : NULL;
    }
    return TARN_OK;
}

static enum tarn_status decode_list(struct reader *r, const struct tarn_thrift_field *field, uint8_t *to, uint32_t depth, bool *stored)
{
    struct list_header list;
    TARN_RETURN_IF_ERROR(check_depth(r, depth));
    TARN_RETURN_IF_ERROR(take_list(r, &list));
    *stored = list.count == 0 || list.element == field->element;
    if (!*stored) { /* another type than the table's: passed over, as an unknown field is */
        for (uint32_t i = 0; i < list.count; i++) {
            TARN_RETURN_IF_ERROR(skip(r, list.element, false, depth + 1));
        }
        return TARN_OK;
    }
    const bool structs = field->element == TARN_THRIFT_STRUCT;
    if (structs && list.count > left(r) / tarn__thrift_least_size(field->of)) {
        return truncated(r);
    }
    const size_t size = element_size(field);
    const struct tarn_thrift_taker *taker = structs ? find_taker(r, field->of) : NULL;
    if (taker != NULL && taker->begin != NULL) {
        TARN_RETURN_IF_ERROR(taker->begin(taker->arg, list.count, r->err));
    }
    struct tarn_thrift_list head = {list.count, NULL};
    if (list.count != 0 && (taker == NULL || !taker->drops)) {
        head.items = tarn__arena_calloc(r->arena, list.count, size);
        if (head.items == NULL) {
            return tarn__nomem(r->arena->env, r->err, (uint64_t)list.count * size);
        }
    }
    memcpy(to, &head, sizeof(head));
    if (structs) {
        return decode_structs(r, field->of, list.count, taker, depth + 1, head.items);
    }
    uint8_t *item = head.items;
    for (uint32_t i = 0; i < list.count; i++, item += size) {
        TARN_RETURN_IF_ERROR(decode_scalar(r, list.element, false, item));
    }
    return TARN_OK;
}

static enum tarn_status decode_nested(struct reader *r, const struct tarn_thrift_field *field, uint8_t *to, uint32_t depth)
{
    if (field->storage == TARN_THRIFT_EMPTY) {
        return skip(r, TARN_THRIFT_STRUCT, true, depth);
    }
    if (field->storage == TARN_THRIFT_INLINE) {
        return decode_struct(r, field->of, to, depth);
    }
    uint8_t *made = tarn__arena_alloc(r->arena, field->of->size);
    if (made == NULL) {
        return tarn__nomem(r->arena->env, r->err, field->of->size);
    }
    memcpy(to, &made, sizeof(made));
    return decode_struct(r, field->of, made, depth);
}

static enum tarn_status decode_field(struct reader *r, const struct tarn_thrift_field *field, uint8_t type, uint8_t *out, uint32_t depth,
                                     bool *stored)
{
    uint8_t *to = out + field->offset;
    *stored = true;
    switch (type) {
    case TARN_THRIFT_STRUCT:
        return decode_nested(r, field, to, depth);
    case TARN_THRIFT_LIST:
        return decode_list(r, field, to, depth, stored);
    default:
        return decode_scalar(r, type, true, to);
    }
}

static enum tarn_status check_required(struct reader *r, const struct tarn_thrift_struct *of, uint64_t seen)
{
    for (uint16_t id = 0; id < of->field_count; id++) {
        if (of->fields[id].required && (seen >> id & 1) == 0) {
            const enum tarn_status status = tarn__corrupt(r->err, "thrift", "Thrift: %s has no field %s", of->name, of->fields[id].name);
            tarn__error_at_offset(r->err, (uint64_t)(r->at - r->begin));
            return status;
        }
    }
    return TARN_OK;
}

/* `out` is zero. */
static enum tarn_status decode_struct(struct reader *r, const struct tarn_thrift_struct *of, uint8_t *out, uint32_t depth)
{
    uint64_t seen = 0;
    uint32_t members = 0;
    struct field_header at = {0, TARN_THRIFT_STOP};

    TARN_RETURN_IF_ERROR(check_depth(r, depth));
    for (;;) {
        TARN_RETURN_IF_ERROR(take_field(r, at.id, &at));
        if (at.type == TARN_THRIFT_STOP) {
            return check_required(r, of, seen);
        }
        if (of->is_union) {
            if (members++ != 0) {
                return corrupt(r, "a union has two members");
            }
            memcpy(out, &at.id, sizeof(at.id));
        }
        const struct tarn_thrift_field *field = at.id >= 0 && at.id < of->field_count ? &of->fields[at.id] : NULL;
        if (field == NULL || field->name == NULL || field->type != plain_type(at.type)) {
            TARN_RETURN_IF_ERROR(skip(r, at.type, true, depth + 1));
            continue;
        }
        if ((seen >> at.id & 1) != 0) {
            return corrupt(r, "a field comes twice");
        }
        bool stored;
        TARN_RETURN_IF_ERROR(decode_field(r, field, at.type, out, depth + 1, &stored));
        seen |= (uint64_t)stored << at.id;
        if (stored && field->presence != TARN_THRIFT_ALWAYS) {
            memcpy(out + field->presence, &(bool){true}, sizeof(bool));
        }
    }
}

enum tarn_status tarn__thrift_decode(const struct tarn_thrift_struct *of, struct tarn_span bytes, struct tarn_arena *arena, void *out,
                                     struct tarn_thrift_progress *progress, struct tarn_error *err)
{
    return tarn__thrift_decode_with(of, bytes, 0, NULL, 0, arena, out, progress, err);
}

enum tarn_status tarn__thrift_decode_with(const struct tarn_thrift_struct *of, struct tarn_span bytes, uint32_t depth,
                                          const struct tarn_thrift_taker *takers, size_t taker_count, struct tarn_arena *arena, void *out,
                                          struct tarn_thrift_progress *progress, struct tarn_error *err)
{
    struct reader r = reader_of(bytes, arena, err);
    r.takers = takers;
    r.taker_count = taker_count;
    memset(out, 0, of->size);
    const enum tarn_status status = decode_struct(&r, of, out, depth);
    *progress = (struct tarn_thrift_progress){(size_t)(r.at - r.begin), r.truncated};
    return status;
}
