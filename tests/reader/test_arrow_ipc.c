/* SPDX-License-Identifier: Apache-2.0
 * Arrow IPC read: a stream byte by byte from the specification, every layout, both framings, dictionaries, compression, and damage that is
 * told with its byte. Batches are written by hand (tests/support/ipc_bytes.h): they say what they are told to, true or not.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/ipc_bytes.h"
#include "tests/support/source_text.h"

static struct tarn_error err;

/* One column "a" of 32-bit integers, the rows 7, null, -2. */
static const uint8_t by_hand[] = {
    /* clang-format off */
    0xff, 0xff, 0xff, 0xff, /* the mark of a message */
    0x78, 0x00, 0x00, 0x00, /* its metadata */
    0x10, 0x00, 0x00, 0x00, /* root: the Message */
    0x0c, 0x00, 0x18, 0x00, 0x04, 0x00, 0x06, 0x00, 0x08, 0x00, 0x10, 0x00, /* vtable of Message: 12 bytes, table of 24; version at 4, header type at 6, header at 8, body length at 16 */
    0x0c, 0x00, 0x00, 0x00, /* Message: its vtable */
    0x04, 0x00, 0x01, 0x00, /* version V5, header type Schema */
    0x18, 0x00, 0x00, 0x00, /* header: the Schema */
    0x00, 0x00, 0x00, 0x00, /* padding */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* no body */
    0x08, 0x00, 0x08, 0x00, 0x00, 0x00, 0x04, 0x00, /* vtable of Schema: endianness absent (little), fields at 4 */
    0x08, 0x00, 0x00, 0x00, /* Schema: its vtable */
    0x04, 0x00, 0x00, 0x00, /* fields */
    0x01, 0x00, 0x00, 0x00, /* one field */
    0x10, 0x00, 0x00, 0x00, /* the Field */
    0x0c, 0x00, 0x10, 0x00, 0x04, 0x00, 0x08, 0x00, 0x09, 0x00, 0x0c, 0x00, /* vtable of Field: name at 4, nullable at 8, type type at 9, type at 12 */
    0x0c, 0x00, 0x00, 0x00, /* Field: its vtable */
    0x0c, 0x00, 0x00, 0x00, /* name */
    0x01, 0x02, 0x00, 0x00, /* nullable, type type Int */
    0x14, 0x00, 0x00, 0x00, /* type: the Int */
    0x01, 0x00, 0x00, 0x00, /* a name of one byte */
    0x61, 0x00, 0x00, 0x00, /* "a" */
    0x08, 0x00, 0x0c, 0x00, 0x04, 0x00, 0x08, 0x00, /* vtable of Int: bit width at 4, signed at 8 */
    0x08, 0x00, 0x00, 0x00, /* Int: its vtable */
    0x20, 0x00, 0x00, 0x00, /* 32 bits */
    0x01, 0x00, 0x00, 0x00, /* signed */
    0xff, 0xff, 0xff, 0xff, /* the mark of a message */
    0x88, 0x00, 0x00, 0x00, /* its metadata */
    0x10, 0x00, 0x00, 0x00, /* root: the Message */
    0x0c, 0x00, 0x18, 0x00, 0x04, 0x00, 0x06, 0x00, 0x08, 0x00, 0x10, 0x00, /* vtable of Message */
    0x0c, 0x00, 0x00, 0x00, /* Message: its vtable */
    0x04, 0x00, 0x03, 0x00, /* version V5, header type RecordBatch */
    0x1c, 0x00, 0x00, 0x00, /* header: the RecordBatch */
    0x00, 0x00, 0x00, 0x00, /* padding */
    0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* a body of 24 bytes */
    0x0a, 0x00, 0x14, 0x00, 0x04, 0x00, 0x0c, 0x00, 0x10, 0x00, 0x00, 0x00, /* vtable of RecordBatch: length at 4, nodes at 12, buffers at 16; padding */
    0x0c, 0x00, 0x00, 0x00, /* RecordBatch: its vtable */
    0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* three rows */
    0x0c, 0x00, 0x00, 0x00, /* nodes */
    0x20, 0x00, 0x00, 0x00, /* buffers */
    0x00, 0x00, 0x00, 0x00, /* padding */
    0x01, 0x00, 0x00, 0x00, /* one node */
    0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* of three rows, one null */
    0x00, 0x00, 0x00, 0x00, /* padding */
    0x02, 0x00, 0x00, 0x00, /* two buffers */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* validity: one byte at 0 */
    0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* values: 12 bytes at 8 */
    0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* validity: rows 0 and 2; padding */
    0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xfe, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, /* values 7, -, -2; padding */
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, /* the end */
    /* clang-format on */
};

/* All rows, for what `err` says of them. */
static void read_again(struct tarn_source *source)
{
    struct tarn_batches *batches;
    struct tarn_batch *batch;
    if (tarn_source_batches(source, NULL, &batches, &err) == TARN_OK) {
        while (batches->next(batches, &batch, &err) == TARN_OK && batch != NULL) {
        }
        batches->close(batches);
    }
}

/* What a source of these bytes says: schema, rows, or why not. The error is in `err`. */
static const char *text_of(const void *bytes, size_t size)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, bytes, size);
    struct tarn_source *source;
    static char failure[160];
    const char *text = failure;
    err = (struct tarn_error)TARN_ERROR_INIT;
    if (tarn_arrow_ipc_open(store, TARN_TEXT("f"), NULL, &source, &err) == TARN_OK) {
        text = tarn_test_source_text(source);
        read_again(source);
        tarn_source_close(source);
    } else {
        snprintf(failure, sizeof(failure), "!%s.%s", tarn_status_name(err.code), err.detail);
    }
    tarn_store_close(store);
    tarn_test_env_close(env);
    return text;
}

START_TEST(ipc__reads_a_stream_written_by_hand) /* X-IPC-1, X-IPC-2, X-IPC-3 */
{
    ck_assert_str_eq(text_of(by_hand, sizeof(by_hand)), "a INTEGER\n7\n~\n-2\n");
}
END_TEST

START_TEST(ipc__a_stream_may_end_without_its_mark) /* X-IPC-1 */
{
    ck_assert_str_eq(text_of(by_hand, sizeof(by_hand) - 8), "a INTEGER\n7\n~\n-2\n");
}
END_TEST

