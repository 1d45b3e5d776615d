/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the Variant binary format.
 *
 * Specification: parquet-format VariantEncoding.md, version 1. SPEC: P-VAR-1 to P-VAR-5.
 *
 * Invariants
 *  1. An opened value lies within the bytes it was opened in; its lists of ids and offsets and its payload lie within the value.
 *  2. A name lies within its metadata's bytes, or is empty; in a metadata that was read all do, as their offsets ascend.
 *  3. Order of names is by rank, in constant time: comparing long names for each of many objects would be quadratic.
 */
#include "format/variant/variant.h"

#include "format/base/utf8.h"

enum { VERSION = 1, MAX_SCALE = 38 };

static enum tarn_status corrupt(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "variant", "a variant %s", what);
}

/* ---- metadata ---- */

static uint32_t number_at(const uint8_t *list, uint32_t size, uint64_t i)
{
    return tarn__load_partial(list + i * size, size);
}

struct tarn_text tarn__variant_name(const struct tarn_variant_metadata *metadata, uint32_t id)
{
    const uint32_t begin = number_at(metadata->offsets, metadata->offset_size, id);
    const uint32_t end = number_at(metadata->offsets, metadata->offset_size, (uint64_t)id + 1);
    if (begin > end || end > metadata->names_size) {
        return (struct tarn_text){NULL, 0};
    }
    return (struct tarn_text){metadata->names + begin, end - begin};
}

static enum tarn_status corrupt_metadata(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "variant_metadata", "the metadata of a variant %s", what);
}

/* Offsets ascend from 0 and stay within the names. */
static enum tarn_status check_offsets(const struct tarn_variant_metadata *metadata, struct tarn_error *err)
{
    uint32_t before = 0;
    for (uint64_t i = 0; i <= metadata->count; i++) {
        const uint32_t offset = number_at(metadata->offsets, metadata->offset_size, i);
        if (offset < before || (i == 0 && offset != 0)) {
            return corrupt_metadata(err, "has offsets that do not ascend from 0");
        }
        if (offset > metadata->names_size) {
            return corrupt_metadata(err, "has a name that ends behind it");
        }
        before = offset;
    }
    return TARN_OK;
}

/* Each name by itself: characters cut in two by an offset would pass as a whole. *ordered: names ascend and differ. */
static enum tarn_status check_names(const struct tarn_variant_metadata *metadata, bool *ordered, struct tarn_error *err)
{
    struct tarn_text before = {NULL, 0};
    *ordered = true;
    for (uint32_t i = 0; i < metadata->count; i++) {
        const struct tarn_text name = tarn__variant_name(metadata, i);
        if (!tarn__utf8_is_valid(name)) {
            return corrupt_metadata(err, "has a name that is not UTF-8");
        }
        *ordered = *ordered && (i == 0 || tarn__text_compare(before, name) < 0);
        before = name;
    }
    return TARN_OK;
}

/* Sifts `at` down in the heap by_rank[0..count). */
static void sift(const struct tarn_variant_metadata *metadata, uint32_t *heap, uint32_t at, uint32_t count)
{
    const uint32_t moved = heap[at];
    const struct tarn_text name = tarn__variant_name(metadata, moved);
    for (uint64_t child = 2 * (uint64_t)at + 1; child < count; child = 2 * child + 1) {
        if (child + 1 < count &&
            tarn__text_compare(tarn__variant_name(metadata, heap[child]), tarn__variant_name(metadata, heap[child + 1])) < 0) {
            child++;
        }
        if (tarn__text_compare(name, tarn__variant_name(metadata, heap[child])) >= 0) {
            break;
        }
        heap[at] = heap[child];
        at = (uint32_t)child;
    }
    heap[at] = moved;
}

