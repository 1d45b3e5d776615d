/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrow streams to Parquet files: every layout, what is damaged, what is cancelled, and that nothing below nulls gets into a file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/base/text.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_file.h"

static struct tarn_env *env;
static struct tarn_store *store;
static struct tarn_error err;

/* ---- arrays by hand: a column, and what is below it ---- */

struct foreign {
    const char *name;
    const char *format;
    int64_t length;
    int64_t offset;
    int64_t null_count;
    const void *buffers[5];
    int64_t n_buffers;
    const struct foreign *children[2];
    const struct foreign *dictionary;
    bool required;
};

enum { POOL = 16, MOST_BUFFERS = 5 };

/* All that a stream of one batch points to. */
struct made {
    struct ArrowSchema schemas[POOL];
    struct ArrowArray arrays[POOL];
    struct ArrowSchema *schema_children[POOL][2];
    struct ArrowArray *array_children[POOL][2];
    const void *buffers[POOL][MOST_BUFFERS];
    int used;
    int batches; /* still to be given */
    int fail_after;
};

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static int make(struct made *m, const struct foreign *f)
{
    const int at = m->used++;
    int children = 0;
    ck_assert_int_lt(at, POOL);
    for (int i = 0; i < 2 && f->children[i] != NULL; i++) {
        const int child = make(m, f->children[i]);
        m->schema_children[at][i] = &m->schemas[child];
        m->array_children[at][i] = &m->arrays[child];
        children++;
    }
    memcpy(m->buffers[at], f->buffers, sizeof(f->buffers));
    m->schemas[at] = (struct ArrowSchema){.format = f->format,
                                          .name = f->name != NULL ? f->name : "c",
                                          .flags = f->required ? 0 : ARROW_FLAG_NULLABLE,
                                          .n_children = children,
                                          .children = m->schema_children[at],
                                          .release = release_schema};
    m->arrays[at] = (struct ArrowArray){.length = f->length,
                                        .null_count = f->null_count,
                                        .offset = f->offset,
                                        .n_buffers = f->n_buffers,
                                        .n_children = children,
                                        .buffers = m->buffers[at],
                                        .children = m->array_children[at],
                                        .release = release_array};
    if (f->dictionary != NULL) {
        const int dictionary = make(m, f->dictionary);
        m->schemas[at].dictionary = &m->schemas[dictionary];
        m->arrays[at].dictionary = &m->arrays[dictionary];
    }
    return at;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const struct made *m = stream->private_data;
    *out = m->schemas[0];
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct made *m = stream->private_data;
    memset(out, 0, sizeof(*out));
    if (m->fail_after == 0) {
        return EIO;
    }
    m->fail_after--;
    if (m->batches-- > 0) {
        *out = m->arrays[0];
    }
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the disk of the stream";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

/* Rows of one column, given `batches` times. */
static void open_stream(struct made *m, const struct foreign *column, int batches, struct ArrowArrayStream *out)
{
    const struct foreign rows = {.format = "+s", .length = column->length, .n_buffers = 1, .children = {column}};
    memset(m, 0, sizeof(*m));
    m->batches = batches;
    m->fail_after = 1 << 20;
    (void)make(m, &rows);
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, m};
}

