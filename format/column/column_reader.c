/* SPDX-License-Identifier: Apache-2.0
 *
 * One leaf of one row group, page by page.
 *
 * Specification: parquet-format README.md "Data Pages", "Nested Encoding", "Nulls". SPEC: P-COL-1 to P-COL-9.
 *
 * Invariants
 *  1. `row` rows are behind; the next level pair to be taken begins a row (repetition level 0).
 *  2. Level pairs of `block` belong to the open page, and so do the values that `values` gives next: no page is left before its block.
 *  3. The page's headers, not the chunk's, say how many slots and which encoding there are; the row group says how many rows.
 */
#include "format/column/column_reader.h"

#include "format/base/checked.h"
#include "format/batch/bitmap.h"

static bool is_repeated(const struct tarn__column_reader *reader)
{
    return reader->options.leaf->max_repetition != 0;
}

/* ---- pages ---- */

static enum tarn_status at_page(const struct tarn__column_reader *reader, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn__error_at_offset(err, reader->at.page.offset);
    }
    return status;
}

static void leave_page(struct tarn__column_reader *reader)
{
    if (reader->at.page.body != NULL && reader->spare == NULL) {
        reader->spare = reader->at.page.body; /* the page's reference goes over; tarn__page_open sees whether a vector holds it too */
        reader->at.page.body = NULL;
    }
    tarn__page_release(&reader->at.page);
    tarn__value_decoder_release(&reader->at.values);
    tarn__buffer_release(reader->at.values_buffer);
    reader->at.values_buffer = NULL;
    reader->at.page_ready = false;
    reader->at.page_opened = false;
    reader->at.slots_left = 0;
}

/* `page` is a dictionary page: it is kept until a page is met that needs it. */
static enum tarn_status keep_dictionary(struct tarn__column_reader *reader, struct tarn_error *err)
{
    if (reader->dictionary_met && reader->dictionary_page.offset == reader->at.page.offset) {
        tarn__page_release(&reader->at.page); /* met again on the way back from a rewind */
        return TARN_OK;
    }
    if (reader->dictionary_met) {
        return at_page(reader, tarn__corrupt(err, "dictionary", "a second dictionary page in one column chunk"), err);
    }
    reader->dictionary_page = reader->at.page;
    reader->dictionary_met = true;
    reader->at.page.holder = NULL; /* the reference went over */
    return TARN_OK;
}

/* What stands between the chunk's begin and its first data page. */
static enum tarn_status seek_dictionary(struct tarn__column_reader *reader, struct tarn_error *err)
{
    struct tarn__column_place *at = &reader->at;
    const uint64_t end = (uint64_t)reader->offsets->pages[0].offset;
    bool ended;
    reader->dictionary_sought = true;
    if (reader->range.begin >= end) {
        return TARN_OK;
    }
    tarn__page_walk_seek(&at->walk, reader->range.begin, end);
    TARN_RETURN_IF_ERROR(tarn__page_next(&at->walk, &at->page, &ended, err));
    if (!ended && at->page.header.type == PARQUET_DICTIONARY_PAGE) {
        return keep_dictionary(reader, err);
    }
    tarn__page_release(&at->page);
    at->walk.values_left = (uint64_t)reader->options.chunk->num_values;
    return TARN_OK;
}

/* Does the page at hand hold the rows that the index says, and does it stand where it says? */
static bool is_as_indexed(const struct tarn__column_reader *reader)
{
    const struct tarn__column_place *at = &reader->at;
    uint64_t first;
    const uint64_t rows = tarn__offset_index_rows(reader->offsets, at->next_page, &first);
    return at->page.header.type != PARQUET_DICTIONARY_PAGE && at->page.offset == (uint64_t)reader->offsets->pages[at->next_page].offset &&
           first == at->row && (is_repeated(reader) || at->page.header.value_count == rows);
}

