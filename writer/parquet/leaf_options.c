/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of file and columns, resolved to one set a leaf.
 *
 * Specification: parquet-format Encodings.md (types of each encoding), Compression.md. SPEC: P-OPTION-1 to P-OPTION-4.
 *
 * Invariants
 *  1. A member that the options leave at its first value is the profile's; of several columns' options for a leaf the last that sets a
 *     member decides that member.
 *  2. A level belongs to the codec it was given with: another codec for a column does not inherit it.
 *  3. Whatever is resolved can be written: everything is refused here, before a byte is.
 */
#include "writer/parquet/leaf_options.h"

#include "format/codec/codec.h"
#include "tarn/cursor.h"

enum {
    /* A page and a dictionary page must stay under 2 GiB with the row that fills them. */
    MOST_PAGE_BYTES = 1 << 30,
};

#define MEBI UINT64_C(1048576)
#define BIT TARN_ENCODING_BIT
#define READ_BY_ALL (BIT(PARQUET_ENCODING_PLAIN) | BIT(PARQUET_ENCODING_RLE_DICTIONARY))
/* What every engine of 2026 reads: see tarn__encodings_modern. */
#define READ_TODAY                                                                                                                         \
    (READ_BY_ALL | BIT(PARQUET_ENCODING_RLE) | BIT(PARQUET_ENCODING_DELTA_BINARY_PACKED) | BIT(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY) | \
     BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY))

/* docs/writing-parquet.md has the measurements behind these numbers. */
static const struct tarn__profile profiles[] = {
    [TARN_PROFILE_DEFAULT] = {"default", PARQUET_CODEC_ZSTD, 3, 1, READ_TODAY, 24, MEBI, 128 * MEBI, 20000, MEBI, 8 * MEBI, false},
    [TARN_PROFILE_COMPAT] = {"compat", PARQUET_CODEC_SNAPPY, 0, 1, READ_BY_ALL, 64, MEBI, 128 * MEBI, 20000, MEBI, MEBI, false},
    [TARN_PROFILE_ARCHIVE] = {"archive", PARQUET_CODEC_ZSTD, 12, 1, READ_TODAY, 4, MEBI, 256 * MEBI, 100000, 8 * MEBI, 16 * MEBI, false},
    [TARN_PROFILE_FAST] = {"fast", PARQUET_CODEC_LZ4_RAW, 0, 1, READ_TODAY, 128, MEBI, 128 * MEBI, 20000, MEBI, MEBI, false},
};

const struct tarn__profile *tarn__profile_of(enum tarn_parquet_profile profile)
{
    return &profiles[profile];
}

static int32_t codec_number(enum tarn_codec codec)
{
    static const int32_t numbers[] = {
        [TARN_CODEC_UNCOMPRESSED] = PARQUET_CODEC_UNCOMPRESSED,
        [TARN_CODEC_SNAPPY] = PARQUET_CODEC_SNAPPY,
        [TARN_CODEC_ZSTD] = PARQUET_CODEC_ZSTD,
        [TARN_CODEC_LZ4_RAW] = PARQUET_CODEC_LZ4_RAW,
        [TARN_CODEC_GZIP] = PARQUET_CODEC_GZIP,
        [TARN_CODEC_BROTLI] = PARQUET_CODEC_BROTLI,
    };
    return numbers[codec];
}

/* Parquet's numbers of those that name one. */
static int32_t encoding_number(enum tarn_encoding encoding)
{
    static const int32_t numbers[] = {
        [TARN_ENCODING_PLAIN] = PARQUET_ENCODING_PLAIN,
        [TARN_ENCODING_DICTIONARY] = PARQUET_ENCODING_RLE_DICTIONARY,
        [TARN_ENCODING_RLE] = PARQUET_ENCODING_RLE,
        [TARN_ENCODING_DELTA_BINARY_PACKED] = PARQUET_ENCODING_DELTA_BINARY_PACKED,
        [TARN_ENCODING_DELTA_LENGTH_BYTE_ARRAY] = PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
        [TARN_ENCODING_DELTA_BYTE_ARRAY] = PARQUET_ENCODING_DELTA_BYTE_ARRAY,
        [TARN_ENCODING_BYTE_STREAM_SPLIT] = PARQUET_ENCODING_BYTE_STREAM_SPLIT,
        [TARN_ENCODING_ALP] = PARQUET_ENCODING_ALP,
    };
    return numbers[encoding];
}