START_TEST(ipc__reads_messages_without_the_mark_of_newer_versions) /* X-IPC-1 */
{
    uint8_t bytes[sizeof(by_hand)];
    size_t size = 0;
    for (size_t i = 0; i < sizeof(by_hand);) { /* leaves out what stands before each size */
        if (i + 4 <= sizeof(by_hand) && memcmp(by_hand + i, "\xff\xff\xff\xff", 4) == 0) {
            i += 4;
        }
        bytes[size++] = by_hand[i++];
    }
    ck_assert_uint_eq(size, sizeof(by_hand) - 12);
    ck_assert_str_eq(text_of(bytes, size), "a INTEGER\n7\n~\n-2\n");
}
END_TEST

START_TEST(ipc__a_stream_that_ends_early_is_damaged_and_says_where) /* X-IPC-1 */
{
    static const size_t schema_end = 128;
    static const size_t batch_end = sizeof(by_hand) - 8;
    for (size_t size = 0; size < sizeof(by_hand); size++) {
        const char *text = text_of(by_hand, size);
        if (size == schema_end) {
            ck_assert_str_eq(text, "a INTEGER\n");
        } else if (size == batch_end) {
            ck_assert_str_eq(text, "a INTEGER\n7\n~\n-2\n");
        } else {
            ck_assert_msg(strstr(text, "!CORRUPT.arrow_ipc") != NULL, "%zu bytes: %s", size, text);
            ck_assert_int_ge(err.offset, 0);
            ck_assert_int_le(err.offset, (int64_t)size);
        }
    }
}
END_TEST

/* Whatever a byte becomes: an answer, and all memory back (tarn_test_env_close). */
START_TEST(ipc__no_byte_can_be_changed_to_harm) /* X-IPC-2, X-IPC-4 */
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x04};
    uint8_t bytes[sizeof(by_hand)];
    for (size_t i = 0; i < sizeof(by_hand); i++) {
        memcpy(bytes, by_hand, sizeof(bytes));
        bytes[i] ^= changes[_i];
        text_of(bytes, sizeof(bytes));
        ck_assert_uint_ne(err.code, TARN_INTERNAL);
        ck_assert_uint_ne(err.code, TARN_INVALID);
    }
}
END_TEST

/* ---- layouts ---- */

static const struct tarn_ipc_shape ints = {.format = "i"};
static const struct tarn_ipc_shape longs = {.format = "l"};
static const struct tarn_ipc_shape texts = {.format = "u"};
static const struct tarn_ipc_shape keys = {.format = "u", .name = "key", .not_null = true};
static const struct tarn_ipc_shape pair = {.format = "+s", .name = "entries", .not_null = true, .children = {&keys, &ints}};
static const struct tarn_ipc_shape ends = {.format = "i", .name = "run_ends", .not_null = true};
static const struct tarn_ipc_shape coded = {.format = "C", .dictionary = &texts};

static const int32_t three[] = {1, 2, 3};
static const int64_t three_long[] = {1, -2, 3};
static const uint8_t first_and_last[8] = {5};
static const int32_t offsets[] = {0, 1, 1, 3};
static const int32_t umlaut_offsets[] = {0, 2, 2, 3};
static const int32_t null_offsets[] = {0, 1, 2, 3};
static const int64_t long_offsets[] = {0, 1, 1, 3};
static const uint8_t views[48] = {2, 0, 0, 0, 'h', 'i', [16] = 0, [32] = 14, 0, 0, 0, 'f', 'o', 'u', 'r', 1, 0, 0, 0, 0, 0, 0, 0};
static const int32_t list_sizes[] = {2, 0, 1};
static const int32_t list_begins[] = {1, 0, 0};
static const int32_t run_ends[] = {2, 3};
static const int64_t decimals_128[] = {150, 0, -1, -1, 7, 0};
static const int64_t decimals_256[] = {150, 0, 0, 0, -1, -1, -1, -1, 7, 0, 0, 0};
static const int64_t dates[] = {0, 86400000, -86400000};
static const int32_t day_times[] = {1, 2, 0, 0, -1, 0};
static const uint16_t halves[] = {0x3c00, 0x0000, 0xc000};

/* clang-format off */
#define NO_BUFFER {NULL, 0, 0, 0}
#define BUFFER(array) {array, sizeof(array), 0, 0}
#define TEXT(text) {text, sizeof(text) - 1, 0, 0}

