/* SPDX-License-Identifier: Apache-2.0
 * Footers: found from the end of a file, decoded, held against the file; written, with their checksum.
 */
#include "format/column/footer.h"

#include <stdio.h>

#include "format/base/hash.h"
#include "tests/support/fault.h"
#include "tests/support/witness.h"

static struct tarn_error err;

/* version 1, schema [root of 1, required INT32 a], no rows, no row groups */
static const uint8_t smallest[] = {0x15, 0x02, 0x19, 0x2c, 0x48, 0x04, 'r', 'o',  'o',  't',  0x15, 0x02, 0x00,
                                   0x15, 0x02, 0x25, 0x00, 0x18, 0x01, 'a', 0x00, 0x16, 0x00, 0x19, 0x0c, 0x00};

/* Where the first column of a row group lies, as the chunk itself and as the short way say. */
static struct tarn_chunk_range place_of(const struct tarn_footer *footer, uint32_t row_group)
{
    struct tarn_arena arena;
    struct tarn_chunk_range place;
    const struct parquet_column_chunk *chunk;
    tarn__arena_init(&arena, footer->env);
    ck_assert_ok(tarn__footer_chunk(footer, row_group, 0, &arena, &chunk, &err), &err);
    const struct tarn_chunk_range range = tarn__footer_chunk_range(&chunk->meta_data);
    ck_assert(tarn__footer_chunk_place(footer, row_group, 0, &place));
    ck_assert_uint_eq(place.begin, range.begin);
    ck_assert_uint_eq(place.end, range.end);
    tarn__arena_free(&arena);
    return range;
}

struct file {
    struct tarn_env *env;
    struct tarn_store *store;
};

