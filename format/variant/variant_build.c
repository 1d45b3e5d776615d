/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the Variant binary format.
 *
 * Specification: parquet-format VariantEncoding.md, version 1. SPEC: P-VAR-6.
 *
 * A container's head has the sizes of what follows, so its members are written first and moved up when it ends: a byte is moved as often
 * as containers are around it, which nesting bounds.
 *
 * Invariants
 *  1. slots[open.first_slot ..] are the members of an open container, each with the offset of its value in `data`.
 *  2. A member begins where the one before it ends: there is nothing else in `data` behind open.begin.
 */
#include "format/variant/variant_build.h"

struct tarn__variant_slot {
    uint64_t order; /* of the name; arrays: unused */
    size_t begin;   /* in data */
    uint32_t id;
};

struct tarn__variant_open {
    size_t begin;      /* in data, of the first member */
    size_t first_slot; /* of its members */
    bool object;
};

void tarn__variant_builder_init(struct tarn_variant_builder *builder, struct tarn_env *env)
{
    *builder = (struct tarn_variant_builder){.env = env};
}

void tarn__variant_builder_free(struct tarn_variant_builder *builder)
{
    tarn__free(builder->env, builder->data);
    tarn__free(builder->env, builder->slots);
    tarn__free(builder->env, builder->open);
    tarn__variant_builder_init(builder, builder->env);
}

void tarn__variant_builder_clear(struct tarn_variant_builder *builder)
{
    builder->size = 0;
    builder->slot_count = 0;
    builder->open_count = 0;
    builder->failed = false;
    builder->too_large = false;
}

enum tarn_status tarn__variant_builder_status(const struct tarn_variant_builder *builder, struct tarn_error *err)
{
    if (builder->too_large) {
        return tarn__error_set(err, TARN_LIMIT, "variant_size", "an object or array of a variant has over 4 GiB");
    }
    return builder->failed ? tarn__nomem(builder->env, err, builder->refused) : TARN_OK;
}

static bool grow(struct tarn_variant_builder *builder, void *array, size_t *capacity, size_t needed, size_t element)
{
    if (builder->failed) {
        return false;
    }
    if (!tarn__grow(builder->env, array, capacity, needed, element)) {
        builder->failed = true;
        builder->refused = (uint64_t)needed * element;
        return false;
    }
    return true;
}

/* Room for `size` bytes, one at least, behind those so far, counted as used; NULL when the builder failed. */
static uint8_t *take(struct tarn_variant_builder *builder, size_t size)
{
    if (size > SIZE_MAX / 2 - builder->size || !grow(builder, &builder->data, &builder->capacity, builder->size + size, 1)) {
        builder->failed = true;
        return NULL;
    }
    uint8_t *place = builder->data + builder->size;
    builder->size += size;
    return place;
}

static void add_slot(struct tarn_variant_builder *builder, uint32_t id, uint64_t order)
{
    if (grow(builder, &builder->slots, &builder->slot_capacity, builder->slot_count + 1, sizeof(*builder->slots))) {
        builder->slots[builder->slot_count++] = (struct tarn__variant_slot){order, builder->size, id};
    }
}

/* Every value begins here: one in an array is a member of it. The fields of objects were told before. */
static void begin_member(struct tarn_variant_builder *builder)
{
    if (builder->open_count != 0 && !builder->open[builder->open_count - 1].object) {
        add_slot(builder, 0, 0);
    }
}

static uint8_t *begin_value(struct tarn_variant_builder *builder, size_t size)
{
    begin_member(builder);
    return take(builder, size);
}

static void begin_container(struct tarn_variant_builder *builder, bool object)
{
    begin_member(builder);
    if (grow(builder, &builder->open, &builder->open_capacity, builder->open_count + 1, sizeof(*builder->open))) {
        builder->open[builder->open_count++] = (struct tarn__variant_open){builder->size, builder->slot_count, object};
    }
}

void tarn__variant_begin_object(struct tarn_variant_builder *builder)
{
    begin_container(builder, true);
}

void tarn__variant_begin_array(struct tarn_variant_builder *builder)
{
    begin_container(builder, false);
}

void tarn__variant_add_field(struct tarn_variant_builder *builder, uint32_t id, uint64_t order)
{
    add_slot(builder, id, order);
}

