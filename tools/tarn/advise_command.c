/* SPDX-License-Identifier: Apache-2.0
 *
 * advise: what a Parquet file would gain by other options. Nothing is estimated: a sample of whole row groups is written with each of them,
 * into memory, and the sizes are told. What could not be measured is left out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/advise_measure.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/parquet_options.h"

enum { MOST_SETTINGS = 64, MOST_ORDERS = 3, DEFAULT_ROWS = 200000 };

struct setting {
    const char *what; /* "codec", "profile", ... */
    char value[256];
    uint64_t chunk_bytes;
    uint64_t file_bytes;
};

struct column_advice {
    const struct measured_leaf *now;
    char best[32]; /* encoding's name; empty: none was measured to be smaller */
    uint64_t best_bytes;
    uint64_t plain_bytes;
    bool has_distinct;
    uint64_t distinct;
    uint64_t bloom_bytes; /* what a filter added; 0: not measured */
};

struct advice {
    struct session *session;
    struct sample sample;
    struct measured stored;
    struct measured base; /* the writer's defaults, row groups as the file has them */
    struct column_advice *columns;
    struct setting settings[MOST_SETTINGS];
    unsigned setting_count;
    struct tarn_path_step *steps; /* TARN_MAX_DEPTH a leaf */
    struct tarn_path *paths;      /* of the written leaves; depth 0: not found by name */
};

static struct tarn_parquet_write_options base_options(const struct advice *advice)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.row_group_rows = advice->sample.group_rows;
    options.row_group_bytes = UINT64_C(1) << 40; /* as the file has them: by rows */
    options.check = TARN_CHECK_OFF;
    return options;
}

static void add_setting(struct advice *advice, const char *what, const char *value, const struct measured *measured)
{
    if (advice->setting_count < MOST_SETTINGS) {
        struct setting *setting = &advice->settings[advice->setting_count++];
        setting->what = what;
        setting->chunk_bytes = measured->chunk_bytes;
        setting->file_bytes = measured->bytes;
        snprintf(setting->value, sizeof(setting->value), "%s", value);
    }
}

/* The file's total under these options. What the writer or the query refuses was not measured, and is not told. */
static enum tarn_status measure_setting(struct advice *advice, const char *what, const char *value, const char *sql,
                                        const struct tarn_parquet_write_options *options, struct tarn_error *err)
{
    struct measured measured;
    const enum tarn_status status = measure_written(&advice->sample, sql, options, &measured, err);
    if (status == TARN_OK) {
        if (options->page_version == 0 || options->page_version == measured.page_version) {
            add_setting(advice, what, value, &measured);
        }
        measured_free(&measured);
    }
    return status == TARN_UNSUPPORTED ? TARN_OK : status;
}

/* ---- encodings, column by column ---- */

struct encoding_trial {
    enum tarn_encoding encoding;
    const char *name;
    const char *stored; /* as the file tells it */
    const char *types;  /* for which it exists, with spaces around */
};

/* What engines of today all read: not ALP, and BYTE_STREAM_SPLIT as it was before parquet-format 2.11. */
static const struct encoding_trial trials[] = {
    {TARN_ENCODING_PLAIN, "plain", "PLAIN", " BOOLEAN INT32 INT64 FLOAT DOUBLE BYTE_ARRAY FIXED_LEN_BYTE_ARRAY "},
    {TARN_ENCODING_DICTIONARY, "dictionary", "RLE_DICTIONARY", " INT32 INT64 FLOAT DOUBLE BYTE_ARRAY FIXED_LEN_BYTE_ARRAY "},
    {TARN_ENCODING_RLE, "rle", "RLE", " BOOLEAN "},
    {TARN_ENCODING_DELTA_BINARY_PACKED, "delta_binary_packed", "DELTA_BINARY_PACKED", " INT32 INT64 "},
    {TARN_ENCODING_DELTA_LENGTH_BYTE_ARRAY, "delta_length_byte_array", "DELTA_LENGTH_BYTE_ARRAY", " BYTE_ARRAY "},
    {TARN_ENCODING_DELTA_BYTE_ARRAY, "delta_byte_array", "DELTA_BYTE_ARRAY", " BYTE_ARRAY FIXED_LEN_BYTE_ARRAY "},
    {TARN_ENCODING_BYTE_STREAM_SPLIT, "byte_stream_split", "BYTE_STREAM_SPLIT", " FLOAT DOUBLE "},
};

