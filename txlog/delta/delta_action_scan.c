/* SPDX-License-Identifier: Apache-2.0
 *
 * Adds and removes as writers print them, at the speed of a scan: a log is mostly these, and each costs a few passes over short texts
 * instead of an event a token.
 *
 * Specification: Delta PROTOCOL.md, "Add File and Remove File"; RFC 8259.
 *
 * Invariants
 *  1. Nothing is accepted that the general parser refuses or reads otherwise: what is not of the expected form is left to it as a whole.
 *  2. Nothing is read behind the line.
 */
#include "txlog/delta/delta_action_scan.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

struct scan {
    struct tarn_json *json;
    const char *at;
    const char *end;
};

/* The quote that ends a plain string from `at` on: no escape, no control character, ASCII. NULL: it is none. */
static const char *plain_end(const char *at, const char *end)
{
#if defined(__SSE2__)
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        const __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')); /* signed: bytes of 0x80 and above are below */
        const unsigned hits = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), others));
        if (hits != 0) {
            at += (unsigned)__builtin_ctz(hits);
            return *at == '"' ? at : NULL;
        }
        at += 16;
    }
#endif
    while (at < end && *at != '"') {
        if (*at == '\\' || (signed char)*at < ' ') {
            return NULL;
        }
        at++;
    }
    return at < end ? at : NULL;
}

static inline bool take(struct scan *scan, const char *literal, size_t size)
{
    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, literal, size) != 0) {
        return false;
    }
    scan->at += size;
    return true;
}

#define TAKE(scan, literal) take(scan, literal, sizeof(literal) - 1)

static inline bool take_text(struct scan *scan, struct tarn_text *out)
{
    if (!TAKE(scan, "\"")) {
        return false;
    }
    const char *last = plain_end(scan->at, scan->end);
    if (last == NULL) {
        return false;
    }
    *out = (struct tarn_text){scan->at, (size_t)(last - scan->at)};
    scan->at = last + 1;
    return true;
}

/* A number of up to 18 digits, without sign, fraction and exponent. */
static bool take_number(struct scan *scan, int64_t *out)
{
    const char *first = scan->at;
    int64_t value = 0;
    while (scan->at < scan->end && tarn__is_digit(*scan->at) && scan->at - first < 18) {
        value = value * 10 + (*scan->at - '0');
        scan->at++;
    }
    const ptrdiff_t digits = scan->at - first;
    *out = value;
    return digits >= 1 && (*first != '0' || digits == 1) && scan->at < scan->end && (*scan->at == ',' || *scan->at == '}');
}

static bool take_bool(struct scan *scan, bool *out)
{
    *out = scan->at < scan->end && *scan->at == 't';
    return *out ? TAKE(scan, "true") : TAKE(scan, "false");
}

/* Any string, decoded. */
static bool take_escaped(struct scan *scan, struct tarn_text *out)
{
    const char *first = scan->at;
    if (take_text(scan, out)) {
        return true;
    }
    tarn__json_reopen(scan->json, (struct tarn_text){first, (size_t)(scan->end - first)}, 0);
    if (tarn__json_string(scan->json, out, NULL, NULL) != TARN_OK) {
        return false;
    }
    scan->at = scan->json->at;
    return true;
}

static bool take_partition(struct scan *scan, struct tarn_text *raw)
{
    *raw = (struct tarn_text){NULL, 0};
    if (TAKE(scan, "{}")) {
        return true;
    }
    struct tarn_text_builder *builder = &scan->json->scratch;
    tarn__builder_clear(builder);
    char before = '{';
    do {
        struct tarn_text key;
        struct tarn_text value;
        if (!take(scan, &before, 1) || !take_text(scan, &key) || !TAKE(scan, ":")) {
            return false;
        }
        const bool is_null = TAKE(scan, "null");
        if (!is_null && !take_text(scan, &value)) {
            return false;
        }
        tarn__delta_partition_add(builder, key, is_null ? NULL : &value);
        before = ',';
    } while (!TAKE(scan, "}"));
    if (builder->failed) {
        return false; /* the general way says so */
    }
    *raw = tarn__arena_text(scan->json->options.arena, tarn__builder_text(builder));
    return raw->data != NULL;
}

static bool take_field(struct scan *scan, struct tarn_text key, struct tarn__delta_file *file)
{
    int64_t number;
    bool unused;
    switch (key.size) {
    case 4:
        if (memcmp(key.data, "path", 4) == 0) {
            return take_text(scan, &file->path) && tarn__delta_path_is_plain(file->path);
        }
        if (memcmp(key.data, "size", 4) == 0) {
            file->has_size = true;
            return take_number(scan, &number) && (file->size = (uint64_t)number, true);
        }
        return false;
    case 5:
        if (memcmp(key.data, "stats", 5) != 0 || !take_escaped(scan, &file->statistics)) {
            return false;
        }
        file->rows = tarn__delta_statistics_rows(scan->json->options.env, file->statistics);
        return true;
    case 10:
        return memcmp(key.data, "dataChange", 10) == 0 && take_bool(scan, &file->data_change);
    case 15:
        return memcmp(key.data, "partitionValues", 15) == 0 && take_partition(scan, &file->partition);
    case 16:
        return memcmp(key.data, "modificationTime", 16) == 0 && take_number(scan, &file->modified);
    case 17:
        return memcmp(key.data, "deletionTimestamp", 17) == 0 && take_number(scan, &file->modified);
    case 20:
        return memcmp(key.data, "extendedFileMetadata", 20) == 0 && take_bool(scan, &unused);
    default:
        return false;
    }
}

bool tarn__delta_action_scan(struct tarn_json *json, struct tarn_text line, struct tarn__delta_action *action)
{
    struct scan scan = {json, line.data, line.data + line.size};
    enum tarn__delta_action_kind kind = TARN_DELTA_OTHER;
    if (TAKE(&scan, "{\"add\":{")) {
        kind = TARN_DELTA_ADD;
    } else if (TAKE(&scan, "{\"remove\":{")) {
        kind = TARN_DELTA_REMOVE;
    } else {
        return false;
    }
    tarn__delta_action_begin(action, kind);
    do {
        struct tarn_text key;
        if (!take_text(&scan, &key) || !TAKE(&scan, ":") || !take_field(&scan, key, &action->u.file)) {
            return false;
        }
    } while (TAKE(&scan, ","));
    if (!TAKE(&scan, "}}") || (scan.at != scan.end && !(scan.end - scan.at == 1 && *scan.at == '\r'))) {
        return false;
    }
    return action->u.file.path.size != 0 && (action->u.file.has_size || kind == TARN_DELTA_REMOVE);
}