/* Heap sort: no bad cases, no memory but the result. */
static enum tarn_status rank_names(struct tarn_env *env, struct tarn_variant_metadata *metadata, struct tarn_error *err)
{
    const uint32_t count = metadata->count;
    metadata->ranks = tarn__calloc(env, count, sizeof(uint32_t));
    metadata->by_rank = tarn__calloc(env, count, sizeof(uint32_t));
    if (metadata->ranks == NULL || metadata->by_rank == NULL) {
        return tarn__nomem(env, err, (uint64_t)count * 2 * sizeof(uint32_t));
    }
    uint32_t *ids = metadata->by_rank;
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = i;
    }
    for (uint32_t i = count / 2; i > 0; i--) {
        sift(metadata, ids, i - 1, count);
    }
    for (uint32_t left = count; left > 1; left--) {
        const uint32_t largest = ids[0];
        ids[0] = ids[left - 1];
        ids[left - 1] = largest;
        sift(metadata, ids, 0, left - 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        const bool again = i > 0 && tarn__text_equal(tarn__variant_name(metadata, ids[i - 1]), tarn__variant_name(metadata, ids[i]));
        metadata->ranks[ids[i]] = again ? metadata->ranks[ids[i - 1]] : i;
    }
    return TARN_OK;
}

enum tarn_status tarn__variant_metadata_open(struct tarn_span bytes, struct tarn_variant_metadata *out, struct tarn_error *err)
{
    *out = (struct tarn_variant_metadata){.bytes = bytes};
    if (bytes.size == 0) {
        return corrupt_metadata(err, "is empty");
    }
    const uint8_t header = bytes.data[0];
    if ((header & 0x0f) != VERSION) {
        return corrupt_metadata(err, "is not of version 1");
    }
    out->offset_size = (header >> 6) + 1u;
    if (bytes.size < 1 + (size_t)out->offset_size) {
        return corrupt_metadata(err, "ends before its size");
    }
    const uint32_t count = number_at(bytes.data + 1, out->offset_size, 0);
    const uint64_t head = 1 + ((uint64_t)count + 2) * out->offset_size;
    if (head > bytes.size) {
        return corrupt_metadata(err, "has more names than bytes");
    }
    out->count = count;
    out->offsets = bytes.data + 1 + out->offset_size;
    out->names = (const char *)bytes.data + head;
    out->names_size = bytes.size - (size_t)head;
    return TARN_OK;
}

enum tarn_status tarn__variant_metadata_read(struct tarn_env *env, struct tarn_span bytes, struct tarn_variant_metadata *out,
                                             struct tarn_error *err)
{
    bool ordered;
    TARN_RETURN_IF_ERROR(tarn__variant_metadata_open(bytes, out, err));
    TARN_RETURN_IF_ERROR(check_offsets(out, err));
    const size_t behind = out->names_size - number_at(out->offsets, out->offset_size, out->count);
    out->bytes.size -= behind;
    out->names_size -= behind;
    TARN_RETURN_IF_ERROR(check_names(out, &ordered, err));
    const enum tarn_status status = ordered ? TARN_OK : rank_names(env, out, err);
    if (status != TARN_OK) {
        tarn__variant_metadata_free(env, out);
    }
    return status;
}

void tarn__variant_metadata_free(struct tarn_env *env, struct tarn_variant_metadata *metadata)
{
    tarn__free(env, metadata->ranks);
    tarn__free(env, metadata->by_rank);
    *metadata = (struct tarn_variant_metadata){0};
}

