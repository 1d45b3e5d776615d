/* SPDX-License-Identifier: Apache-2.0
 * AES-GCM and AES-CTR by published values, and every bit of what a tag covers.
 */
#include "format/crypt/aes.h"

#include "format/crypt/module.h"
#include "tests/support/suite.h"

#ifndef TARN_MINIMAL

static struct tarn_error err;

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t size = 0;
    for (; hex[2 * size] != '\0'; size++) {
        out[size] = (uint8_t)(digit(hex[2 * size]) << 4 | digit(hex[2 * size + 1]));
    }
    return size;
}

/* The test cases 4, 10 and 16 of the GCM specification: one text, three keys. */
static const char gcm_nonce[] = "cafebabefacedbaddecaf888";
static const char gcm_aad[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
static const char gcm_text[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                               "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
static const struct {
    const char *key;
    const char *cipher;
    const char *tag;
} gcm[] = {
    {"feffe9928665731c6d6a8f9467308308",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c",
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
     "2519498e80f1478f37ba55bd6d27618c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

struct vector {
    struct tarn_env *env;
    struct tarn__aes_library *library;
    struct tarn__aes *aes;
    uint8_t nonce[12];
    uint8_t aad[20];
    uint8_t text[64];
    uint8_t cipher[64];
    uint8_t tag[16];
    size_t size;
};

static void vector_open(struct vector *v, int which)
{
    uint8_t key[32];
    memset(v, 0, sizeof(*v));
    v->env = tarn_test_env();
    ck_assert_ok(tarn__aes_library_open(v->env, &v->library, &err), &err);
    const size_t key_size = unhex(gcm[which].key, key);
    ck_assert_ok(tarn__aes_open(v->library, TARN__AES_GCM, (struct tarn_span){key, key_size}, &v->aes, &err), &err);
    unhex(gcm_nonce, v->nonce);
    unhex(gcm_aad, v->aad);
    v->size = unhex(gcm_text, v->text);
    ck_assert_uint_eq(unhex(gcm[which].cipher, v->cipher), v->size);
    unhex(gcm[which].tag, v->tag);
}

static void vector_close(struct vector *v)
{
    tarn__aes_close(v->aes);
    tarn__aes_library_close(v->library);
    tarn_test_env_close(v->env);
}

static bool opens(struct vector *v, uint8_t *out)
{
    const struct tarn__aes_aad aad = {{v->aad, 13}, {v->aad + 13, 7}}; /* where it is cut makes no difference */
    return tarn__aes_gcm_decrypt(v->aes, v->nonce, &aad, (struct tarn_span){v->cipher, v->size}, v->tag, out);
}

START_TEST(aes__decrypts_and_encrypts_the_published_values) /* P-CRYPT-1 */
{
    struct vector v;
    uint8_t out[64];
    vector_open(&v, _i);
    for (int again = 0; again < 3; again++) { /* one key, many texts */
        ck_assert(opens(&v, out));
        ck_assert_mem_eq(out, v.text, v.size);
        const struct tarn__aes_aad aad = {{v.aad, 20}, {NULL, 0}};
        ck_assert(tarn__aes_gcm_verify(v.aes, v.nonce, &aad, (struct tarn_span){v.text, v.size}, v.tag));
        v.text[_i] ^= 1;
        ck_assert(!tarn__aes_gcm_verify(v.aes, v.nonce, &aad, (struct tarn_span){v.text, v.size}, v.tag));
        v.text[_i] ^= 1;
        uint8_t tag[16];
        ck_assert(tarn__aes_gcm_encrypt(v.aes, v.nonce, &aad, (struct tarn_span){v.text, v.size}, out, tag));
        ck_assert_mem_eq(out, v.cipher, v.size);
        ck_assert_mem_eq(tag, v.tag, 16);
        memset(tag, 0, sizeof(tag));
        ck_assert(tarn__aes_gcm_sign(v.aes, v.nonce, &aad, (struct tarn_span){v.text, v.size}, tag));
        ck_assert_mem_eq(tag, v.tag, 16);
    }
    vector_close(&v);
}
END_TEST

START_TEST(aes__refuses_every_changed_bit) /* P-CRYPT-1 */
{
    struct vector v;
    uint8_t out[64];
    const uint8_t zeros[64] = {0};
    vector_open(&v, _i);
    struct {
        uint8_t *bytes;
        size_t size;
    } const parts[] = {{v.nonce, 12}, {v.aad, 20}, {v.cipher, v.size}, {v.tag, 16}};
    for (size_t part = 0; part < 4; part++) {
        for (size_t bit = 0; bit < parts[part].size * 8; bit++) {
            parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert(!opens(&v, out));
            ck_assert_mem_eq(out, zeros, v.size); /* nothing leaks of what was not authentic */
            parts[part].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    ck_assert(opens(&v, out));
    v.size--;
    ck_assert(!opens(&v, out));
    vector_close(&v);
}
END_TEST

/* RFC 3686, test vectors 1, 4 and 7. */
static const struct {
    const char *key;
    const char *nonce;
    const char *cipher;
} ctr[] = {
    {"ae6852f8121067cc4bf7a5765577f39e", "000000300000000000000000", "e4095d4fb7a7b3792d6175a3261311b8"},
    {"16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515", "0000004836733c147d6d93cb", "4b55384fe259c9c84e7935a003cbe928"},
    {"776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104", "00000060db5672c97aa8f0b2", "145ad01dbf824ec7560863dc71e3e0c0"},
};

START_TEST(aes__counts_from_one) /* P-CRYPT-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__aes_library *library;
    struct tarn__aes *aes;
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t cipher[16];
    uint8_t out[16];
    ck_assert_ok(tarn__aes_library_open(env, &library, &err), &err);
    ck_assert_ok(tarn__aes_open(library, TARN__AES_CTR, (struct tarn_span){key, unhex(ctr[_i].key, key)}, &aes, &err), &err);
    unhex(ctr[_i].nonce, nonce);
    const size_t size = unhex(ctr[_i].cipher, cipher);
    for (int again = 0; again < 2; again++) {
        ck_assert(tarn__aes_ctr_decrypt(aes, nonce, (struct tarn_span){cipher, size}, out));
        ck_assert_mem_eq(out, "Single block msg", 16);
        ck_assert(tarn__aes_ctr_encrypt(aes, nonce, (struct tarn_span){(const uint8_t *)"Single block msg", 16}, out));
        ck_assert_mem_eq(out, cipher, size);
    }
    ck_assert(tarn__aes_ctr_decrypt(aes, nonce, (struct tarn_span){cipher, 5}, out));
    ck_assert(tarn__aes_ctr_decrypt(aes, nonce, (struct tarn_span){NULL, 0}, out));
    tarn__aes_close(aes);
    tarn__aes_library_close(library);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(aes__takes_three_sizes_of_keys)
{
    for (size_t size = 0; size < 100; size++) {
        ck_assert(tarn__aes_key_size_ok(size) == (size == 16 || size == 24 || size == 32));
    }
}
END_TEST

/* ---- modules ---- */

START_TEST(module__says_where_it_belongs) /* P-CRYPT-3 */
{
    static const struct {
        enum tarn__module_type type;
        size_t size;
    } rows[] = {{TARN__MODULE_FOOTER, 1},
                {TARN__MODULE_COLUMN_METADATA, 5},
                {TARN__MODULE_DATA_PAGE, 7},
                {TARN__MODULE_DICTIONARY_PAGE, 5},
                {TARN__MODULE_DATA_PAGE_HEADER, 7},
                {TARN__MODULE_DICTIONARY_PAGE_HEADER, 5},
                {TARN__MODULE_COLUMN_INDEX, 5},
                {TARN__MODULE_OFFSET_INDEX, 5},
                {TARN__MODULE_BLOOM_FILTER_HEADER, 5},
                {TARN__MODULE_BLOOM_FILTER_BITSET, 5}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t suffix[TARN__MODULE_LONGEST_SUFFIX] = {0};
        const struct tarn__module_place place = {rows[i].type, 0x0102, 0x0304, 0x0506};
        ck_assert_uint_eq(tarn__module_suffix(&place, suffix), rows[i].size);
        const uint8_t expected[] = {(uint8_t)i, 2, 1, 4, 3, 6, 5};
        ck_assert_mem_eq(suffix, expected, rows[i].size);
    }
}
END_TEST

START_TEST(module__has_a_length_that_is_believed_only_when_it_can_be) /* P-CRYPT-2 */
{
    uint8_t bytes[64] = {0};
    struct tarn__module module;
    bytes[0] = 28 + 5;
    ck_assert_ok(tarn__module_parse((struct tarn_span){bytes, 64}, true, &module, &err), &err);
    ck_assert_uint_eq(module.text.size, 5);
    ck_assert_ptr_eq(module.nonce, bytes + 4);
    ck_assert_ptr_eq(module.text.data, bytes + 16);
    ck_assert_ptr_eq(module.tag, bytes + 21);
    ck_assert_uint_eq(module.stored_size, 37);
    ck_assert_ok(tarn__module_parse((struct tarn_span){bytes, 37}, true, &module, &err), &err);
    ck_assert_ok(tarn__module_parse((struct tarn_span){bytes, 37}, false, &module, &err), &err);
    ck_assert_uint_eq(module.text.size, 21);
    ck_assert_ptr_null(module.tag);
    for (size_t cut = 0; cut < 37; cut++) {
        ck_assert_status(tarn__module_parse((struct tarn_span){bytes, cut}, true, &module, &err), TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "module_length");
    }
    for (uint8_t length = 0; length < 28; length++) {
        bytes[0] = length;
        ck_assert_status(tarn__module_parse((struct tarn_span){bytes, 64}, true, &module, &err), TARN_CORRUPT);
    }
    memset(bytes, 0xff, 4);
    ck_assert_status(tarn__module_parse((struct tarn_span){bytes, 64}, true, &module, &err), TARN_CORRUPT);
    ck_assert_status(tarn__module_parse((struct tarn_span){bytes, 64}, false, &module, &err), TARN_CORRUPT);
    memset(bytes, 0, 4);
    bytes[0] = 28; /* an empty text is legal */
    ck_assert_ok(tarn__module_parse((struct tarn_span){bytes, 64}, true, &module, &err), &err);
    ck_assert_uint_eq(module.text.size, 0);
}
END_TEST

TARN_SUITE("format/aes", TARN_LOOP_TEST(aes__decrypts_and_encrypts_the_published_values, gcm),
           TARN_LOOP_TEST(aes__refuses_every_changed_bit, gcm), TARN_LOOP_TEST(aes__counts_from_one, ctr),
           TARN_TEST(aes__takes_three_sizes_of_keys), TARN_TEST(module__says_where_it_belongs),
           TARN_TEST(module__has_a_length_that_is_believed_only_when_it_can_be))

#else

START_TEST(aes__is_named_where_it_is_missing)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__aes_library *library;
    struct tarn_error err;
    ck_assert_status(tarn__aes_library_open(env, &library, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "encryption");
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/aes", TARN_TEST(aes__is_named_where_it_is_missing))

#endif