static const struct layout {
    const char *name;
    struct tarn_ipc_shape shape;
    struct tarn_ipc_batch batch;
    const char *rows;
} layouts[] = {
    {"null", {.format = "n"}, {.length = 3, .node_count = 1, .nodes = {{3, 3}}}, "a \"NULL\"\n~\n~\n~\n"},
    {"bool", {.format = "b"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), TEXT("\1")}}, "a BOOLEAN\ntrue\n~\nfalse\n"},
    {"int8", {.format = "c"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\1\xff\3")}}, "a TINYINT\n1\n-1\n3\n"},
    {"uint8", {.format = "C"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\1\xff\3")}}, "a UTINYINT\n1\n255\n3\n"},
    {"int16", {.format = "s"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\1\0\xff\xff\3\0")}}, "a SMALLINT\n1\n-1\n3\n"},
    {"uint16", {.format = "S"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\1\0\xff\xff\3\0")}}, "a USMALLINT\n1\n65535\n3\n"},
    {"int32", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "a INTEGER\n1\n2\n3\n"},
    {"a bitmap that nobody may look at", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three)}}, "a INTEGER\n1\n2\n3\n"},
    {"int64", {.format = "l"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three_long)}}, "a BIGINT\n1\n~\n3\n"},
    {"uint64", {.format = "L"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three_long)}}, "a UBIGINT\n1\n18446744073709551614\n3\n"},
    {"half", {.format = "e"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(halves)}}, "a FLOAT16\n1.0\n0.0\n-2.0\n"},
    {"decimal 128", {.format = "d:5,2"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(decimals_128)}}, "a DECIMAL(5,2)\n1.50\n-0.01\n0.07\n"},
    {"decimal 256", {.format = "d:50,2,256"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(decimals_256)}}, "a DECIMAL(50,2)\n1.50\n-0.01\n0.07\n"},
    {"decimal 32", {.format = "d:5,2,32"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "a DECIMAL(5,2)\n0.01\n0.02\n0.03\n"},
    {"decimal 64", {.format = "d:15,2,64"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three_long)}}, "a DECIMAL(15,2)\n0.01\n-0.02\n0.03\n"},
    {"date 32", {.format = "tdD"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "a DATE\n1970-01-02\n1970-01-03\n1970-01-04\n"},
    {"date 64", {.format = "tdm"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(dates)}}, "a DATE\n1970-01-01\n1970-01-02\n1969-12-31\n"},
    {"time of seconds", {.format = "tts"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "a TIME(0)\n00:00:01\n00:00:02\n00:00:03\n"},
    {"timestamp", {.format = "tsu:UTC"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three_long)}},
     "a TIMESTAMP WITH TIME ZONE\n1970-01-01 00:00:00.000001+00\n~\n1970-01-01 00:00:00.000003+00\n"},
    {"local timestamp", {.format = "tss:"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three_long)}},
     "a TIMESTAMP(0)\n1970-01-01 00:00:01\n~\n1970-01-01 00:00:03\n"},
    {"interval of months", {.format = "tiM"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "a INTERVAL\n1 month\n2 months\n3 months\n"},
    {"interval of days", {.format = "tiD"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(day_times)}}, "a INTERVAL\n1 day 00:00:00.002000\n00:00:00\n-1 day\n"},
    {"text", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 3, .buffers = {BUFFER(first_and_last), BUFFER(offsets), TEXT("abc")}}, "a VARCHAR\na\n~\nbc\n"},
    {"text beyond ASCII", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(umlaut_offsets), TEXT("\xc3\xa4" "b")}}, "a VARCHAR\n\xc3\xa4\n\nb\n"},
    {"bytes of a null that are no text", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 3, .buffers = {BUFFER(first_and_last), BUFFER(null_offsets), TEXT("a\xff" "c")}}, "a VARCHAR\na\n~\nc\n"},
    {"large text", {.format = "U"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 3, .buffers = {BUFFER(first_and_last), BUFFER(long_offsets), TEXT("abc")}}, "a VARCHAR\na\n~\nbc\n"},
    {"binary", {.format = "z"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(offsets), TEXT("a\xff\1")}}, "a BLOB\na\n\n\\xFF\\x01\n"},
    {"views", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(views), TEXT("unused"), TEXT("fourteen bytes")}, .variadic_count = 1, .variadic = {2}}, "a VARCHAR\nhi\n\nfourteen bytes\n"},
    {"fixed", {.format = "w:2"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("aabbcc")}}, "a BINARY(2)\naa\nbb\ncc\n"},
    {"list", {.format = "+l", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 1}, {3, 0}}, .buffer_count = 4, .buffers = {BUFFER(first_and_last), BUFFER(offsets), NO_BUFFER, BUFFER(three)}},
     "a INTEGER[]\n[1]\n~\n[2, 3]\n"},
    {"large list", {.format = "+L", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(long_offsets), NO_BUFFER, BUFFER(three)}},
     "a INTEGER[]\n[1]\n[]\n[2, 3]\n"},
    {"list of fixed size", {.format = "+w:1", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, NO_BUFFER, BUFFER(three)}},
     "a INTEGER[]\n[1]\n[2]\n[3]\n"},
    {"list views", {.format = "+vl", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 5, .buffers = {NO_BUFFER, BUFFER(list_begins), BUFFER(list_sizes), NO_BUFFER, BUFFER(three)}},
     "a INTEGER[]\n[2, 3]\n[]\n[1]\n"},
    {"struct", {.format = "+s", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 1}, {3, 0}}, .buffer_count = 3, .buffers = {BUFFER(first_and_last), NO_BUFFER, BUFFER(three)}},
     "a STRUCT(a INTEGER)\n{'a': 1}\n~\n{'a': 3}\n"},
    {"map", {.format = "+m", .children = {&pair}}, {.length = 3, .node_count = 4, .nodes = {{3, 0}, {3, 0}, {3, 0}, {3, 0}}, .buffer_count = 8,
      .buffers = {NO_BUFFER, BUFFER(offsets), NO_BUFFER, NO_BUFFER, BUFFER(offsets), TEXT("xyz"), NO_BUFFER, BUFFER(three)}},
     "a MAP(VARCHAR, INTEGER)\n{x=1}\n{}\n{=2, yz=3}\n"},
    {"runs", {.format = "+r", .children = {&ends, &longs}}, {.length = 3, .node_count = 3, .nodes = {{3, 0}, {2, 0}, {2, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(run_ends), NO_BUFFER, {three_long, 16, 0, 0}}},
     "a BIGINT\n1\n1\n-2\n"},
    {"json", {.format = "u", .metadata = "\2\0\0\0\24\0\0\0ARROW:extension:name\12\0\0\0arrow.json\30\0\0\0ARROW:extension:metadata\0\0\0\0"},
     {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 3, .buffers = {BUFFER(first_and_last), BUFFER(offsets), TEXT("123")}}, "a JSON\n1\n~\n23\n"},
};
/* clang-format on */

static void begin(struct tarn_text_builder *out, struct tarn_env *env, const struct tarn_ipc_shape *shape)
{
    tarn__builder_init(out, env);
    tarn_ipc_put_shape(out, shape);
}

/* The stream of a schema and some batches. */
static const char *text_of_batches(const struct tarn_ipc_shape *shape, const struct tarn_ipc_batch *batches, int count)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_text_builder out;
    begin(&out, env, shape);
    for (int i = 0; i < count; i++) {
        tarn_ipc_put_batch(&out, &batches[i]);
    }
    ck_assert_ok(tarn__builder_status(&out, &err), &err);
    const char *text = text_of(out.data, out.size);
    tarn__builder_free(&out);
    tarn_test_env_close(env);
    return text;
}