static void open_env(void)
{
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_env(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

#define I8S(...) ((const int8_t[]){__VA_ARGS__})
#define I32S(...) ((const int32_t[]){__VA_ARGS__})
#define I64S(...) ((const int64_t[]){__VA_ARGS__})
#define BITS(value) ((const uint8_t[]){value})

/* ---- every layout ---- */

static const struct foreign ints = {
    .format = "i", .length = 5, .null_count = 1, .buffers = {BITS(0x1d), I32S(1, 9, 3, 4, 5)}, .n_buffers = 2};
static const struct foreign words = {.format = "u", .length = 3, .buffers = {NULL, I32S(0, 1, 1, 4), "abcd"}, .n_buffers = 3};
static const struct foreign words_with_null = {
    .format = "u", .length = 3, .null_count = 1, .buffers = {BITS(5), I32S(0, 1, 1, 4), "abcd"}, .n_buffers = 3};
static const struct foreign ends = {.format = "i", .length = 2, .buffers = {NULL, I32S(2, 3)}, .n_buffers = 2, .required = true};
static const struct foreign coded = {
    .format = "c", .length = 4, .null_count = 1, .buffers = {BITS(0x0b), I8S(2, 0, 9, 2)}, .n_buffers = 2, .dictionary = &words_with_null};
static const struct foreign pairs = {
    .format = "+s", .length = 4, .null_count = 1, .offset = 1, .buffers = {BITS(0x1b)}, .n_buffers = 1, .children = {&ints}};

static const struct {
    const char *name;
    struct foreign column;
    const char *rows; /* of the values alone */
} layouts[] = {
    {"ints", {.format = "i", .length = 5, .null_count = 1, .buffers = {BITS(0x1d), I32S(1, 9, 3, 4, 5)}, .n_buffers = 2}, "1 null 3 4 5"},
    {"a slice of ints",
     {.format = "i", .length = 3, .offset = 1, .null_count = -1, .buffers = {BITS(0x1d), I32S(1, 9, 3, 4, 5)}, .n_buffers = 2},
     "null 3 4"},
    {"bits", {.format = "b", .length = 3, .offset = 2, .buffers = {NULL, BITS(0x14)}, .n_buffers = 2}, "true false true"},
    {"texts", {.format = "u", .length = 2, .offset = 1, .buffers = {NULL, I32S(0, 1, 1, 4), "abcd"}, .n_buffers = 3}, "\"\" \"bcd\""},
    {"large texts", {.format = "U", .length = 2, .buffers = {NULL, I64S(1, 1, 4), "abcd"}, .n_buffers = 3}, "\"\" \"bcd\""},
    {"views",
     {.format = "vu",
      .length = 2,
      .buffers = {NULL, "\2\0\0\0hi\0\0\0\0\0\0\0\0\0\0\15\0\0\0long\0\0\0\0\1\0\0\0", "xlong long text", I64S(15)},
      .n_buffers = 4},
     "\"hi\" \"long long tex\""},
    {"dictionary",
     {.format = "c", .length = 4, .null_count = 1, .buffers = {BITS(0x0d), I8S(2, 1, 0, 2)}, .n_buffers = 2, .dictionary = &words},
     "\"bcd\" null \"a\" \"bcd\""},
    {"dictionary with a null entry",
     {.format = "c", .length = 4, .buffers = {NULL, I8S(2, 1, 0, 2)}, .n_buffers = 2, .dictionary = &words_with_null},
     "\"bcd\" null \"a\" \"bcd\""},
    {"runs", {.format = "+r", .length = 3, .children = {&ends, &words}}, "\"a\" \"a\" \"\""},
    {"a slice of runs", {.format = "+r", .length = 2, .offset = 1, .children = {&ends, &words}}, "\"a\" \"\""},
    {"lists",
     {.format = "+l", .length = 3, .null_count = 1, .buffers = {BITS(5), I32S(1, 3, 3, 5)}, .n_buffers = 2, .children = {&ints}},
     "[null,3] null [4,5]"},
    {"large lists",
     {.format = "+L", .length = 2, .offset = 1, .buffers = {NULL, I64S(0, 1, 1, 5)}, .n_buffers = 2, .children = {&ints}},
     "[] [null,3,4,5]"},
    {"lists of fixed size", {.format = "+w:2", .length = 1, .offset = 1, .n_buffers = 1, .children = {&ints}}, "[3,4]"},
    {"list views",
     {.format = "+vl", .length = 3, .buffers = {NULL, I32S(3, 0, 3), I32S(2, 1, 1)}, .n_buffers = 3, .children = {&ints}},
     "[4,5] [1] [4]"},
    {"lists of dictionaries",
     {.format = "+l", .length = 2, .buffers = {NULL, I32S(0, 1, 4)}, .n_buffers = 2, .children = {&coded}},
     "[\"bcd\"] [\"a\",null,\"bcd\"]"},
    {"structs sliced inside of structs",
     {.format = "+s", .length = 2, .offset = 2, .n_buffers = 1, .children = {&pairs}},
     "{\"c\":{\"c\":4}} {\"c\":{\"c\":5}}"},
    {"nothing", {.format = "n", .length = 2}, "null null"},
};

START_TEST(parquet_input__takes_every_layout) /* P-INPUT-1 */
{
    struct made m;
    struct ArrowArrayStream stream;
    struct tarn_source *source;
    struct tarn_text_builder rows;
    struct tarn_text_builder expected;
    uint64_t count;
    open_env();
    open_stream(&m, &layouts[_i].column, 2, &stream);
    ck_assert_ok(tarn_parquet_write_arrow(store, TARN_TEXT("f"), &stream, NULL, &count, &err), &err);
    ck_assert_uint_eq(count, 2 * (uint64_t)layouts[_i].column.length);
    ck_assert_ptr_null(stream.release);
    tarn__builder_init(&rows, env);
    tarn__builder_init(&expected, env);
    for (int batch = 0; batch < 2; batch++) {
        const char *at = layouts[_i].rows;
        while (*at != '\0') {
            size_t size = 0;
            bool quoted = false;
            while (at[size] != '\0' && (quoted || at[size] != ' ')) {
                quoted = at[size] == '"' ? !quoted : quoted;
                size++;
            }
            tarn__builder_add_str(&expected, "{\"c\":");
            tarn__builder_add(&expected, (struct tarn_text){at, size});
            tarn__builder_add_str(&expected, "}\n");
            at += size + (at[size] == ' ');
        }
    }
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
    ck_assert_ok(tarn_canonical_rows(source, 100, &rows, &err), &err);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&rows), tarn__builder_text(&expected)), "%s: %.*s", layouts[_i].name,
                  TARN_TEXT_ARG(tarn__builder_text(&rows)));
    tarn_source_close(source);
    tarn__builder_free(&rows);
    tarn__builder_free(&expected);
    close_env();
}
END_TEST