static enum tarn_status next_indexed(struct tarn__column_reader *reader, struct tarn_error *err)
{
    struct tarn__column_place *at = &reader->at;
    if (!reader->dictionary_sought && reader->offsets->page_count != 0) {
        TARN_RETURN_IF_ERROR(seek_dictionary(reader, err));
    }
    at->ended = at->next_page == reader->offsets->page_count;
    if (at->ended) {
        return TARN_OK;
    }
    const struct parquet_page_location *location = &reader->offsets->pages[at->next_page];
    const uint64_t offset = (uint64_t)location->offset;
    tarn__page_walk_seek(&at->walk, offset, offset + (uint64_t)location->compressed_page_size);
    at->walk.values_left = (uint64_t)reader->options.chunk->num_values;
    at->walk.page_ordinal = at->next_page;
    TARN_RETURN_IF_ERROR(tarn__page_next(&at->walk, &at->page, &at->ended, err));
    if (!at->ended && !is_as_indexed(reader)) {
        return at_page(reader, tarn__corrupt(err, "offset_index", "page %u is not what the offset index says of it", at->next_page), err);
    }
    at->next_page++;
    return TARN_OK;
}

/* Makes `page` the header of the next data page; `ended` when there is none. */
static enum tarn_status next_page(struct tarn__column_reader *reader, struct tarn_error *err)
{
    while (!reader->at.page_ready) {
        TARN_RETURN_IF_ERROR(reader->offsets != NULL ? next_indexed(reader, err)
                                                     : tarn__page_next(&reader->at.walk, &reader->at.page, &reader->at.ended, err));
        if (reader->at.ended) {
            return TARN_OK;
        }
        if (reader->at.page.header.type == PARQUET_DICTIONARY_PAGE) {
            TARN_RETURN_IF_ERROR(keep_dictionary(reader, err));
            continue;
        }
        reader->at.page_ready = true;
        reader->at.slots_left = reader->at.page.header.value_count;
    }
    return TARN_OK;
}

/* Passes over whole pages up to the one that holds row number `*rows` from here; *rows becomes what is left of them. */
static void jump(struct tarn__column_reader *reader, uint64_t *rows)
{
    struct tarn__column_place *at = &reader->at;
    if (reader->offsets == NULL || reader->offsets->page_count == 0) {
        return;
    }
    const uint64_t target = at->row + *rows;
    const uint32_t page = tarn__offset_index_page(reader->offsets, target);
    if (page < at->next_page) {
        return;
    }
    reader->pages_skipped += page - at->next_page + (at->page_ready && !at->page_opened && at->slots_left != 0);
    leave_page(reader);
    at->block_at = at->block_length = 0;
    at->next_page = page;
    at->row = (uint64_t)reader->offsets->pages[page].first_row_index;
    *rows = target - at->row;
}

static enum tarn_status decode_dictionary(struct tarn__column_reader *reader, struct tarn_error *err)
{
    struct tarn_page *page = &reader->dictionary_page;
    const int32_t encoding = page->header.encoding;
    enum tarn_status status;

    if (encoding != PARQUET_ENCODING_PLAIN && encoding != PARQUET_ENCODING_PLAIN_DICTIONARY) {
        status = tarn__corrupt(err, "dictionary", "a dictionary page of encoding %s", tarn__parquet_encoding_name(encoding));
    } else {
        status = tarn__page_open(&reader->at.walk, page, NULL, err);
    }
    if (status == TARN_OK) {
        status = tarn__column_dictionary_make(reader->options.env, reader->options.leaf->type, &reader->rule, page->values,
                                              page->header.value_count, &reader->dictionary, err);
    }
    tarn__page_release(page);
    if (status != TARN_OK) {
        tarn__error_at_offset(err, page->offset);
        return status;
    }
    reader->dictionary_ready = true;
    reader->pages++;
    return TARN_OK;
}

/* The buffer of the page's values: its body, or its part of the chunk. */
static enum tarn_status hold_values(struct tarn__column_reader *reader, struct tarn_error *err)
{
    if (reader->at.page.body != NULL) {
        reader->at.values_buffer = tarn__buffer_retain(reader->at.page.body);
        return TARN_OK;
    }
    const struct tarn_span stored = reader->at.page.stored;
    struct tarn_buffer *holder = reader->at.page.holder;
    if (stored.size == 0) {
        holder = NULL;
    }
    reader->at.values_buffer = holder != NULL ? tarn__buffer_slice(holder, (size_t)(stored.data - holder->data), stored.size)
                                              : tarn__buffer_new(reader->options.env, 0);
    return reader->at.values_buffer != NULL ? TARN_OK : tarn__nomem(reader->options.env, err, sizeof(struct tarn_buffer));
}

