/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over FileMetaData; column chunks decoded on demand.
 *
 * Specification: parquet.thrift. SPEC: P-FOOTER-7, P-FOOTER-11 to P-FOOTER-13.
 *
 * Invariants
 *  1. A chunk whose place is noted is one that the table of ColumnChunk takes at the depth where it stands.
 *  2. `sound` is a shortcut: it is true only when footer_check.c would pass every chunk by the rules, and the rules are compared with the
 *     schema before it is believed.
 */
#include "format/column/footer_pass.h"

#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "format/column/footer_check.h"
#include "format/column/footer_crypt.h"

enum {
    CHUNK_DEPTH = 4, /* file, its row groups, a row group, its columns */
    MOST_GROUPS = 256,
    OLD_HEADER = 100 /* the most that the header of a dictionary page took in files of old parquet-mr */
};

struct pass {
    struct tarn_footer *footer;
    struct tarn_footer_pass *out;
    uint8_t *rules;
    uint32_t group_count;
    uint32_t group_room;
    uint32_t *offsets; /* of the row group at hand */
    uint32_t leaf;
};

/* ---- rules ---- */

/* The leaves of a schema in order, of which only this much matters yet. False: leave it to those who say what is wrong. */
static bool rules_of(const struct parquet_file_metadata *metadata, uint8_t *rules, uint32_t *count)
{
    struct {
        uint32_t left;
        bool repeated;
    } around[MOST_GROUPS];
    uint32_t depth = 0;
    *count = 0;
    if (metadata->schema.count == 0) {
        return false;
    }
    around[0].left = (uint32_t)metadata->schema.items[0].num_children;
    around[0].repeated = false;
    for (uint32_t i = 1; i < metadata->schema.count; i++) {
        const struct parquet_schema_element *element = &metadata->schema.items[i];
        while (around[depth].left == 0) {
            if (depth-- == 0) {
                return false;
            }
        }
        around[depth].left--;
        const bool repeated = around[depth].repeated || (element->has_repetition_type && element->repetition_type == PARQUET_REPEATED);
        if (element->has_type) {
            rules[(*count)++] = (uint8_t)((element->type & ~TARN_PASS_REPEATED) | (repeated ? TARN_PASS_REPEATED : 0));
        } else if (++depth < MOST_GROUPS) {
            around[depth].left = element->num_children > 0 ? (uint32_t)element->num_children : 0;
            around[depth].repeated = repeated;
        } else {
            return false;
        }
    }
    return true;
}

static enum tarn_status begin_groups(void *arg, uint32_t count, struct tarn_error *err)
{
    struct pass *pass = arg;
    struct tarn_footer *footer = pass->footer;
    footer->groups = tarn__arena_calloc(&footer->arena, (size_t)count + 1, sizeof(*footer->groups));
    pass->rules = tarn__arena_alloc(&footer->arena, (size_t)footer->metadata.schema.count + 1);
    if (footer->groups == NULL || pass->rules == NULL) {
        return tarn__nomem(footer->env, err, ((uint64_t)count + 1) * sizeof(*footer->groups));
    }
    pass->group_room = count;
    if (rules_of(&footer->metadata, pass->rules, &pass->out->rule_count)) {
        pass->out->rules = pass->rules;
    } else {
        pass->out->sound = false;
        pass->out->rule_count = 0;
    }
    return TARN_OK;
}

static enum tarn_status take_group(void *arg, struct tarn_span bytes, uint32_t depth, void *item, size_t *used, struct tarn_error *err)
{
    (void)arg;
    (void)bytes;
    (void)depth;
    (void)item;
    (void)err;
    *used = 0; /* the table knows row groups; it was only their number that was wanted */
    return TARN_OK;
}

/* ---- chunks ---- */

static enum tarn_status begin_chunks(void *arg, uint32_t count, struct tarn_error *err)
{
    struct pass *pass = arg;
    struct tarn_footer *footer = pass->footer;
    pass->offsets = tarn__arena_calloc(&footer->arena, (size_t)count + 1, sizeof(*pass->offsets));
    if (pass->offsets == NULL) {
        return tarn__nomem(footer->env, err, ((uint64_t)count + 1) * sizeof(*pass->offsets));
    }
    if (pass->group_count == pass->group_room) { /* no list of row groups is this one's: cannot be */
        return tarn__internal(err, "columns outside of a row group");
    }
    footer->groups[pass->group_count++] = (struct tarn_footer_group){pass->offsets, count, -1};
    pass->leaf = 0;
    return TARN_OK;
}

