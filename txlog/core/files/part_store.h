/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILES_PART_STORE_H
#define TARN_TXLOG_CORE_FILES_PART_STORE_H

#include "tarn/store.h"

/*
 * A store for one Parquet file that is to become the later part of another one: what a sink writes to it goes to an object that is being
 * written, behind what that has, but for the magic at its begin and the footer at its end, which is kept.
 *
 * The sink is told that its writer stands where the object does, so that every offset it records, in its footer and in its indexes, is
 * right in the object. It appends the footer in one piece, as the last one, which is why the last piece is held back.
 */

/** `into` is borrowed; bytes go there while it is set. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__part_store_open(struct tarn_env *env, struct tarn_object_writer *into, struct tarn_store **out,
                                                        struct tarn_error *err);

/** The serialised FileMetaData of the part, once its sink has finished; borrowed from the store. Errors: INTERNAL. */
TARN_WARN_UNUSED enum tarn_status tarn__part_store_footer(struct tarn_store *store, struct tarn_span *out, struct tarn_error *err);

#endif
