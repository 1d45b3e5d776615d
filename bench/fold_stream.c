/* SPDX-License-Identifier: Apache-2.0
 *
 * An Arrow C stream folded value by value, whatever the layout that its producer chose.
 */
#include "fold_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tarn_bench_kept {
    struct ArrowSchema schema;
    struct ArrowArray *batches;
    size_t count;
    size_t capacity;
};

/* What a format string says: how wide, and how its values count. */
struct layout {
    enum {
        LAYOUT_FIXED,
        LAYOUT_BITS,
        LAYOUT_TEXT,
        LAYOUT_LARGE_TEXT,
        LAYOUT_VIEW,
        LAYOUT_LIST,
        LAYOUT_LARGE_LIST,
        LAYOUT_STRUCT,
        LAYOUT_NULL,
        LAYOUT_UNKNOWN
    } layout;
    enum fold_kind kind;
    uint32_t width;
};

static struct layout decimal_layout(const char *format)
{
    int precision = 0;
    int scale = 0;
    int bits = 128;
    sscanf(format, "d:%d,%d,%d", &precision, &scale, &bits);
    return (struct layout){LAYOUT_FIXED, FOLD_DECIMAL, (uint32_t)bits / 8};
}

static struct layout layout_of(const char *format)
{
    static const struct {
        const char *begin;
        struct layout layout;
    } known[] = {
        {"c", {LAYOUT_FIXED, FOLD_SIGNED, 1}},      {"C", {LAYOUT_FIXED, FOLD_UNSIGNED, 1}},   {"s", {LAYOUT_FIXED, FOLD_SIGNED, 2}},
        {"S", {LAYOUT_FIXED, FOLD_UNSIGNED, 2}},    {"i", {LAYOUT_FIXED, FOLD_SIGNED, 4}},     {"I", {LAYOUT_FIXED, FOLD_UNSIGNED, 4}},
        {"l", {LAYOUT_FIXED, FOLD_SIGNED, 8}},      {"L", {LAYOUT_FIXED, FOLD_UNSIGNED, 8}},   {"e", {LAYOUT_FIXED, FOLD_UNSIGNED, 2}},
        {"f", {LAYOUT_FIXED, FOLD_UNSIGNED, 4}},    {"g", {LAYOUT_FIXED, FOLD_UNSIGNED, 8}},   {"b", {LAYOUT_BITS, FOLD_UNSIGNED, 0}},
        {"tdD", {LAYOUT_FIXED, FOLD_SIGNED, 4}},    {"tdm", {LAYOUT_FIXED, FOLD_SIGNED, 8}},   {"tts", {LAYOUT_FIXED, FOLD_SIGNED, 4}},
        {"ttm", {LAYOUT_FIXED, FOLD_SIGNED, 4}},    {"tt", {LAYOUT_FIXED, FOLD_SIGNED, 8}},    {"ts", {LAYOUT_FIXED, FOLD_SIGNED, 8}},
        {"tD", {LAYOUT_FIXED, FOLD_SIGNED, 8}},     {"u", {LAYOUT_TEXT, FOLD_BYTES, 0}},       {"z", {LAYOUT_TEXT, FOLD_BYTES, 0}},
        {"U", {LAYOUT_LARGE_TEXT, FOLD_BYTES, 0}},  {"Z", {LAYOUT_LARGE_TEXT, FOLD_BYTES, 0}}, {"vu", {LAYOUT_VIEW, FOLD_BYTES, 0}},
        {"vz", {LAYOUT_VIEW, FOLD_BYTES, 0}},       {"+l", {LAYOUT_LIST, FOLD_BYTES, 0}},      {"+m", {LAYOUT_LIST, FOLD_BYTES, 0}},
        {"+L", {LAYOUT_LARGE_LIST, FOLD_BYTES, 0}}, {"+s", {LAYOUT_STRUCT, FOLD_BYTES, 0}},    {"n", {LAYOUT_NULL, FOLD_BYTES, 0}},
    };
    if (strncmp(format, "d:", 2) == 0) {
        return decimal_layout(format);
    }
    if (strncmp(format, "w:", 2) == 0) {
        return (struct layout){LAYOUT_FIXED, FOLD_BYTES, (uint32_t)strtoul(format + 2, NULL, 10)};
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const size_t length = strlen(known[i].begin);
        const bool open = strcmp(known[i].begin, "tt") == 0 || known[i].begin[0] == 't'; /* a zone or unit may follow */
        if (strncmp(format, known[i].begin, length) == 0 && (open || format[length] == '\0')) {
            return known[i].layout;
        }
    }
    return (struct layout){LAYOUT_UNKNOWN, FOLD_BYTES, 0};
}