/* A glance: is all of footer_check.c's check_chunk kept? The row group's rows are not known yet. */
static bool is_sound(const struct tarn_footer *footer, const struct tarn_chunk_facts *facts, uint8_t rule, int64_t *flat_values)
{
    if (!facts->has_meta_data || facts->crypto || facts->file_path.size != 0 || facts->type != (rule & ~TARN_PASS_REPEATED) ||
        (facts->num_values | facts->total_uncompressed_size | facts->total_compressed_size | facts->data_page_offset) < 0) {
        return false;
    }
    if ((rule & TARN_PASS_REPEATED) == 0) {
        if (*flat_values != facts->num_values && *flat_values != -1) {
            return false;
        }
        *flat_values = facts->num_values;
    }
    return (facts->num_values == 0 ||
            tarn__footer_is_inside(footer, (int64_t)tarn__chunk_facts_range(facts).begin, facts->total_compressed_size)) &&
           facts->has_offset_index_offset == facts->has_offset_index_length &&
           facts->has_column_index_offset == facts->has_column_index_length &&
           (!facts->has_offset_index_offset || tarn__footer_is_inside(footer, facts->offset_index_offset, facts->offset_index_length)) &&
           (!facts->has_column_index_offset || tarn__footer_is_inside(footer, facts->column_index_offset, facts->column_index_length));
}

/* The table's word on an unusual chunk. */
static enum tarn_status decode_apart(const struct tarn_footer *footer, struct tarn_span bytes, struct tarn_chunk_facts *facts, size_t *used,
                                     struct tarn_error *err)
{
    struct tarn_arena arena;
    struct parquet_column_chunk chunk;
    struct tarn_thrift_progress progress;
    tarn__arena_init(&arena, footer->env);
    const enum tarn_status status =
        tarn__thrift_decode_with(&tarn__parquet_column_chunk, bytes, CHUNK_DEPTH, NULL, 0, &arena, &chunk, &progress, err);
    if (status == TARN_OK) {
        tarn__chunk_facts_of(&chunk, facts);
    }
    tarn__arena_free(&arena);
    *used = progress.used;
    return status;
}

static enum tarn_status take_chunk(void *arg, struct tarn_span bytes, uint32_t depth, void *item, size_t *used, struct tarn_error *err)
{
    struct pass *pass = arg;
    struct tarn_footer *footer = pass->footer;
    struct tarn_chunk_facts facts;
    (void)depth;
    (void)item;
    const uint8_t *end = tarn__chunk_walk(bytes.data, bytes.data + bytes.size, &facts);
    *used = end != NULL ? (size_t)(end - bytes.data) : 0;
    if (end == NULL) {
        TARN_RETURN_IF_ERROR(decode_apart(footer, bytes, &facts, used, err));
    }
    const uint32_t leaf = pass->leaf++;
    const uint32_t at = (uint32_t)(bytes.data - footer->bytes.data);
    pass->offsets[leaf] = at;
    pass->offsets[leaf + 1] = at + (uint32_t)*used;
    if (pass->out->sound) {
        int64_t *flat_values = &footer->groups[pass->group_count - 1].flat_values;
        pass->out->sound = leaf < pass->out->rule_count && is_sound(footer, &facts, pass->rules[leaf], flat_values);
    }
    return TARN_OK;
}

/* ---- schema elements ---- */

static enum tarn_status begin_elements(void *arg, uint32_t count, struct tarn_error *err)
{
    (void)arg;
    return count <= TARN_SCHEMA_LIMIT
               ? TARN_OK
               : tarn__error_set(err, TARN_LIMIT, "columns", "a schema of %u elements is larger than the limit of %d", count,
                                 (int)TARN_SCHEMA_LIMIT);
}

static enum tarn_status take_element(void *arg, struct tarn_span bytes, uint32_t depth, void *item, size_t *used, struct tarn_error *err)
{
    (void)arg;
    (void)err;
    const uint8_t *end = tarn__schema_element_walk(bytes.data, bytes.data + bytes.size, depth, item);
    *used = end != NULL ? (size_t)(end - bytes.data) : 0;
    if (end == NULL) {
        memset(item, 0, sizeof(struct parquet_schema_element));
    }
    return TARN_OK;
}

/* ---- the pass ---- */

enum tarn_status tarn__footer_pass(struct tarn_footer *footer, struct tarn_footer_pass *pass, struct tarn_error *err)
{
    struct tarn_thrift_progress progress;
    struct pass state = {.footer = footer, .out = pass};
    const struct tarn_thrift_taker takers[] = {
        {.of = &tarn__parquet_schema_element, .begin = begin_elements, .take = take_element, .arg = &state},
        {.of = &tarn__parquet_thrift_row_group, .begin = begin_groups, .take = take_group, .arg = &state},
        {.of = &tarn__parquet_column_chunk, .drops = true, .begin = begin_chunks, .take = take_chunk, .arg = &state},
    };
    *pass = (struct tarn_footer_pass){.sound = true};
    const enum tarn_status status =
        tarn__thrift_decode_with(&tarn__parquet_file_metadata, footer->bytes, 0, takers, sizeof(takers) / sizeof(takers[0]), &footer->arena,
                                 &footer->metadata, &progress, err);
    pass->used = progress.used;
    return status;
}

bool tarn__footer_pass_is_proof(const struct tarn_footer *footer, const struct tarn_footer_pass *pass)
{
    if (!pass->sound || (footer->metadata.row_groups.count != 0 && pass->rule_count != footer->schema->leaf_count)) {
        return false;
    }
    for (uint32_t i = 0; i < pass->rule_count; i++) {
        const struct tarn_leaf *leaf = &footer->schema->leaves[i];
        if ((pass->rules[i] & ~TARN_PASS_REPEATED) != leaf->physical ||
            ((pass->rules[i] & TARN_PASS_REPEATED) != 0) != (leaf->max_repetition != 0)) {
            return false;
        }
    }
    return true;
}

