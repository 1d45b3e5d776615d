/* SPDX-License-Identifier: Apache-2.0
 *
 * WKB.
 *
 * Specification: parquet-format Geospatial.md; OGC Simple Feature Access part 1, 8.2. SPEC: P-GEO-1.
 *
 * Invariants
 *  1. `at` never passes `end`: every count is held against the bytes that its members need at least.
 *  2. Members have the dimensions of the whole; members of a multi-geometry have its type.
 */
#include "format/column/wkb.h"

#include "format/base/bytes.h"

enum { LINE = 2, POLYGON = 3, MULTI_POINT = 4, HEAD_BYTES = 5, COUNT_BYTES = 4 };

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    tarn__wkb_point_fn *fn;
    void *arg;
    bool has_edges;
};

/* What one geometry's head says. */
struct head {
    bool big;
    uint32_t base;       /* 1 to 7 */
    uint32_t dimensions; /* 0: XY, 1: XYZ, 2: XYM, 3: XYZM */
};

static size_t left(const struct walk *walk)
{
    return (size_t)(walk->end - walk->at);
}

static uint32_t read_u32(struct walk *walk, bool big)
{
    const uint32_t value = big ? tarn__load32_be(walk->at) : tarn__load32(walk->at);
    walk->at += sizeof(value);
    return value;
}

static bool read_head(struct walk *walk, struct head *head)
{
    if (left(walk) < HEAD_BYTES || *walk->at > 1) {
        return false;
    }
    head->big = *walk->at++ == 0;
    const uint32_t code = read_u32(walk, head->big);
    head->base = code % 1000;
    head->dimensions = code / 1000;
    return head->base >= TARN__WKB_POINT && head->base <= TARN__WKB_COLLECTION && head->dimensions <= 3;
}

/* A count of members that take at least `least` bytes each. */
static bool read_count(struct walk *walk, bool big, size_t least, uint32_t *count)
{
    if (left(walk) < COUNT_BYTES) {
        return false;
    }
    *count = read_u32(walk, big);
    return *count <= left(walk) / least;
}

static double read_double(const uint8_t *from, bool big)
{
    const uint64_t bits = big ? tarn__load64_be(from) : tarn__load64(from);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static size_t point_bytes(const struct head *head)
{
    return (head->dimensions == 0 ? 2u : head->dimensions == 3 ? 4u : 3u) * sizeof(double);
}

static bool walk_points(struct walk *walk, const struct head *head, uint32_t count)
{
    const size_t size = point_bytes(head);

    if (count > left(walk) / size) {
        return false;
    }
    for (uint32_t i = 0; i < count && walk->fn != NULL; i++) {
        const uint8_t *from = walk->at + i * size;
        double point[TARN__WKB_AXES] = {read_double(from, head->big), read_double(from + 8, head->big), __builtin_nan(""),
                                        __builtin_nan("")};
        if (head->dimensions == 1 || head->dimensions == 3) {
            point[TARN__WKB_Z] = read_double(from + 16, head->big);
        }
        if (head->dimensions >= 2) {
            point[TARN__WKB_M] = read_double(from + size - 8, head->big);
        }
        walk->fn(walk->arg, point);
    }
    walk->at += count * size;
    return true;
}

static bool walk_line(struct walk *walk, const struct head *head)
{
    uint32_t count;

    if (!read_count(walk, head->big, point_bytes(head), &count)) {
        return false;
    }
    walk->has_edges |= count != 0;
    return walk_points(walk, head, count);
}

static bool walk_geometry(struct walk *walk, const struct head *head, unsigned depth)
{
    uint32_t count;

    switch (head->base) {
    case TARN__WKB_POINT:
        return walk_points(walk, head, 1);
    case LINE:
        return walk_line(walk, head);
    case POLYGON:
        if (!read_count(walk, head->big, COUNT_BYTES, &count)) {
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (!walk_line(walk, head)) {
                return false;
            }
        }
        return true;
    default:
        break;
    }
    if (depth == TARN__WKB_DEPTH || !read_count(walk, head->big, HEAD_BYTES + COUNT_BYTES, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct head member;
        if (!read_head(walk, &member) || member.dimensions != head->dimensions ||
            (head->base != TARN__WKB_COLLECTION && member.base != head->base - MULTI_POINT + TARN__WKB_POINT) ||
            !walk_geometry(walk, &member, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool tarn__wkb_walk(struct tarn_span bytes, tarn__wkb_point_fn *fn, void *arg, struct tarn__wkb *out)
{
    struct walk walk = {.at = bytes.data, .end = bytes.data + bytes.size, .fn = fn, .arg = arg};
    struct head head;

    *out = (struct tarn__wkb){0, false};
    if (bytes.size == 0 || !read_head(&walk, &head) || !walk_geometry(&walk, &head, 1) || walk.at != walk.end) {
        return false;
    }
    *out = (struct tarn__wkb){(int32_t)(head.dimensions * 1000 + head.base), walk.has_edges};
    return true;
}
