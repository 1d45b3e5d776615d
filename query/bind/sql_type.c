/* SPDX-License-Identifier: Apache-2.0
 *
 * The algebra of types. SPEC: Q-TYPE-1 to Q-TYPE-4.
 */
#include "query/bind/sql_type.h"

const struct tarn_type tarn__sql_null = {.id = TARN_TYPE_NULL};
const struct tarn_type tarn__sql_boolean = {.id = TARN_TYPE_BOOL};
const struct tarn_type tarn__sql_tinyint = {.id = TARN_TYPE_I8};
const struct tarn_type tarn__sql_integer = {.id = TARN_TYPE_I32};
const struct tarn_type tarn__sql_bigint = {.id = TARN_TYPE_I64};
const struct tarn_type tarn__sql_hugeint = {.id = TARN_TYPE_DECIMAL, .precision = 38};
const struct tarn_type tarn__sql_float = {.id = TARN_TYPE_F32};
const struct tarn_type tarn__sql_double = {.id = TARN_TYPE_F64};
const struct tarn_type tarn__sql_varchar = {.id = TARN_TYPE_STRING};
const struct tarn_type tarn__sql_blob = {.id = TARN_TYPE_BINARY};
const struct tarn_type tarn__sql_date = {.id = TARN_TYPE_DATE};
const struct tarn_type tarn__sql_time = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO};
const struct tarn_type tarn__sql_timestamp = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO};
const struct tarn_type tarn__sql_timestamptz = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};
const struct tarn_type tarn__sql_interval = {.id = TARN_TYPE_INTERVAL};

enum { MAX_DIGITS = 38 };

bool tarn__sql_is_integer(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_U64;
}

bool tarn__sql_is_float(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_F16 && type->id <= TARN_TYPE_F64;
}

bool tarn__sql_is_number(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_DECIMAL;
}

bool tarn__sql_is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

bool tarn__sql_is_moment(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_DATE || type->id == TARN_TYPE_TIMESTAMP;
}

bool tarn__sql_is_null(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_NULL;
}

struct tarn__digits tarn__sql_digits(const struct tarn_type *type)
{
    static const int32_t widths[] = {[TARN_TYPE_I8] = 3, [TARN_TYPE_I16] = 5, [TARN_TYPE_I32] = 10, [TARN_TYPE_I64] = 19,
                                     [TARN_TYPE_U8] = 3, [TARN_TYPE_U16] = 5, [TARN_TYPE_U32] = 10, [TARN_TYPE_U64] = 20};
    if (tarn__sql_is_integer(type)) {
        return (struct tarn__digits){widths[type->id], 0};
    }
    return (struct tarn__digits){type->precision, type->scale};
}

const struct tarn_type *tarn__sql_decimal(struct tarn_arena *arena, int32_t precision, int32_t scale)
{
    struct tarn_type *type = tarn__arena_alloc(arena, sizeof(*type));
    if (type != NULL) {
        type->id = TARN_TYPE_DECIMAL;
        type->precision = precision < 1 ? 1 : precision > MAX_DIGITS ? MAX_DIGITS : precision;
        type->scale = scale > type->precision ? type->precision : scale;
    }
    return type;
}

const struct tarn_type *tarn__sql_list(struct tarn_arena *arena, const struct tarn_type *element)
{
    struct tarn_type *type = tarn__arena_alloc(arena, sizeof(*type));
    struct tarn_field *field = tarn__arena_alloc(arena, sizeof(*field));
    if (type == NULL || field == NULL) {
        return NULL;
    }
    *field = (struct tarn_field){.name = TARN_TEXT("element"), .type = element, .nullable = true, .id = -1};
    *type = (struct tarn_type){.id = TARN_TYPE_LIST, .field_count = 1, .fields = field};
    return type;
}

unsigned tarn__sql_ticks(const struct tarn_type *type)
{
    return 3u * (unsigned)type->unit;
}

static bool is_unsigned(const struct tarn_type *type)
{
    return type->id >= TARN_TYPE_U8 && type->id <= TARN_TYPE_U64;
}

/* I8 .. I64 and U8 .. U64 have a rank of 0 .. 3. */
static int rank(const struct tarn_type *type)
{
    return (int)type->id - (int)(is_unsigned(type) ? TARN_TYPE_U8 : TARN_TYPE_I8);
}

static const struct tarn_type *common_integer(const struct tarn_type *a, const struct tarn_type *b)
{
    static const struct tarn_type signed_of[] = {{.id = TARN_TYPE_I8}, {.id = TARN_TYPE_I16}, {.id = TARN_TYPE_I32}, {.id = TARN_TYPE_I64}};
    if (is_unsigned(a) == is_unsigned(b)) {
        return rank(a) >= rank(b) ? a : b;
    }
    const struct tarn_type *without_sign = is_unsigned(a) ? a : b;
    const struct tarn_type *with_sign = is_unsigned(a) ? b : a;
    if (rank(with_sign) > rank(without_sign)) {
        return with_sign;
    }
    return rank(without_sign) < 3 ? &signed_of[rank(without_sign) + 1] : &tarn__sql_hugeint;
}

