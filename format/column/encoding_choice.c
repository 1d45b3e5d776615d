/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodings by trial.
 *
 * Specification: parquet-format Encodings.md (types of each encoding). SPEC: P-OPTION-3, P-CHOICE-1 to P-CHOICE-4.
 *
 * Invariants
 *  1. The choice follows from sample, options and the tables here: from no clock, no thread, no order of candidates but the fixed one,
 *     in which the first of equal cost wins.
 *  2. Costs are whole numbers. Sizes of samples are below 2^32, so that no product overflows.
 */
#include "format/column/encoding_choice.h"

#include "format/base/checked.h"
#include "format/column/value_encode.h"
#include "format/encoding/rle_writer.h"

#define BIT TARN_ENCODING_BIT

uint32_t tarn__encodings_of(const struct tarn__leaf_form *form)
{
    const uint32_t any = BIT(PARQUET_ENCODING_PLAIN) | BIT(PARQUET_ENCODING_RLE_DICTIONARY);

    switch (form->physical) {
    case PARQUET_BOOLEAN:
        return BIT(PARQUET_ENCODING_PLAIN) | BIT(PARQUET_ENCODING_RLE);
    case PARQUET_INT32:
    case PARQUET_INT64:
        return any | BIT(PARQUET_ENCODING_DELTA_BINARY_PACKED) | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT);
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        return any | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT) | BIT(PARQUET_ENCODING_ALP);
    case PARQUET_BYTE_ARRAY:
        return any | BIT(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY) | BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY);
    case PARQUET_FIXED_LEN_BYTE_ARRAY:
        return any | BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY) | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT);
    default:
        return any;
    }
}

uint32_t tarn__encodings_modern(const struct tarn__leaf_form *form)
{
    /* Spark 4.1's own decoders refuse BYTE_STREAM_SPLIT of any type, DuckDB 2.0 and Polars 2.1 that of fixed-width bytes. */
    uint32_t modern = tarn__encodings_of(form) & ~(BIT(PARQUET_ENCODING_ALP) | BIT(PARQUET_ENCODING_BYTE_STREAM_SPLIT));

    if (form->physical == PARQUET_FIXED_LEN_BYTE_ARRAY) {
        modern &= ~BIT(PARQUET_ENCODING_DELTA_BYTE_ARRAY);
    }
    return modern;
}

/* ---- what decoding costs ---- */

/*
 * Picoseconds of decoding, as DuckDB, pyarrow, Polars and tarn itself need them on a processor of 2024, rounded: of one value, and of one
 * byte of it as PLAIN.
 */
struct decode_cost {
    int32_t encoding;
    uint32_t value_ps;
    uint32_t text_ps; /* of a value that is a byte array */
    uint32_t byte_ps;
};

static const struct decode_cost costs[] = {
    /* in the order in which equal costs win */
    {PARQUET_ENCODING_RLE_DICTIONARY, 700, 1000, 0},
    {PARQUET_ENCODING_PLAIN, 0, 2000, 60},
    {PARQUET_ENCODING_RLE, 50, 0, 0},
    {PARQUET_ENCODING_DELTA_BINARY_PACKED, 1200, 0, 0},
    {PARQUET_ENCODING_BYTE_STREAM_SPLIT, 800, 0, 60},
    {PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, 0, 2500, 60},
    {PARQUET_ENCODING_DELTA_BYTE_ARRAY, 4000, 6000, 150},
    {PARQUET_ENCODING_ALP, 1500, 0, 0},
};
enum { COSTS = sizeof(costs) / sizeof(costs[0]) };

/* A dictionary beyond the caches of one core makes every value wait. */
enum { CACHED_DICTIONARY = 1 << 20, FAR_VALUE_PS = 2500 };

/* Of a codec, for each byte that goes in and each that comes out. */
struct codec_cost {
    int32_t codec;
    uint32_t in_ps;
    uint32_t out_ps;
};

static const struct codec_cost codec_costs[] = {
    {PARQUET_CODEC_SNAPPY, 300, 500}, {PARQUET_CODEC_ZSTD, 1000, 400},    {PARQUET_CODEC_LZ4_RAW, 150, 150},
    {PARQUET_CODEC_GZIP, 2000, 700},  {PARQUET_CODEC_BROTLI, 4000, 1500},
};