/* ---- what no schema is needed for ---- */

static enum tarn_status check_choice(enum tarn_choice choice, const char *name, struct tarn_error *err)
{
    return (unsigned)choice <= TARN_CHOICE_YES
               ? TARN_OK
               : tarn__invalid(err, name, "%u is no choice; use TARN_CHOICE_AUTO, NO or YES", (unsigned)choice);
}

static enum tarn_status check_codec(enum tarn_codec codec, struct tarn_error *err)
{
    if ((unsigned)codec > TARN_CODEC_BROTLI) {
        return tarn__invalid(err, "codec", "%u is no codec; use one of enum tarn_codec", (unsigned)codec);
    }
    return codec == TARN_CODEC_DEFAULT ? TARN_OK : tarn__codec_check_write(codec_number(codec), err);
}

static enum tarn_status check_column(const struct tarn_parquet_column_options *column, struct tarn_error *err)
{
    if ((unsigned)column->encoding > TARN_ENCODING_ALP) {
        return tarn__invalid(err, "encoding", "%u is no encoding; use one of enum tarn_encoding", (unsigned)column->encoding);
    }
    if (!(column->bloom_false_positives >= 0 && column->bloom_false_positives < 1)) {
        return tarn__invalid(err, "bloom_false_positives", "the part of false positives is not between 0 and 1; 0.01 is usual");
    }
    TARN_RETURN_IF_ERROR(check_codec(column->codec, err));
    TARN_RETURN_IF_ERROR(check_choice(column->statistics, "statistics", err));
    TARN_RETURN_IF_ERROR(check_choice(column->page_index, "page_index", err));
    TARN_RETURN_IF_ERROR(check_choice(column->bloom_filter, "bloom_filter", err));
    return check_choice(column->shredding, "shredding", err);
}

/* Column number `i` as this version knows it: members that the caller's did not have are at their first value. */
static struct tarn_parquet_column_options column_at(const struct tarn_parquet_write_options *options, uint32_t i)
{
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    const size_t stride = options->columns[0].size;
    memcpy(&column, (const uint8_t *)options->columns + i * stride, stride < sizeof(column) ? stride : sizeof(column));
    return column;
}

enum tarn_status tarn__write_options_check(const struct tarn_parquet_write_options *options, struct tarn_error *err)
{
    if ((unsigned)options->profile > TARN_PROFILE_FAST) {
        return tarn__invalid(err, "profile", "%u is no profile; use one of enum tarn_parquet_profile", (unsigned)options->profile);
    }
    if (options->page_version > 2) {
        return tarn__invalid(err, "page_version", "there are no data pages of version %u; use 1 or 2", (unsigned)options->page_version);
    }
    if ((unsigned)options->float_order > TARN_FLOAT_ORDER_IEEE754) {
        return tarn__invalid(err, "float_order", "%u is no order of floats; use one of enum tarn_parquet_float_order",
                             (unsigned)options->float_order);
    }
    if (options->float_order == TARN_FLOAT_ORDER_IEEE754 && options->nan_counts == TARN_CHOICE_NO) {
        return tarn__invalid(err, "options", "the IEEE 754 order of floats needs NaN counts: leave `nan_counts` as it is");
    }
    if ((unsigned)options->check > TARN_CHECK_FULL) {
        return tarn__invalid(err, "check", "%u is no check; use one of enum tarn_parquet_check", (unsigned)options->check);
    }
    TARN_RETURN_IF_ERROR(check_codec(options->codec, err));
    TARN_RETURN_IF_ERROR(check_choice(options->nan_counts, "nan_counts", err));
    TARN_RETURN_IF_ERROR(check_choice(options->bloom_filters, "bloom_filters", err));
    TARN_RETURN_IF_ERROR(check_choice(options->arrow_schema, "arrow_schema", err));
    if (options->column_count != 0 && options->columns == NULL) {
        return tarn__invalid(err, "columns", "the options speak of %u columns and have none", (unsigned)options->column_count);
    }
    for (uint32_t i = 0; i < options->column_count; i++) {
        if (options->columns[0].size < offsetof(struct tarn_parquet_column_options, encoding)) {
            return tarn__invalid(err, "columns", "options of a column have no size; begin with TARN_PARQUET_COLUMN_OPTIONS_INIT");
        }
        const struct tarn_parquet_column_options column = column_at(options, i);
        TARN_RETURN_IF_ERROR(check_column(&column, err));
    }
    return TARN_OK;
}

