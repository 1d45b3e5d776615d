/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_PARQUET_WRITER_H
#define TARN_PARQUET_WRITER_H

#include "tarn/arrow.h"
#include "tarn/cursor.h"
#include "tarn/sink.h"
#include "tarn/store.h"

/*
 * Batches to a Parquet file: what may be chosen, and what is known of the file afterwards.
 *
 * Every option has a default that its profile gives; what is set here counts for the file, what is set in struct
 * tarn_parquet_column_options for the columns named there. All that options point to is copied when the sink is made.
 * Specification: parquet-format README.md, Encodings.md, Compression.md, PageIndex.md, BloomFilter.md, Encryption.md, VariantShredding.md.
 *
 * Threads: single. Ownership: a sink keeps its own references on store and schema.
 */

enum tarn_codec {
    TARN_CODEC_DEFAULT = 0, /**< the profile's */
    TARN_CODEC_UNCOMPRESSED,
    TARN_CODEC_SNAPPY,
    TARN_CODEC_ZSTD,
    TARN_CODEC_LZ4_RAW,
    TARN_CODEC_GZIP,
    TARN_CODEC_BROTLI,
};

/** How values of a column are stored. */
enum tarn_encoding {
    TARN_ENCODING_AUTO = 0, /**< the one that a trial on the column's first values shows to be best, among those of the profile */
    TARN_ENCODING_PLAIN,
    TARN_ENCODING_DICTIONARY, /**< while the dictionary has room, then AUTO without it */
    TARN_ENCODING_RLE,        /**< BOOLEAN */
    TARN_ENCODING_DELTA_BINARY_PACKED,
    TARN_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
    TARN_ENCODING_DELTA_BYTE_ARRAY,
    TARN_ENCODING_BYTE_STREAM_SPLIT,
    TARN_ENCODING_ALP, /**< FLOAT, DOUBLE; few engines read it yet, so that AUTO never takes it */
};

/** A set of choices; docs/writing-parquet.md says what each is and why. */
enum tarn_parquet_profile {
    TARN_PROFILE_DEFAULT = 0, /**< small, and fast to scan in every engine of today */
    TARN_PROFILE_COMPAT,      /**< pages of version 1, PLAIN and dictionaries alone: for readers of any age */
    TARN_PROFILE_ARCHIVE,     /**< smallest; slower to write */
    TARN_PROFILE_FAST,        /**< fastest to write */
};

/** By which order the bounds of floating-point columns are made (parquet.thrift "ColumnOrder"). */
enum tarn_parquet_float_order {
    TARN_FLOAT_ORDER_TYPE = 0, /**< TYPE_ORDER, which every reader knows: NaNs are no bounds, zeros are -0 below and +0 above */
    TARN_FLOAT_ORDER_IEEE754,  /**< IEEE_754_TOTAL_ORDER, with NaN counts */
};

/** What is read back before the file is visible. */
enum tarn_parquet_check {
    TARN_CHECK_METADATA = 0, /**< the footer and the page index are read as a reader would and compared with what was meant */
    TARN_CHECK_OFF,
    TARN_CHECK_FULL, /**< and every page is decoded and compared with the rows that were given, by digest */
};

/** For the leaves under `path`; where several name a leaf the last that says anything of a member decides it. */
struct tarn_parquet_column_options {
    uint32_t size; /**< the same in all of an array: its stride */
    struct tarn_path path;
    enum tarn_encoding encoding;
    enum tarn_codec codec;
    int32_t codec_level; /**< 0: the profile's */
    enum tarn_choice statistics;
    enum tarn_choice page_index;            /**< NO: no column index; the offset index is there while any column has a page index */
    enum tarn_choice bloom_filter;          /**< AUTO: by type, dictionary, order and size, where the file has any */
    uint64_t bloom_distinct;                /**< expected at most; 0: as many as are seen */
    double bloom_false_positives;           /**< 0: 0.01 */
    enum tarn_choice shredding;             /**< VARIANT: YES: as `shredding_type`, or inferred; AUTO: inferred where it pays; NO: not */
    const struct tarn_type *shredding_type; /**< VARIANT: the type of typed_value; NULL: inferred from the first rows */
};