static struct file open_file(struct tarn_env *env, struct tarn_span bytes)
{
    struct file file = {env, NULL};
    ck_assert_ok(tarn_store_open_memory(env, 0, &file.store, &err), &err);
    ck_assert_ok(tarn_store_put(file.store, TARN_TEXT("f"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    return file;
}

static enum tarn_status read_file(struct tarn_env *env, struct tarn_span bytes, uint64_t limit, struct tarn_footer **out)
{
    struct file file = open_file(env, bytes);
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(file.store, TARN_TEXT("f"), &object, &err), &err);
    const enum tarn_status status = tarn__footer_read(object, limit, out, &err);
    tarn_object_close(object);
    tarn_store_close(file.store);
    return status;
}

/* "PAR1", `body` bytes of 0, the metadata, its length and the end. */
static struct tarn_buffer *file_around(struct tarn_env *env, size_t body, struct tarn_span metadata)
{
    struct tarn_buffer *file = tarn__buffer_new_zeroed(env, 4 + body);
    uint8_t trailer[8] = {0, 0, 0, 0, 'P', 'A', 'R', '1'};
    memcpy(file->data, "PAR1", 4);
    tarn__store32(trailer, (uint32_t)metadata.size);
    ck_assert(tarn__buffer_append(file, metadata.data, metadata.size) && tarn__buffer_append(file, trailer, 8));
    return file;
}

START_TEST(footer__is_found_at_the_end) /* P-FOOTER-1 */
{
    static const size_t bodies[] = {0, 1, 65000, 65490, 65491, 65492, 65498, 65499, 65500, 65536, 200000};
    struct tarn_env *env = tarn_test_env();
    for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct tarn_buffer *file = file_around(env, bodies[i], (struct tarn_span){smallest, sizeof(smallest)});
        struct tarn_footer *footer;
        ck_assert_ok(read_file(env, tarn__buffer_span(file), 0, &footer), &err);
        ck_assert_uint_eq(footer->offset, 4 + bodies[i]);
        ck_assert_uint_eq(footer->file_size, file->size);
        ck_assert_uint_eq(footer->bytes.size, sizeof(smallest));
        ck_assert_uint_eq(footer->schema->leaf_count, 1);
        ck_assert_int_eq(footer->metadata.version, 1);
        ck_assert(!footer->has_checksum);
        tarn__footer_release(tarn__footer_retain(footer));
        tarn__footer_release(footer);
        tarn__buffer_release(file);
    }
    tarn_test_env_close(env);
}
END_TEST

/* A footer larger than the first read: the smallest with a long created_by. */
START_TEST(footer__may_be_larger_than_the_first_read) /* P-FOOTER-1 */
{
    struct tarn_env *env = tarn_test_env();
    for (size_t size = 65450; size < 65540; size += 3) {
        struct tarn_buffer *metadata = tarn__buffer_new(env, 0);
        const uint8_t head[4] = {0x28, (uint8_t)(size | 0x80), (uint8_t)(size >> 7 | 0x80), (uint8_t)(size >> 14)};
        ck_assert(tarn__buffer_append(metadata, smallest, sizeof(smallest) - 1) && tarn__buffer_append(metadata, head, 4));
        const size_t at = metadata->size;
        ck_assert(tarn__buffer_resize(metadata, at + size + 1));
        for (size_t i = 0; i < size; i++) {
            metadata->data[at + i] = (uint8_t)('a' + i % 26);
        }
        metadata->data[at + size] = 0;
        struct tarn_buffer *file = file_around(env, 10, tarn__buffer_span(metadata));
        struct tarn_footer *footer;
        ck_assert_ok(read_file(env, tarn__buffer_span(file), 0, &footer), &err);
        ck_assert_uint_eq(footer->metadata.created_by.size, size);
        ck_assert_mem_eq(footer->metadata.created_by.data, metadata->data + at, size);
        tarn__footer_release(footer);
        ck_assert_status(read_file(env, tarn__buffer_span(file), 65400, &footer), TARN_LIMIT);
        ck_assert_ptr_null(footer);
        tarn__buffer_release(file);
        tarn__buffer_release(metadata);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    const char *bytes;
    size_t size;
    enum tarn_status status;
    const char *detail;
} ends[] = {
    {"empty", "", 0, TARN_CORRUPT, "magic"},
    {"eleven bytes", "PAR1\0\0\0PAR1", 11, TARN_CORRUPT, "magic"},
    {"another magic", "PAR1\x01\0\0\0\0PAR2", 13, TARN_CORRUPT, "magic"},
    {"length 0", "PAR1\0\0\0\0PAR1", 12, TARN_CORRUPT, "footer_length"},
    {"length over the file", "PAR1\0\x02\0\0\0PAR1", 13, TARN_CORRUPT, "footer_length"},
    {"length of 4 GiB", "PAR1\0\xff\xff\xff\xffPAR1", 13, TARN_CORRUPT, "footer_length"},
    {"no metadata", "PAR1\0\x01\0\0\0PAR1", 13, TARN_CORRUPT, "thrift"},
    {"encrypted, without a word how", "PARE\0\x01\0\0\0PARE", 13, TARN_CORRUPT, "thrift"},
};

START_TEST(footer__refuses_other_ends) /* P-FOOTER-2, P-FOOTER-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_footer *footer;
    ck_assert_msg(read_file(env, (struct tarn_span){(const uint8_t *)ends[_i].bytes, ends[_i].size}, 0, &footer) == ends[_i].status, "%s",
                  ends[_i].name);
    ck_assert_str_eq(err.detail, ends[_i].detail);
    ck_assert_ptr_null(footer);
    tarn_test_env_close(env);
}
END_TEST

/* ---- written footers ---- */

/* A file of 1000 bytes of pages: one optional INT64 column, two row groups of 10 rows. */
struct sample {
    struct parquet_schema_element elements[2];
    struct parquet_column_chunk chunks[2];
    struct parquet_row_group groups[2];
    int32_t encodings[2];
    struct tarn_text path;
    struct parquet_key_value key;
    struct parquet_file_metadata metadata;
};

static void make_sample(struct sample *s)
{
    memset(s, 0, sizeof(*s));
    s->elements[0] = (struct parquet_schema_element){.name = TARN_TEXT("schema"), .has_num_children = true, .num_children = 1};
    s->elements[1] = (struct parquet_schema_element){
        .name = TARN_TEXT("a"), .has_type = true, .type = PARQUET_INT64, .has_repetition_type = true, .repetition_type = PARQUET_OPTIONAL};
    s->path = TARN_TEXT("a");
    s->encodings[1] = PARQUET_ENCODING_RLE;
    for (int i = 0; i < 2; i++) {
        struct parquet_column_chunk *chunk = &s->chunks[i];
        chunk->has_meta_data = true;
        chunk->meta_data = (struct parquet_column_metadata){.type = PARQUET_INT64,
                                                            .codec = PARQUET_CODEC_ZSTD,
                                                            .num_values = 10,
                                                            .total_uncompressed_size = 400,
                                                            .total_compressed_size = 300,
                                                            .data_page_offset = 4 + 300 * i};
        chunk->meta_data.encodings.count = 2;
        chunk->meta_data.encodings.items = s->encodings;
        chunk->meta_data.path_in_schema.count = 1;
        chunk->meta_data.path_in_schema.items = &s->path;
        s->groups[i] = (struct parquet_row_group){.total_byte_size = 400, .num_rows = 10};
        s->groups[i].columns.count = 1;
        s->groups[i].columns.items = chunk;
    }
    s->key = (struct parquet_key_value){TARN_TEXT("owner"), true, TARN_TEXT("me")};
    s->metadata = (struct parquet_file_metadata){
        .version = 1, .num_rows = 20, .has_created_by = true, .created_by = TARN_TEXT("test"), .has_key_value_metadata = true};
    s->metadata.key_value_metadata.count = 1;
    s->metadata.key_value_metadata.items = &s->key;
    s->metadata.schema.count = 2;
    s->metadata.schema.items = s->elements;
    s->metadata.row_groups.count = 2;
    s->metadata.row_groups.items = s->groups;
}

/* The sample as a file; the footer begins at byte 1004. */
static struct tarn_buffer *write_sample(struct tarn_env *env, const struct sample *s, bool checksum)
{
    struct tarn_buffer *file = tarn__buffer_new_zeroed(env, 1004);
    ck_assert_ptr_nonnull(file);
    memcpy(file->data, "PAR1", 4);
    ck_assert_ok(tarn__footer_write(&s->metadata, checksum, file, &err), &err);
    tarn_test_witness(&tarn__parquet_file_metadata, (struct tarn_span){file->data + 1004, file->size - 1004 - 8}, TARN_TEST_OURS, "footer");
    return file;
}

START_TEST(footer__comes_back_as_written)
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    struct tarn_footer *footer;
    make_sample(&s);
    s.chunks[0].meta_data.has_dictionary_page_offset = true;
    s.chunks[0].meta_data.dictionary_page_offset = 4;
    s.chunks[0].meta_data.data_page_offset = 50;
    struct tarn_buffer *file = write_sample(env, &s, false);
    ck_assert_ok(read_file(env, tarn__buffer_span(file), 0, &footer), &err);
    ck_assert_int_eq(footer->metadata.num_rows, 20);
    ck_assert_uint_eq(footer->metadata.row_groups.count, 2);
    ck_assert_int_eq(strncmp(tarn__footer_key(&footer->metadata, TARN_TEXT("owner")).data, "me", 2), 0);
    ck_assert_ptr_null(tarn__footer_key(&footer->metadata, TARN_TEXT("nobody")).data);
    ck_assert_uint_eq(footer->schema->schema->property_count, 1);
    const struct tarn_chunk_range range = place_of(footer, 0);
    ck_assert_uint_eq(range.begin, 4);
    ck_assert_uint_eq(range.end, 304);
    tarn__footer_release(footer);
    tarn__buffer_release(file);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer__dictionary_offset_may_be_0) /* P-FOOTER-7 */
{
    struct parquet_column_metadata chunk = {.data_page_offset = 4, .total_compressed_size = 10, .has_dictionary_page_offset = true};
    ck_assert_uint_eq(tarn__footer_chunk_range(&chunk).begin, 4);
    chunk.dictionary_page_offset = 20; /* behind the data: not believed */
    ck_assert_uint_eq(tarn__footer_chunk_range(&chunk).begin, 4);
}
END_TEST

static const struct {
    const char *created_by;
    uint64_t first;
    uint64_t second;
} writers[] = {
    {"parquet-mr version 1.2.8 (build x)", 404, 700},
    {"parquet-mr version 1.2.5-cdh4.5.0 (build )", 404, 700},
    {"parquet-mr version 0.9", 404, 700},
    {"parquet-mr", 404, 700},
    {"parquet-mr version 1.2.9", 304, 604},
    {"parquet-mr version 1.12.0", 304, 604},
    {"parquet-mr version 2", 304, 604},
    {"parquet-mrs", 304, 604},
    {"parquet-cpp version 1.0.0", 304, 604},
    {"", 304, 604},
};

START_TEST(footer__gives_old_chunks_what_they_left_out) /* P-FOOTER-11 */
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    struct tarn_footer *footer;
    make_sample(&s);
    s.metadata.created_by = tarn__text_of(writers[_i].created_by);
    struct tarn_buffer *metadata = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_file_metadata, &s.metadata, metadata, &err), &err);
    ck_assert_ok(tarn__footer_decode(env, tarn__buffer_span(metadata), 700, 2000, &footer, &err), &err); /* 96 bytes behind the last */
    ck_assert_uint_eq(place_of(footer, 0).end, writers[_i].first);
    ck_assert_uint_eq(place_of(footer, 1).end, writers[_i].second);
    tarn__footer_release(footer);
    tarn__buffer_release(metadata);
    tarn_test_env_close(env);
}
END_TEST