/* ---- one leaf ---- */

static uint32_t size_option(uint32_t given, uint32_t otherwise, uint32_t most)
{
    const uint32_t size = given != 0 ? given : otherwise;
    return size < most ? size : most;
}

static void set_codec(struct tarn__column_options *column, const struct tarn__profile *profile, enum tarn_codec codec, int32_t level)
{
    if (codec != TARN_CODEC_DEFAULT && codec_number(codec) != column->codec) {
        column->codec = codec_number(codec);
        column->codec_level = column->codec == profile->codec ? profile->codec_level : 0;
    }
    if (level != 0) {
        column->codec_level = level;
    }
}

static struct tarn__leaf_options of_file(const struct tarn_parquet_write_options *options)
{
    const struct tarn__profile *profile = tarn__profile_of(options->profile);
    const bool wants_blooms =
        options->bloom_filters == TARN_CHOICE_YES || (options->bloom_filters == TARN_CHOICE_AUTO && profile->bloom_filters);
    struct tarn__leaf_options leaf = {
        .column = {.codec = profile->codec,
                   .codec_level = profile->codec_level,
                   .page_version = options->page_version != 0 ? options->page_version : profile->page_version,
                   .encodings = profile->encodings,
                   .decode_weight = profile->decode_weight,
                   .group_rows = options->row_group_rows != 0 ? options->row_group_rows : profile->group_rows,
                   .page_rows = size_option(options->page_rows, profile->page_rows, INT32_MAX),
                   .page_bytes = size_option(options->page_bytes, profile->page_bytes, MOST_PAGE_BYTES),
                   .dictionary_bytes = size_option(options->dictionary_bytes, profile->dictionary_bytes, MOST_PAGE_BYTES),
                   .bound_bytes = options->statistics_bytes,
                   .total_order = options->float_order == TARN_FLOAT_ORDER_IEEE754,
                   .no_nan_counts = options->nan_counts == TARN_CHOICE_NO,
                   .no_statistics = options->no_statistics,
                   .no_crc = options->no_crc,
                   .digest = options->check == TARN_CHECK_FULL,
                   .bloom = {.wanted = wants_blooms ? TARN_CHOICE_AUTO : TARN_CHOICE_NO, .false_positives = 0.01}},
        .page_index = !options->no_page_index,
    };
    if (options->no_dictionary) {
        leaf.column.encodings &= ~BIT(PARQUET_ENCODING_RLE_DICTIONARY);
    }
    set_codec(&leaf.column, profile, options->codec, options->codec_level);
    return leaf;
}

static enum tarn_choice last_said(enum tarn_choice before, enum tarn_choice said)
{
    return said != TARN_CHOICE_AUTO ? said : before;
}

static void add_column(struct tarn__leaf_options *leaf, const struct tarn__profile *profile,
                       const struct tarn_parquet_column_options *column)
{
    set_codec(&leaf->column, profile, column->codec, column->codec_level);
    if (column->statistics != TARN_CHOICE_AUTO) {
        leaf->column.no_statistics = column->statistics == TARN_CHOICE_NO;
    }
    if (column->page_index != TARN_CHOICE_AUTO) {
        leaf->page_index = column->page_index == TARN_CHOICE_YES;
    }
    struct tarn__bloom_options *bloom = &leaf->column.bloom;
    bloom->wanted = last_said(bloom->wanted, column->bloom_filter);
    bloom->distinct = column->bloom_distinct != 0 ? column->bloom_distinct : bloom->distinct;
    bloom->false_positives = column->bloom_false_positives != 0 ? column->bloom_false_positives : bloom->false_positives;
    leaf->shredding = last_said(leaf->shredding, column->shredding);
    leaf->shredding_type = column->shredding_type != NULL ? column->shredding_type : leaf->shredding_type;
}