static const struct tarn_type *common_number(struct tarn_arena *arena, const struct tarn_type *a, const struct tarn_type *b, bool *nomem)
{
    if (a->id == TARN_TYPE_F64 || b->id == TARN_TYPE_F64) {
        return &tarn__sql_double;
    }
    if (tarn__sql_is_float(a) || tarn__sql_is_float(b)) {
        return &tarn__sql_float;
    }
    if (a->id != TARN_TYPE_DECIMAL && b->id != TARN_TYPE_DECIMAL) {
        return common_integer(a, b);
    }
    const struct tarn__digits x = tarn__sql_digits(a);
    const struct tarn__digits y = tarn__sql_digits(b);
    const int32_t scale = x.scale > y.scale ? x.scale : y.scale;
    const int32_t whole = x.precision - x.scale > y.precision - y.scale ? x.precision - x.scale : y.precision - y.scale;
    const struct tarn_type *type = tarn__sql_decimal(arena, whole + scale, scale);
    *nomem = type == NULL;
    return type;
}

static const struct tarn_type *common_moment(struct tarn_arena *arena, const struct tarn_type *a, const struct tarn_type *b, bool *nomem)
{
    if (a->id == TARN_TYPE_DATE || b->id == TARN_TYPE_DATE) {
        return a->id == TARN_TYPE_DATE ? b : a;
    }
    if (a->utc == b->utc || a->unit == b->unit) {
        return (a->utc && !b->utc) || (a->utc == b->utc && a->unit >= b->unit) ? a : b;
    }
    struct tarn_type *type = tarn__arena_alloc(arena, sizeof(*type));
    *nomem = type == NULL;
    if (type != NULL) {
        *type = (struct tarn_type){.id = TARN_TYPE_TIMESTAMP, .unit = a->unit > b->unit ? a->unit : b->unit, .utc = true};
    }
    return type;
}

const struct tarn_type *tarn__sql_common(struct tarn_arena *arena, const struct tarn_type *a, const struct tarn_type *b, bool *nomem)
{
    *nomem = false;
    if (a == b || tarn__sql_is_null(b) || tarn_type_equal(a, b)) {
        return a;
    }
    if (tarn__sql_is_null(a)) {
        return b;
    }
    if (tarn__sql_is_number(a) && tarn__sql_is_number(b)) {
        return common_number(arena, a, b, nomem);
    }
    if (tarn__sql_is_moment(a) && tarn__sql_is_moment(b)) {
        return common_moment(arena, a, b, nomem);
    }
    if (tarn__sql_is_text(a) || tarn__sql_is_text(b)) {
        return &tarn__sql_varchar;
    }
    if (a->id == TARN_TYPE_BOOL && tarn__sql_is_integer(b)) {
        return b;
    }
    if (b->id == TARN_TYPE_BOOL && tarn__sql_is_integer(a)) {
        return a;
    }
    if (a->id == TARN_TYPE_TIME && b->id == TARN_TYPE_TIME) {
        return a->unit >= b->unit ? a : b;
    }
    if (a->id == TARN_TYPE_LIST && b->id == TARN_TYPE_LIST) {
        const struct tarn_type *element = tarn__sql_common(arena, a->fields[0].type, b->fields[0].type, nomem);
        const struct tarn_type *list = element != NULL ? tarn__sql_list(arena, element) : NULL;
        *nomem = *nomem || (element != NULL && list == NULL);
        return list;
    }
    return NULL;
}

bool tarn__sql_converts(const struct tarn_type *from, const struct tarn_type *to)
{
    if (tarn__sql_is_null(from) || from->id == to->id) {
        return true;
    }
    if (tarn__sql_is_float(to)) {
        return tarn__sql_is_number(from);
    }
    if (to->id == TARN_TYPE_DECIMAL) {
        return tarn__sql_is_integer(from);
    }
    if (tarn__sql_is_integer(to)) {
        return tarn__sql_is_integer(from) &&
               (is_unsigned(from) == is_unsigned(to) ? rank(from) <= rank(to) : is_unsigned(from) && rank(from) < rank(to));
    }
    if (to->id == TARN_TYPE_TIMESTAMP) {
        return from->id == TARN_TYPE_DATE;
    }
    if (tarn__sql_is_text(to)) {
        return tarn__sql_is_text(from);
    }
    return false;
}
