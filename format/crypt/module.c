/* SPDX-License-Identifier: Apache-2.0
 *
 * Modules of encrypted files: their frame, and what their tags cover.
 *
 * Specification: parquet-format Encryption.md, 4.4 "Additional authenticated data" and 5.1 "Encrypted module serialization".
 * SPEC: P-CRYPT-2 to P-CRYPT-4.
 *
 * Invariants
 *  1. The parts of a module that was parsed lie in the bytes that were given.
 */
#include "format/crypt/module.h"

size_t tarn__module_suffix(const struct tarn__module_place *place, uint8_t out[TARN__MODULE_LONGEST_SUFFIX])
{
    out[0] = (uint8_t)place->type;
    tarn__store16(out + 1, place->row_group);
    tarn__store16(out + 3, place->column);
    tarn__store16(out + 5, place->page);
    switch (place->type) {
    case TARN__MODULE_FOOTER:
        return 1;
    case TARN__MODULE_DATA_PAGE:
    case TARN__MODULE_DATA_PAGE_HEADER:
        return 7;
    default:
        return 5;
    }
}

enum tarn_status tarn__module_parse(struct tarn_span bytes, bool tagged, struct tarn__module *out, struct tarn_error *err)
{
    const size_t overhead = tarn__module_overhead(tagged);
    if (bytes.size < overhead) {
        return tarn__corrupt(err, "module_length", "%zu bytes are too few for an encrypted module", bytes.size);
    }
    const uint32_t length = tarn__load32(bytes.data);
    if (length > bytes.size - 4 || length < overhead - 4) {
        return tarn__corrupt(err, "module_length", "an encrypted module of %u bytes where %zu are left and %zu are the least", length,
                             bytes.size - 4, overhead - 4);
    }
    *out = (struct tarn__module){
        .nonce = bytes.data + 4,
        .text = {bytes.data + 4 + TARN__AES_NONCE, length - (overhead - 4)},
        .tag = tagged ? bytes.data + 4 + length - TARN__AES_TAG : NULL,
        .stored_size = (size_t)length + 4,
    };
    return TARN_OK;
}

bool tarn__module_decrypt(struct tarn__aes *gcm, const struct tarn__module *module, struct tarn_span file_aad,
                          const struct tarn__module_place *place, uint8_t *out)
{
    uint8_t suffix[TARN__MODULE_LONGEST_SUFFIX];
    const struct tarn__aes_aad aad = {file_aad, {suffix, tarn__module_suffix(place, suffix)}};
    return tarn__aes_gcm_decrypt(gcm, module->nonce, &aad, module->text, module->tag, out);
}