/* Heap sort by order; usually they are in order already. */
static void sift(struct tarn__variant_slot *slots, size_t at, size_t count)
{
    const struct tarn__variant_slot moved = slots[at];
    for (size_t child = 2 * at + 1; child < count; child = 2 * child + 1) {
        child += child + 1 < count && slots[child].order < slots[child + 1].order;
        if (moved.order >= slots[child].order) {
            break;
        }
        slots[at] = slots[child];
        at = child;
    }
    slots[at] = moved;
}

/* False: two of one order. */
static bool sort_slots(struct tarn__variant_slot *slots, size_t count)
{
    size_t sorted = 1;
    while (sorted < count && slots[sorted - 1].order < slots[sorted].order) {
        sorted++;
    }
    if (sorted >= count) {
        return true;
    }
    for (size_t i = count / 2; i > 0; i--) {
        sift(slots, i - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        const struct tarn__variant_slot largest = slots[0];
        slots[0] = slots[left - 1];
        slots[left - 1] = largest;
        sift(slots, 0, left - 1);
    }
    for (size_t i = 1; i < count; i++) {
        if (slots[i - 1].order == slots[i].order) {
            return false;
        }
    }
    return true;
}

static unsigned bytes_for(uint64_t number)
{
    return number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffff ? 3 : 4;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
    return at + size;
}

static void put_container(uint8_t *at, bool object, size_t count, const struct tarn__variant_slot *slots, size_t begin, size_t size,
                          unsigned id_size)
{
    const unsigned offset_size = bytes_for(size);
    const bool large = count > 0xff;
    const unsigned header =
        object ? (unsigned)large << 4 | (id_size - 1) << 2 | (offset_size - 1) : (unsigned)large << 2 | (offset_size - 1);
    *at++ = (uint8_t)(header << 2 | (object ? 2 : 3));
    at = put_number(at, count, large ? 4 : 1);
    for (size_t i = 0; object && i < count; i++) {
        at = put_number(at, slots[i].id, id_size);
    }
    for (size_t i = 0; i < count; i++) {
        at = put_number(at, slots[i].begin - begin, offset_size);
    }
    put_number(at, size, offset_size);
}

bool tarn__variant_end(struct tarn_variant_builder *builder)
{
    if (builder->failed || builder->too_large) {
        return true;
    }
    const struct tarn__variant_open closed = builder->open[--builder->open_count];
    struct tarn__variant_slot *slots = builder->slots != NULL ? builder->slots + closed.first_slot : NULL;
    const size_t count = builder->slot_count - closed.first_slot;
    const size_t size = builder->size - closed.begin;
    uint32_t largest_id = 0;
    builder->slot_count = closed.first_slot;
    if (closed.object && !sort_slots(slots, count)) {
        builder->size = closed.begin;
        return false;
    }
    if (size > UINT32_MAX || count > UINT32_MAX) {
        builder->too_large = true;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        largest_id = slots[i].id > largest_id ? slots[i].id : largest_id;
    }
    const unsigned id_size = bytes_for(largest_id);
    const size_t head = 1 + (count > 0xff ? 4u : 1u) + (closed.object ? count * id_size : 0) + (count + 1) * bytes_for(size);
    if (take(builder, head) == NULL) {
        return true;
    }
    uint8_t *data = builder->data + closed.begin;
    memmove(data + head, data, size);
    put_container(data, closed.object, count, slots, closed.begin, size, id_size);
    return true;
}

/* ---- primitives ---- */

static uint8_t *add_primitive(struct tarn_variant_builder *builder, enum tarn_variant_type type, size_t size)
{
    uint8_t *at = begin_value(builder, 1 + size);
    if (at != NULL) {
        *at++ = (uint8_t)((unsigned)type << 2);
    }
    return at;
}

void tarn__variant_add_null(struct tarn_variant_builder *builder)
{
    (void)add_primitive(builder, TARN_VARIANT_NULL, 0);
}

void tarn__variant_add_bool(struct tarn_variant_builder *builder, bool value)
{
    (void)add_primitive(builder, value ? TARN_VARIANT_TRUE : TARN_VARIANT_FALSE, 0);
}

void tarn__variant_add_int(struct tarn_variant_builder *builder, enum tarn_variant_type type, int64_t value)
{
    const unsigned size = type == TARN_VARIANT_I8                                 ? 1
                          : type == TARN_VARIANT_I16                              ? 2
                          : type == TARN_VARIANT_I32 || type == TARN_VARIANT_DATE ? 4
                                                                                  : 8;
    uint8_t *at = add_primitive(builder, type, size);
    if (at != NULL) {
        put_number(at, (uint64_t)value, size);
    }
}

void tarn__variant_add_float(struct tarn_variant_builder *builder, enum tarn_variant_type type, double value)
{
    uint8_t *at = add_primitive(builder, type, type == TARN_VARIANT_F32 ? 4 : 8);
    if (at == NULL) {
        return;
    }
    if (type == TARN_VARIANT_F32) {
        const float narrow = (float)value;
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof(bits));
        tarn__store32(at, bits);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        tarn__store64(at, bits);
    }
}