typedef void (*damage_fn)(struct sample *s);
static void rows_differ(struct sample *s)
{
    s->metadata.num_rows = 21;
}
static void rows_negative(struct sample *s)
{
    s->groups[0].num_rows = -10;
    s->chunks[0].meta_data.num_values = -10;
    s->metadata.num_rows = 0;
}
static void rows_overflow(struct sample *s)
{
    s->groups[0].num_rows = s->groups[1].num_rows = INT64_MAX;
    s->chunks[0].meta_data.num_values = s->chunks[1].meta_data.num_values = INT64_MAX;
    s->metadata.num_rows = -2;
}
static void sum_overflows(struct sample *s)
{
    rows_overflow(s);
    s->metadata.num_rows = INT64_MAX;
}
static void column_missing(struct sample *s)
{
    s->groups[1].columns.count = 0;
}
static void metadata_missing(struct sample *s)
{
    s->chunks[0].has_meta_data = false;
}
static void type_differs(struct sample *s)
{
    s->chunks[0].meta_data.type = PARQUET_INT32;
}
static void values_differ(struct sample *s)
{
    s->chunks[1].meta_data.num_values = 11;
}
static void size_negative(struct sample *s)
{
    s->chunks[1].meta_data.total_compressed_size = -1;
}
static void uncompressed_negative(struct sample *s)
{
    s->chunks[1].meta_data.total_uncompressed_size = -1;
}
static void offset_in_magic(struct sample *s)
{
    s->chunks[0].meta_data.data_page_offset = 3;
}
static void offset_negative(struct sample *s)
{
    s->chunks[0].meta_data.data_page_offset = -4;
}
static void chunk_over_footer(struct sample *s)
{
    s->chunks[1].meta_data.data_page_offset = 705;
}
static void size_huge(struct sample *s)
{
    s->chunks[1].meta_data.total_compressed_size = INT64_MAX;
}
static void index_outside(struct sample *s)
{
    s->chunks[1].has_offset_index_offset = s->chunks[1].has_offset_index_length = true;
    s->chunks[1].offset_index_offset = 1000;
    s->chunks[1].offset_index_length = 5;
}
static void index_negative(struct sample *s)
{
    s->chunks[1].has_column_index_offset = s->chunks[1].has_column_index_length = true;
    s->chunks[1].column_index_offset = 900;
    s->chunks[1].column_index_length = -5;
}
static void index_without_length(struct sample *s)
{
    s->chunks[1].has_column_index_offset = true;
    s->chunks[1].column_index_offset = 900;
}
static void nothing(struct sample *s)
{
    (void)s;
}
static void touches_footer(struct sample *s)
{
    s->chunks[1].meta_data.data_page_offset = 704;
}
static void empty_group(struct sample *s)
{
    s->groups[1].num_rows = 0;
    s->chunks[1].meta_data.num_values = 0;
    s->chunks[1].meta_data.data_page_offset = 0;
    s->chunks[1].meta_data.total_compressed_size = 0;
    s->metadata.num_rows = 10;
}
static void other_file(struct sample *s)
{
    s->chunks[0].has_file_path = true;
    s->chunks[0].file_path = TARN_TEXT("part-0");
}
static void encrypted_column(struct sample *s)
{
    s->chunks[0].has_meta_data = false;
    s->chunks[0].has_encrypted_column_metadata = true;
}
static void encrypted_file(struct sample *s)
{
    s->metadata.has_encryption_algorithm = true;
    s->metadata.encryption_algorithm.id = PARQUET_AES_GCM_V1;
}