START_TEST(ipc__reads_every_layout) /* X-IPC-3, X-IPC-4 */
{
    const struct layout *layout = &layouts[_i];
    const char *text = text_of_batches(&layout->shape, &layout->batch, 1);
    ck_assert_msg(strcmp(text, layout->rows) == 0, "%s: %s (%s)", layout->name, text, err.message);
}
END_TEST

/* ---- dictionaries ---- */

static const int32_t offsets_a_bc[] = {0, 1, 3};
static const int32_t offsets_d[] = {0, 1};

/* clang-format off */
static const struct tarn_ipc_batch entries = {.length = 2, .node_count = 1, .nodes = {{2, 0}}, .buffer_count = 3,
    .buffers = {NO_BUFFER, BUFFER(offsets_a_bc), TEXT("abc")}, .dictionary = true};
static const struct tarn_ipc_batch more_entries = {.length = 1, .node_count = 1, .nodes = {{1, 0}}, .buffer_count = 3,
    .buffers = {NO_BUFFER, BUFFER(offsets_d), TEXT("d")}, .dictionary = true, .delta = true};
static const struct tarn_ipc_batch other_entries = {.length = 1, .node_count = 1, .nodes = {{1, 0}}, .buffer_count = 3,
    .buffers = {NO_BUFFER, BUFFER(offsets_d), TEXT("x")}, .dictionary = true};
static const struct tarn_ipc_batch entries_with_null = {.length = 2, .node_count = 1, .nodes = {{2, 1}}, .buffer_count = 3,
    .buffers = {TEXT("\1"), BUFFER(offsets_a_bc), TEXT("abc")}, .dictionary = true};
static const struct tarn_ipc_batch codes_010 = {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2,
    .buffers = {NO_BUFFER, TEXT("\0\1\0")}};
static const struct tarn_ipc_batch codes_2_0 = {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2,
    .buffers = {BUFFER(first_and_last), TEXT("\2\1\0")}};
static const struct tarn_ipc_batch codes_000 = {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2,
    .buffers = {NO_BUFFER, TEXT("\0\0\0")}};
/* clang-format on */

START_TEST(ipc__a_dictionary_grows_and_is_replaced) /* X-IPC-8 */
{
    const struct tarn_ipc_batch stream[] = {entries, codes_010, more_entries, codes_2_0, other_entries, codes_000};
    ck_assert_str_eq(text_of_batches(&coded, stream, 6), "a VARCHAR\na\nbc\na\nd\n~\na\nx\nx\nx\n");
}
END_TEST

START_TEST(ipc__a_dictionary_may_hold_a_null) /* X-IPC-8 */
{
    const struct tarn_ipc_batch stream[] = {entries_with_null, codes_010};
    ck_assert_str_eq(text_of_batches(&coded, stream, 2), "a VARCHAR\na\n~\na\n");
}
END_TEST

START_TEST(ipc__dictionaries_lie_in_values_too) /* X-IPC-8: a list of codes */
{
    static const struct tarn_ipc_shape list = {.format = "+l", .children = {&coded}};
    /* clang-format off */
    struct tarn_ipc_batch lists[] = {entries, {.length = 3, .node_count = 2, .nodes = {{3, 1}, {3, 0}}, .buffer_count = 4,
        .buffers = {BUFFER(first_and_last), BUFFER(offsets), NO_BUFFER, TEXT("\0\1\0")}}};
    /* clang-format on */
    lists[0].id = 1;
    ck_assert_str_eq(text_of_batches(&list, lists, 2), "a VARCHAR[]\n[a]\n~\n[bc, a]\n");
}
END_TEST

/* ---- compression ---- */

/* Of 64 integers, 1, 2, 3, then zeros: their size, and what lz4 and zstd make of them. */
static const uint8_t lz4_ints[] = {0x00, 0x01, 0,    0,    0,    0,    0,    0,    0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82,
                                   0x14, 0x00, 0x00, 0x00, 0xaf, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, 0x00,
                                   0x01, 0x00, 0xde, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
static const uint8_t zstd_ints[] = {0x00, 0x01, 0,    0,    0,    0,    0,    0,    0x28, 0xb5, 0x2f, 0xfd,
                                    0x60, 0x00, 0x00, 0x8d, 0x00, 0x00, 0x50, 0x01, 0x00, 0x00, 0x00, 0x02,
                                    0x00, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x73, 0x0a, 0x20, 0x01};
static const uint8_t plain_ints[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};

static const struct packed {
    enum tarn__ipc_codec codec;
    const uint8_t *bytes;
    size_t size;
} packed[] = {{TARN__IPC_LZ4_FRAME, lz4_ints, sizeof(lz4_ints)},
              {TARN__IPC_ZSTD, zstd_ints, sizeof(zstd_ints)},
              {TARN__IPC_LZ4_FRAME, plain_ints, sizeof(plain_ints)},
              {TARN__IPC_ZSTD, plain_ints, sizeof(plain_ints)}};

static struct tarn_ipc_batch packed_batch(enum tarn__ipc_codec codec, const uint8_t *bytes, size_t size)
{
    struct tarn_ipc_batch batch = {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .packed = true, .codec = codec};
    batch.buffers[1].data = bytes;
    batch.buffers[1].size = size;
    return batch;
}

START_TEST(ipc__reads_compressed_bodies) /* X-IPC-6 */
{
    const struct tarn_ipc_batch batch = packed_batch(packed[_i].codec, packed[_i].bytes, packed[_i].size);
    ck_assert_str_eq(text_of_batches(&ints, &batch, 1), "a INTEGER\n1\n2\n3\n");
}
END_TEST

START_TEST(ipc__a_damaged_compressed_buffer_is_corrupt) /* X-IPC-6 */
{
    const bool zstd = _i == 1;
    uint8_t bytes[64];
    const size_t size = packed[_i].size;
    static const int64_t sizes[] = {0x101, 0xff, 0, -2, INT64_MIN, 7};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) { /* another size than it has */
        memcpy(bytes, packed[_i].bytes, size);
        tarn__store64(bytes, (uint64_t)sizes[i]);
        const struct tarn_ipc_batch batch = packed_batch(packed[_i].codec, bytes, size);
        ck_assert_msg(strstr(text_of_batches(&ints, &batch, 1), "!CORRUPT.") != NULL, "size %lld", (long long)sizes[i]);
        ck_assert_int_ge(err.offset, 0);
    }
    for (size_t cut = 0; cut < size; cut++) { /* too few bytes; nothing at all has no size */
        const struct tarn_ipc_batch batch = packed_batch(packed[_i].codec, packed[_i].bytes, cut);
        ck_assert_msg(strstr(text_of_batches(&ints, &batch, 1), cut == 0 ? "!CORRUPT.arrow_ipc" : "!CORRUPT.codec") != NULL, "%zu", cut);
    }
    memcpy(bytes, packed[_i].bytes, size);
    bytes[zstd ? 9 : 10] ^= 0xff; /* the magic */
    const struct tarn_ipc_batch batch = packed_batch(packed[_i].codec, bytes, size);
    ck_assert_ptr_nonnull(strstr(text_of_batches(&ints, &batch, 1), "!CORRUPT.codec"));
}
END_TEST