static bool has_word(const char *words, const char *word)
{
    const size_t size = strlen(word);
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word)) {
        const bool begins = at == words || at[-1] == ' ' || at[-1] == ',';
        if (begins && (at[size] == '\0' || at[size] == ' ' || at[size] == ',')) {
            return true;
        }
    }
    return false;
}

/* Columns for which the encoding exists get it, the others stay as they are chosen. */
static enum tarn_status try_encoding(struct advice *advice, const struct encoding_trial *trial, struct tarn_error *err)
{
    struct tarn_parquet_write_options options = base_options(advice);
    struct tarn_parquet_column_options *columns = calloc((size_t)advice->base.leaf_count + 1, sizeof(*columns));
    struct measured measured;
    if (columns == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
        if (advice->paths[leaf].depth != 0 && has_word(trial->types, advice->base.leaves[leaf].type)) {
            struct tarn_parquet_column_options *column = &columns[options.column_count++];
            *column = (struct tarn_parquet_column_options)TARN_PARQUET_COLUMN_OPTIONS_INIT;
            column->path = advice->paths[leaf];
            column->encoding = trial->encoding;
        }
    }
    options.columns = columns;
    enum tarn_status status =
        options.column_count != 0 ? measure_written(&advice->sample, NULL, &options, &measured, err) : TARN_UNSUPPORTED;
    free(columns);
    if (status != TARN_OK) {
        return status == TARN_UNSUPPORTED ? TARN_OK : status;
    }
    for (uint32_t leaf = 0; leaf < measured.leaf_count && leaf < advice->base.leaf_count; leaf++) {
        struct column_advice *column = &advice->columns[leaf];
        const struct measured_leaf *written = &measured.leaves[leaf];
        const bool plain = trial->encoding == TARN_ENCODING_PLAIN;
        const bool was_used = has_word(written->encodings, trial->stored) && (!plain || !has_word(written->encodings, "RLE_DICTIONARY"));
        if (advice->paths[leaf].depth == 0 || !has_word(trial->types, written->type) || !was_used) {
            continue;
        }
        column->plain_bytes = plain ? written->bytes : column->plain_bytes;
        if (written->bytes < column->best_bytes) {
            column->best_bytes = written->bytes;
            snprintf(column->best, sizeof(column->best), "%s", trial->name);
        }
    }
    measured_free(&measured);
    return TARN_OK;
}

/* ---- the file as a whole ---- */

static enum tarn_status try_profiles_and_codecs(struct advice *advice, struct tarn_error *err)
{
    static const struct {
        const char *name;
        enum tarn_parquet_profile profile;
    } profiles[] = {{"compat", TARN_PROFILE_COMPAT}, {"fast", TARN_PROFILE_FAST}, {"archive", TARN_PROFILE_ARCHIVE}};
    static const struct {
        const char *name;
        enum tarn_codec codec;
        int32_t level;
    } codecs[] = {{"none", TARN_CODEC_UNCOMPRESSED, 0}, {"snappy", TARN_CODEC_SNAPPY, 0}, {"lz4", TARN_CODEC_LZ4_RAW, 0},
                  {"gzip", TARN_CODEC_GZIP, 0},         {"zstd:1", TARN_CODEC_ZSTD, 1},   {"zstd:3", TARN_CODEC_ZSTD, 3},
                  {"zstd:9", TARN_CODEC_ZSTD, 9}};
    add_setting(advice, "profile", "default", &advice->base);
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        struct tarn_parquet_write_options options = base_options(advice);
        options.profile = profiles[i].profile;
        TARN_TOOL_TRY(measure_setting(advice, "profile", profiles[i].name, NULL, &options, err));
    }
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        struct tarn_parquet_write_options options = base_options(advice);
        options.codec = codecs[i].codec;
        options.codec_level = codecs[i].level;
        TARN_TOOL_TRY(measure_setting(advice, "codec", codecs[i].name, NULL, &options, err));
    }
    return TARN_OK;
}

