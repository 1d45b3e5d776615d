/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_KEY_RING_H
#define TARN_FORMAT_CRYPT_KEY_RING_H

#include "format/crypt/key_store.h"

/*
 * The keys of one file: those that its opener gave, those that the env's hooks gave, each asked for once.
 * Threads: shareable.
 */

/** What the opener of a file says of its encryption. All may be empty; copied by who keeps it. */
struct tarn__given_keys {
    struct tarn_text object; /**< for the hooks */
    uint32_t count;
    const struct tarn_parquet_key *keys;
    struct tarn_text aad_prefix;
};

struct tarn__key_ring;

/** `given` NULL: nothing. Errors: INVALID detail "key_length", NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__key_ring_open(struct tarn_env *env, const struct tarn__given_keys *given,
                                                      struct tarn__key_ring **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__key_ring_close(struct tarn__key_ring *ring);

/** Which key. */
struct tarn__key_wish {
    uint32_t number;           /**< 0: the footer's; 1 + i: of leaf number i */
    struct tarn_text column;   /**< dotted path; empty: the footer */
    struct tarn_span metadata; /**< data NULL: none */
};

/** *out NULL with OK: there is no such key. It lives as long as the ring. Errors: INVALID "key_length", those of the hook, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__key_ring_find(struct tarn__key_ring *ring, const struct tarn__key_wish *wish,
                                                      const struct tarn__key **out, struct tarn_error *err);

/** The prefix that the caller insists on; empty: none. It lives as long as the ring. Errors: those of the hook, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__key_ring_aad_prefix(struct tarn__key_ring *ring, struct tarn_text *out, struct tarn_error *err);

#endif
