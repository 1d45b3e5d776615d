/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_ENCRYPT_H
#define TARN_FORMAT_COLUMN_FOOTER_ENCRYPT_H

#include "format/column/footer.h"
#include "format/crypt/file_sealer.h"

/* The end of an encrypted file: its footer encrypted, or in clear and signed. The other direction of footer_crypt.h. */

/** How a footer is encrypted, or signed. */
struct tarn__footer_seal {
    struct tarn__file_sealer *sealer;
    struct tarn__sealing_key *key;
    struct tarn_span key_metadata; /**< data NULL: none */
    bool plain;                    /**< signed only */
};

/** Magic of the begin and the end of a file. */
const char *tarn__footer_magic(const struct tarn__footer_seal *seal);

/**
 * Appends the end of the file, as tarn__footer_write does, which this is without a seal. The chunks' own encryption was told before.
 * Errors: those of tarn__footer_write and tarn__seal_module.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_write_sealed(const struct tarn__footer_seal *seal,
                                                            const struct parquet_file_metadata *metadata, bool checksum,
                                                            struct tarn_buffer *out, struct tarn_error *err);

#endif