/* ---- damage ---- */

static const int32_t falling[] = {0, 2, 1, 3};
static const int32_t too_far[] = {0, 1, 1, 4};
static const int32_t below_zero[] = {0, -1, 1, 3};
static const int64_t too_far_long[] = {0, 1, 1, INT64_MAX};
static const int32_t ends_short[] = {1, 2};
static const int32_t list_sizes_long[] = {2, 0, 9};
static const uint8_t bad_views[48] = {2, 0, 0, 0, 'h', 'i', [16] = 0, [32] = 14, 0, 0, 0, 'f', 'o', 'u', 'r', 7, 0, 0, 0, 1, 0, 0, 0};
static const uint8_t far_views[48] = {2, 0, 0, 0, 'h', 'i', [16] = 0, [32] = 14, 0, 0, 0, 'f', 'o', 'u', 'r', 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t other_prefix[48] = {2, 0, 0, 0, 'h', 'i', [16] = 0, [32] = 14, 0, 0, 0, 'f', 'i', 'v', 'e', 0, 0, 0, 0, 0, 0, 0, 0};
static const int64_t wide_decimals[] = {150, 1, -1, -1, 7, 0};
static const int64_t half_days[] = {0, 43200000, -86400000};

/* clang-format off */
static const struct damage {
    const char *name;
    struct tarn_ipc_shape shape;
    struct tarn_ipc_batch batch;
    const char *detail;
} damages[] = {
    {"fewer rows than a column", {.format = "i"}, {.length = 2, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"rows below zero", {.format = "i"}, {.length = -1, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"a node below zero", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{-3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"a node of too many rows", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{1ll << 40, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"nulls below zero", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, -1}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"more nulls than rows", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 4}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three)}}, "arrow_ipc"},
    {"nulls and no bitmap", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"another number of nulls", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 2}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three)}}, "arrow_ipc"},
    {"nulls where none may be", {.format = "i", .not_null = true}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {BUFFER(first_and_last), BUFFER(three)}}, "arrow_array"},
    {"no node", {.format = "i"}, {.length = 3, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"a node too many", {.format = "i"}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"a buffer too few", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 1, .buffers = {BUFFER(three)}}, "arrow_ipc"},
    {"a buffer too many", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(three), BUFFER(three)}}, "arrow_ipc"},
    {"a buffer before the body", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, {three, 12, -8, 0}}}, "arrow_ipc"},
    {"a buffer behind the body", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, {three, 12, 8, 0}}}, "arrow_ipc"},
    {"a buffer at the end of all numbers", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, {three, 12, INT64_MAX, 0}}}, "arrow_ipc"},
    {"a buffer of negative size", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, {three, 12, 0, -13}}}, "arrow_ipc"},
    {"buffers that overlap", {.format = "i"}, {.length = 3, .node_count = 1, .nodes = {{3, 1}}, .buffer_count = 2, .buffers = {{first_and_last, 8, 0, 8}, BUFFER(three)}}, "arrow_ipc"},
    {"values too short", {.format = "l"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(three)}}, "arrow_ipc"},
    {"bits too short", {.format = "b"}, {.length = 9, .node_count = 1, .nodes = {{9, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\1")}}, "arrow_ipc"},
    {"a bitmap too short", {.format = "c"}, {.length = 9, .node_count = 1, .nodes = {{9, 8}}, .buffer_count = 2, .buffers = {TEXT("\1"), TEXT("123456789")}}, "arrow_ipc"},
    {"offsets too short", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, {offsets, 12, 0, 0}, TEXT("abc")}}, "arrow_ipc"},
    {"no offsets", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, NO_BUFFER, TEXT("abc")}}, "arrow_ipc"},
    {"offsets that fall", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(falling), TEXT("abc")}}, "arrow_array"},
    {"offsets below zero", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(below_zero), TEXT("abc")}}, "arrow_array"},
    {"offsets out of the bytes", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(too_far), TEXT("abc")}}, "arrow_ipc"},
    {"long offsets out of the bytes", {.format = "U"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(too_far_long), TEXT("abc")}}, "arrow_ipc"},
    {"text that is no UTF-8", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(offsets), TEXT("a\xff" "c")}}, "arrow_array"},
    {"a character cut by an offset", {.format = "u"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(offsets), TEXT("\xc3\xa4" "b")}}, "arrow_array"},
    {"a view of no buffer", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(bad_views), TEXT("x"), TEXT("fourteen bytes")}, .variadic_count = 1, .variadic = {2}}, "arrow_array"},
    {"a view out of its buffer", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(far_views), TEXT("fourteen byte")}, .variadic_count = 1, .variadic = {1}}, "arrow_array"},
    {"a view with another prefix", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(other_prefix), TEXT("fourteen bytes")}, .variadic_count = 1, .variadic = {1}}, "arrow_array"},
    {"views that nobody counts", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(views), TEXT("fourteen bytes")}}, "arrow_ipc"},
    {"buffers of views below zero", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(views), TEXT("fourteen bytes")}, .variadic_count = 1, .variadic = {-1}}, "arrow_ipc"},
    {"buffers of views that are not there", {.format = "vu"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(views), TEXT("fourteen bytes")}, .variadic_count = 1, .variadic = {1ll << 33}}, "arrow_ipc"},
    {"a list out of its elements", {.format = "+l", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(too_far), NO_BUFFER, BUFFER(three)}}, "arrow_array"},
    {"a list view out of its elements", {.format = "+vl", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 5, .buffers = {NO_BUFFER, BUFFER(list_begins), BUFFER(list_sizes_long), NO_BUFFER, BUFFER(three)}}, "arrow_array"},
    {"a list of fixed size with too few elements", {.format = "+w:2", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {3, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, NO_BUFFER, BUFFER(three)}}, "arrow_array"},
    {"a struct with too few members", {.format = "+s", .children = {&ints}}, {.length = 3, .node_count = 2, .nodes = {{3, 0}, {2, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, NO_BUFFER, BUFFER(three)}}, "arrow_array"},
    {"runs that end before the rows", {.format = "+r", .children = {&ends, &longs}}, {.length = 3, .node_count = 3, .nodes = {{3, 0}, {2, 0}, {2, 0}}, .buffer_count = 4, .buffers = {NO_BUFFER, BUFFER(ends_short), NO_BUFFER, {three_long, 16, 0, 0}}}, "arrow_array"},
    {"a decimal beyond its precision", {.format = "d:5,2"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(wide_decimals)}}, "arrow_array"},
    {"half a day", {.format = "tdm"}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, BUFFER(half_days)}}, "arrow_array"},
    {"codes without a dictionary", {.format = "C", .dictionary = &texts}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\0\0\0")}}, "arrow_ipc"},
    {"codes that are no integers", {.format = "g", .dictionary = &texts}, {.length = 3, .node_count = 1, .nodes = {{3, 0}}, .buffer_count = 2, .buffers = {NO_BUFFER, TEXT("\0\0\0")}}, "arrow_ipc"},
    {"a dictionary of no field", {.format = "i"}, {.length = 1, .node_count = 1, .nodes = {{1, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(offsets_d), TEXT("x")}, .dictionary = true}, "arrow_ipc"},
    {"a delta before its dictionary", {.format = "C", .dictionary = &texts}, {.length = 1, .node_count = 1, .nodes = {{1, 0}}, .buffer_count = 3, .buffers = {NO_BUFFER, BUFFER(offsets_d), TEXT("x")}, .dictionary = true, .delta = true}, "arrow_ipc"},
};
/* clang-format on */

START_TEST(ipc__damage_is_told_with_its_place) /* X-IPC-4, X-IPC-5 */
{
    const struct damage *damage = &damages[_i];
    char expected[64];
    snprintf(expected, sizeof(expected), "!CORRUPT.%s", damage->detail);
    const char *text = text_of_batches(&damage->shape, &damage->batch, 1);
    ck_assert_msg(strstr(text, expected) != NULL, "%s: %s (%s)", damage->name, text, err.message);
    ck_assert_msg(err.offset > 0, "%s", damage->name);
}
END_TEST

START_TEST(ipc__a_code_without_an_entry_is_corrupt) /* X-IPC-5, X-IPC-8 */
{
    const struct tarn_ipc_batch stream[] = {entries, codes_2_0};
    ck_assert_str_eq(text_of_batches(&coded, stream, 2), "a VARCHAR\n!CORRUPT.arrow_array");
    ck_assert_int_eq(err.row, 0);
}
END_TEST

/* ---- what is refused by name ---- */

static const struct tarn_ipc_batch nothing = {.length = 0};

static const struct refused {
    struct tarn_ipc_shape shape;
    const char *text;
} refused[] = {
    {{.format = "d:5,-2"}, "!UNSUPPORTED.arrow.format"},
};

START_TEST(ipc__refuses_by_name_what_tarn_does_not_have) /* X-IPC-3 */
{
    ck_assert_str_eq(text_of_batches(&refused[_i].shape, &nothing, 1), refused[_i].text);
}
END_TEST

/* The stream by hand with a byte changed, at its place in by_hand. */
static const char *text_of_changed(size_t at, uint8_t from, uint8_t to)
{
    uint8_t bytes[sizeof(by_hand)];
    memcpy(bytes, by_hand, sizeof(bytes));
    ck_assert_uint_eq(bytes[at], from);
    bytes[at] = to;
    return text_of(bytes, sizeof(bytes));
}

START_TEST(ipc__refuses_by_name_what_a_stream_may_say) /* X-IPC-3 */
{
    enum { VERSION = 8 + 20, SCHEMA_KIND = 8 + 22, TYPE = 8 + 85, ENDIANNESS = 8 + 44, BATCH_KIND = 8 + 120 + 8 + 22 };
    ck_assert_str_eq(text_of_changed(VERSION, 4, 3), "a INTEGER\n7\n~\n-2\n"); /* V4 */
    ck_assert_str_eq(text_of_changed(VERSION, 4, 2), "!UNSUPPORTED.arrow.version");
    ck_assert_str_eq(text_of_changed(VERSION, 4, 5), "!UNSUPPORTED.arrow.version");
    ck_assert_str_eq(text_of_changed(SCHEMA_KIND, 1, 4), "!UNSUPPORTED.arrow.tensor");
    ck_assert_str_eq(text_of_changed(SCHEMA_KIND, 1, 6), "!CORRUPT.arrow_ipc");
    ck_assert_str_eq(text_of_changed(SCHEMA_KIND, 1, 3), "!CORRUPT.arrow_ipc"); /* rows first */
    ck_assert_str_eq(text_of_changed(BATCH_KIND, 3, 5), "a INTEGER\n!UNSUPPORTED.arrow.tensor");
    ck_assert_str_eq(text_of_changed(TYPE, 2, 99), "!UNSUPPORTED.arrow.type");
    ck_assert_str_eq(text_of_changed(TYPE, 2, 14), "!UNSUPPORTED.arrow.union");
    ck_assert_str_eq(text_of_changed(ENDIANNESS, 0, 4), "!UNSUPPORTED.arrow.big_endian"); /* shows the number of fields */
    ck_assert_str_eq(text_of("FEA1xxxxFEA1", 12), "!UNSUPPORTED.arrow.feather_v1");
}
END_TEST

START_TEST(ipc__two_columns_of_one_name_are_unsupported) /* X-IPC-3 */
{
    static const struct tarn_ipc_shape one = {.format = "i", .name = "x"};
    static const struct tarn_ipc_shape twice = {.format = "+s", .children = {&one, &one}};
    ck_assert_str_eq(text_of_batches(&twice, &nothing, 1), "!UNSUPPORTED.arrow.duplicate_name");
}
END_TEST

/* ---- the file format ---- */

struct file {
    struct tarn_text_builder out;
    struct tarn_text_builder dictionaries;
    struct tarn_text_builder records;
};

static void begin_file(struct file *file, struct tarn_env *env, const struct tarn_ipc_shape *shape)
{
    tarn__builder_init(&file->out, env);
    tarn__builder_init(&file->dictionaries, env);
    tarn__builder_init(&file->records, env);
    tarn__builder_add_bytes(&file->out, "ARROW1\0\0", 8);
    tarn_ipc_put_shape(&file->out, shape);
}

static void add_block(struct file *file, const struct tarn_ipc_batch *batch)
{
    const size_t at = file->out.size;
    tarn_ipc_put_batch(&file->out, batch);
    const uint32_t metadata = 8 + tarn__load32(file->out.data + at + 4);
    tarn__ipc_put_block(batch->dictionary ? &file->dictionaries : &file->records, at, metadata, file->out.size - at - metadata);
}

static const char *end_file(struct file *file, const struct tarn_ipc_shape *shape)
{
    struct ArrowSchema values = {.format = shape->dictionary != NULL ? shape->dictionary->format : "i", .name = ""};
    struct ArrowSchema column = {.format = shape->format, .name = "a", .flags = ARROW_FLAG_NULLABLE};
    struct ArrowSchema *columns[] = {&column};
    const struct ArrowSchema rows = {.format = "+s", .name = "", .n_children = 1, .children = columns};
    column.dictionary = shape->dictionary != NULL ? &values : NULL;
    tarn__ipc_put_end(&file->out);
    tarn__ipc_put_footer(&file->out, &rows, &file->dictionaries, &file->records);
    ck_assert_ok(tarn__builder_status(&file->out, &err), &err);
    const char *text = text_of(file->out.data, file->out.size);
    tarn__builder_free(&file->out);
    tarn__builder_free(&file->dictionaries);
    tarn__builder_free(&file->records);
    return text;
}

START_TEST(ipc__a_file_holds_its_batches_and_dictionaries_in_any_order) /* X-IPC-1, X-IPC-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct file file;
    begin_file(&file, env, &coded);
    add_block(&file, &codes_2_0); /* before the dictionaries of its codes */
    add_block(&file, &entries);
    add_block(&file, &codes_010);
    add_block(&file, &more_entries);
    ck_assert_str_eq(end_file(&file, &coded), "a VARCHAR\nd\n~\na\na\nbc\na\n");
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc__a_file_cannot_replace_a_dictionary) /* X-IPC-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct file file;
    begin_file(&file, env, &coded);
    add_block(&file, &entries);
    add_block(&file, &other_entries);
    add_block(&file, &codes_000);
    ck_assert_str_eq(end_file(&file, &coded), "a VARCHAR\n!CORRUPT.arrow_ipc");
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    uint64_t offset; /* what the block says, where it is not 0 */
    uint32_t metadata;
    uint64_t body;
} blocks[] = {
    {"an offset behind the file", 1 << 20, 0, 0},
    {"an offset below zero", UINT64_MAX - 7, 0, 0},
    {"an offset in the magic", 1, 0, 0},
    {"the schema instead of rows", 8, 0, 0},
    {"metadata of no bytes", 0, 1, 0},
    {"metadata too large", 0, 1 << 24, 0},
    {"metadata below zero", 0, 0xffffffff, 0},
    {"a body too large", 0, 0, 1 << 20},
    {"a body below zero", 0, 0, UINT64_MAX},
    {"a body too small", 0, 0, 8},
};