#define TARN_PARQUET_COLUMN_OPTIONS_INIT                                                                                                   \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_column_options), {0, NULL}, TARN_ENCODING_AUTO, TARN_CODEC_DEFAULT, 0, TARN_CHOICE_AUTO,                \
            TARN_CHOICE_AUTO, TARN_CHOICE_AUTO, 0, 0, TARN_CHOICE_AUTO, NULL                                                               \
    }

/** The order that the rows of each row group have, most significant first. Rows in another order are INVALID `sorting`. */
struct tarn_parquet_sorting {
    struct tarn_path path; /**< to a leaf outside of lists and maps */
    bool descending;
    bool nulls_first;
};

enum tarn_parquet_cipher {
    TARN_CIPHER_AES_GCM = 0,
    TARN_CIPHER_AES_GCM_CTR, /**< AES_GCM_CTR_V1: pages without authentication, faster on old processors */
};

struct tarn_parquet_column_key {
    struct tarn_path path;     /**< all leaves under it */
    struct tarn_span key;      /**< 16, 24 or 32 bytes; empty: the footer's */
    struct tarn_span metadata; /**< what readers are told of the key; data NULL: nothing */
    struct tarn_text name;     /**< where `path` has no steps: the dotted path in the file's schema, "tags.list.element" or "tags" */
};

/**
 * Modular encryption. Keys are copied into locked memory. Nonces are random: files of the same rows differ, but for the host's own hook
 * `random` in struct tarn_env_options, which has to be a cryptographic generator wherever files are not a test's.
 * What a key may encrypt (2^32 pages, headers, indexes ...) is counted for one file; across files that is the owner's affair.
 * Pages of version 2 are encrypted whole, as parquet-cpp has them, which parquet-java does not read: version 1 is the default here.
 */
struct tarn_parquet_encryption {
    uint32_t size;
    enum tarn_parquet_cipher cipher;
    bool plaintext_footer; /**< signed instead of encrypted */
    struct tarn_span footer_key;
    struct tarn_span footer_key_metadata;
    uint32_t column_count; /**< 0: all columns, with the footer's key; else only those named */
    const struct tarn_parquet_column_key *columns;
    struct tarn_span aad_prefix;
    bool aad_prefix_apart; /**< it is not stored: readers must know it */
};

#define TARN_PARQUET_ENCRYPTION_INIT                                                                                                       \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_encryption), TARN_CIPHER_AES_GCM, false, {NULL, 0}, {NULL, 0}, 0, NULL, {NULL, 0}, false                \
    }

/** What is known of one leaf column of a finished file: for a table's statistics. */
struct tarn_leaf_result {
    uint32_t depth;
    const uint32_t *index; /**< position among its siblings at each step, LIST and MAP members included */
    const struct tarn_type *type;
    struct tarn_bounds bounds; /**< exact, except texts and binaries over 64 bytes, which are cut */
    uint64_t compressed_size;
};

/** Facts of a finished Parquet file. Valid until the options' `arg` owner is told; copy what is to be kept. */
struct tarn_parquet_result {
    uint64_t rows;
    uint64_t bytes;
    uint32_t row_groups;
    uint32_t leaf_count;
    const struct tarn_leaf_result *leaves;
    const uint64_t *row_group_offsets; /**< byte where each row group begins */
};

struct tarn_parquet_write_options {
    uint32_t size;
    enum tarn_codec codec;
    int32_t codec_level;       /**< 0: the profile's */
    uint64_t row_group_rows;   /**< most rows; 0: the profile's, 1,048,576 */
    uint64_t row_group_bytes;  /**< most uncompressed bytes, about; 0: the profile's, 128 MiB */
    uint32_t page_rows;        /**< most rows; 0: the profile's, 20,000 */
    uint32_t page_bytes;       /**< most uncompressed bytes, about; 0: the profile's, 1 MiB */
    uint32_t dictionary_bytes; /**< largest dictionary; 0: the profile's */
    bool no_dictionary;
    bool no_statistics;
    bool no_page_index;
    bool no_crc;
    enum tarn_put_mode mode;     /**< when the file is made visible */
    struct tarn_text created_by; /**< empty: tarn's own */
    /** Told once, inside finish, after the file is visible. NULL: not wanted. */
    void (*finished)(void *arg, const struct tarn_parquet_result *result);
    void *finished_arg;