static enum tarn_status open_levels(struct tarn__column_reader *reader, struct tarn_span bytes, bool packed, uint16_t max,
                                    struct tarn__level_decoder *decoder, struct tarn_error *err)
{
    const uint32_t slots = reader->at.page.header.value_count;
    const enum tarn_status status =
        packed ? tarn__level_decoder_init_packed(decoder, bytes, (uint8_t)max, slots, reader->options.packed_low_first, err)
               : tarn__level_decoder_init(decoder, bytes, (uint8_t)max, slots, err);
    decoder->kernels = reader->kernels;
    return status;
}

static enum tarn_status open_parts(struct tarn__column_reader *reader, struct tarn_error *err)
{
    struct tarn_page *page = &reader->at.page;
    const struct tarn_leaf *leaf = reader->options.leaf;
    const int32_t encoding = page->header.encoding;
    const uint32_t slots = page->header.value_count;

    TARN_RETURN_IF_ERROR(tarn__page_open(&reader->at.walk, page, &reader->spare, err));
    TARN_RETURN_IF_ERROR(hold_values(reader, err));
    TARN_RETURN_IF_ERROR(open_levels(reader, page->definition, page->definition_packed, leaf->max_definition, &reader->at.definition, err));
    TARN_RETURN_IF_ERROR(open_levels(reader, page->repetition, page->repetition_packed, leaf->max_repetition, &reader->at.repetition, err));
    const bool coded = encoding == PARQUET_ENCODING_PLAIN_DICTIONARY || encoding == PARQUET_ENCODING_RLE_DICTIONARY;
    return tarn__value_decoder_init(&reader->at.values, &reader->rule, encoding, reader->at.values_buffer, page->values, slots,
                                    coded && reader->dictionary_ready ? &reader->dictionary : NULL, err);
}

static enum tarn_status open_page(struct tarn__column_reader *reader, struct tarn_error *err)
{
    const int32_t encoding = reader->at.page.header.encoding;
    const bool coded = encoding == PARQUET_ENCODING_PLAIN_DICTIONARY || encoding == PARQUET_ENCODING_RLE_DICTIONARY;
    if (coded && reader->dictionary_met && !reader->dictionary_ready) {
        TARN_RETURN_IF_ERROR(decode_dictionary(reader, err));
    }
    const enum tarn_status status = open_parts(reader, err);
    if (status != TARN_OK) {
        return at_page(reader, status, err);
    }
    reader->at.page_opened = true;
    reader->pages++;
    return TARN_OK;
}

