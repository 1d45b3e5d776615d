/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_SEAL_H
#define TARN_TXLOG_DELTA_DELTA_SEAL_H

#include "format/base/digest.h"
#include "tarn/signing.h"
#include "txlog/core/transaction.h"
#include "txlog/core/upkeep.h"
#include "txlog/delta/delta_state.h"

/*
 * The sealed log: what a commit of tarn says of those before it, in `commitInfo.tarn`, which other engines pass over.
 *
 *   "tarn":{"v":1,"prev":HEX,"since":N,"others":HEX,"files":HEX,"content":{PATH:HEX,...},"key":HEX,"sig":HEX}
 *
 * prev: BLAKE2b-256 of the bytes of the commit below; missing in the first. since, others: commits of other writers directly below it, from
 * version N on, carry no record; `others` is the digest of their digests, in order, without that of `prev`. files: the digest of the lines
 * "path NUL size NUL content LF" of the added files, sorted; content: of files that this commit brought, where it is signed. sig: Ed25519
 * over "tarn commit VERSION DIGEST", where DIGEST is that of the commit's bytes with the digits of `sig` as zeros.
 */
enum { TARN__HEX_DIGEST = 2 * TARN__BLAKE2B_SIZE, TARN__HEX_SIGNATURE = 2 * TARN_SIGNATURE_SIZE };

struct tarn__seal_record {
    bool there;
    bool has_prev;
    bool has_files;
    bool has_signature;
    int64_t since; /* -1: no others */
    uint8_t prev[TARN__BLAKE2B_SIZE];
    uint8_t others[TARN__BLAKE2B_SIZE];
    uint8_t files[TARN__BLAKE2B_SIZE];
    uint8_t key[TARN_PUBLIC_KEY_SIZE];
    uint8_t signature[TARN_SIGNATURE_SIZE];
    struct tarn_text content; /* JSON object; empty: none. In the commit's bytes */
};

/** The bytes of a commit: freed with tarn__free. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_commit_bytes(struct tarn_store *store, int64_t version, char **bytes, size_t *size,
                                                           struct tarn_error *err);
/** What a commit's bytes say. A record that makes no sense is CORRUPT "seal". */
TARN_WARN_UNUSED enum tarn_status tarn__seal_read(struct tarn_env *env, struct tarn_text commit, struct tarn__seal_record *out,
                                                  struct tarn_error *err);
/** The message that a signature of the commit is over. `commit` is changed meanwhile. False: it has no such signature. */
bool tarn__seal_message(struct tarn_env *env, char *commit, size_t size, int64_t version, char message[160], size_t *message_size);

/** Digest over the added files of a commit, given its bytes; `content` as in the record. Errors: CORRUPT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__seal_files(struct tarn_env *env, struct tarn_text commit, struct tarn_text content,
                                                   uint8_t out[TARN__BLAKE2B_SIZE], struct tarn_error *err);
/** Digest of an object's bytes. */
TARN_WARN_UNUSED enum tarn_status tarn__seal_object(struct tarn_store *store, struct tarn_text key, uint8_t out[TARN__BLAKE2B_SIZE],
                                                    struct tarn_error *err);
/** Digest of the commits first .. last, each by its own. */
TARN_WARN_UNUSED enum tarn_status tarn__seal_others(struct tarn_store *store, int64_t first, int64_t last, uint8_t out[TARN__BLAKE2B_SIZE],
                                                    struct tarn_error *err);

/** Adds the record to a commit that is about to be published as version `made`. Errors: INVALID "signature" (the table wants one). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_seal(struct tarn_transaction *transaction, struct tarn_text_builder *commit,
                                                   struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__delta_verify_chain(const struct tarn_snapshot *newest, const struct tarn_chain_options *options,
                                                           tarn_link_fn fn, void *arg, struct tarn_chain_result *result,
                                                           struct tarn_error *err);

#endif