    enum tarn_parquet_profile profile;
    uint32_t page_version; /**< of data pages, 1 or 2; 0: the profile's */
    enum tarn_parquet_float_order float_order;
    enum tarn_choice nan_counts;    /**< AUTO: YES, as the format asks; NO with IEEE754 is INVALID */
    enum tarn_choice bloom_filters; /**< YES: of the columns that `bloom_filter` of their options chooses. AUTO: the profile's */
    enum tarn_choice arrow_schema;  /**< the key ARROW:schema. AUTO: where Parquet's own types lose something that it keeps */
    uint32_t statistics_bytes;      /**< longest bound of texts and binaries, longer ones are cut; 0: 64 */
    enum tarn_parquet_check check;
    uint32_t column_count;
    const struct tarn_parquet_column_options *columns;
    uint32_t sorting_count;
    const struct tarn_parquet_sorting *sorting;
    uint32_t property_count; /**< key-value metadata beside the schema's; of equal keys these count */
    const struct tarn_property *properties;
    const struct tarn_parquet_encryption *encryption; /**< NULL: none */
};

#define TARN_PARQUET_WRITE_OPTIONS_INIT                                                                                                    \
    {                                                                                                                                      \
        sizeof(struct tarn_parquet_write_options), TARN_CODEC_DEFAULT, 0, 0, 0, 0, 0, 0, false, false, false, false, TARN_PUT_OVERWRITE,   \
            {NULL, 0}, NULL, NULL, TARN_PROFILE_DEFAULT, 0, TARN_FLOAT_ORDER_TYPE, TARN_CHOICE_AUTO, TARN_CHOICE_AUTO, TARN_CHOICE_AUTO,   \
            0, TARN_CHECK_METADATA, 0, NULL, 0, NULL, 0, NULL, NULL                                                                        \
    }

/** Encryption that was read from JSON. Immutable, shareable. */
struct tarn_encryption_file;

TARN_BEGIN_DECLS

/**
 * Reads a key file (tarn/keys.h) that says beside how to write:
 *
 *     {"keys": {"footer": HEX, "col:PATH": HEX, NAME: HEX}, "aad_prefix": TEXT,
 *      "encryption": {"algorithm": "AES_GCM_V1" or "AES_GCM_CTR_V1", "footer": "encrypted" or "plain", "footer_key": NAME,
 *                     "columns": {PATH: NAME or null}, "aad_prefix": "stored" or "apart"}}
 *
 * where every member but the footer's key may be missing. Names are those of `keys`, and become the key metadata of the file: the same
 * JSON opens it. `footer_key` is "footer" where it is missing; `columns` are those that `keys` has as "col:PATH", and all columns, with
 * the footer's key, where there is none; null is the footer's key.
 * Errors: INVALID detail "key_file" (not of this form, a name that is not in `keys`), UNSUPPORTED "encryption", NOMEM.
 */
TARN_CALL tarn_encryption_file_open(struct tarn_env *env, struct tarn_text json, struct tarn_encryption_file **out, struct tarn_error *err);
/** For struct tarn_parquet_write_options; valid until tarn_encryption_file_close. */
TARN_API const struct tarn_parquet_encryption *tarn_encryption_file_options(const struct tarn_encryption_file *file);
/** NULL is legal. Overwrites the keys. */
TARN_API void tarn_encryption_file_close(struct tarn_encryption_file *file);

/** Errors: INVALID (schema, options), NOT_FOUND (a path in the options), UNSUPPORTED (a type Parquet has no word for), EXISTS, IO, NOMEM.
 */
TARN_CALL tarn_parquet_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                              const struct tarn_parquet_write_options *options, struct tarn_sink **out, struct tarn_error *err);

/**
 * All rows of an Arrow stream as one file: dictionaries (nested ones too, with null entries), run ends, views, large and fixed-size lists,
 * list views, slices at any level. Takes `stream` over (its release is NULL afterwards), also when it fails; then there is no object.
 * AUTO of `arrow_schema` keeps what the stream's schema says and Parquet cannot. `rows` may be NULL.
 * Errors: those of tarn_parquet_create; INVALID `arrow_array` (an array that is not as its layout demands, with path and row); what the
 * stream itself reports; UNSUPPORTED (unions).
 */
TARN_CALL tarn_parquet_write_arrow(struct tarn_store *store, struct tarn_text key, struct ArrowArrayStream *stream,
                                   const struct tarn_parquet_write_options *options, uint64_t *rows, struct tarn_error *err);

TARN_END_DECLS

#endif