static const uint8_t *validity_of(const struct ArrowArray *array)
{
    return array->null_count != 0 && array->n_buffers != 0 ? array->buffers[0] : NULL;
}

/* A run of rows of an array, from its offset on. */
struct part {
    const struct ArrowArray *array;
    uint64_t first;
    uint64_t count;
};

static int fold_part(const struct ArrowSchema *schema, struct part part, struct fold_total *total, char *text, size_t size);

static uint64_t offset_at(const struct ArrowArray *array, bool large, uint64_t at)
{
    return large ? ((const uint64_t *)array->buffers[1])[at] : ((const uint32_t *)array->buffers[1])[at];
}

static void fold_strings(struct part part, bool large, struct fold_total *total)
{
    if (part.count != 0) {
        const uint64_t begin = offset_at(part.array, large, part.first);
        const uint64_t end = offset_at(part.array, large, part.first + part.count);
        fold_texts(total, (const uint8_t *)part.array->buffers[2] + begin, end - begin, validity_of(part.array), part.first, part.count);
    }
}

static int fold_list(const struct ArrowSchema *schema, struct part part, bool large, struct fold_total *total, char *text, size_t size)
{
    if (part.count == 0) {
        return 0;
    }
    const struct ArrowArray *child = part.array->children[0];
    const uint64_t begin = offset_at(part.array, large, part.first);
    const uint64_t end = offset_at(part.array, large, part.first + part.count);
    total->values += fold_count(validity_of(part.array), part.first, part.count);
    total->sum += (end - begin) * FOLD_LENGTH_WEIGHT;
    const struct part elements = {child, (uint64_t)child->offset + begin, end - begin};
    return fold_part(schema->children[0], elements, total, text, size);
}

static int fold_children(const struct ArrowSchema *schema, struct part part, struct fold_total *total, char *text, size_t size)
{
    int failed = 0;
    for (int64_t i = 0; i < part.array->n_children && failed == 0; i++) {
        const struct ArrowArray *child = part.array->children[i];
        const struct part rows = {child, (uint64_t)child->offset + part.first, part.count};
        failed = fold_part(schema->children[i], rows, total, text, size);
    }
    return failed;
}

/* Each entry is folded once, then its sum is added by code. */
static int fold_dictionary(const struct ArrowSchema *schema, struct part part, struct fold_total *total, char *text, size_t size)
{
    const struct ArrowArray *entries = part.array->dictionary;
    const uint32_t width = layout_of(schema->format).width;
    const uint8_t *validity = validity_of(part.array);
    uint64_t *sums = malloc(((size_t)entries->length + 1) * sizeof(uint64_t));
    int failed = sums == NULL ? -1 : 0;
    for (int64_t i = 0; i < entries->length && failed == 0; i++) {
        struct fold_total one = {0, 0};
        const struct part entry = {entries, (uint64_t)(entries->offset + i), 1};
        failed = fold_part(schema->dictionary, entry, &one, text, size);
        sums[i] = one.sum;
    }
    for (uint64_t i = part.first; failed == 0 && i < part.first + part.count; i++) {
        if (validity == NULL || (validity[i >> 3] >> (i & 7) & 1) != 0) {
            uint64_t code = 0;
            memcpy(&code, (const uint8_t *)part.array->buffers[1] + i * width, width);
            total->sum += sums[code];
        }
    }
    total->values += fold_count(validity, part.first, part.count);
    free(sums);
    return failed;
}

static int fold_part(const struct ArrowSchema *schema, struct part part, struct fold_total *total, char *text, size_t size)
{
    const struct layout layout = layout_of(schema->format);
    const uint8_t *validity = validity_of(part.array);
    if (schema->dictionary != NULL) {
        return fold_dictionary(schema, part, total, text, size);
    }
    switch (layout.layout) {
    case LAYOUT_FIXED:
        fold_fixed(total, layout.kind, layout.width, (const uint8_t *)part.array->buffers[1] + part.first * layout.width, validity,
                   part.first, part.count);
        return 0;
    case LAYOUT_BITS:
        fold_bits(total, part.array->buffers[1], validity, part.first, part.count);
        return 0;
    case LAYOUT_TEXT:
    case LAYOUT_LARGE_TEXT:
        fold_strings(part, layout.layout == LAYOUT_LARGE_TEXT, total);
        return 0;
    case LAYOUT_VIEW:
        fold_views(total, part.array->buffers[1], part.array->buffers + 2, validity, part.first, part.count);
        return 0;
    case LAYOUT_LIST:
    case LAYOUT_LARGE_LIST:
        return fold_list(schema, part, layout.layout == LAYOUT_LARGE_LIST, total, text, size);
    case LAYOUT_STRUCT:
        return fold_children(schema, part, total, text, size);
    case LAYOUT_NULL:
        return 0;
    default:
        snprintf(text, size, "no way to fold the Arrow format \"%s\"", schema->format);
        return -1;
    }
}