static enum tarn_status try_shapes(struct advice *advice, struct tarn_error *err)
{
    static const uint64_t groups[] = {65536, 131072, 262144, 524288, 1048576};
    static const uint32_t pages[] = {5000, 20000, 100000};
    char value[32];
    for (uint32_t version = 1; version <= 2; version++) {
        struct tarn_parquet_write_options options = base_options(advice);
        options.page_version = version;
        snprintf(value, sizeof(value), "%" PRIu32, version);
        TARN_TOOL_TRY(measure_setting(advice, "page version", value, NULL, &options, err));
    }
    /* A size is measured where rows that lie together in the file fill at least one group of it. */
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && groups[i] <= advice->sample.adjacent_rows; i++) {
        struct tarn_parquet_write_options options = base_options(advice);
        options.row_group_rows = groups[i];
        snprintf(value, sizeof(value), "%" PRIu64, groups[i]);
        TARN_TOOL_TRY(measure_setting(advice, "row group rows", value, NULL, &options, err));
    }
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]) && pages[i] <= advice->sample.group_rows; i++) {
        struct tarn_parquet_write_options options = base_options(advice);
        options.page_rows = pages[i];
        snprintf(value, sizeof(value), "%" PRIu32, pages[i]);
        TARN_TOOL_TRY(measure_setting(advice, "page rows", value, NULL, &options, err));
    }
    return TARN_OK;
}

/* ---- distinct values, orders, filters ---- */

/* `"name"`, quotes doubled; false: it does not fit. */
static bool quote_name(struct tarn_text name, char *out, size_t size)
{
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < name.size; i++) {
        if (used + 4 > size) {
            return false;
        }
        out[used++] = name.data[i];
        if (name.data[i] == '"') {
            out[used++] = '"';
        }
    }
    out[used++] = '"';
    out[used] = '\0';
    return true;
}

/* The top-level column that a written leaf is, if it is one; -1. */
static int32_t plain_column(const struct advice *advice, uint32_t leaf)
{
    const struct tarn_schema *schema = tarn_source_schema(advice->sample.source);
    if (advice->paths[leaf].depth != 1) {
        return -1;
    }
    const int32_t at = tarn_fields_find(schema->field_count, schema->fields, advice->paths[leaf].steps[0].name);
    return at >= 0 && schema->fields[at].type->field_count == 0 && schema->fields[at].type->id != TARN_TYPE_VARIANT ? at : -1;
}

static enum tarn_status count_distinct(struct advice *advice, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(advice->sample.source);
    for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
        const int32_t at = plain_column(advice, leaf);
        char name[300];
        char sql[360];
        if (at < 0 || !quote_name(schema->fields[at].name, name, sizeof(name))) {
            continue;
        }
        snprintf(sql, sizeof(sql), "SELECT count(DISTINCT %s) FROM sample", name);
        const enum tarn_status status = sample_number(&advice->sample, sql, &advice->columns[leaf].distinct, err);
        advice->columns[leaf].has_distinct = status == TARN_OK;
        if (status != TARN_OK && status != TARN_UNSUPPORTED && status != TARN_INVALID) { /* some types cannot be compared */
            return status;
        }
    }
    return TARN_OK;
}

/* Does sorting by it promise anything? Bytes that equal neighbours could save. */
static uint64_t promise(const struct advice *advice, uint32_t leaf)
{
    const struct column_advice *column = &advice->columns[leaf];
    return !column->has_distinct || column->distinct < 2 || column->distinct >= advice->sample.rows
               ? 0
               : (advice->sample.rows - column->distinct) * (advice->base.leaves[leaf].bytes / 1024 + 1);
}

