/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ENCODING_CHOICE_H
#define TARN_FORMAT_COLUMN_ENCODING_CHOICE_H

#include "format/base/buffer.h"
#include "format/codec/codec.h"
#include "format/column/leaf_form.h"
#include "format/thrift/parquet_thrift.h"

/*
 * Which encoding a chunk's values get, with or without its codec: each is tried on a sample of them, and the one that costs least is taken.
 *
 * What one costs is the bytes that it takes plus what decoding them takes, by a table of nanoseconds for each value and byte that stands in
 * encoding_choice.c: a nanosecond counts `decode_weight` 1024ths of a byte. No clock is looked at: equal values are always encoded alike.
 * Threads: single.
 */

/* Sets of encodings by their numbers in Parquet; RLE_DICTIONARY stands for dictionaries. */
#define TARN_ENCODING_BIT(encoding) (1u << (unsigned)(encoding))

/** The encodings that values of the form may have (Encodings.md). */
uint32_t tarn__encodings_of(const struct tarn__leaf_form *form);
/** Those of them that the engines of 2026 all read: no BYTE_STREAM_SPLIT, no ALP. */
uint32_t tarn__encodings_modern(const struct tarn__leaf_form *form);

enum { TARN_CHOICE_RUNS = 4 };

/** Some values that follow one another. */
struct tarn__choice_run {
    struct tarn_span plain; /**< as PLAIN stores them; BOOLEAN: bits, from the first byte's lowest on */
    const uint32_t *codes;  /**< in the dictionary; NULL: there is none to be had */
    uint32_t count;
};

struct tarn__choice_sample {
    const struct tarn__leaf_form *form;
    uint32_t run_count;
    struct tarn__choice_run runs[TARN_CHOICE_RUNS];
    uint64_t chunk_values; /**< that the chunk is going to have, about */

    /* The dictionary, where runs have codes. */
    uint64_t entries;            /**< that it is going to have, about; all codes are below */
    uint64_t dictionary_bytes;   /**< of them as PLAIN */
    struct tarn_span dictionary; /**< as it is so far */
};

struct tarn__choice_options {
    uint32_t encodings; /**< TARN_ENCODING_BIT; one is PLAIN, or there is one alone */
    int32_t codec;
    int32_t codec_level;
    uint32_t decode_weight;
};

struct tarn__encoding_choice {
    int32_t encoding; /**< RLE_DICTIONARY: the dictionary */
    bool compress;    /**< the codec gains enough on these values */
    uint64_t values;  /**< of the sample */
    uint64_t bytes;   /**< that they took so, the dictionary itself not counted */
};

/** Memory for trials, kept between them. */
struct tarn__choice_scratch {
    struct tarn_buffer *encoded;
    struct tarn_buffer *compressed;
};

/** Errors: those of encoders and codecs. */
TARN_WARN_UNUSED enum tarn_status tarn__encoding_choose(const struct tarn__choice_sample *sample,
                                                        const struct tarn__choice_options *options, struct tarn_codec_context *context,
                                                        struct tarn__choice_scratch *scratch, struct tarn__encoding_choice *out,
                                                        struct tarn_error *err);

/**
 * The distinct values among `values`, when the first `seen` of them had `distinct` and the half of those `half`: between what even draws
 * and what a constant flow of new values would give.
 */
uint64_t tarn__distinct_forecast(uint64_t half, uint64_t distinct, uint64_t seen, uint64_t values);

#endif