START_TEST(ipc__a_wrong_block_is_corrupt) /* X-IPC-4 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_ipc_batch batch = layouts[6].batch;
    struct file file;
    begin_file(&file, env, &ints);
    add_block(&file, &batch);
    uint8_t *block = (uint8_t *)file.records.data;
    if (blocks[_i].offset != 0) {
        tarn__store64(block, blocks[_i].offset);
    }
    if (blocks[_i].metadata != 0) {
        tarn__store32(block + 8, blocks[_i].metadata);
    }
    if (blocks[_i].body != 0) {
        tarn__store64(block + 16, blocks[_i].body);
    }
    const char *text = end_file(&file, &ints);
    ck_assert_msg(strstr(text, "!CORRUPT.arrow_ipc") != NULL, "%s: %s", blocks[_i].name, text);
    ck_assert_int_ge(err.offset, 0);
    tarn_test_env_close(env);
}
END_TEST

/* A file as it is made above, in static memory. */
static size_t whole_file(uint8_t *bytes, size_t room)
{
    struct tarn_env *env = tarn_test_env();
    struct file file;
    begin_file(&file, env, &coded);
    add_block(&file, &entries);
    add_block(&file, &codes_010);
    struct tarn_text_builder *out = &file.out;
    struct ArrowSchema values = {.format = "u", .name = ""};
    struct ArrowSchema column = {.format = "C", .name = "a", .flags = ARROW_FLAG_NULLABLE, .dictionary = &values};
    struct ArrowSchema *columns[] = {&column};
    const struct ArrowSchema rows = {.format = "+s", .name = "", .n_children = 1, .children = columns};
    tarn__ipc_put_end(out);
    tarn__ipc_put_footer(out, &rows, &file.dictionaries, &file.records);
    const size_t size = out->size;
    ck_assert_uint_le(size, room);
    memcpy(bytes, out->data, size);
    tarn__builder_free(&file.out);
    tarn__builder_free(&file.dictionaries);
    tarn__builder_free(&file.records);
    tarn_test_env_close(env);
    return size;
}

