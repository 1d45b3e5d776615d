/* SPDX-License-Identifier: Apache-2.0
 *
 * Footers encrypted, or in clear and signed.
 *
 * Specification: parquet-format Encryption.md, 5.3 and 5.4. SPEC: P-CRYPT-WRITE-7.
 *
 * Invariants
 *  1. The signature is of the footer with its checksum.
 */
#include "format/column/footer_encrypt.h"

const char *tarn__footer_magic(const struct tarn__footer_seal *seal)
{
    return seal != NULL && seal->sealer != NULL && !seal->plain ? "PARE" : "PAR1";
}

static enum tarn_status sign(const struct tarn__footer_seal *seal, const struct parquet_file_metadata *metadata, bool checksum,
                             struct tarn_buffer *out, struct tarn_error *err)
{
    const size_t begin = out->size;
    struct parquet_file_metadata copy = *metadata;

    copy.has_encryption_algorithm = true;
    copy.encryption_algorithm = *tarn__file_sealer_algorithm(seal->sealer);
    copy.has_footer_signing_key_metadata = seal->key_metadata.data != NULL;
    copy.footer_signing_key_metadata = seal->key_metadata;
    TARN_RETURN_IF_ERROR(tarn__footer_encode(&copy, checksum, out, err));
    return tarn__seal_signature(seal->sealer, seal->key, (struct tarn_span){out->data + begin, out->size - begin}, out, err);
}

static enum tarn_status encrypt(const struct tarn__footer_seal *seal, const struct parquet_file_metadata *metadata, bool checksum,
                                struct tarn_buffer *out, struct tarn_error *err)
{
    const struct parquet_file_crypto_metadata crypto = {*tarn__file_sealer_algorithm(seal->sealer), seal->key_metadata.data != NULL,
                                                        seal->key_metadata};
    const struct tarn__seal module = {seal->sealer, seal->key, {.type = TARN__MODULE_FOOTER}};
    struct tarn_buffer *plain = tarn__buffer_new(tarn__buffer_env(out), 0);

    if (plain == NULL) {
        return tarn__nomem(tarn__buffer_env(out), err, sizeof(*plain));
    }
    enum tarn_status status = tarn__thrift_encode(&tarn__parquet_file_crypto_metadata, &crypto, out, err);
    if (status == TARN_OK) {
        status = tarn__footer_encode(metadata, checksum, plain, err);
    }
    if (status == TARN_OK) {
        status = tarn__seal_module(&module, tarn__buffer_span(plain), out, err);
    }
    tarn__buffer_release(plain);
    return status;
}

enum tarn_status tarn__footer_write_sealed(const struct tarn__footer_seal *seal, const struct parquet_file_metadata *metadata,
                                           bool checksum, struct tarn_buffer *out, struct tarn_error *err)
{
    const size_t begin = out->size;
    uint8_t trailer[8];

    if (seal == NULL || seal->sealer == NULL) {
        return tarn__footer_write(metadata, checksum, out, err);
    }
    TARN_RETURN_IF_ERROR(seal->plain ? sign(seal, metadata, checksum, out, err) : encrypt(seal, metadata, checksum, out, err));
    if (out->size - begin > UINT32_MAX) {
        return tarn__invalid(err, "footer_length", "a footer of more than 4 GiB");
    }
    tarn__store32(trailer, (uint32_t)(out->size - begin));
    memcpy(trailer + 4, tarn__footer_magic(seal), 4);
    return tarn__buffer_append(out, trailer, sizeof(trailer)) ? TARN_OK : tarn__nomem(tarn__buffer_env(out), err, sizeof(trailer));
}
