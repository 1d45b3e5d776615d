/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_PASS_H
#define TARN_FORMAT_COLUMN_FOOTER_PASS_H

#include "format/column/footer.h"

/*
 * The one pass over a footer's bytes: everything but the column chunks is decoded, and of these the places are noted. On the way each chunk
 * is held against the file, as far as a glance goes.
 */

/** What the pass thought of the leaves, and whether all chunks were sound if it thought right. */
struct tarn_footer_pass {
    const uint8_t *rules; /**< of each leaf: physical type, and TARN_PASS_REPEATED; NULL: the schema was no help */
    uint32_t rule_count;
    size_t used; /**< bytes of the footer: behind them may be a signature */
    bool sound;
};

enum { TARN_PASS_REPEATED = 0x80 };

/** Fills metadata and groups. Errors: CORRUPT detail "thrift", LIMIT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_pass(struct tarn_footer *footer, struct tarn_footer_pass *pass, struct tarn_error *err);

/** With the schema read: do the chunks need no second look? */
bool tarn__footer_pass_is_proof(const struct tarn_footer *footer, const struct tarn_footer_pass *pass);

/** Did files by this name leave the dictionary page's header out of the size of a chunk? */
bool tarn__footer_has_short_chunks(struct tarn_text created_by);

#endif