static uint64_t codec_time(int32_t codec, uint64_t in, uint64_t out)
{
    for (size_t i = 0; i < sizeof(codec_costs) / sizeof(codec_costs[0]); i++) {
        if (codec_costs[i].codec == codec) {
            return in * codec_costs[i].in_ps + out * codec_costs[i].out_ps;
        }
    }
    return 0;
}

/* ---- trials ---- */

struct trial {
    const struct tarn__choice_sample *sample;
    const struct tarn__choice_options *options;
    struct tarn_codec_context *context;
    struct tarn__choice_scratch *scratch;
    uint64_t values;
    uint64_t plain; /* bytes */
    uint64_t least; /* cost of the best so far */
    struct tarn__encoding_choice *best;
};

/* Trials compare: what a high level finds more, it finds in all of them. */
enum { TRIAL_LEVEL_MOST = 3 };

static enum tarn_status compressed_size(struct trial *t, struct tarn_span bytes, uint64_t *size, struct tarn_error *err)
{
    const int32_t level = t->options->codec_level < TRIAL_LEVEL_MOST ? t->options->codec_level : TRIAL_LEVEL_MOST;
    const size_t bound = tarn__codec_bound(t->options->codec, bytes.size);
    size_t written = 0;

    if (bound == SIZE_MAX || !tarn__buffer_resize(t->scratch->compressed, bound)) {
        return tarn__nomem(tarn__buffer_env(t->scratch->compressed), err, bound);
    }
    TARN_RETURN_IF_ERROR(tarn__codec_compress(t->context, t->options->codec, level, bytes, t->scratch->compressed->data, &written, err));
    *size = written;
    return TARN_OK;
}

static bool encode_codes(const struct tarn__choice_run *run, unsigned width, struct tarn_buffer *out)
{
    return tarn__rle_write(out, width, run->count, run->codes);
}

static enum tarn_status encode(struct trial *t, int32_t encoding, struct tarn_error *err)
{
    const struct tarn__choice_sample *sample = t->sample;
    struct tarn_buffer *out = t->scratch->encoded;
    const unsigned width = tarn__bit_width(sample->entries > UINT32_MAX ? UINT32_MAX : (uint32_t)(sample->entries - 1));

    out->size = 0;
    for (uint32_t i = 0; i < sample->run_count; i++) {
        const struct tarn__choice_run *run = &sample->runs[i];
        bool ok = true;
        if (encoding == PARQUET_ENCODING_RLE_DICTIONARY) {
            ok = encode_codes(run, width, out);
        } else if (encoding == PARQUET_ENCODING_PLAIN) {
            ok = tarn__buffer_append(out, run->plain.data, run->plain.size);
        } else {
            TARN_RETURN_IF_ERROR(tarn__values_encode(sample->form, encoding, run->plain, run->count, out, err));
        }
        if (!ok) {
            return tarn__nomem(tarn__buffer_env(out), err, out->size);
        }
    }
    return TARN_OK;
}

static uint64_t decode_time(const struct trial *t, const struct decode_cost *cost)
{
    const bool far = cost->encoding == PARQUET_ENCODING_RLE_DICTIONARY && t->sample->dictionary_bytes > CACHED_DICTIONARY;
    const uint64_t value = t->sample->form->physical == PARQUET_BYTE_ARRAY ? cost->text_ps : cost->value_ps;
    return t->values * (value + (far ? FAR_VALUE_PS : 0)) + t->plain * cost->byte_ps;
}

static void consider(struct trial *t, int32_t encoding, bool compress, uint64_t bytes, uint64_t share, uint64_t time)
{
    const uint64_t cost = (bytes + share) * 1024 + time / 1000 * t->options->decode_weight;
    if (cost < t->least) {
        t->least = cost;
        *t->best = (struct tarn__encoding_choice){encoding, compress, t->values, bytes};
    }
}