/* ---- on demand ---- */

/* "parquet-mr version 1.2.8 ..." and older: left the dictionary page's header out of the size of a chunk. */
bool tarn__footer_has_short_chunks(struct tarn_text created_by)
{
    static const unsigned fixed[3] = {1, 2, 9};
    const struct tarn_text name = TARN_TEXT("parquet-mr");
    const struct tarn_text word = TARN_TEXT(" version ");
    if (!tarn__text_starts(created_by, name)) {
        return false;
    }
    size_t at = name.size;
    if (!tarn__text_starts((struct tarn_text){created_by.data + at, created_by.size - at}, word)) {
        return at == created_by.size;
    }
    at += word.size;
    for (int part = 0; part < 3; part++) {
        unsigned number = 0;
        for (; at < created_by.size && tarn__is_digit(created_by.data[at]) && number < 1000; at++) {
            number = number * 10 + (unsigned)(created_by.data[at] - '0');
        }
        if (number != fixed[part]) {
            return number < fixed[part];
        }
        at += at < created_by.size && created_by.data[at] == '.';
    }
    return false;
}

/* What such a header can take, as far as the file goes: bytes behind the last page are passed over anyway. */
static int64_t left_out(const struct tarn_footer *footer, int64_t num_values, struct tarn_chunk_range range)
{
    const uint64_t room = footer->offset - range.end;
    return !footer->has_short_chunks || num_values == 0 ? 0 : room < OLD_HEADER ? (int64_t)room : OLD_HEADER;
}

static struct tarn_span chunk_bytes(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf)
{
    const uint32_t *offsets = footer->groups[row_group].offsets + leaf;
    return (struct tarn_span){footer->bytes.data + offsets[0], offsets[1] - offsets[0]};
}

const struct parquet_row_group *tarn__footer_row_group(const struct tarn_footer *footer, uint32_t row_group)
{
    return &footer->metadata.row_groups.items[row_group];
}

enum tarn_status tarn__footer_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_arena *arena,
                                    const struct parquet_column_chunk **out, struct tarn_error *err)
{
    struct tarn_thrift_progress progress;
    struct parquet_column_chunk *chunk = tarn__arena_alloc(arena, sizeof(*chunk));
    *out = NULL;
    if (chunk == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*chunk));
    }
    TARN_RETURN_IF_ERROR(tarn__thrift_decode_with(&tarn__parquet_column_chunk, chunk_bytes(footer, row_group, leaf), CHUNK_DEPTH, NULL, 0,
                                                  arena, chunk, &progress, err));
    struct parquet_column_metadata *metadata = &chunk->meta_data;
    TARN_RETURN_IF_ERROR(tarn__footer_decrypt_chunk(footer, row_group, leaf, arena, chunk, err));
    metadata->total_compressed_size += left_out(footer, metadata->num_values, tarn__footer_chunk_range(metadata));
    *out = chunk;
    return TARN_OK;
}

enum tarn_status tarn__footer_chunk_facts(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_chunk_facts *out,
                                          struct tarn_error *err)
{
    size_t used;
    const struct tarn_span bytes = chunk_bytes(footer, row_group, leaf);
    if (tarn__chunk_walk(bytes.data, bytes.data + bytes.size, out) == NULL) {
        TARN_RETURN_IF_ERROR(decode_apart(footer, bytes, out, &used, err));
    }
    out->total_compressed_size += left_out(footer, out->num_values, tarn__chunk_facts_range(out));
    return TARN_OK;
}

bool tarn__footer_chunk_place(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_chunk_range *out)
{
    struct tarn_chunk_facts facts;
    *out = (struct tarn_chunk_range){0, 0};
    if (tarn__footer_chunk_facts(footer, row_group, leaf, &facts, NULL) != TARN_OK || !facts.has_meta_data || facts.num_values == 0) {
        return false;
    }
    *out = tarn__chunk_facts_range(&facts);
    return true;
}

enum tarn_status tarn__footer_chunk_find(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_chunk_range *out,
                                         struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk;
    struct tarn_chunk_facts facts;
    struct tarn_arena arena;
    *out = (struct tarn_chunk_range){0, 0};
    TARN_RETURN_IF_ERROR(tarn__footer_chunk_facts(footer, row_group, leaf, &facts, err));
    if (!facts.crypto || footer->cipher == NULL) {
        *out = facts.num_values != 0 ? tarn__chunk_facts_range(&facts) : *out;
        return TARN_OK;
    }
    tarn__arena_init(&arena, footer->env);
    const enum tarn_status status = tarn__footer_chunk(footer, row_group, leaf, &arena, &chunk, err);
    if (status == TARN_OK && chunk->meta_data.num_values != 0) {
        *out = tarn__footer_chunk_range(&chunk->meta_data);
    }
    tarn__arena_free(&arena);
    return status;
}
