/* SPDX-License-Identifier: Apache-2.0
 * The RLE / bit-packed hybrid, by bytes written out by hand from the specification: a reader and a writer that share a mistake would
 * pass any round trip.
 */
#include "format/encoding/bit_unpack.h"
#include "format/encoding/rle_values.h"
#include "format/encoding/rle_writer.h"
#include "tests/support/suite.h"

#define BYTES(...) ((struct tarn_span){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static struct tarn_error err;

static enum tarn_status first(struct tarn_span bytes, unsigned width, uint32_t count, struct tarn__rle_run *run)
{
    struct tarn__rle_reader reader;
    const enum tarn_status status = tarn__rle_reader_init(&reader, bytes, width, count, &err);
    return status != TARN_OK ? status : tarn__rle_reader_next(&reader, run, &err);
}

START_TEST(rle_reader__repeats_a_value) /* P-ENC-RLE-1 */
{
    struct tarn__rle_run run;
    ck_assert_int_eq(first(BYTES(0x90, 0x01, 0x05), 3, 72, &run), TARN_OK); /* header 72 << 1 as a varint, then the value */
    ck_assert_uint_eq(run.length, 72);
    ck_assert(!run.packed);
    ck_assert_uint_eq(run.value, 5);
}
END_TEST

START_TEST(rle_reader__gives_packed_values) /* P-ENC-RLE-2: the specification's example, 0 to 7 in three bits */
{
    struct tarn__rle_values values;
    uint32_t out[8];
    const struct tarn_span bytes_1 = BYTES(0x03, 0x88, 0xc6, 0xfa);
    ck_assert_ok(tarn__rle_values_init(&values, bytes_1, 3, 8, &err), &err);
    ck_assert_ok(tarn__rle_values_next(&values, 8, out, &err), &err);
    for (uint32_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(out[i], i);
    }
}
END_TEST

START_TEST(rle_reader__ends_a_padded_group_at_the_value_count) /* P-ENC-RLE-3 */
{
    struct tarn__rle_run run;
    ck_assert_int_eq(first(BYTES(0x03, 0x88, 0xc6, 0xfa), 3, 5, &run), TARN_OK);
    ck_assert_uint_eq(run.length, 5);
    ck_assert_uint_eq(run.bits.size, 3);
    ck_assert_int_eq(first(BYTES(0x90, 0x01, 0x05), 3, 10, &run), TARN_OK); /* a repeated run too */
    ck_assert_uint_eq(run.length, 10);
}
END_TEST

START_TEST(rle_reader__accepts_a_cut_last_group) /* P-ENC-RLE-4: old Polars files */
{
    struct tarn__rle_run run;
    ck_assert_int_eq(first(BYTES(0x03, 0x88, 0xc6), 3, 5, &run), TARN_OK);
    ck_assert_uint_eq(run.bits.size, 2);
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span bytes;
    unsigned width;
} damaged[] = {
    {"no bytes", {NULL, 0}, 1},
    {"empty run", {(const uint8_t[]){0x00}, 1}, 1},
    {"empty packed run", {(const uint8_t[]){0x01}, 1}, 1},
    {"header of six bytes", {(const uint8_t[]){0x81, 0x80, 0x80, 0x80, 0x80, 0x01}, 6}, 1},
    {"header of 33 bits", {(const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0x1f}, 5}, 1},
    {"value missing", {(const uint8_t[]){0x10}, 1}, 8},
    {"value over width", {(const uint8_t[]){0x10, 0x02}, 2}, 1},
    {"packed bytes missing", {(const uint8_t[]){0x03, 0xff}, 2}, 8},
    {"width 33", {(const uint8_t[]){0x10, 0x00}, 2}, 33},
};

START_TEST(rle_reader__refuses_damage) /* P-ENC-RLE-5; one row a loop */
{
    struct tarn__rle_run run;
    ck_assert_msg(first(damaged[_i].bytes, damaged[_i].width, 8, &run) == TARN_CORRUPT, "%s", damaged[_i].name);
    ck_assert_str_eq(err.detail, "rle");
}
END_TEST