/* ---- damage: one field of one array of a valid stream at a time ---- */

enum field {
    LENGTH,
    OFFSET,
    NULL_COUNT,
    BUFFER_COUNT,
    CHILD_COUNT,
    NO_VALIDITY,
    NO_BUFFER_1,
    NO_BUFFER_2,
    NO_CHILD,
    RELEASED,
    NO_DICTIONARY,
    FIELDS
};

static const int64_t numbers[] = {-2, -1, 0, 1, 2, 3, 4, 6, 100, INT64_C(1) << 33, INT64_MAX, INT64_MIN};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static bool damage(struct ArrowArray *array, enum field field, int64_t number)
{
    int64_t *const counts[] = {&array->length, &array->offset, &array->null_count, &array->n_buffers, &array->n_children};
    if (field <= CHILD_COUNT) {
        const bool changed = *counts[field] != number;
        *counts[field] = number;
        return changed;
    }
    if (number != 0) {
        return false;
    }
    const int buffer = field == NO_VALIDITY ? 0 : field == NO_BUFFER_1 ? 1 : 2;
    switch (field) {
    case NO_CHILD:
        return array->n_children != 0 ? (array->children[0] = NULL, true) : false;
    case RELEASED:
        array->release = NULL;
        return true;
    case NO_DICTIONARY:
        return array->dictionary != NULL ? (array->dictionary = NULL, true) : false;
    default:
        if (buffer < array->n_buffers && array->buffers[buffer] != NULL) {
            ((const void **)(uintptr_t)array->buffers)[buffer] = NULL;
            return true;
        }
        return false;
    }
}

/* Nobody can see what leads behind a buffer or a list of pointers: how long they are is the producer's word. */
static bool is_unseen(const struct made *m, int array, enum field field, int64_t number)
{
    const struct ArrowArray *a = &m->arrays[array];
    const bool views = strchr(m->schemas[array].format, 'v') != NULL;
    return (field == OFFSET && number > 0 && number < INT64_MAX) || (field == LENGTH && number > a->length && number < INT64_C(1) << 33) ||
           (field == BUFFER_COUNT && views && number > a->n_buffers);
}