void tarn__variant_add_decimal(struct tarn_variant_builder *builder, enum tarn_variant_type type, uint8_t scale, const uint64_t words[2])
{
    const unsigned size = type == TARN_VARIANT_DECIMAL4 ? 4 : type == TARN_VARIANT_DECIMAL8 ? 8 : 16;
    uint8_t *at = add_primitive(builder, type, 1 + size);
    if (at != NULL) {
        *at++ = scale;
        at = put_number(at, words[0], size == 4 ? 4 : 8);
        put_number(at, words[1], size == 16 ? 8 : 0);
    }
}

static void copy(uint8_t *at, struct tarn_span bytes)
{
    if (at != NULL && bytes.size != 0) {
        memcpy(at, bytes.data, bytes.size);
    }
}

void tarn__variant_add_bytes(struct tarn_variant_builder *builder, enum tarn_variant_type type, struct tarn_span bytes)
{
    enum { LONGEST_SHORT = 63 };
    if (type == TARN_VARIANT_STRING && bytes.size <= LONGEST_SHORT) {
        uint8_t *at = begin_value(builder, 1 + bytes.size);
        if (at != NULL) {
            *at = (uint8_t)(bytes.size << 2 | 1);
            copy(at + 1, bytes);
        }
        return;
    }
    if (type == TARN_VARIANT_UUID) {
        copy(add_primitive(builder, type, bytes.size), bytes);
        return;
    }
    if (bytes.size > UINT32_MAX) {
        builder->too_large = true;
        return;
    }
    uint8_t *at = add_primitive(builder, type, 4 + bytes.size);
    if (at != NULL) {
        tarn__store32(at, (uint32_t)bytes.size);
        copy(at + 4, bytes);
    }
}

void tarn__variant_add_stored(struct tarn_variant_builder *builder, struct tarn_span value)
{
    if (value.size != 0) {
        copy(begin_value(builder, value.size), value);
    }
}

/* ---- metadata ---- */

void tarn__variant_add_metadata(struct tarn_variant_builder *out, const struct tarn_variant_metadata *base, uint32_t count,
                                const struct tarn_text *names)
{
    const uint32_t base_count = base != NULL ? base->count : 0;
    const uint64_t all = (uint64_t)base_count + count;
    struct tarn_text before = {NULL, 0};
    bool sorted = base == NULL || base->ranks == NULL;
    uint64_t size = 0;
    for (uint32_t i = 0; i < base_count; i++) {
        before = tarn__variant_name(base, i);
        size += before.size;
    }
    for (uint32_t i = 0; i < count; i++) {
        sorted = sorted && ((base_count == 0 && i == 0) || tarn__text_compare(before, names[i]) < 0);
        before = names[i];
        size += before.size;
    }
    if (size > UINT32_MAX || all > UINT32_MAX) {
        out->too_large = true;
        return;
    }
    const unsigned offset_size = bytes_for(size > all ? size : all);
    uint8_t *at = take(out, (size_t)(1 + (all + 2) * offset_size + size));
    if (at == NULL) {
        return;
    }
    *at++ = (uint8_t)((offset_size - 1) << 6 | (unsigned)sorted << 4 | 1);
    at = put_number(at, all, offset_size);
    uint8_t *text = at + (all + 1) * offset_size;
    uint64_t offset = 0;
    at = put_number(at, 0, offset_size);
    for (uint64_t i = 0; i < all; i++) {
        const struct tarn_text name = i < base_count ? tarn__variant_name(base, (uint32_t)i) : names[i - base_count];
        copy(text + offset, tarn__span_of_text(name));
        offset += name.size;
        at = put_number(at, offset, offset_size);
    }
}