static enum tarn_status place_error(const struct tarn__leaf_path *path, enum tarn_status status, struct tarn_error *err)
{
    char name[sizeof(((struct tarn_error *)NULL)->column)];

    tarn__leaf_path_format(path, name, sizeof(name));
    tarn__error_at_column(err, (struct tarn_text){name, strlen(name)});
    return status;
}

/* AUTO is left to the trial among what the profile has for the type; a name is one alone; DICTIONARY comes first, the others behind it. */
static enum tarn_status set_encoding(struct tarn__leaf_options *leaf, const struct tarn__leaf_path *path, enum tarn_encoding encoding,
                                     struct tarn_error *err)
{
    struct tarn__leaf_form form;

    if (!tarn__leaf_form_of(tarn__leaf_field(path)->type, &form)) {
        return tarn__internal(err, "a leaf without stored form has options");
    }
    const uint32_t possible = tarn__encodings_of(&form);
    if (encoding == TARN_ENCODING_AUTO) {
        leaf->column.encodings &= tarn__encodings_modern(&form);
    } else if ((possible & BIT(encoding_number(encoding))) == 0) {
        return tarn__invalid(err, "encoding", "%s is no encoding for values of %s; use TARN_ENCODING_AUTO, or one that fits the type",
                             tarn__parquet_encoding_name(encoding_number(encoding)), tarn__parquet_type_name(form.physical));
    } else if (encoding == TARN_ENCODING_DICTIONARY) {
        leaf->column.encodings = (leaf->column.encodings & tarn__encodings_modern(&form)) | BIT(PARQUET_ENCODING_RLE_DICTIONARY);
        leaf->column.dictionary_first = true;
    } else {
        leaf->column.encodings = BIT(encoding_number(encoding));
    }
    return TARN_OK;
}

enum tarn_status tarn__leaf_options_resolve(const struct tarn_parquet_write_options *options, const struct tarn_schema *schema,
                                            const struct tarn__leaf_path *paths, uint32_t leaf_count, struct tarn_arena *arena,
                                            struct tarn__leaf_options **out, struct tarn_error *err)
{
    const struct tarn__profile *profile = tarn__profile_of(options->profile);
    struct tarn__leaf_options *leaves = tarn__arena_calloc(arena, leaf_count, sizeof(*leaves));
    enum tarn_encoding *encodings = tarn__arena_calloc(arena, leaf_count, sizeof(*encodings));

    *out = NULL;
    if (leaves == NULL || encodings == NULL) {
        return tarn__nomem(arena->env, err, leaf_count * sizeof(*leaves));
    }
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        leaves[leaf] = of_file(options);
    }
    for (uint32_t i = 0; i < options->column_count; i++) {
        const struct tarn_parquet_column_options column = column_at(options, i);
        uint32_t index[TARN_MAX_DEPTH];
        const struct tarn_type *type;
        bool nullable;
        TARN_RETURN_IF_ERROR(tarn_path_resolve(schema, &column.path, &type, &nullable, index, err));
        for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
            if (column.path.depth > paths[leaf].depth || memcmp(index, paths[leaf].index, column.path.depth * sizeof(*index)) != 0) {
                continue;
            }
            add_column(&leaves[leaf], profile, &column);
            encodings[leaf] = column.encoding != TARN_ENCODING_AUTO ? column.encoding : encodings[leaf];
        }
    }
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        const struct tarn__column_options *column = &leaves[leaf].column;
        enum tarn_status status = set_encoding(&leaves[leaf], &paths[leaf], encodings[leaf], err);
        status = status == TARN_OK ? tarn__codec_check_write(column->codec, err) : status;
        status = status == TARN_OK ? tarn__codec_check_level(column->codec, column->codec_level, err) : status;
        if (status != TARN_OK) {
            return place_error(&paths[leaf], status, err);
        }
    }
    *out = leaves;
    return TARN_OK;
}
