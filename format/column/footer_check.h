/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_CHECK_H
#define TARN_FORMAT_COLUMN_FOOTER_CHECK_H

#include "format/column/footer.h"

/**
 * What footer.h promises of row groups and, with `chunks`, of each column chunk (without, they were found sound before). Errors: CORRUPT
 * detail "footer", UNSUPPORTED, NOMEM. Places: row group, column.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_check(const struct tarn_footer *footer, bool chunks, struct tarn_error *err);

/** The same of one chunk, by these facts. What of it is encrypted is not looked at. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_check_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                           const struct tarn_chunk_facts *facts, struct tarn_error *err);

/** Does [offset, offset + size) lie between the leading magic and the footer? */
static inline bool tarn__footer_is_inside(const struct tarn_footer *footer, int64_t offset, int64_t size)
{
    return offset >= 4 && size >= 0 && (uint64_t)offset <= footer->offset && (uint64_t)size <= footer->offset - (uint64_t)offset;
}

/** tarn__footer_chunk_range of facts. */
static inline struct tarn_chunk_range tarn__chunk_facts_range(const struct tarn_chunk_facts *facts)
{
    int64_t begin = facts->data_page_offset;
    /* Some writers leave the dictionary's offset out, or write 0: then data_page_offset is where the dictionary is. */
    if (facts->has_dictionary_page_offset && facts->dictionary_page_offset >= 4 && facts->dictionary_page_offset < begin) {
        begin = facts->dictionary_page_offset;
    }
    return (struct tarn_chunk_range){(uint64_t)begin, (uint64_t)begin + (uint64_t)facts->total_compressed_size};
}

#endif