/* Lengths that lie only by less are no damage that anyone can see; what is written then must be read again. */
START_TEST(parquet_input__refuses_what_is_damaged) /* P-INPUT-2 */
{
    unsigned refused = 0;
    unsigned taken = 0;
    open_env();
    for (int array = 1; array < POOL; array++) {
        for (int field = 0; field < FIELDS; field++) {
            for (int number = 0; number < NUMBERS; number++) {
                struct made m;
                struct ArrowArrayStream stream;
                open_stream(&m, &layouts[_i].column, 1, &stream);
                if (array >= m.used || is_unseen(&m, array, (enum field)field, numbers[number]) ||
                    !damage(&m.arrays[array], (enum field)field, numbers[number])) {
                    continue;
                }
                const enum tarn_status status = tarn_parquet_write_arrow(store, TARN_TEXT("f"), &stream, NULL, NULL, &err);
                ck_assert_msg(status == TARN_OK || status == TARN_INVALID, "%s: array %d, field %d, %lld: %s", layouts[_i].name, array,
                              field, (long long)numbers[number], err.message);
                if (status == TARN_OK) {
                    struct tarn_source *source;
                    struct tarn_text_builder rows;
                    tarn__builder_init(&rows, env);
                    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
                    ck_assert_ok(tarn_canonical_rows(source, 100, &rows, &err), &err);
                    tarn_source_close(source);
                    tarn__builder_free(&rows);
                    ck_assert_ok(tarn_store_remove(store, TARN_TEXT("f"), &err), &err);
                    taken++;
                } else {
                    ck_assert_str_ne(err.column, "");
                    refused++;
                }
                ck_assert(tarn_test_store_is_empty(store));
            }
        }
    }
    ck_assert_uint_gt(refused, layouts[_i].column.n_buffers != 0 ? 20 : 5);
    ck_assert_uint_lt(taken, refused);
    close_env();
}
END_TEST

static const struct foreign bad_codes = {
    .format = "c", .length = 4, .buffers = {NULL, I8S(2, 1, 3, 2)}, .n_buffers = 2, .dictionary = &words};
static const struct foreign bad_text = {.format = "u",
                                        .length = 4,
                                        .buffers = {NULL, I32S(0, 1, 2, 3, 4),
                                                    "ab\xff"
                                                    "d"},
                                        .n_buffers = 3};

static const struct {
    struct foreign column;
    const char *path;
    int64_t row;
    enum tarn_status status;
} places[] = {
    {{.format = "u",
      .length = 4,
      .buffers = {NULL, I32S(0, 1, 2, 3, 4),
                  "ab\xff"
                  "d"},
      .n_buffers = 3},
     "c",
     2,
     TARN_INVALID},
    {{.format = "c", .length = 4, .buffers = {NULL, I8S(2, 1, 3, 2)}, .n_buffers = 2, .dictionary = &words}, "c", 2, TARN_INVALID},
    {{.format = "+s", .length = 4, .n_buffers = 1, .children = {&bad_text}}, "c.c", 2, TARN_INVALID},
    {{.format = "+s", .length = 4, .n_buffers = 1, .children = {&bad_codes}}, "c.c", 2, TARN_INVALID},
    {{.format = "i", .length = 2, .null_count = 2, .buffers = {BITS(1), I32S(1, 2)}, .n_buffers = 2}, "c", -1, TARN_INVALID},
    {{.format = "i", .length = 2, .null_count = 0, .buffers = {BITS(1), I32S(1, 2)}, .n_buffers = 2}, "c", -1, TARN_INVALID},
    {{.format = "+us:0,1", .length = 0, .n_buffers = 1}, "c", -1, TARN_UNSUPPORTED},
};

START_TEST(parquet_input__says_where_it_is_wrong) /* P-INPUT-2 */
{
    struct made m;
    struct ArrowArrayStream stream;
    open_env();
    open_stream(&m, &places[_i].column, 1, &stream);
    ck_assert_status(tarn_parquet_write_arrow(store, TARN_TEXT("f"), &stream, NULL, NULL, &err), places[_i].status);
    ck_assert_str_eq(err.column, places[_i].path);
    ck_assert_int_eq(err.row, places[_i].row);
    ck_assert_ptr_null(stream.release);
    ck_assert(tarn_test_store_is_empty(store));
    close_env();
}
END_TEST

/* ---- ends before the end ---- */

static bool cancelled_now;

static bool is_cancelled(void *ctx)
{
    (void)ctx;
    return cancelled_now;
}

static int cancel_soon(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct made *m = stream->private_data;
    cancelled_now = m->batches == 1;
    return get_next(stream, out);
}