/* What of the dictionary falls to the sample; its page is compressed whatever the codes are, if that gains. */
static enum tarn_status dictionary_share(struct trial *t, uint64_t *share, uint64_t *time, struct tarn_error *err)
{
    enum { LOOKED_AT = 1 << 16 };
    const struct tarn__choice_sample *sample = t->sample;
    const struct tarn_span head = {sample->dictionary.data, tarn__min_size(sample->dictionary.size, LOOKED_AT)};
    uint64_t bytes = sample->dictionary_bytes;

    *time = 0;
    if (t->options->codec != PARQUET_CODEC_UNCOMPRESSED && head.size != 0) {
        uint64_t packed;
        TARN_RETURN_IF_ERROR(compressed_size(t, head, &packed, err));
        if (packed < head.size) {
            bytes = bytes * packed / head.size;
            *time = codec_time(t->options->codec, bytes, sample->dictionary_bytes) * t->values / sample->chunk_values;
        }
    }
    *share = bytes * t->values / sample->chunk_values;
    return TARN_OK;
}

static enum tarn_status try_encoding(struct trial *t, const struct decode_cost *cost, struct tarn_error *err)
{
    uint64_t share = 0;
    uint64_t packed;
    uint64_t time = 0;

    if (cost->encoding == PARQUET_ENCODING_RLE_DICTIONARY) {
        TARN_RETURN_IF_ERROR(dictionary_share(t, &share, &time, err));
    }
    TARN_RETURN_IF_ERROR(encode(t, cost->encoding, err));
    const struct tarn_span encoded = tarn__buffer_span(t->scratch->encoded);
    time += decode_time(t, cost);
    consider(t, cost->encoding, false, encoded.size, share, time);
    if (t->options->codec == PARQUET_CODEC_UNCOMPRESSED || encoded.size == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(compressed_size(t, encoded, &packed, err));
    consider(t, cost->encoding, true, packed, share, time + codec_time(t->options->codec, packed, encoded.size));
    return TARN_OK;
}

enum tarn_status tarn__encoding_choose(const struct tarn__choice_sample *sample, const struct tarn__choice_options *options,
                                       struct tarn_codec_context *context, struct tarn__choice_scratch *scratch,
                                       struct tarn__encoding_choice *out, struct tarn_error *err)
{
    struct trial t = {.sample = sample, .options = options, .context = context, .scratch = scratch, .least = UINT64_MAX, .best = out};
    uint32_t candidates = options->encodings;

    *out = (struct tarn__encoding_choice){.encoding = PARQUET_ENCODING_PLAIN, .compress = options->codec != PARQUET_CODEC_UNCOMPRESSED};
    for (uint32_t i = 0; i < sample->run_count; i++) {
        t.values += sample->runs[i].count;
        t.plain += sample->runs[i].plain.size;
        if (sample->runs[i].codes == NULL) {
            candidates &= ~BIT(PARQUET_ENCODING_RLE_DICTIONARY);
        }
    }
    for (unsigned i = 0; i < COSTS; i++) {
        if ((candidates & BIT(costs[i].encoding)) != 0 && (candidates & (candidates - 1)) == 0) {
            out->encoding = costs[i].encoding; /* whatever the sample is */
        }
    }
    for (unsigned i = 0; i < COSTS && t.values != 0; i++) {
        if ((candidates & BIT(costs[i].encoding)) != 0) {
            TARN_RETURN_IF_ERROR(try_encoding(&t, &costs[i], err));
        }
    }
    return TARN_OK;
}

uint64_t tarn__distinct_forecast(uint64_t half, uint64_t distinct, uint64_t seen, uint64_t values)
{
    if (seen == 0 || values <= seen || distinct <= half || half == 0) {
        return distinct;
    }
    /* Twice as many values have (1 + growth) times the distinct ones, in 65536ths. Even draws square the growth each time, a constant flow
     * keeps it. */
    uint64_t growth = ((distinct - half) << 16) / half;
    growth = growth < 65536 ? growth : 65536;
    while (seen < values && growth != 0) {
        growth = (2 * growth * growth / 65536 + growth) / 3;
        const uint64_t more = values - seen < seen ? growth * (values - seen) / seen : growth; /* the last step is a part of one */
        distinct += distinct * more / 65536;
        seen *= 2;
    }
    return distinct < values ? distinct : values;
}