START_TEST(rle_values__crosses_runs_in_pieces) /* P-ENC-RLE-6 */
{
    /* 3 x 1, then 0 1 0 1 0 1 0 1, then 4 x 0 of which two count */
    const struct tarn_span bytes = BYTES(0x06, 0x01, 0x03, 0xaa, 0x08, 0x00);
    static const uint32_t expected[13] = {1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0};
    for (uint32_t piece = 1; piece <= 13; piece++) {
        struct tarn__rle_values values;
        struct tarn__rle_values bits;
        uint32_t out[13];
        uint8_t packed[3] = {0xff, 0xff, 0xff};
        ck_assert_ok(tarn__rle_values_init(&values, bytes, 1, 13, &err), &err);
        ck_assert_ok(tarn__rle_values_init(&bits, bytes, 1, 13, &err), &err);
        for (uint32_t at = 0; at < 13; at += piece) {
            const uint32_t n = 13 - at < piece ? 13 - at : piece;
            ck_assert_ok(tarn__rle_values_next(&values, n, out + at, &err), &err);
            ck_assert_ok(tarn__rle_values_next_bits(&bits, n, packed, at + 3, &err), &err);
        }
        ck_assert_mem_eq(out, expected, sizeof(expected));
        for (uint32_t i = 0; i < 13; i++) {
            ck_assert_int_eq(tarn__bit_get(packed, i + 3), expected[i]);
        }
        ck_assert_uint_eq(packed[0] & 7, 7);
        ck_assert_uint_eq(tarn__rle_values_left(&values), 0);
        ck_assert_status(tarn__rle_values_next(&values, 1, out, &err), TARN_CORRUPT);
    }
}
END_TEST

START_TEST(rle_values__skips)
{
    struct tarn__rle_values values;
    uint32_t out[2];
    const struct tarn_span bytes_2 = BYTES(0x06, 0x01, 0x03, 0x88, 0xc6, 0xfa);
    ck_assert_ok(tarn__rle_values_init(&values, bytes_2, 3, 11, &err), &err);
    ck_assert_ok(tarn__rle_values_skip(&values, 8, &err), &err);
    ck_assert_ok(tarn__rle_values_next(&values, 2, out, &err), &err);
    ck_assert_uint_eq(out[0], 5);
    ck_assert_uint_eq(out[1], 6);
}
END_TEST

START_TEST(dictionary_codes__begin_with_their_width) /* P-ENC-DICT-1 */
{
    struct tarn__rle_values values;
    uint32_t out[3];
    const struct tarn_span bytes_3 = BYTES(0x03, 0x06, 0x05);
    ck_assert_ok(tarn__rle_values_init_dictionary(&values, bytes_3, 3, &err), &err);
    ck_assert_ok(tarn__rle_values_next_codes(&values, 3, 6, out, &err), &err);
    ck_assert_uint_eq(out[2], 5);
    ck_assert_status(tarn__rle_values_init_dictionary(&values, (struct tarn_span){NULL, 0}, 1, &err), TARN_CORRUPT);
    const struct tarn_span bytes_4 = BYTES(0x21);
    ck_assert_status(tarn__rle_values_init_dictionary(&values, bytes_4, 1, &err), TARN_CORRUPT);
}
END_TEST