static int fold_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch, struct fold_total *totals, char *text, size_t size)
{
    int failed = 0;
    for (int64_t i = 0; i < batch->n_children && failed == 0; i++) {
        const struct ArrowArray *column = batch->children[i];
        const struct part rows = {column, (uint64_t)(column->offset + batch->offset), (uint64_t)batch->length};
        failed = fold_part(schema->children[i], rows, &totals[i], text, size);
    }
    return failed;
}

static int stream_failed(struct ArrowArrayStream *stream, char *text, size_t size)
{
    const char *words = stream->get_last_error(stream);
    snprintf(text, size, "the stream failed: %s", words != NULL ? words : "no reason given");
    return -1;
}

int tarn_bench_fold_stream(struct ArrowArrayStream *stream, char *text, size_t size)
{
    struct ArrowSchema schema;
    struct ArrowArray batch = {.release = NULL};
    uint64_t rows = 0;
    int failed = stream->get_schema(stream, &schema) != 0 ? stream_failed(stream, text, size) : 0;
    if (failed != 0) {
        stream->release(stream);
        return failed;
    }
    struct fold_total *totals = calloc((size_t)schema.n_children + 1, sizeof(*totals));
    while (totals != NULL && failed == 0) {
        if (stream->get_next(stream, &batch) != 0) {
            failed = stream_failed(stream, text, size);
            break;
        }
        if (batch.release == NULL) {
            break;
        }
        failed = fold_batch(&schema, &batch, totals, text, size);
        rows += (uint64_t)batch.length;
        batch.release(&batch);
    }
    if (failed == 0 && totals != NULL) {
        fold_answer(text, size, rows, (uint32_t)schema.n_children, totals);
    }
    free(totals);
    schema.release(&schema);
    stream->release(stream);
    return failed;
}

static void release_kept(struct tarn_bench_kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        kept->batches[i].release(&kept->batches[i]);
    }
    if (kept->schema.release != NULL) {
        kept->schema.release(&kept->schema);
    }
    free(kept->batches);
    free(kept);
}

static int keep_batches(struct tarn_bench_kept *kept, struct ArrowArrayStream *stream, char *text, size_t size)
{
    for (;;) {
        if (kept->count == kept->capacity) {
            kept->capacity = kept->capacity * 2 + 16;
            struct ArrowArray *more = realloc(kept->batches, kept->capacity * sizeof(*more));
            if (more == NULL) {
                return -1;
            }
            kept->batches = more;
        }
        if (stream->get_next(stream, &kept->batches[kept->count]) != 0) {
            return stream_failed(stream, text, size);
        }
        if (kept->batches[kept->count].release == NULL) {
            return 0;
        }
        kept->count++;
    }
}

struct tarn_bench_kept *tarn_bench_keep_stream(struct ArrowArrayStream *stream, char *text, size_t size)
{
    struct tarn_bench_kept *kept = calloc(1, sizeof(*kept));
    int failed = kept == NULL ? -1 : 0;
    if (failed == 0 && stream->get_schema(stream, &kept->schema) != 0) {
        kept->schema.release = NULL;
        failed = stream_failed(stream, text, size);
    }
    if (failed == 0) {
        failed = keep_batches(kept, stream, text, size);
    }
    stream->release(stream);
    if (failed != 0 && kept != NULL) {
        release_kept(kept);
    }
    return failed == 0 ? kept : NULL;
}

int tarn_bench_fold_kept(struct tarn_bench_kept *kept, char *text, size_t size)
{
    const uint32_t columns = (uint32_t)kept->schema.n_children;
    struct fold_total *totals = calloc((size_t)columns + 1, sizeof(*totals));
    uint64_t rows = 0;
    int failed = totals == NULL ? -1 : 0;
    for (size_t i = 0; i < kept->count && failed == 0; i++) {
        failed = fold_batch(&kept->schema, &kept->batches[i], totals, text, size);
        rows += (uint64_t)kept->batches[i].length;
    }
    if (failed == 0) {
        fold_answer(text, size, rows, columns, totals);
    }
    free(totals);
    release_kept(kept);
    return failed;
}
