/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of files and columns: what they resolve to, and what is refused.
 */
#include "tests/support/parquet_file.h"
#include "writer/parquet/leaf_options.h"

static struct tarn_env *env;
static struct tarn_schema *schema;
static struct tarn_arena arena;
static struct tarn__leaf_path *paths;
static uint32_t leaf_count;
static struct tarn__leaf_options *leaves;
static struct tarn_error err;

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type f64 = {.id = TARN_TYPE_F64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_type uuid = {.id = TARN_TYPE_UUID};
static const struct tarn_field members[] = {TARN_TEST_FIELD("x", &i64, true), TARN_TEST_FIELD("y", &text, true)};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = (struct tarn_field *)(uintptr_t)members};

enum { INT, FLOAT, TEXT, BOOL, FIXED, PAIR_X, PAIR_Y, LEAVES };

static void open_all(void)
{
    const struct tarn_field fields[] = {TARN_TEST_FIELD("int", &i64, true),    TARN_TEST_FIELD("float", &f64, true),
                                        TARN_TEST_FIELD("text", &text, true),  TARN_TEST_FIELD("bool", &boolean, true),
                                        TARN_TEST_FIELD("fixed", &uuid, true), TARN_TEST_FIELD("pair", &pair, true)};
    err = (struct tarn_error)TARN_ERROR_INIT;
    env = tarn_test_env();
    ck_assert_ok(tarn_schema_make(env, 6, fields, 0, NULL, &schema, &err), &err);
    tarn__arena_init(&arena, env);
    ck_assert_ok(tarn__leaf_paths_make(schema, &arena, &paths, &leaf_count, &err), &err);
    ck_assert_uint_eq(leaf_count, LEAVES);
}

static void close_all(void)
{
    tarn__arena_free(&arena);
    tarn_schema_release(schema);
    tarn_test_env_close(env);
}

static enum tarn_status resolve(const struct tarn_parquet_write_options *options)
{
    const enum tarn_status status = tarn__write_options_check(options, &err);
    return status != TARN_OK ? status : tarn__leaf_options_resolve(options, schema, paths, leaf_count, &arena, &leaves, &err);
}

#define STEP(step_name)                                                                                                                    \
    {                                                                                                                                      \
        TARN_PATH_FIELD, TARN_TEXT(step_name), -1                                                                                          \
    }
static const struct tarn_path_step to_int[] = {STEP("int")};
static const struct tarn_path_step to_float[] = {STEP("float")};
static const struct tarn_path_step to_text[] = {STEP("text")};
static const struct tarn_path_step to_bool[] = {STEP("bool")};
static const struct tarn_path_step to_fixed[] = {STEP("fixed")};
static const struct tarn_path_step to_pair[] = {STEP("pair")};
static const struct tarn_path_step to_y[] = {STEP("pair"), STEP("y")};
static const struct tarn_path_step to_nothing[] = {STEP("pair"), STEP("z")};

#define BIT TARN_ENCODING_BIT

static const struct {
    enum tarn_parquet_profile profile;
    int32_t codec;
    uint32_t page_version;
    bool deltas;
} profiles[] = {{TARN_PROFILE_DEFAULT, PARQUET_CODEC_ZSTD, 1, true},
                {TARN_PROFILE_COMPAT, PARQUET_CODEC_SNAPPY, 1, false},
                {TARN_PROFILE_ARCHIVE, PARQUET_CODEC_ZSTD, 1, true},
                {TARN_PROFILE_FAST, PARQUET_CODEC_LZ4_RAW, 1, true}};

START_TEST(write_options__profile_decides_what_is_not_set) /* P-OPTION-1 P-OPTION-3 */
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    open_all();
    options.profile = profiles[_i].profile;
    ck_assert_ok(resolve(&options), &err);
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        ck_assert_int_eq(leaves[leaf].column.codec, profiles[_i].codec);
        ck_assert_uint_eq(leaves[leaf].column.page_version, profiles[_i].page_version);
        ck_assert(leaves[leaf].page_index && !leaves[leaf].column.no_statistics && !leaves[leaf].column.dictionary_first);
        ck_assert((leaves[leaf].column.encodings & BIT(PARQUET_ENCODING_PLAIN)) != 0);
        ck_assert((leaves[leaf].column.encodings & BIT(PARQUET_ENCODING_ALP)) == 0);
    }
    const uint32_t plain = BIT(PARQUET_ENCODING_PLAIN);
    const uint32_t both = plain | BIT(PARQUET_ENCODING_RLE_DICTIONARY);
    const bool deltas = profiles[_i].deltas;
    ck_assert_uint_eq(leaves[INT].column.encodings, both | (deltas ? BIT(PARQUET_ENCODING_DELTA_BINARY_PACKED) : 0));
    ck_assert_uint_eq(leaves[FLOAT].column.encodings, both);
    ck_assert_uint_eq(leaves[TEXT].column.encodings,
                      both | (deltas ? BIT(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY) | BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY) : 0));
    ck_assert_uint_eq(leaves[BOOL].column.encodings, plain | (deltas ? BIT(PARQUET_ENCODING_RLE) : 0));
    ck_assert_uint_eq(leaves[FIXED].column.encodings, both);
    close_all();
}
END_TEST

