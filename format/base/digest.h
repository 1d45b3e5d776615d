/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_DIGEST_H
#define TARN_FORMAT_BASE_DIGEST_H

#include "tarn/base.h"

/*
 * Digests that name bytes: BLAKE2b for what must not be forged, MD5 where a format asks for it by name.
 *
 * A build without libsodium and libcrypto has none: functions then answer false. Threads: any. Allocates nothing but what libcrypto does.
 */
enum { TARN__BLAKE2B_SIZE = 32, TARN__MD5_SIZE = 16 };

/** A digest being made. */
struct tarn__blake2b {
    _Alignas(64) unsigned char state[384];
};

bool tarn__blake2b_begin(struct tarn__blake2b *digest);
void tarn__blake2b_add(struct tarn__blake2b *digest, const void *bytes, size_t size);
void tarn__blake2b_end(struct tarn__blake2b *digest, uint8_t out[TARN__BLAKE2B_SIZE]);

/** BLAKE2b with 256 bits and no key. */
bool tarn__blake2b(struct tarn_span bytes, uint8_t out[TARN__BLAKE2B_SIZE]);

/** Not for secrets, nor against anybody who means ill. */
bool tarn__md5(struct tarn_span bytes, uint8_t out[TARN__MD5_SIZE]);

#endif