/* An open page with slots that were not taken. */
static enum tarn_status need_page(struct tarn__column_reader *reader, struct tarn_error *err)
{
    while (!reader->at.page_opened || reader->at.slots_left == 0) {
        if (reader->at.page_ready && reader->at.slots_left == 0) {
            leave_page(reader);
        }
        TARN_RETURN_IF_ERROR(next_page(reader, err));
        if (reader->at.ended) {
            return TARN_OK;
        }
        if (reader->at.slots_left != 0) {
            TARN_RETURN_IF_ERROR(open_page(reader, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status rows_missing(const struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err)
{
    return tarn__corrupt(err, "row_count", "the column ends %llu rows before row %llu that the row group has", (unsigned long long)rows,
                         (unsigned long long)reader->options.row_count);
}

/* ---- columns without nesting: a level pair is a row ---- */

/* The slot of value number `value` among those that begin at the output's end. */
static uint32_t slot_of_value(const struct tarn__column_output *output, uint32_t value)
{
    uint32_t slot = 0;
    while (output->optional) {
        const bool present = tarn__bit_get(output->validity->data, output->length + slot);
        if (present && value-- == 0) {
            break;
        }
        slot++;
    }
    return output->optional ? slot : value;
}

static enum tarn_status read_flat_part(struct tarn__column_reader *reader, uint32_t count, struct tarn_error *err)
{
    struct tarn__column_output *output = &reader->output;
    uint32_t present;

    TARN_RETURN_IF_ERROR(tarn__column_output_reserve(output, count, err));
    uint8_t *validity = output->optional ? output->validity->data : NULL;
    TARN_RETURN_IF_ERROR(tarn__level_decoder_presence(&reader->at.definition, count, validity, output->length, &present, err));
    const enum tarn_status status = tarn__value_decoder_take(&reader->at.values, present, output, err);
    if (status != TARN_OK) {
        if (reader->at.values.bad != UINT32_MAX) {
            tarn__error_at_row(err, reader->options.first_row + reader->at.row + slot_of_value(output, reader->at.values.bad));
        }
        return status;
    }
    tarn__column_output_commit(output, count, present);
    return TARN_OK;
}

static enum tarn_status skip_flat_part(struct tarn__column_reader *reader, uint32_t count, struct tarn_error *err)
{
    uint32_t present;
    TARN_RETURN_IF_ERROR(tarn__level_decoder_presence(&reader->at.definition, count, NULL, 0, &present, err));
    return tarn__value_decoder_skip(&reader->at.values, present, err);
}

static enum tarn_status read_flat(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err)
{
    while (rows != 0) {
        TARN_RETURN_IF_ERROR(need_page(reader, err));
        if (reader->at.ended) {
            return rows_missing(reader, rows, err);
        }
        const uint32_t count = rows < reader->at.slots_left ? (uint32_t)rows : reader->at.slots_left;
        TARN_RETURN_IF_ERROR(at_page(reader, read_flat_part(reader, count, err), err));
        reader->at.slots_left -= count;
        reader->at.row += count;
        rows -= count;
    }
    return TARN_OK;
}

static enum tarn_status skip_flat(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err)
{
    while (rows != 0) {
        if (reader->at.page_ready && reader->at.slots_left == 0) {
            leave_page(reader);
        }
        TARN_RETURN_IF_ERROR(next_page(reader, err));
        if (reader->at.ended) {
            return rows_missing(reader, rows, err);
        }
        const uint32_t count = rows < reader->at.slots_left ? (uint32_t)rows : reader->at.slots_left;
        if (count == reader->at.slots_left) {
            reader->pages_skipped += !reader->at.page_opened;
        } else {
            TARN_RETURN_IF_ERROR(reader->at.page_opened ? TARN_OK : open_page(reader, err));
            TARN_RETURN_IF_ERROR(at_page(reader, skip_flat_part(reader, count, err), err));
        }
        reader->at.slots_left -= count;
        reader->at.row += count;
        rows -= count;
    }
    return TARN_OK;
}

/* ---- nested columns: level pairs are decoded a block ahead, since only the next row's beginning ends a row ---- */

static enum tarn_status fill_block(struct tarn__column_reader *reader, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_page(reader, err));
    if (reader->at.ended) {
        return TARN_OK;
    }
    const uint32_t count = reader->at.slots_left < TARN_LEVEL_BLOCK ? reader->at.slots_left : (uint32_t)TARN_LEVEL_BLOCK;
    TARN_RETURN_IF_ERROR(at_page(reader, tarn__level_decoder_take(&reader->at.repetition, count, reader->at.block_repetition, err), err));
    TARN_RETURN_IF_ERROR(at_page(reader, tarn__level_decoder_take(&reader->at.definition, count, reader->at.block_definition, err), err));
    /* Every page begins with a row but those of version 1, which may split one. */
    const bool begins = reader->at.row == 0 || (reader->at.page.header.type == PARQUET_DATA_PAGE_V2 &&
                                                reader->at.slots_left == reader->at.page.header.value_count);
    if (begins && reader->at.block_repetition[0] != 0) {
        return at_page(reader, tarn__corrupt(err, "level", "a page begins with repetition level %u, not 0", reader->at.block_repetition[0]),
                       err);
    }
    reader->at.slots_left -= count;
    reader->at.block_at = 0;
    reader->at.block_length = count;
    return TARN_OK;
}

static enum tarn_status keep_levels(struct tarn__column_reader *reader, uint32_t at, uint32_t count, struct tarn_error *err)
{
    struct tarn_env *env = reader->options.env;
    const size_t needed = reader->level_count + count;
    if (!tarn__grow(env, &reader->level_definition, &reader->level_definition_capacity, needed, 1) ||
        !tarn__grow(env, &reader->level_repetition, &reader->level_repetition_capacity, needed, 1)) {
        return tarn__nomem(env, err, needed);
    }
    memcpy(reader->level_definition + reader->level_count, reader->at.block_definition + at, count);
    memcpy(reader->level_repetition + reader->level_count, reader->at.block_repetition + at, count);
    reader->level_count = needed;
    return TARN_OK;
}

/* The row, counted from that of pair `at`, which holds value number `value` of the pairs from there on. */
static uint64_t row_of_value(const struct tarn__column_reader *reader, uint32_t at, uint32_t value)
{
    const uint8_t max = (uint8_t)reader->options.leaf->max_definition;
    uint64_t begun = 0;
    for (uint32_t i = at; i < reader->at.block_length; i++) {
        begun += reader->at.block_repetition[i] == 0;
        if (reader->at.block_definition[i] == max && value-- == 0) {
            break;
        }
    }
    return reader->at.row + begun - 1; /* a row that was begun before pair `at` counts in reader->at.row already */
}

/* Pairs [at, at + count) of the block become slots of the vector. */
static enum tarn_status read_pairs(struct tarn__column_reader *reader, uint32_t at, uint32_t count, struct tarn_error *err)
{
    struct tarn__column_output *output = &reader->output;
    const uint8_t max = (uint8_t)reader->options.leaf->max_definition;
    const uint8_t slot_from = (uint8_t)reader->options.slot_definition;
    const struct tarn__level_rule rule = {slot_from, UINT8_MAX, max};
    size_t present;

    TARN_RETURN_IF_ERROR(tarn__column_output_reserve(output, count, err));
    uint8_t *validity = output->optional ? output->validity->data : NULL;
    const uint32_t slots =
        (uint32_t)reader->kernels->level_slots(reader->at.block_definition + at, NULL, count, rule, validity, output->length, &present);
    if (reader->options.keep_levels) {
        TARN_RETURN_IF_ERROR(keep_levels(reader, at, count, err));
    }
    const enum tarn_status status = tarn__value_decoder_take(&reader->at.values, (uint32_t)present, output, err);
    if (status != TARN_OK) {
        if (reader->at.values.bad != UINT32_MAX) {
            tarn__error_at_row(err, reader->options.first_row + row_of_value(reader, at, reader->at.values.bad));
        }
        return status;
    }
    tarn__column_output_commit(output, slots, (uint32_t)present);
    return TARN_OK;
}

static enum tarn_status skip_pairs(struct tarn__column_reader *reader, uint32_t at, uint32_t count, struct tarn_error *err)
{
    const struct tarn__level_rule rule = {(uint8_t)reader->options.leaf->max_definition, UINT8_MAX, 0};
    size_t present;
    reader->kernels->level_slots(reader->at.block_definition + at, NULL, count, rule, NULL, 0, &present);
    return present == 0 ? TARN_OK : tarn__value_decoder_skip(&reader->at.values, (uint32_t)present, err);
}

/* The pairs of the block up to where row number `rows` from here would begin; *begun of them begin rows. */
static uint32_t pairs_of_rows(const struct tarn__column_reader *reader, uint64_t rows, uint64_t *begun)
{
    const uint32_t at = reader->at.block_at;
    return (uint32_t)reader->kernels->row_begin(reader->at.block_repetition + at, reader->at.block_length - at, rows, begun);
}

/*
 * The rows of the page at hand, which was not opened: known outside of lists, and of version 2, whose pages begin and end with a row. As
 * many rows as values are not believed, though lists of one element each have them: Arrow C++ once wrote the one for the other.
 */
static bool rows_of_page(const struct tarn__column_reader *reader, uint64_t *rows)
{
    const struct tarn_page_header *header = &reader->at.page.header;
    if (!is_repeated(reader)) {
        *rows = header->value_count;
        return true;
    }
    const int32_t stated = header->thrift.data_page_header_v2.num_rows;
    *rows = stated < 0 ? 0 : (uint64_t)stated;
    return header->type == PARQUET_DATA_PAGE_V2 && stated >= 0 && *rows < header->value_count;
}

static enum tarn_status skip_whole_pages(struct tarn__column_reader *reader, uint64_t *rows, struct tarn_error *err)
{
    uint64_t page_rows;
    while (reader->at.block_at == reader->at.block_length && reader->at.slots_left == 0) {
        if (reader->at.page_ready) {
            leave_page(reader);
        }
        TARN_RETURN_IF_ERROR(next_page(reader, err));
        if (reader->at.ended || !rows_of_page(reader, &page_rows) || page_rows > *rows) {
            return TARN_OK;
        }
        reader->at.slots_left = 0;
        reader->pages_skipped++;
        reader->at.row += page_rows;
        *rows -= page_rows;
    }
    return TARN_OK;
}

static enum tarn_status pass_nested(struct tarn__column_reader *reader, uint64_t rows, bool skip, struct tarn_error *err)
{
    for (;;) {
        if (reader->at.block_at == reader->at.block_length) {
            if (skip && rows != 0) {
                TARN_RETURN_IF_ERROR(skip_whole_pages(reader, &rows, err));
            }
            if (rows == 0 && !is_repeated(reader)) {
                return TARN_OK; /* no pair can continue the last row */
            }
            TARN_RETURN_IF_ERROR(fill_block(reader, err));
            if (reader->at.ended) {
                return rows == 0 ? TARN_OK : rows_missing(reader, rows, err);
            }
        }
        const uint32_t at = reader->at.block_at;
        uint64_t begun;
        const uint32_t count = pairs_of_rows(reader, rows, &begun);
        if (count == 0) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(at_page(reader, skip ? skip_pairs(reader, at, count, err) : read_pairs(reader, at, count, err), err));
        reader->at.block_at += count;
        reader->at.row += begun;
        rows -= begun;
    }
}

/* ---- the reader ---- */

static struct tarn__converter integer_rule(const struct tarn_leaf *leaf, enum tarn_kind kind, uint32_t stored, uint32_t width)
{
    static const uint8_t narrow[] = {
        [TARN_KIND_I8] = TARN_CONVERT_INT32_TO_I8,   [TARN_KIND_I16] = TARN_CONVERT_INT32_TO_I16, [TARN_KIND_U8] = TARN_CONVERT_INT32_TO_U8,
        [TARN_KIND_U16] = TARN_CONVERT_INT32_TO_U16, [TARN_KIND_I64] = TARN_CONVERT_INT32_TO_I64,
    };
    enum tarn__conversion conversion = TARN_CONVERT_NONE;
    if (width > 8) {
        conversion = TARN_CONVERT_INT_TO_WIDE;
    } else if (stored == width) {
        conversion = TARN_CONVERT_NUMBERS;
    } else if (leaf->physical == PARQUET_INT64 && kind == TARN_KIND_I32) {
        conversion = TARN_CONVERT_INT64_TO_I32;
    } else if (leaf->physical == PARQUET_INT32 && (size_t)kind < sizeof(narrow)) {
        conversion = (enum tarn__conversion)narrow[kind];
    }
    return (struct tarn__converter){conversion, stored, width, 0};
}

static struct tarn__converter converter_of(const struct tarn_leaf *leaf)
{
    const enum tarn_kind kind = tarn_type_kind(leaf->type);
    const uint32_t width = tarn_type_width(leaf->type);
    const uint32_t stored = leaf->width;
    enum tarn__conversion conversion = TARN_CONVERT_NONE;

    switch (leaf->physical) {
    case PARQUET_BOOLEAN:
        conversion = kind == TARN_KIND_BOOL ? TARN_CONVERT_BITS : TARN_CONVERT_NONE;
        break;
    case PARQUET_INT32:
    case PARQUET_INT64:
        return integer_rule(leaf, kind, stored, width);
    case PARQUET_INT96:
        conversion = kind == TARN_KIND_I64    ? TARN_CONVERT_INT96_TO_MICROS
                     : kind == TARN_KIND_I128 ? TARN_CONVERT_INT96_TO_NANOS
                                              : TARN_CONVERT_BYTES;
        break;
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        conversion = stored == width ? TARN_CONVERT_NUMBERS : TARN_CONVERT_NONE;
        break;
    default:
        if (leaf->type->id == TARN_TYPE_DECIMAL) {
            conversion = kind == TARN_KIND_FIXED ? TARN_CONVERT_DECIMAL_FIXED : TARN_CONVERT_DECIMAL;
        } else if (leaf->type->id == TARN_TYPE_INTERVAL) {
            conversion = stored == 12 ? TARN_CONVERT_INTERVAL : TARN_CONVERT_NONE;
        } else if (leaf->type->id == TARN_TYPE_TIMESTAMP) {
            conversion = kind == TARN_KIND_I64 ? TARN_CONVERT_TICKS_TO_MICROS : TARN_CONVERT_TICKS_TO_NANOS;
        } else if (leaf->physical == PARQUET_BYTE_ARRAY) {
            conversion = kind == TARN_KIND_BYTES ? TARN_CONVERT_VIEWS : TARN_CONVERT_NONE;
        } else if (kind == TARN_KIND_BYTES) {
            return (struct tarn__converter){TARN_CONVERT_BYTES, stored, stored, 0};
        } else if (stored == width && width != 0) {
            conversion = kind == TARN_KIND_F16 ? TARN_CONVERT_NUMBERS : kind == TARN_KIND_FIXED ? TARN_CONVERT_BYTES : TARN_CONVERT_NONE;
        }
        break;
    }
    return (struct tarn__converter){conversion, stored, width, leaf->stored_digits};
}

enum tarn_status tarn__value_rule_of(const struct tarn_leaf *leaf, struct tarn__value_rule *out, struct tarn_error *err)
{
    *out = (struct tarn__value_rule){.converter = converter_of(leaf), .physical_type = leaf->physical};
    if (leaf->unsupported != NULL) {
        return tarn__unsupported(err, leaf->unsupported, "the column needs a feature of Parquet that this version does not read");
    }
    if (leaf->malformed != NULL) {
        return tarn__corrupt(err, "annotation", "the column is annotated wrongly: %s", leaf->malformed);
    }
    if (leaf->max_definition > UINT8_MAX || leaf->max_repetition > UINT8_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "levels", "levels up to %u are more than the 255 that can be read",
                               (unsigned)leaf->max_definition);
    }
    if (out->converter.conversion == TARN_CONVERT_NONE && leaf->type->id != TARN_TYPE_NULL) {
        return tarn__internal(err, "no conversion from %s to the column's type", tarn__parquet_type_name(leaf->physical));
    }
    out->check_utf8 = leaf->type->id == TARN_TYPE_STRING || leaf->type->id == TARN_TYPE_JSON || leaf->type->id == TARN_TYPE_ENUM;
    return TARN_OK;
}

enum tarn_status tarn__column_reader_init(struct tarn__column_reader *reader, const struct tarn__column_reader_options *options,
                                          struct tarn_error *err)
{
    const struct tarn_leaf *leaf = options->leaf;
    memset(reader, 0, sizeof(*reader));
    reader->options = *options;
    reader->kernels = tarn__decode_kernels_of(options->env);
    enum tarn_status status = tarn__value_rule_of(leaf, &reader->rule, err);
    if (status == TARN_OK) {
        status = tarn__codec_check(options->chunk->codec, err);
    }
    if (status == TARN_OK && options->footer != NULL) {
        status = tarn__footer_cipher(options->footer, options->row_group, (uint32_t)(leaf - options->footer->schema->leaves),
                                     &reader->cipher, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_column(err, leaf->path);
        return status;
    }
    reader->rule.check_utf8 = reader->rule.check_utf8 && !options->invalid_utf8_as_is;
    tarn__column_output_init(&reader->output, options->env, leaf->type, leaf->max_definition > options->slot_definition);
    if (tarn_type_kind(leaf->type) == TARN_KIND_BYTES && leaf->width != 0) {
        tarn__column_output_fixed_text(&reader->output, leaf->width, reader->rule.check_utf8);
    }
    return TARN_OK;
}

static void start_walk(struct tarn__column_reader *reader, struct tarn_codec_context *codec_context)
{
    const struct tarn__column_reader_options *options = &reader->options;
    reader->at.walk = (struct tarn_page_walk){
        .env = options->env,
        .codec_context = codec_context,
        .offset = reader->range.begin,
        .values_left = (uint64_t)options->chunk->num_values,
        .page_limit = options->page_limit,
        .cipher = reader->cipher,
        .codec = options->chunk->codec,
        .max_definition = options->leaf->max_definition,
        .max_repetition = options->leaf->max_repetition,
        .no_crc = options->no_crc,
    };
}

void tarn__column_reader_start(struct tarn__column_reader *reader, struct tarn_codec_context *codec_context, struct tarn_buffer *bytes)
{
    reader->range = tarn__footer_chunk_range(reader->options.chunk);
    start_walk(reader, codec_context);
    reader->at.walk.rest = tarn__buffer_span(bytes);
    reader->at.walk.holder = tarn__buffer_retain(bytes);
}

void tarn__column_reader_start_from(struct tarn__column_reader *reader, struct tarn_codec_context *codec_context,
                                    struct tarn_page_source source, struct tarn_chunk_range range, const struct tarn_offset_index *offsets)
{
    reader->range = range;
    reader->offsets = offsets;
    start_walk(reader, codec_context);
    reader->at.walk.source = source;
    reader->at.walk.end = range.end;
}

void tarn__column_reader_free(struct tarn__column_reader *reader)
{
    struct tarn_env *env = reader->options.env;
    leave_page(reader);
    tarn__buffer_release(reader->spare);
    tarn__page_walk_release(&reader->at.walk);
    tarn__page_release(&reader->dictionary_page);
    tarn__column_dictionary_free(&reader->dictionary);
    tarn__column_output_free(&reader->output);
    tarn__free(env, reader->level_definition);
    tarn__free(env, reader->level_repetition);
    tarn__column_cipher_close(reader->cipher);
}

void tarn__column_reader_begin(struct tarn__column_reader *reader)
{
    tarn__column_output_begin(&reader->output);
    reader->level_count = 0;
}

/* References of its own for a place that was copied. */
static void hold_place(struct tarn__column_place *place)
{
    tarn__buffer_retain(place->page.body);
    tarn__buffer_retain(place->page.holder);
    tarn__buffer_retain(place->values_buffer);
    tarn__value_decoder_retain(&place->values);
    tarn__buffer_retain(place->walk.holder);
}

void tarn__column_reader_mark(const struct tarn__column_reader *reader, struct tarn__column_place *place)
{
    *place = reader->at;
    hold_place(place);
}

void tarn__column_reader_rewind(struct tarn__column_reader *reader, const struct tarn__column_place *place)
{
    tarn__column_place_release(&reader->at);
    reader->at = *place;
    hold_place(&reader->at);
}

void tarn__column_place_release(struct tarn__column_place *place)
{
    tarn__page_release(&place->page);
    tarn__page_walk_release(&place->walk);
    tarn__value_decoder_release(&place->values);
    tarn__buffer_release(place->values_buffer);
    place->values_buffer = NULL;
}

static enum tarn_status pass(struct tarn__column_reader *reader, uint64_t rows, bool skip, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    if (skip && rows != 0) {
        jump(reader, &rows);
    }
    if (rows == 0) {
        return TARN_OK;
    }
    if (reader->options.keep_levels || is_repeated(reader)) {
        status = pass_nested(reader, rows, skip, err);
    } else {
        status = skip ? skip_flat(reader, rows, err) : read_flat(reader, rows, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_column(err, reader->options.leaf->path);
    }
    return status;
}

enum tarn_status tarn__column_reader_read(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err)
{
    return pass(reader, rows, false, err);
}

enum tarn_status tarn__column_reader_skip(struct tarn__column_reader *reader, uint64_t rows, struct tarn_error *err)
{
    return pass(reader, rows, true, err);
}