START_TEST(write_options__last_column_that_says_decides) /* P-OPTION-1 P-OPTION-4 */
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_parquet_column_options columns[] = {TARN_PARQUET_COLUMN_OPTIONS_INIT, TARN_PARQUET_COLUMN_OPTIONS_INIT,
                                                    TARN_PARQUET_COLUMN_OPTIONS_INIT};
    open_all();
    columns[0].path = (struct tarn_path){1, to_pair};
    columns[0].codec = TARN_CODEC_SNAPPY;
    columns[0].statistics = TARN_CHOICE_NO;
    columns[0].encoding = TARN_ENCODING_PLAIN;
    columns[1].path = (struct tarn_path){2, to_y};
    columns[1].statistics = TARN_CHOICE_YES;
    columns[1].encoding = TARN_ENCODING_DICTIONARY;
    columns[1].page_index = TARN_CHOICE_NO;
    columns[2].path = (struct tarn_path){1, to_int};
    columns[2].codec_level = 5;
    options.codec_level = 7;
    options.column_count = 3;
    options.columns = columns;
    ck_assert_ok(resolve(&options), &err);
    ck_assert_int_eq(leaves[INT].column.codec, PARQUET_CODEC_ZSTD);
    ck_assert_int_eq(leaves[INT].column.codec_level, 5);
    ck_assert_int_eq(leaves[TEXT].column.codec_level, 7);
    ck_assert_int_eq(leaves[PAIR_X].column.codec, PARQUET_CODEC_SNAPPY);
    ck_assert_int_eq(leaves[PAIR_X].column.codec_level, 0);
    ck_assert(leaves[PAIR_X].column.no_statistics && leaves[PAIR_X].page_index);
    ck_assert_uint_eq(leaves[PAIR_X].column.encodings, BIT(PARQUET_ENCODING_PLAIN));
    ck_assert_int_eq(leaves[PAIR_Y].column.codec, PARQUET_CODEC_SNAPPY);
    ck_assert(!leaves[PAIR_Y].column.no_statistics && !leaves[PAIR_Y].page_index);
    ck_assert(leaves[PAIR_Y].column.dictionary_first);
    close_all();
}
END_TEST

/* Which encodings each type takes: leaf by leaf, encoding by encoding. */
START_TEST(write_options__encodings_fit_the_type) /* P-OPTION-3 */
{
    static const struct tarn_path_step *const types[] = {to_int, to_float, to_text, to_bool, to_fixed};
    static const bool fits[5][9] = {
        /* AUTO, PLAIN, DICTIONARY, RLE, DBP, DLBA, DBA, BSS, ALP */
        {true, true, true, false, true, false, false, true, false}, {true, true, true, false, false, false, false, true, true},
        {true, true, true, false, false, true, true, false, false}, {true, true, false, true, false, false, false, false, false},
        {true, true, true, false, false, false, true, true, false},
    };
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    open_all();
    options.column_count = 1;
    options.columns = &column;
    column.path = (struct tarn_path){1, types[_i]};
    for (unsigned encoding = 0; encoding < 9; encoding++) {
        err = (struct tarn_error)TARN_ERROR_INIT;
        column.encoding = (enum tarn_encoding)encoding;
        ck_assert_msg(resolve(&options) == (fits[_i][encoding] ? TARN_OK : TARN_INVALID), "type %d, encoding %u", _i, encoding);
        ck_assert_str_eq(err.detail, fits[_i][encoding] ? "" : "encoding");
        ck_assert(fits[_i][encoding] || err.column[0] != '\0');
    }
    close_all();
}
END_TEST