START_TEST(ipc__a_file_that_ends_early_is_damaged) /* X-IPC-1 */
{
    uint8_t bytes[2048];
    const size_t whole = whole_file(bytes, sizeof(bytes));
    ck_assert_str_eq(text_of(bytes, whole), "a VARCHAR\na\nbc\na\n");
    for (size_t size = 8; size < whole; size++) {
        ck_assert_str_eq(text_of(bytes, size), "!CORRUPT.arrow_ipc");
        ck_assert_int_ge(err.offset, 0);
    }
}
END_TEST

START_TEST(ipc__no_byte_of_a_file_can_be_changed_to_harm) /* X-IPC-2, X-IPC-4 */
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x04};
    uint8_t bytes[2048];
    const size_t size = whole_file(bytes, sizeof(bytes));
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= changes[_i];
        text_of(bytes, size);
        ck_assert_msg(err.code != TARN_INTERNAL && err.code != TARN_INVALID, "byte %zu: %s", i, err.message);
        bytes[i] ^= changes[_i];
    }
}
END_TEST

/* ---- bytes that arrive once ---- */

struct dribble {
    const uint8_t *bytes;
    size_t left;
    size_t piece;
};

static enum tarn_status next_piece(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *error)
{
    struct dribble *dribble = ctx;
    (void)error;
    *got = dribble->left < size ? dribble->left : size;
    *got = dribble->piece < *got ? dribble->piece : *got;
    if (*got != 0) {
        memcpy(into, dribble->bytes, *got);
    }
    dribble->bytes += *got;
    dribble->left -= *got;
    return TARN_OK;
}