static enum tarn_status try_orders(struct advice *advice, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(advice->sample.source);
    const struct tarn_parquet_write_options options = base_options(advice);
    uint64_t below = UINT64_MAX;
    for (int i = 0; i < MOST_ORDERS; i++) {
        uint32_t chosen = UINT32_MAX;
        char name[300];
        char sql[360];
        for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
            const uint64_t here = promise(advice, leaf);
            if (here != 0 && here < below && (chosen == UINT32_MAX || here > promise(advice, chosen))) {
                chosen = leaf;
            }
        }
        if (chosen == UINT32_MAX) {
            return TARN_OK;
        }
        below = promise(advice, chosen);
        if (quote_name(schema->fields[plain_column(advice, chosen)].name, name, sizeof(name))) {
            snprintf(sql, sizeof(sql), "SELECT * FROM sample ORDER BY %s", name);
            TARN_TOOL_TRY(measure_setting(advice, "sorted by", advice->base.leaves[chosen].path, sql, &options, err));
        }
    }
    return TARN_OK;
}

/* Columns of many distinct values, each with a filter: what it adds to the file. */
static enum tarn_status try_filters(struct advice *advice, struct tarn_error *err)
{
    for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
        struct tarn_parquet_write_options options = base_options(advice);
        struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
        struct measured measured;
        if (!advice->columns[leaf].has_distinct || advice->columns[leaf].distinct < advice->sample.rows / 20 ||
            has_word(" BOOLEAN INT96 ", advice->base.leaves[leaf].type)) {
            continue;
        }
        column.path = advice->paths[leaf];
        column.bloom_filter = TARN_CHOICE_YES;
        options.columns = &column;
        options.column_count = 1;
        const enum tarn_status status = measure_written(&advice->sample, NULL, &options, &measured, err);
        if (status == TARN_UNSUPPORTED) {
            return TARN_OK;
        }
        TARN_TOOL_TRY(status);
        advice->columns[leaf].bloom_bytes = measured.bytes > advice->base.bytes ? measured.bytes - advice->base.bytes : 0;
        measured_free(&measured);
    }
    return TARN_OK;
}

/* ---- all of it ---- */

static enum tarn_status name_columns(struct advice *advice, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(advice->sample.source);
    const uint32_t count = advice->base.leaf_count;
    advice->columns = calloc((size_t)count + 1, sizeof(*advice->columns));
    advice->paths = calloc((size_t)count + 1, sizeof(*advice->paths));
    advice->steps = calloc(((size_t)count + 1) * TARN_MAX_DEPTH, sizeof(*advice->steps));
    if (advice->columns == NULL || advice->paths == NULL || advice->steps == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    for (uint32_t leaf = 0; leaf < count; leaf++) {
        struct column_advice *column = &advice->columns[leaf];
        struct tarn_error quiet = TARN_ERROR_INIT;
        column->now = count == advice->stored.leaf_count ? &advice->stored.leaves[leaf] : NULL; /* else the leaves are other ones */
        column->best_bytes = advice->base.leaves[leaf].bytes;
        if (column_path(schema, text_of(advice->base.leaves[leaf].path), advice->steps + (size_t)leaf * TARN_MAX_DEPTH,
                        &advice->paths[leaf], &quiet) != TARN_OK) {
            advice->paths[leaf].depth = 0; /* part of a variant: nothing of it can be named */
        }
    }
    return TARN_OK;
}

static enum tarn_status measure_all(struct advice *advice, struct tarn_error *err)
{
    const struct tarn_parquet_write_options options = base_options(advice);
    TARN_TOOL_TRY(measure_stored(&advice->sample, &advice->stored, err));
    TARN_TOOL_TRY(measure_written(&advice->sample, NULL, &options, &advice->base, err));
    TARN_TOOL_TRY(name_columns(advice, err));
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        TARN_TOOL_TRY(try_encoding(advice, &trials[i], err));
    }
    TARN_TOOL_TRY(try_profiles_and_codecs(advice, err));
    TARN_TOOL_TRY(try_shapes(advice, err));
    TARN_TOOL_TRY(count_distinct(advice, err));
    TARN_TOOL_TRY(try_filters(advice, err));
    return try_orders(advice, err);
}