START_TEST(dictionary_codes__may_have_no_bits) /* P-ENC-DICT-2 */
{
    struct tarn__rle_values values;
    uint32_t out[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct tarn_span bytes_5 = BYTES(0x00, 0x12);
    ck_assert_ok(tarn__rle_values_init_dictionary(&values, bytes_5, 9, &err), &err);
    ck_assert_ok(tarn__rle_values_next_codes(&values, 9, 1, out, &err), &err);
    ck_assert_uint_eq(out[8], 0);
    const struct tarn_span bytes_6 = BYTES(0x00, 0x05);
    ck_assert_ok(tarn__rle_values_init_dictionary(&values, bytes_6, 9, &err), &err); /* packed, of no bytes */
    ck_assert_ok(tarn__rle_values_next_codes(&values, 9, 1, out, &err), &err);
    ck_assert_ok(tarn__rle_values_init_dictionary(&values, (struct tarn_span){NULL, 0}, 0, &err), &err); /* all are null */
    ck_assert_ok(tarn__rle_values_next_codes(&values, 0, 0, out, &err), &err);
}
END_TEST

START_TEST(dictionary_codes__stay_inside_the_dictionary) /* P-ENC-DICT-3 */
{
    struct tarn__rle_values values;
    uint32_t out[8];
    for (uint32_t size = 0; size <= 8; size++) {
        const struct tarn_span bytes_7 = BYTES(0x03, 0x03, 0x88, 0xc6, 0xfa);
        ck_assert_ok(tarn__rle_values_init_dictionary(&values, bytes_7, 8, &err), &err);
        ck_assert_status(tarn__rle_values_next_codes(&values, 8, size, out, &err), size < 8 ? TARN_CORRUPT : TARN_OK);
    }
    ck_assert_str_eq(err.detail, "dictionary_index");
}
END_TEST

static void expect_written(struct tarn_buffer *out, bool ok, struct tarn_span expected)
{
    ck_assert(ok);
    ck_assert_uint_eq(out->size, expected.size);
    if (expected.size != 0) {
        ck_assert_mem_eq(out->data, expected.data, expected.size);
    }
    ck_assert(tarn__buffer_resize(out, 0));
}

START_TEST(rle_writer__writes_these_bytes) /* P-ENC-RLE-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    static const uint32_t counting[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    uint32_t fives[72];
    for (unsigned i = 0; i < 72; i++) {
        fives[i] = 5;
    }
    expect_written(out, tarn__rle_write(out, 3, 8, counting), BYTES(0x03, 0x88, 0xc6, 0xfa));
    expect_written(out, tarn__rle_write(out, 3, 72, fives), BYTES(0x90, 0x01, 0x05));
    expect_written(out, tarn__rle_write(out, 3, 5, counting), BYTES(0x03, 0x88, 0x46, 0x00)); /* padded with zeros */
    expect_written(out, tarn__rle_write(out, 3, 0, counting), (struct tarn_span){NULL, 0});
    /* one other value, then a run: the run first completes the group */
    const uint16_t mixed[20] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    expect_written(out, tarn__rle_write16(out, 1, 20, mixed), BYTES(0x03, 0x01, 0x18, 0x00));
    /* a run too short to pay stays packed */
    expect_written(out, tarn__rle_write16(out, 1, 12, mixed), BYTES(0x05, 0x01, 0x00));
    const uint8_t bits[4] = {0xf8, 0xff, 0xff, 0x00};
    expect_written(out, tarn__rle_write_bits(out, 24, bits, 3), BYTES(0x2a, 0x01, 0x03, 0x00));
    expect_written(out, tarn__rle_write_repeated(out, 0, 9, 0), BYTES(0x12));
    expect_written(out, tarn__rle_write_repeated(out, 9, 9, 0x1ff), BYTES(0x12, 0xff, 0x01));
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(rle_writer__repeats_what_pays) /* P-ENC-RLE-7 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    uint32_t values[80] = {1, 0, 1, 0, 1, 0, 1, 0};
    /* Of one bit, two groups between bits are cheaper as bits, three are not dearer as a run. */
    values[24] = values[26] = 1;
    expect_written(out, tarn__rle_write(out, 1, 32, values), BYTES(0x09, 0x55, 0x00, 0x00, 0x05));
    values[24] = values[26] = 0;
    values[32] = values[34] = 1;
    expect_written(out, tarn__rle_write(out, 1, 40, values), BYTES(0x03, 0x55, 0x30, 0x00, 0x03, 0x05));
    /* Of three bits, one group is not dearer. */
    for (uint32_t i = 0; i < 24; i++) {
        values[i] = i % 8;
    }
    for (uint32_t i = 8; i < 16; i++) {
        values[i] = 5;
    }
    expect_written(out, tarn__rle_write(out, 3, 24, values), BYTES(0x03, 0x88, 0xc6, 0xfa, 0x10, 0x05, 0x03, 0x88, 0xc6, 0xfa));
    /* Of one bit, a group between runs is no dearer as a run. */
    for (uint32_t i = 0; i < 80; i++) {
        values[i] = i / 8 == 4;
    }
    expect_written(out, tarn__rle_write(out, 1, 80, values), BYTES(0x40, 0x00, 0x10, 0x01, 0x50, 0x00));
    /* A few values at the end, all the same, of many bits. */
    for (uint32_t i = 0; i < 80; i++) {
        values[i] = 1000;
    }
    expect_written(out, tarn__rle_write(out, 10, 5, values), BYTES(0x0a, 0xe8, 0x03));
    /* Without bits there is nothing to pack. */
    memset(values, 0, sizeof(values));
    expect_written(out, tarn__rle_write(out, 0, 11, values), BYTES(0x16));
    tarn__buffer_release(out);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(rle_writer__gives_one_form_to_every_kind_of_array) /* P-ENC-RLE-7 */
{
    enum { N = 900 };
    struct tarn_env *env = tarn_test_env();
    static uint32_t wide[N];
    static uint16_t narrow[N];
    for (uint32_t from = 0; from < 9; from++) {
        uint8_t bits[N / 8 + 3] = {0};
        struct tarn_buffer *out[3];
        for (uint32_t i = 0; i < N; i++) {
            wide[i] = i / 64 % 2 == 0 ? i * 7 % 3 == 0 : i / 41 % 2;
            narrow[i] = (uint16_t)wide[i];
            tarn__bit_put(bits, from + i, wide[i] != 0);
        }
        for (unsigned k = 0; k < 3; k++) {
            out[k] = tarn__buffer_new(env, 0);
        }
        const uint32_t n = N - from * 5;
        ck_assert(tarn__rle_write(out[0], 1, n, wide));
        ck_assert(tarn__rle_write16(out[1], 1, n, narrow));
        ck_assert(tarn__rle_write_bits(out[2], n, bits, from));
        for (unsigned k = 1; k < 3; k++) {
            ck_assert_uint_eq(out[k]->size, out[0]->size);
            ck_assert_mem_eq(out[k]->data, out[0]->data, out[0]->size);
        }
        for (unsigned k = 0; k < 3; k++) {
            tarn__buffer_release(out[k]);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

static uint32_t random_state = 12345;
static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

START_TEST(rle__round_trips_every_width)
{
    enum { N = 3000 };
    struct tarn_env *env = tarn_test_env();
    static uint32_t values[N];
    static uint32_t read[N];
    for (unsigned width = 0; width <= 32; width++) {
        const uint32_t mask = width == 0 ? 0 : UINT32_MAX >> (32 - width);
        for (uint32_t i = 0; i < N;) { /* runs of all lengths around a group */
            const uint32_t value = (next_random() << 16 ^ next_random()) & mask;
            for (uint32_t run = 1 + next_random() % (next_random() % 4 == 0 ? 40 : 3); run != 0 && i < N; run--) {
                values[i++] = value;
            }
        }
        struct tarn_buffer *out = tarn__buffer_new(env, 0);
        ck_assert(tarn__rle_write(out, width, N, values));
        ck_assert_uint_le(out->size, tarn__rle_bound(width, N));
        struct tarn__rle_values reader;
        ck_assert_ok(tarn__rle_values_init(&reader, tarn__buffer_span(out), width, N, &err), &err);
        for (uint32_t at = 0; at < N;) {
            const uint32_t n = 1 + next_random() % 100 < N - at ? 1 + next_random() % 100 : N - at;
            const uint32_t taken = n < N - at ? n : N - at;
            ck_assert_ok(tarn__rle_values_next(&reader, taken, read + at, &err), &err);
            at += taken;
        }
        ck_assert_mem_eq(read, values, sizeof(values));
        tarn__buffer_release(out);
    }
    tarn_test_env_close(env);
}
END_TEST

static bool all_equal(const uint32_t *values, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (values[i] != values[0]) {
            return false;
        }
    }
    return true;
}

/* Where runs of values of two bits are to be repeated, looked for value by value: begin and end of each. */
static uint32_t repeated_runs(const uint32_t *values, uint32_t n, uint32_t *ends)
{
    uint32_t found = 0;
    uint32_t packed = 0; /* values since the last run */
    uint32_t i = 0;
    while (n - i >= 8) {
        uint32_t run = 0;
        while (i + run < n && values[i + run] == values[i]) {
            run++;
        }
        const uint32_t left = n - i - run;
        const bool bits_follow = left != 0 && !(left >= 8 && all_equal(values + i + run, 8));
        const uint32_t groups = left == 0 ? (run + 7) / 8 : run / 8;
        const uint32_t as_run = (run < 64 ? 1u : 2u) + 1 + (bits_follow ? 1u : 0u);
        const uint32_t as_bits = groups * 2 + (packed == 0 ? 1u : 0u);
        if (run >= 8 && as_run <= as_bits) {
            ends[2 * found] = i;
            ends[2 * found++ + 1] = i + run;
            packed = 0;
            i += run;
        } else {
            const uint32_t whole = run < 8 ? 8 : run / 8 * 8;
            packed += whole;
            i += whole;
        }
    }
    if (packed == 0 && i < n && all_equal(values + i, n - i)) {
        ends[2 * found] = i;
        ends[2 * found++ + 1] = n;
    }
    return found;
}

START_TEST(rle_writer__finds_every_run_worth_it) /* P-ENC-RLE-7 */
{
    enum { N = 400, ROUNDS = 400 };
    struct tarn_env *env = tarn_test_env();
    static uint32_t values[N];
    static uint16_t narrow[N];
    static uint32_t ends[2 * N];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t n = 1 + next_random() % N;
        const uint32_t longest = 1 + next_random() % 20;
        for (uint32_t i = 0; i < n;) {
            const uint32_t value = next_random() % 4;
            for (uint32_t run = 1 + next_random() % longest; run != 0 && i < n; run--) {
                narrow[i] = (uint16_t)value;
                values[i++] = value;
            }
        }
        const uint32_t expected = repeated_runs(values, n, ends);
        for (int wide = 0; wide < 2; wide++) {
            struct tarn_buffer *out = tarn__buffer_new(env, 0);
            ck_assert(wide ? tarn__rle_write(out, 2, n, values) : tarn__rle_write16(out, 2, n, narrow));
            uint32_t found = 0;
            uint32_t at = 0;
            for (size_t p = 0; p < out->size;) { /* headers of one or two bytes */
                uint32_t header = out->data[p++];
                header = header < 0x80 ? header : (header & 0x7f) | (uint32_t)out->data[p++] << 7;
                if ((header & 1) != 0) {
                    p += (size_t)(header >> 1) * 2;
                    at += (header >> 1) * 8;
                } else {
                    ck_assert_uint_lt(found, expected);
                    ck_assert_uint_eq(at, ends[2 * found]);
                    at += header >> 1;
                    ck_assert_uint_eq(at, ends[2 * found + 1]);
                    found++;
                    p++;
                }
            }
            ck_assert_uint_eq(found, expected);
            tarn__buffer_release(out);
        }
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(bit_unpack__agrees_with_bits_taken_one_by_one)
{
    enum { BYTES = 67 };
    uint8_t bytes[BYTES];
    for (unsigned i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)next_random();
    }
    for (unsigned width = 0; width <= 32; width++) {
        const uint64_t most = width == 0 ? 50 : BYTES * 8 / width + 5; /* some values behind the end are zeros */
        for (uint64_t from = 0; from < 20 && from < most; from++) {
            uint32_t out[700];
            tarn__bit_unpack(&tarn__decode_kernels_base, (struct tarn_span){bytes, BYTES}, width, from, (size_t)(most - from), out);
            for (uint64_t i = from; i < most; i++) {
                uint32_t expected = 0;
                for (unsigned b = 0; b < width; b++) {
                    const uint64_t at = i * width + b;
                    expected |= (uint32_t)(at < BYTES * 8 && tarn__bit_get(bytes, at)) << b;
                }
                ck_assert_msg(out[i - from] == expected, "width %u, value %u", width, (unsigned)i);
            }
        }
    }
}
END_TEST

START_TEST(bits__are_copied_and_filled_at_any_place)
{
    uint8_t in[8];
    for (unsigned i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)next_random();
    }
    for (uint64_t from = 0; from < 17; from++) {
        for (uint64_t to = 0; to < 17; to++) {
            for (uint64_t n = 0; n <= 64 - (from > to ? from : to); n += 3) {
                uint8_t out[8];
                uint8_t filled[8];
                memset(out, 0x5a, sizeof(out));
                memset(filled, 0x5a, sizeof(filled));
                tarn__bits_copy(out, to, in, from, n);
                tarn__bits_fill(filled, to, n, from % 2 == 0);
                for (uint64_t i = 0; i < 64; i++) {
                    const bool old = 0x5a >> (i % 8) & 1;
                    const bool inside = i >= to && i < to + n;
                    ck_assert_int_eq(tarn__bit_get(out, i), inside ? tarn__bit_get(in, from + i - to) : old);
                    ck_assert_int_eq(tarn__bit_get(filled, i), inside ? from % 2 == 0 : old);
                }
            }
        }
    }
}
END_TEST

TARN_SUITE("format/rle", TARN_TEST(rle_reader__repeats_a_value), TARN_TEST(rle_reader__gives_packed_values),
           TARN_TEST(rle_reader__ends_a_padded_group_at_the_value_count), TARN_TEST(rle_reader__accepts_a_cut_last_group),
           TARN_LOOP_TEST(rle_reader__refuses_damage, damaged), TARN_TEST(rle_values__crosses_runs_in_pieces), TARN_TEST(rle_values__skips),
           TARN_TEST(dictionary_codes__begin_with_their_width), TARN_TEST(dictionary_codes__may_have_no_bits),
           TARN_TEST(dictionary_codes__stay_inside_the_dictionary), TARN_TEST(rle_writer__writes_these_bytes),
           TARN_TEST(rle_writer__repeats_what_pays), TARN_TEST(rle_writer__gives_one_form_to_every_kind_of_array),
           TARN_TEST(rle__round_trips_every_width), TARN_TEST(rle_writer__finds_every_run_worth_it),
           TARN_TEST(bit_unpack__agrees_with_bits_taken_one_by_one), TARN_TEST(bits__are_copied_and_filled_at_any_place))