#define FILE_OPTIONS(...)                                                                                                                  \
    {                                                                                                                                      \
        .size = sizeof(struct tarn_parquet_write_options), __VA_ARGS__                                                                     \
    }
#define COLUMN_AT(bytes, depth, steps, ...)                                                                                                \
    .column_count = 1, .columns = (const struct tarn_parquet_column_options[])                                                             \
    {                                                                                                                                      \
        {                                                                                                                                  \
            .size = (bytes), .path = {(depth), (steps)}, __VA_ARGS__                                                                       \
        }                                                                                                                                  \
    }
#define COLUMN(...) COLUMN_AT(sizeof(struct tarn_parquet_column_options), 1, to_int, __VA_ARGS__)

static const struct {
    enum tarn_status status;
    const char *detail;
    struct tarn_parquet_write_options options;
} refused[] = {
    {TARN_INVALID, "profile", FILE_OPTIONS(.profile = 4)},
    {TARN_INVALID, "page_version", FILE_OPTIONS(.page_version = 3)},
    {TARN_INVALID, "float_order", FILE_OPTIONS(.float_order = 2)},
    {TARN_INVALID, "check", FILE_OPTIONS(.check = 3)},
    {TARN_INVALID, "codec", FILE_OPTIONS(.codec = 7)},
    {TARN_INVALID, "codec_level", FILE_OPTIONS(.codec_level = 23)},
    {TARN_INVALID, "codec_level", FILE_OPTIONS(.codec = TARN_CODEC_SNAPPY, .codec_level = 1)},
    {TARN_INVALID, "nan_counts", FILE_OPTIONS(.nan_counts = 3)},
    {TARN_INVALID, "bloom_filters", FILE_OPTIONS(.bloom_filters = 3)},
    {TARN_INVALID, "arrow_schema", FILE_OPTIONS(.arrow_schema = 3)},
    {TARN_INVALID, "columns", FILE_OPTIONS(.column_count = 1)},
    {TARN_INVALID, "columns", FILE_OPTIONS(COLUMN_AT(0, 1, to_int, .codec = 0))},
    {TARN_INVALID, "encoding", FILE_OPTIONS(COLUMN(.encoding = 9))},
    {TARN_INVALID, "codec", FILE_OPTIONS(COLUMN(.codec = 7))},
    {TARN_INVALID, "codec_level", FILE_OPTIONS(COLUMN(.codec_level = 99))},
    {TARN_INVALID, "statistics", FILE_OPTIONS(COLUMN(.statistics = 3))},
    {TARN_INVALID, "page_index", FILE_OPTIONS(COLUMN(.page_index = 3))},
    {TARN_INVALID, "bloom_filter", FILE_OPTIONS(COLUMN(.bloom_filter = 3))},
    {TARN_INVALID, "bloom_false_positives", FILE_OPTIONS(COLUMN(.bloom_false_positives = 1.0))},
    {TARN_INVALID, "bloom_false_positives", FILE_OPTIONS(COLUMN(.bloom_false_positives = -0.5))},
    {TARN_INVALID, "shredding", FILE_OPTIONS(COLUMN(.shredding = 3))},
    {TARN_INVALID, "path", FILE_OPTIONS(COLUMN_AT(sizeof(struct tarn_parquet_column_options), 0, NULL, .codec = 0))},
    {TARN_NOT_FOUND, "column", FILE_OPTIONS(COLUMN_AT(sizeof(struct tarn_parquet_column_options), 2, to_nothing, .codec = 0))},
};

START_TEST(write_options__refuses_what_means_nothing) /* P-OPTION-2 */
{
    struct tarn_store *store;
    struct tarn_sink *sink;
    open_all();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_status(tarn_parquet_create(store, TARN_TEXT("f"), schema, &refused[_i].options, &sink, &err), refused[_i].status);
    ck_assert_ptr_null(sink);
    ck_assert_str_eq(err.detail, refused[_i].detail);
    ck_assert(err.message[0] != '\0');
    ck_assert(tarn_test_store_is_empty(store));
    tarn_store_close(store);
    close_all();
}
END_TEST

TARN_SUITE("writer/write_options", TARN_LOOP_TEST(write_options__profile_decides_what_is_not_set, profiles),
           TARN_TEST(write_options__last_column_that_says_decides), TARN_LOOP_TIMES(write_options__encodings_fit_the_type, 5),
           TARN_LOOP_TEST(write_options__refuses_what_means_nothing, refused))