/* ---- what is said ---- */

/* By how much less, in tenths of a percent. */
static const char *gain_text(uint64_t now, uint64_t then, char *out, size_t size)
{
    const int64_t tenths = now == 0 ? 0
                                    : (int64_t)((double)now >= (double)then ? ((double)now - (double)then) * 1000 / (double)now + 0.5
                                                                            : ((double)now - (double)then) * 1000 / (double)now - 0.5);
    const int64_t positive = tenths < 0 ? -tenths : tenths;
    snprintf(out, size, "%s%" PRId64 ".%" PRId64, tenths < 0 ? "-" : "", positive / 10, positive % 10);
    return out;
}

static const char *number_text(bool there, uint64_t number, char out[24])
{
    snprintf(out, 24, "%" PRIu64, number);
    return there ? out : NULL;
}

static void put_member(const char *name, const char *value, bool number)
{
    printf(",\"%s\":", name);
    if (value == NULL) {
        fputs("null", stdout);
    } else if (number) {
        fputs(value, stdout);
    } else {
        json_string(stdout, text_of(value));
    }
}

struct column_texts {
    char now[24], chosen[24], best[24], gain[24], distinct[24], bloom[24];
    const char *all[10]; /* path, type, now, its encodings, its codec, the writer's, best, its bytes, gain, distinct */
    const char *bloom_bytes;
};

static void column_texts(const struct advice *advice, uint32_t leaf, struct column_texts *out)
{
    const struct column_advice *column = &advice->columns[leaf];
    const struct measured_leaf *base = &advice->base.leaves[leaf];
    const bool has_now = column->now != NULL;
    out->all[0] = base->path;
    out->all[1] = base->type;
    out->all[2] = number_text(has_now, has_now ? column->now->bytes : 0, out->now);
    out->all[3] = has_now ? column->now->encodings : NULL;
    out->all[4] = has_now ? column->now->codec : NULL;
    out->all[5] = number_text(true, base->bytes, out->chosen);
    out->all[6] = column->best[0] != '\0' ? column->best : "auto";
    out->all[7] = number_text(true, column->best_bytes, out->best);
    out->all[8] = has_now ? gain_text(column->now->bytes, column->best_bytes, out->gain, sizeof(out->gain)) : NULL;
    out->all[9] = number_text(column->has_distinct, column->distinct, out->distinct);
    out->bloom_bytes = number_text(column->bloom_bytes != 0, column->bloom_bytes, out->bloom);
}

static void print_json(const struct advice *advice)
{
    static const char *const names[] = {"column",        "type",          "bytes",      "encodings",    "codec",
                                        "default_bytes", "best_encoding", "best_bytes", "gain_percent", "distinct"};
    static const bool numbers[] = {false, false, true, false, false, true, false, true, true, true};
    const struct sample *sample = &advice->sample;
    char gain[24];
    answer_begin(advice->session);
    printf("{\"sample\":{\"rows\":%" PRIu64 ",\"row_groups\":[", sample->rows);
    for (uint32_t i = 0; i < sample->group_count; i++) {
        printf("%s%" PRIu32, i == 0 ? "" : ",", sample->groups[i]);
    }
    printf("],\"bytes\":%" PRIu64 "},\"columns\":[", advice->stored.chunk_bytes);
    for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
        struct column_texts texts;
        column_texts(advice, leaf, &texts);
        printf("%s{\"leaf\":%" PRIu32, leaf == 0 ? "" : ",", leaf);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            put_member(names[i], texts.all[i], numbers[i]);
        }
        put_member("bloom_filter_bytes", texts.bloom_bytes, true);
        fputc('}', stdout);
    }
    fputs("],\"file\":[", stdout);
    for (unsigned i = 0; i < advice->setting_count; i++) {
        const struct setting *setting = &advice->settings[i];
        printf("%s{\"what\":\"%s\"", i == 0 ? "" : ",", setting->what);
        put_member("value", setting->value, false);
        printf(",\"bytes\":%" PRIu64 ",\"file_bytes\":%" PRIu64, setting->chunk_bytes, setting->file_bytes);
        put_member("gain_percent", gain_text(advice->stored.chunk_bytes, setting->chunk_bytes, gain, sizeof(gain)), true);
        fputc('}', stdout);
    }
    fputs("]}", stdout);
    answer_end(advice->session);
}