START_TEST(parquet_input__leaves_nothing_when_it_ends_early) /* P-INPUT-3 */
{
    char folder[] = "/tmp/tarn-input-XXXXXX";
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct made m;
    struct ArrowArrayStream stream;
    err = (struct tarn_error)TARN_ERROR_INIT;
    cancelled_now = false;
    options.is_cancelled = is_cancelled;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    if (_i % 2 == 0) {
        ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    } else {
        ck_assert_ptr_nonnull(mkdtemp(folder));
        ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), true, &store, &err), &err);
    }
    open_stream(&m, &ints, 5, &stream);
    if (_i < 2) {
        m.fail_after = 3;
    } else {
        stream.get_next = cancel_soon;
    }
    const enum tarn_status status = tarn_parquet_write_arrow(store, TARN_TEXT("f"), &stream, NULL, NULL, &err);
    ck_assert_status(status, _i < 2 ? TARN_IO : TARN_CANCELLED);
    cancelled_now = false;
    ck_assert(tarn_test_store_is_empty(store));
    tarn_store_close(store);
    if (_i % 2 != 0) {
        ck_assert_int_eq(rmdir(folder), 0); /* nothing is left in it either */
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- what lies below nulls ---- */

#define POISON "\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef"

static const struct foreign poisoned_member = {.format = "w:4", .length = 4, .buffers = {NULL, POISON}, .n_buffers = 2};
static const struct foreign poisoned_text = {.format = "z", .length = 4, .buffers = {NULL, I32S(0, 4, 8, 12, 16), POISON}, .n_buffers = 3};

static const struct foreign poisoned[] = {
    {.format = "w:4", .length = 4, .null_count = 4, .buffers = {BITS(0), POISON}, .n_buffers = 2},
    {.format = "i", .length = 4, .null_count = 4, .buffers = {BITS(0), POISON}, .n_buffers = 2},
    {.format = "d:38,0", .length = 1, .null_count = 1, .buffers = {BITS(0), POISON}, .n_buffers = 2},
    {.format = "z", .length = 4, .null_count = 4, .buffers = {BITS(0), I32S(0, 4, 8, 12, 16), POISON}, .n_buffers = 3},
    {.format = "+s", .length = 4, .null_count = 4, .buffers = {BITS(0)}, .n_buffers = 1, .children = {&poisoned_member}},
    {.format = "+s", .length = 4, .null_count = 4, .buffers = {BITS(0)}, .n_buffers = 1, .children = {&poisoned_text}},
    {.format = "+l", .length = 2, .null_count = 2, .buffers = {BITS(0), I32S(0, 2, 4)}, .n_buffers = 2, .children = {&poisoned_member}},
    {.format = "+w:2", .length = 2, .null_count = 2, .buffers = {BITS(0)}, .n_buffers = 1, .children = {&poisoned_text}},
    {.format = "c", .length = 4, .null_count = 4, .buffers = {BITS(0), I8S(0, 1, 2, 3)}, .n_buffers = 2, .dictionary = &poisoned_text},
    {.format = "+vl",
     .length = 2,
     .null_count = 2,
     .buffers = {BITS(0), I32S(0, 2), I32S(2, 2)},
     .n_buffers = 3,
     .children = {&poisoned_member}},
};

START_TEST(parquet_input__writes_nothing_of_what_is_null) /* P-INPUT-4 */
{
    const struct tarn_parquet_write_options options = {
        .size = sizeof(options), .codec = TARN_CODEC_UNCOMPRESSED, .no_dictionary = _i % 2 != 0, .arrow_schema = TARN_CHOICE_NO};
    struct made m;
    struct ArrowArrayStream stream;
    open_env();
    open_stream(&m, &poisoned[_i / 2], 3, &stream);
    ck_assert_ok(tarn_parquet_write_arrow(store, TARN_TEXT("f"), &stream, &options, NULL, &err), &err);
    struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("f"));
    ck_assert_ptr_null(memmem(bytes->data, bytes->size, "\xde\xad", 2));
    ck_assert_ptr_null(memmem(bytes->data, bytes->size, "\xbe\xef", 2));
    tarn__buffer_release(bytes);
    close_env();
}
END_TEST

TARN_SUITE("parquet_input", TARN_LOOP_TEST(parquet_input__takes_every_layout, layouts),
           TARN_LOOP_TEST(parquet_input__refuses_what_is_damaged, layouts), TARN_LOOP_TEST(parquet_input__says_where_it_is_wrong, places),
           TARN_LOOP_TIMES(parquet_input__leaves_nothing_when_it_ends_early, 4),
           TARN_LOOP_TIMES(parquet_input__writes_nothing_of_what_is_null, 20))