static const struct {
    damage_fn damage;
    const char *name;
    enum tarn_status status;
    const char *detail;
    int row_group;
} damages[] = {
#define CORRUPT_OF(damage, row_group)                                                                                                      \
    {                                                                                                                                      \
        damage, #damage, TARN_CORRUPT, "footer", row_group                                                                                 \
    }
    {nothing, "nothing", TARN_OK, "", -1},
    {touches_footer, "touches_footer", TARN_OK, "", -1},
    {empty_group, "empty_group", TARN_OK, "", -1},
    CORRUPT_OF(rows_differ, -1),
    CORRUPT_OF(rows_negative, 0),
    CORRUPT_OF(rows_overflow, -1),
    CORRUPT_OF(sum_overflows, 1),
    CORRUPT_OF(column_missing, 1),
    CORRUPT_OF(metadata_missing, 0),
    CORRUPT_OF(type_differs, 0),
    CORRUPT_OF(values_differ, 1),
    CORRUPT_OF(size_negative, 1),
    CORRUPT_OF(uncompressed_negative, 1),
    CORRUPT_OF(offset_in_magic, 0),
    CORRUPT_OF(offset_negative, 0),
    CORRUPT_OF(chunk_over_footer, 1),
    CORRUPT_OF(size_huge, 1),
    CORRUPT_OF(index_outside, 1),
    CORRUPT_OF(index_negative, 1),
    CORRUPT_OF(index_without_length, 1),
    {other_file, "other_file", TARN_UNSUPPORTED, "external_column_chunk", 0},
    {encrypted_column, "encrypted_column", TARN_CORRUPT, "footer", 0},
#ifdef TARN_MINIMAL
    {encrypted_file, "encrypted_file", TARN_UNSUPPORTED, "encryption", -1},
#else
    {encrypted_file, "encrypted_file", TARN_OK, "", -1}, /* there is no key, and no column needs one */
#endif
};