bool tarn__variant_find_name(const struct tarn_variant_metadata *metadata, struct tarn_text name, uint32_t *rank, uint32_t *id)
{
    uint32_t low = 0;
    uint32_t high = metadata->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const uint32_t candidate = metadata->by_rank == NULL ? middle : metadata->by_rank[middle];
        if (tarn__text_compare(tarn__variant_name(metadata, candidate), name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *rank = low;
    *id = low < metadata->count ? metadata->by_rank == NULL ? low : metadata->by_rank[low] : UINT32_MAX;
    return low < metadata->count && tarn__text_equal(tarn__variant_name(metadata, *id), name);
}

/* ---- values ---- */

/* Bytes behind the header of a primitive; strings and binary have a length of their own. */
static const uint8_t widths[TARN_VARIANT_UUID + 1] = {
    [TARN_VARIANT_I8] = 1,
    [TARN_VARIANT_I16] = 2,
    [TARN_VARIANT_I32] = 4,
    [TARN_VARIANT_I64] = 8,
    [TARN_VARIANT_F64] = 8,
    [TARN_VARIANT_DECIMAL4] = 5,
    [TARN_VARIANT_DECIMAL8] = 9,
    [TARN_VARIANT_DECIMAL16] = 17,
    [TARN_VARIANT_DATE] = 4,
    [TARN_VARIANT_TIMESTAMP] = 8,
    [TARN_VARIANT_TIMESTAMP_NTZ] = 8,
    [TARN_VARIANT_F32] = 4,
    [TARN_VARIANT_TIME_NTZ] = 8,
    [TARN_VARIANT_TIMESTAMP_NANOS] = 8,
    [TARN_VARIANT_TIMESTAMP_NTZ_NANOS] = 8,
    [TARN_VARIANT_UUID] = 16,
};

/* Header and payload: the value is `head` and `size` bytes behind it. */
static enum tarn_status place(struct tarn_variant *value, uint64_t head, uint64_t size, struct tarn_error *err)
{
    if (head > value->bytes.size || size > value->bytes.size - head) {
        return corrupt(err, "ends behind its bytes");
    }
    value->payload = (struct tarn_span){value->bytes.data + head, (size_t)size};
    value->bytes.size = (size_t)(head + size);
    return TARN_OK;
}

static enum tarn_status open_primitive(struct tarn_variant *value, unsigned number, struct tarn_error *err)
{
    if (number > TARN_VARIANT_UUID) {
        return tarn__corrupt(err, "variant", "a variant of primitive type %u, which there is not", number);
    }
    value->type = (enum tarn_variant_type)number;
    switch (value->type) {
    case TARN_VARIANT_BINARY:
    case TARN_VARIANT_STRING:
        TARN_RETURN_IF_ERROR(value->bytes.size >= 5 ? TARN_OK : corrupt(err, "ends before its size"));
        return place(value, 5, tarn__load32(value->bytes.data + 1), err);
    case TARN_VARIANT_DECIMAL4:
    case TARN_VARIANT_DECIMAL8:
    case TARN_VARIANT_DECIMAL16:
        TARN_RETURN_IF_ERROR(place(value, 2, widths[number] - 1u, err));
        value->scale = value->bytes.data[1];
        return value->scale <= MAX_SCALE ? TARN_OK : corrupt(err, "has a decimal scale over 38");
    default:
        return place(value, 1, widths[number], err);
    }
}

static enum tarn_status open_container(struct tarn_variant *value, unsigned header, struct tarn_error *err)
{
    const bool object = value->type == TARN_VARIANT_OBJECT;
    const uint32_t count_size = (header >> (object ? 4 : 2) & 1) != 0 ? 4 : 1;
    value->offset_size = (uint8_t)((header & 3) + 1);
    value->id_size = (uint8_t)(object ? (header >> 2 & 3) + 1 : 0);
    if (value->bytes.size < 1 + (size_t)count_size) {
        return corrupt(err, "ends before its size");
    }
    value->count = number_at(value->bytes.data + 1, count_size, 0);
    const uint64_t ids = 1 + (uint64_t)count_size;
    const uint64_t offsets = ids + (uint64_t)value->count * value->id_size;
    const uint64_t head = offsets + ((uint64_t)value->count + 1) * value->offset_size;
    if (head > value->bytes.size) {
        return corrupt(err, "has more members than bytes");
    }
    value->ids = value->bytes.data + ids;
    value->offsets = value->bytes.data + offsets;
    return place(value, head, number_at(value->offsets, value->offset_size, value->count), err);
}

enum tarn_status tarn__variant_open(const struct tarn_variant_metadata *metadata, struct tarn_span bytes, struct tarn_variant *out,
                                    struct tarn_error *err)
{
    *out = (struct tarn_variant){.metadata = metadata, .bytes = bytes};
    if (bytes.size == 0) {
        return corrupt(err, "has no bytes");
    }
    const unsigned header = bytes.data[0] >> 2;
    switch (bytes.data[0] & 3) {
    case 0:
        return open_primitive(out, header, err);
    case 1:
        out->type = TARN_VARIANT_STRING;
        return place(out, 1, header, err);
    case 2:
        out->type = TARN_VARIANT_OBJECT;
        return open_container(out, header, err);
    default:
        out->type = TARN_VARIANT_ARRAY;
        return open_container(out, header, err);
    }
}

enum tarn_status tarn__variant_member(const struct tarn_variant *container, uint32_t i, struct tarn_variant *out, struct tarn_error *err)
{
    const uint32_t offset = number_at(container->offsets, container->offset_size, i);
    if (offset >= container->payload.size) {
        return corrupt(err, "has a member that lies behind it");
    }
    const struct tarn_span rest = {container->payload.data + offset, container->payload.size - offset};
    return tarn__variant_open(container->metadata, rest, out, err);
}

enum tarn_status tarn__variant_field_id(const struct tarn_variant *object, uint32_t i, uint32_t *id, struct tarn_error *err)
{
    *id = number_at(object->ids, object->id_size, i);
    return *id < object->metadata->count ? TARN_OK : corrupt(err, "has a field whose name is not in the metadata");
}

enum tarn_status tarn__variant_field(const struct tarn_variant *value, struct tarn_text name, bool *found, struct tarn_variant *out,
                                     struct tarn_error *err)
{
    uint32_t low = 0;
    uint32_t high = value->type == TARN_VARIANT_OBJECT ? value->count : 0;
    *found = false;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        uint32_t id;
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(value, middle, &id, err));
        const int order = tarn__text_compare(tarn__variant_name(value->metadata, id), name);
        if (order == 0) {
            *found = true;
            return tarn__variant_member(value, middle, out, err);
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return TARN_OK;
}

/* ---- the whole ---- */

static enum tarn_status check_field_names(const struct tarn_variant *object, struct tarn_error *err)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < object->count; i++) {
        uint32_t id;
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(object, i, &id, err));
        const uint32_t rank = tarn__variant_rank(object->metadata, id);
        if (i != 0 && rank <= before) {
            return corrupt(err, "has fields that are not in the order of their names, or one twice");
        }
        before = rank;
    }
    return TARN_OK;
}