START_TEST(ipc__reads_bytes_as_they_arrive_and_once) /* X-IPC-1, X-IPC-9; a stream, then a file */
{
    uint8_t file[2048];
    const size_t file_size = whole_file(file, sizeof(file));
    struct tarn_env *env = tarn_test_env();
    for (size_t piece = 1; piece < 4; piece++) {
        struct dribble stream = {by_hand, sizeof(by_hand), piece};
        struct dribble of_file = {file, file_size, piece};
        struct tarn_source *source;
        ck_assert_ok(tarn_arrow_ipc_open_stream(env, (struct tarn_byte_stream){&stream, next_piece}, NULL, &source, &err), &err);
        ck_assert_str_eq(tarn_test_source_text(source), "a INTEGER\n7\n~\n-2\n");
        ck_assert_str_eq(tarn_test_source_text(source), "a INTEGER\n!INVALID.stream");
        tarn_source_close(source);
        ck_assert_ok(tarn_arrow_ipc_open_stream(env, (struct tarn_byte_stream){&of_file, next_piece}, NULL, &source, &err), &err);
        ck_assert_str_eq(tarn_test_source_text(source), "a VARCHAR\na\nbc\na\n");
        tarn_source_close(source);
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc__a_stream_of_bytes_that_ends_early_is_damaged) /* X-IPC-1 */
{
    struct tarn_env *env = tarn_test_env();
    for (size_t size = 0; size < sizeof(by_hand); size++) {
        struct dribble stream = {by_hand, size, 64};
        struct tarn_source *source;
        err = (struct tarn_error)TARN_ERROR_INIT;
        if (tarn_arrow_ipc_open_stream(env, (struct tarn_byte_stream){&stream, next_piece}, NULL, &source, &err) == TARN_OK) {
            const char *text = tarn_test_source_text(source);
            ck_assert(strstr(text, "!CORRUPT.arrow_ipc") != NULL || size == 128 || size == sizeof(by_hand) - 8);
            tarn_source_close(source);
        } else {
            ck_assert_str_eq(err.detail, "arrow_ipc");
        }
    }
    tarn_test_env_close(env);
}
END_TEST

START_TEST(ipc__metadata_has_a_limit) /* X-IPC-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = tarn_test_store_of(env, by_hand, sizeof(by_hand));
    struct tarn_arrow_ipc_read_options options = TARN_ARROW_IPC_READ_OPTIONS_INIT;
    struct tarn_source *source;
    options.metadata_limit = 119; /* the schema has 120 bytes */
    ck_assert_status(tarn_arrow_ipc_open(store, TARN_TEXT("f"), &options, &source, &err), TARN_LIMIT);
    ck_assert_str_eq(err.detail, "arrow_metadata");
    ck_assert_str_eq(err.object, "f");
    options.metadata_limit = 136;
    ck_assert_ok(tarn_arrow_ipc_open(store, TARN_TEXT("f"), &options, &source, &err), &err);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("arrow_ipc", TARN_TEST(ipc__reads_a_stream_written_by_hand), TARN_TEST(ipc__a_stream_may_end_without_its_mark),
           TARN_TEST(ipc__reads_messages_without_the_mark_of_newer_versions),
           TARN_TEST(ipc__a_stream_that_ends_early_is_damaged_and_says_where), TARN_LOOP_TIMES(ipc__no_byte_can_be_changed_to_harm, 4),
           TARN_LOOP_TEST(ipc__reads_every_layout, layouts), TARN_TEST(ipc__a_dictionary_grows_and_is_replaced),
           TARN_TEST(ipc__a_dictionary_may_hold_a_null), TARN_TEST(ipc__dictionaries_lie_in_values_too),
           TARN_LOOP_TEST(ipc__reads_compressed_bodies, packed), TARN_LOOP_TIMES(ipc__a_damaged_compressed_buffer_is_corrupt, 2),
           TARN_LOOP_TEST(ipc__damage_is_told_with_its_place, damages), TARN_TEST(ipc__a_code_without_an_entry_is_corrupt),
           TARN_LOOP_TEST(ipc__refuses_by_name_what_tarn_does_not_have, refused), TARN_TEST(ipc__refuses_by_name_what_a_stream_may_say),
           TARN_TEST(ipc__two_columns_of_one_name_are_unsupported), TARN_TEST(ipc__a_file_holds_its_batches_and_dictionaries_in_any_order),
           TARN_TEST(ipc__a_file_cannot_replace_a_dictionary), TARN_LOOP_TEST(ipc__a_wrong_block_is_corrupt, blocks),
           TARN_TEST(ipc__a_file_that_ends_early_is_damaged), TARN_LOOP_TIMES(ipc__no_byte_of_a_file_can_be_changed_to_harm, 4),
           TARN_TEST(ipc__reads_bytes_as_they_arrive_and_once), TARN_TEST(ipc__a_stream_of_bytes_that_ends_early_is_damaged),
           TARN_TEST(ipc__metadata_has_a_limit))