START_TEST(footer__is_held_against_the_file) /* P-FOOTER-4, P-FOOTER-5, P-FOOTER-6, P-FOOTER-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    struct tarn_footer *footer;
    make_sample(&s);
    damages[_i].damage(&s);
    struct tarn_buffer *file = write_sample(env, &s, false);
    ck_assert_msg(read_file(env, tarn__buffer_span(file), 0, &footer) == damages[_i].status, "%s", damages[_i].name);
    if (damages[_i].status != TARN_OK) {
        ck_assert_str_eq(err.detail, damages[_i].detail);
        ck_assert_int_eq(err.row_group, damages[_i].row_group);
    }
    tarn__footer_release(footer);
    tarn__buffer_release(file);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer__checksum_is_of_the_bytes_with_zeros_for_digits) /* P-FOOTER-9 */
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    struct tarn_footer *footer;
    char digits[17];
    make_sample(&s);
    s.metadata.created_by = TARN_TEXT("tarn.footer.checksum\x18\x10"
                                      "0000000000000000"); /* not taken for the key */
    struct tarn_buffer *file = write_sample(env, &s, true);
    ck_assert_ok(read_file(env, tarn__buffer_span(file), 0, &footer), &err);
    ck_assert(footer->has_checksum);
    ck_assert_uint_eq(footer->metadata.key_value_metadata.count, 2);
    const struct tarn_text value = tarn__footer_key(&footer->metadata, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY));
    ck_assert_uint_eq(value.size, 16);
    memcpy(digits, value.data, 16);
    const size_t at = 1004 + (size_t)((const uint8_t *)value.data - footer->bytes.data);
    const size_t size = footer->bytes.size;
    tarn__footer_release(footer);
    memset(file->data + at, '0', 16);
    char expected[17];
    snprintf(expected, sizeof(expected), "%016llx", (unsigned long long)tarn__hash_bytes(file->data + 1004, size, 0));
    ck_assert_mem_eq(digits, expected, 16);
    tarn__buffer_release(file);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer__every_flipped_bit_is_found) /* P-FOOTER-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    make_sample(&s);
    struct tarn_buffer *file = write_sample(env, &s, true);
    for (size_t at = 1004; at < file->size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct tarn_footer *footer;
            file->data[at] = (uint8_t)(file->data[at] ^ 1u << bit);
            const enum tarn_status status = read_file(env, tarn__buffer_span(file), 0, &footer);
            if (status == TARN_OK) { /* only what makes the key another key goes unnoticed */
                ck_assert_msg(!footer->has_checksum, "byte %zu bit %u", at - 1004, bit);
            }
            tarn__footer_release(footer);
            file->data[at] = (uint8_t)(file->data[at] ^ 1u << bit);
        }
    }
    tarn__buffer_release(file);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer__checksum_key_is_written_by_tarn_alone)
{
    struct tarn_env *env = tarn_test_env();
    struct sample s;
    struct tarn_footer *footer;
    make_sample(&s);
    s.key = (struct parquet_key_value){tarn__text_of(TARN_FOOTER_CHECKSUM_KEY), true, TARN_TEXT("123")};
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_status(tarn__footer_write(&s.metadata, true, out, &err), TARN_INVALID);
    tarn__buffer_release(out);
    struct tarn_buffer *file = write_sample(env, &s, false);
    ck_assert_status(read_file(env, tarn__buffer_span(file), 0, &footer), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "footer_checksum");
    tarn__buffer_release(file);
    s.metadata.has_key_value_metadata = false; /* no keys but the checksum */
    s.metadata.key_value_metadata.count = 0;
    file = write_sample(env, &s, true);
    ck_assert_ok(read_file(env, tarn__buffer_span(file), 0, &footer), &err);
    ck_assert(footer->has_checksum);
    tarn__footer_release(footer);
    tarn__buffer_release(file);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status write_and_read(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *e)
{
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    struct tarn_footer *footer = NULL;
    (void)fault;
    if (out == NULL) {
        return tarn__nomem(env, e, 1);
    }
    enum tarn_status status = tarn__footer_write(&((struct sample *)ctx)->metadata, true, out, e);
    if (status == TARN_OK) {
        status = tarn__footer_decode(env, (struct tarn_span){out->data, out->size - 8}, 1004, 2000, &footer, e);
    }
    tarn__footer_release(footer);
    tarn__buffer_release(out);
    return status;
}

START_TEST(footer__survives_every_failed_allocation)
{
    struct sample s;
    make_sample(&s);
    ck_assert_uint_gt(tarn_fault_sweep(write_and_read, &s, TARN_FAULT_ALL_ALLOC), 5);
}
END_TEST

TARN_SUITE("format/footer", TARN_TEST(footer__is_found_at_the_end), TARN_TEST(footer__may_be_larger_than_the_first_read),
           TARN_LOOP_TEST(footer__refuses_other_ends, ends), TARN_TEST(footer__comes_back_as_written),
           TARN_TEST(footer__dictionary_offset_may_be_0), TARN_LOOP_TEST(footer__is_held_against_the_file, damages),
           TARN_TEST(footer__checksum_is_of_the_bytes_with_zeros_for_digits), TARN_TEST(footer__every_flipped_bit_is_found),
           TARN_TEST(footer__checksum_key_is_written_by_tarn_alone), TARN_LOOP_TEST(footer__gives_old_chunks_what_they_left_out, writers),
           TARN_TEST(footer__survives_every_failed_allocation))