enum tarn_status tarn__variant_check(const struct tarn_variant *value, unsigned depth, struct tarn_error *err)
{
    const bool object = value->type == TARN_VARIANT_OBJECT;
    uint64_t used = 0;
    if (value->type == TARN_VARIANT_STRING) {
        const struct tarn_text text = {(const char *)value->payload.data, value->payload.size};
        return tarn__utf8_is_valid(text) ? TARN_OK : corrupt(err, "has a string that is not UTF-8");
    }
    if (!object && value->type != TARN_VARIANT_ARRAY) {
        return TARN_OK;
    }
    if (depth >= TARN_VARIANT_DEPTH) {
        return tarn__error_set(err, TARN_LIMIT, "variant_depth", "a variant nests deeper than %d", (int)TARN_VARIANT_DEPTH);
    }
    TARN_RETURN_IF_ERROR(object ? check_field_names(value, err) : TARN_OK);
    for (uint32_t i = 0; i < value->count; i++) {
        struct tarn_variant member;
        TARN_RETURN_IF_ERROR(tarn__variant_member(value, i, &member, err));
        TARN_RETURN_IF_ERROR(tarn__variant_check(&member, depth + 1, err));
        used += member.bytes.size;
        if (used > value->payload.size) {
            return corrupt(err, "has members that lie over each other");
        }
    }
    return TARN_OK;
}

/* ---- primitives ---- */

int64_t tarn__variant_int(const struct tarn_variant *value)
{
    switch (value->payload.size) {
    case 1:
        return (int8_t)value->payload.data[0];
    case 2:
        return (int16_t)tarn__load16(value->payload.data);
    case 4:
        return (int32_t)tarn__load32(value->payload.data);
    default:
        return (int64_t)tarn__load64(value->payload.data);
    }
}

double tarn__variant_float(const struct tarn_variant *value)
{
    if (value->type == TARN_VARIANT_F32) {
        const uint32_t bits = tarn__load32(value->payload.data);
        float narrow;
        memcpy(&narrow, &bits, sizeof(narrow));
        return (double)narrow;
    }
    const uint64_t bits = tarn__load64(value->payload.data);
    double wide;
    memcpy(&wide, &bits, sizeof(wide));
    return wide;
}

void tarn__variant_decimal(const struct tarn_variant *value, uint64_t words[2])
{
    if (value->type == TARN_VARIANT_DECIMAL16) {
        words[0] = tarn__load64(value->payload.data);
        words[1] = tarn__load64(value->payload.data + 8);
        return;
    }
    const int64_t small = tarn__variant_int(value);
    words[0] = (uint64_t)small;
    words[1] = small < 0 ? UINT64_MAX : 0;
}
