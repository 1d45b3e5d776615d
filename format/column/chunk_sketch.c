/* SPDX-License-Identifier: Apache-2.0
 *
 * Bloom filters and geospatial statistics of a chunk, gathered.
 *
 * Specification: parquet-format BloomFilter.md, Geospatial.md. SPEC: P-BLOOM-WRITE-3, P-BLOOM-WRITE-4, P-GEO-1 to P-GEO-4.
 */
#include "format/column/chunk_sketch.h"

#include "format/base/bytes.h"

enum {
    LENGTH_BYTES = 4,
    BLOCK_BYTES = 32,
    LARGEST_SHARE = 4, /* AUTO: a filter takes at most one part in so many of what it saves to read */
};
/* AUTO: a filter that is wrong more often leads nobody past the chunk. */
#define MOST_FALSE_POSITIVES 0.25

/* Booleans have two values, geometries are not searched by equality, and what has no bytes of its own cannot be hashed. */
static bool can_have_bloom(const struct tarn_type *type, const struct tarn__leaf_form *form)
{
    return form->kind != TARN_KIND_BOOL && form->kind != TARN_KIND_NULL && form->kind != TARN_KIND_NESTED &&
           type->id != TARN_TYPE_GEOMETRY && type->id != TARN_TYPE_GEOGRAPHY;
}

/* Types whose values are looked up one by one, rather than by ranges. */
static bool is_looked_up(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_U32:
    case TARN_TYPE_U64:
    case TARN_TYPE_STRING:
    case TARN_TYPE_ENUM:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        return type->precision == 0 && !type->wide; /* no decimals as bytes, no parts of variants */
    default:
        return false;
    }
}

void tarn__chunk_sketch_init(struct tarn__chunk_sketch *sketch, struct tarn_env *env, const struct tarn_type *type,
                             const struct tarn__leaf_form *form, const struct tarn__bloom_options *bloom)
{
    const bool wanted = bloom->wanted == TARN_CHOICE_YES || (bloom->wanted == TARN_CHOICE_AUTO && is_looked_up(type));

    *sketch = (struct tarn__chunk_sketch){.has_bloom = wanted && can_have_bloom(type, form),
                                          .has_geo = type->id == TARN_TYPE_GEOMETRY || type->id == TARN_TYPE_GEOGRAPHY,
                                          .wanted = bloom->wanted,
                                          .type = type};
    tarn__bloom_builder_init(&sketch->bloom, env, bloom->distinct, bloom->false_positives);
    tarn__chunk_sketch_reset(sketch);
}

void tarn__chunk_sketch_free(struct tarn__chunk_sketch *sketch)
{
    tarn__bloom_builder_free(&sketch->bloom);
}

void tarn__chunk_sketch_reset(struct tarn__chunk_sketch *sketch)
{
    tarn__bloom_builder_reset(&sketch->bloom);
    if (sketch->has_geo) {
        tarn__geo_bounds_init(&sketch->geo, sketch->type->id == TARN_TYPE_GEOGRAPHY);
    }
}

bool tarn__chunk_sketch_add_plain(struct tarn__chunk_sketch *sketch, const struct tarn__leaf_form *form, const uint8_t *values,
                                  size_t count)
{
    const uint8_t *at = values;

    for (size_t i = 0; sketch->has_geo && i < count; i++) {
        const uint32_t size = tarn__load32(at);
        tarn__geo_bounds_add(&sketch->geo, (struct tarn_span){at + LENGTH_BYTES, size});
        at += LENGTH_BYTES + (size_t)size;
    }
    if (!sketch->has_bloom) {
        return true;
    }
    return form->kind == TARN_KIND_BYTES ? tarn__bloom_builder_add_plain(&sketch->bloom, values, count)
                                         : tarn__bloom_builder_add_fixed(&sketch->bloom, values, form->width, count);
}

bool tarn__chunk_sketch_add_dictionary(struct tarn__chunk_sketch *sketch, const struct tarn__leaf_form *form,
                                       const struct tarn__dictionary_builder *dictionary)
{
    return tarn__chunk_sketch_add_plain(sketch, form, dictionary->plain->data, dictionary->count);
}

/* Do the pages' bounds lead to the one page, or the few neighbours, that a value can be in? */
static bool bounds_lead(const struct tarn__chunk_pages *pages)
{
    const struct tarn__value_facts *before = NULL;
    bool ascending = pages->order != TARN_STORED_NONE && pages->count > 1;
    bool descending = ascending;

    for (uint32_t i = 0; (ascending || descending) && i < pages->count; i++) {
        const struct tarn__value_facts *page = &pages->pages[i].values;
        if (page->values == 0) {
            continue;
        }
        if (!page->has_min || !page->has_max) {
            return false;
        }
        ascending = ascending && (before == NULL || tarn__stored_compare(pages->order, before->max, page->min) <= 0);
        descending = descending && (before == NULL || tarn__stored_compare(pages->order, before->min, page->max) >= 0);
        before = page;
    }
    return ascending || descending;
}

void tarn__chunk_sketch_bloom(struct tarn__chunk_sketch *sketch, const struct tarn__chunk_outline *chunk, struct tarn_bloom_filter *out)
{
    *out = (struct tarn_bloom_filter){0};
    if (!sketch->has_bloom) {
        return;
    }
    const bool may_choose = sketch->wanted == TARN_CHOICE_AUTO;
    if (may_choose && (chunk->all_dictionary || bounds_lead(chunk->pages))) {
        return;
    }
    tarn__bloom_builder_finish(&sketch->bloom, out);
    if (may_choose && ((uint64_t)out->block_count * BLOCK_BYTES > chunk->stored_bytes / LARGEST_SHARE ||
                       tarn__bloom_filter_false_positives(out) > MOST_FALSE_POSITIVES)) {
        *out = (struct tarn_bloom_filter){0};
    }
}