static int print_columns(const struct advice *advice)
{
    struct listing *listing =
        listing_open(advice->session, "column,type,#now,encodings,codec,#auto,best encoding,#best,#gain %,#distinct,#bloom");
    for (uint32_t leaf = 0; leaf < advice->base.leaf_count; leaf++) {
        struct column_texts texts;
        column_texts(advice, leaf, &texts);
        const char *all[] = {texts.all[0], texts.all[1], texts.all[2], texts.all[3], texts.all[4],     texts.all[5],
                             texts.all[6], texts.all[7], texts.all[8], texts.all[9], texts.bloom_bytes};
        listing_row(listing, all);
    }
    return listing_close(listing);
}

static int print_settings(const struct advice *advice)
{
    struct listing *listing = listing_open(advice->session, "setting,value,#bytes,#gain %,#file");
    for (unsigned i = 0; i < advice->setting_count; i++) {
        char bytes[24];
        char whole[24];
        char gain[24];
        const struct setting *setting = &advice->settings[i];
        const char *texts[] = {setting->what, setting->value, number_text(true, setting->chunk_bytes, bytes),
                               gain_text(advice->stored.chunk_bytes, setting->chunk_bytes, gain, sizeof(gain)),
                               number_text(true, setting->file_bytes, whole)};
        listing_row(listing, texts);
    }
    return listing_close(listing);
}

static int print_advice(const struct advice *advice)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(advice->sample.metadata);
    if (advice->session->json) {
        print_json(advice);
        return 0;
    }
    printf("measured on %" PRIu64 " of %" PRIu64 " rows: %" PRIu32 " of %" PRIu32 " row groups, %" PRIu64 " bytes of column chunks now\n"
           "now: bytes as stored; auto: as tarn would write them; best: the smallest of all encodings tried, with the default codec;\n"
           "bloom: what a filter of 1 %% false positives adds\n",
           advice->sample.rows, file.row_count, advice->sample.group_count, file.row_group_count, advice->stored.chunk_bytes);
    const int code = print_columns(advice);
    fputs("the whole sample, row groups as they are unless said: its column chunks, and a file of it with indexes and footer:\n", stdout);
    return code == 0 ? print_settings(advice) : code;
}

static void advice_free(struct advice *advice)
{
    sample_free(&advice->sample);
    measured_free(&advice->stored);
    measured_free(&advice->base);
    free(advice->columns);
    free(advice->paths);
    free(advice->steps);
}

int command_advise(struct session *session)
{
    static struct advice advice; /* large, and one command a process */
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_parquet_metadata *metadata = NULL;
    struct tarn_source *source = NULL;
    struct tarn_store *store = NULL;
    char *key = NULL;
    int64_t rows;
    if (!option_number(session, OPTION_SAMPLE_ROWS, DEFAULT_ROWS, &rows)) {
        return EXIT_USAGE;
    }
    if (rows < 1) {
        return answer_usage(session, "--sample-rows takes a number above 0");
    }
    advice.session = session;
    enum tarn_status status = store_of_path(session->env, session->args.positionals[0], false, &store, &key, &err);
    status = status == TARN_OK ? tarn_parquet_metadata_open(store, text_of(key), &metadata, &err) : status;
    status = status == TARN_OK ? tarn_parquet_open(store, text_of(key), NULL, &source, &err) : status;
    status = status == TARN_OK ? sample_take(session->env, source, metadata, (uint64_t)rows, &advice.sample, &err) : status;
    status = status == TARN_OK ? measure_all(&advice, &err) : status;
    const int code = status == TARN_OK ? print_advice(&advice) : answer_error(session, &err);
    advice_free(&advice);
    tarn_source_close(source);
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    free(key);
    return code;
}
