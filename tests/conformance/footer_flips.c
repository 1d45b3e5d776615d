/* SPDX-License-Identifier: Apache-2.0
 *
 * footer_flips CORPUS [STRIDE]: flips every bit (or every STRIDE-th) of the footers of files of many writers, reads each file and says what
 * came of it, as a table in Markdown (docs/footer-flips.md). A footer has no checksum but in tarn's own files, so that some flips cannot be
 * seen; this says how many.
 *
 *   refused   an error: CORRUPT, UNSUPPORTED, LIMIT
 *   harmless  the rows that were written under the names that they had
 *   renamed   a column or field has another name, and no error
 *   wrong     other rows, and no error
 *
 * Exit code 1: a flip in a file of tarn's own was not refused, a file cannot be read at all, or an error had no such code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/buffer.h"
#include "format/base/hash.h"
#include "format/base/utf8.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"

static const char *const paths[] = {
    "engines/pyarrow/enc_plain_i32_opt_v1_brotli.parquet",
    "engines/duckdb/timetz.parquet",
    "engines/datafusion/float_stats_some_nan.parquet",
    "engines/parquet-java/extra_metadata.parquet",
    "engines/polars/bool_runs.parquet",
    "engines/fastparquet/basic_snappy.parquet",
    "engines/carquet/nested_struct5.parquet",
    "parquet-testing/data/rle_boolean_encoding.parquet",
    "impala/data/out_of_range_timestamp.parquet",
};

struct tally {
    uint64_t bytes;
    uint64_t flips;
    uint64_t refused;
    uint64_t harmless;
    uint64_t renamed;
    uint64_t wrong;
    uint64_t other; /* an error that a damaged file must not give */
};

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static void die(const char *what, const char *path)
{
    fprintf(stderr, "footer_flips: %s: %s: %s\n", path, what, err.message);
    exit(EXIT_FAILURE);
}

struct seen {
    uint64_t rows;
    uint64_t names;
};

static uint64_t hash_names(uint32_t count, const struct tarn_field *fields, uint64_t hash)
{
    for (uint32_t i = 0; i < count; i++) {
        hash = tarn__hash_bytes(fields[i].name.data, fields[i].name.size, hash + 1);
        hash = hash_names(fields[i].type->field_count, fields[i].type->fields, hash);
    }
    return hash;
}

static enum tarn_status read_all(struct tarn_span bytes, struct seen *seen)
{
    struct tarn_source *source;
    if (tarn_store_put(store, TARN_TEXT("x"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err) != TARN_OK) {
        die("cannot be kept", "memory");
    }
    enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("x"), NULL, &source, &err);
    if (status == TARN_OK) {
        struct tarn_text_builder text;
        tarn__builder_init(&text, env);
        status = tarn_canonical_rows(source, 1000, &text, &err);
        seen->rows = tarn__hash_bytes(text.data, text.size, 0);
        seen->names = hash_names(tarn_source_schema(source)->field_count, tarn_source_schema(source)->fields, 0);
        tarn__builder_free(&text);
        tarn_source_close(source);
    }
    return status;
}

static void flip_all(struct tarn_buffer *file, const char *path, size_t stride, struct tally *tally)
{
    struct seen expected;
    struct seen got;
    if (read_all(tarn__buffer_span(file), &expected) != TARN_OK) {
        die("cannot be read", path);
    }
    const size_t length = tarn__load32(file->data + file->size - 8);
    const size_t begin = file->size - 8 - length;
    tally->bytes = length;
    for (size_t bit = 0; bit < length * 8; bit += stride) {
        uint8_t *at = file->data + begin + bit / 8;
        *at = (uint8_t)(*at ^ 1u << bit % 8);
        const enum tarn_status status = read_all(tarn__buffer_span(file), &got);
        *at = (uint8_t)(*at ^ 1u << bit % 8);
        tally->flips++;
        tally->refused += status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT;
        tally->harmless += status == TARN_OK && got.rows == expected.rows && got.names == expected.names;
        tally->renamed += status == TARN_OK && got.names != expected.names;
        tally->wrong += status == TARN_OK && got.rows != expected.rows && got.names == expected.names;
        if (status != TARN_OK && status != TARN_CORRUPT && status != TARN_UNSUPPORTED && status != TARN_LIMIT) {
            fprintf(stderr, "%s: bit %zu of the footer: %s\n", path, bit, err.message);
            tally->other++;
        }
    }
}

static void print_row(const char *name, const struct tally *tally)
{
    printf("| %s | %llu | %llu | %llu (%.1f %%) | %llu (%.1f %%) | %llu (%.1f %%) | %llu (%.1f %%) |\n", name,
           (unsigned long long)tally->bytes, (unsigned long long)tally->flips, (unsigned long long)tally->refused,
           100.0 * (double)tally->refused / (double)tally->flips, (unsigned long long)tally->harmless,
           100.0 * (double)tally->harmless / (double)tally->flips, (unsigned long long)tally->renamed,
           100.0 * (double)tally->renamed / (double)tally->flips, (unsigned long long)tally->wrong,
           100.0 * (double)tally->wrong / (double)tally->flips);
}

static struct tarn_buffer *load(const char *corpus, const char *path)
{
    char whole[4096];
    snprintf(whole, sizeof(whole), "%s/parquet/%s", corpus, path);
    FILE *file = fopen(whole, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die("cannot be opened", whole);
    }
    struct tarn_buffer *bytes = tarn__buffer_new(env, (size_t)ftell(file));
    rewind(file);
    if (bytes == NULL || fread(bytes->data, 1, bytes->size, file) != bytes->size) {
        die("cannot be loaded", whole);
    }
    fclose(file);
    return bytes;
}

static struct tarn_buffer *load_object(const char *key)
{
    struct tarn_object *object;
    if (tarn_object_open(store, tarn__text_of(key), &object, &err) != TARN_OK) {
        die("cannot be opened", key);
    }
    struct tarn_buffer *bytes = tarn__buffer_new(env, (size_t)tarn_object_info(object).size);
    if (bytes == NULL || tarn_object_read(object, 1, &(struct tarn_read_range){0, bytes->size, bytes->data}, &err) != TARN_OK) {
        die("cannot be loaded", key);
    }
    tarn_object_close(object);
    return bytes;
}

/* The same rows as the first file has, written by tarn. */
static struct tarn_buffer *own_file(const char *corpus)
{
    struct tarn_buffer *foreign = load(corpus, paths[0]);
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    uint64_t rows;
    struct tarn_sink *sink = NULL;
    if (tarn_store_put(store, TARN_TEXT("x"), tarn__buffer_span(foreign), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err) != TARN_OK ||
        tarn_parquet_open(store, TARN_TEXT("x"), NULL, &source, &err) != TARN_OK ||
        tarn_source_batches(source, NULL, &batches, &err) != TARN_OK ||
        tarn_parquet_create(store, TARN_TEXT("own"), tarn_source_schema(source), NULL, &sink, &err) != TARN_OK) {
        die("cannot be written again", paths[0]);
    }
    if (tarn_batches_copy(batches, sink, &rows, &err) != TARN_OK) {
        die("cannot be written again", paths[0]);
    }
    batches->close(batches);
    tarn_source_close(source);
    tarn__buffer_release(foreign);
    return load_object("own");
}

int main(int argc, char **argv)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tally sum = {0};
    struct tally own = {0};
    const size_t stride = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    if (argc < 2 || stride == 0) {
        fprintf(stderr, "usage: footer_flips CORPUS [STRIDE]\n");
        return 2;
    }
    options.memory_limit = UINT64_C(512) << 20;
    if (tarn_env_open(&options, &env, &err) != TARN_OK || tarn_store_open_memory(env, 0, &store, &err) != TARN_OK) {
        die("no env", "");
    }
    printf("| file | footer bytes | flips | refused | harmless | renamed | wrong |\n|---|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct tally tally = {0};
        struct tarn_buffer *file = load(argv[1], paths[i]);
        flip_all(file, paths[i], stride, &tally);
        tarn__buffer_release(file);
        print_row(paths[i], &tally);
        fflush(stdout);
        sum.bytes += tally.bytes;
        sum.flips += tally.flips;
        sum.refused += tally.refused;
        sum.harmless += tally.harmless;
        sum.renamed += tally.renamed;
        sum.wrong += tally.wrong;
        sum.other += tally.other;
    }
    print_row("**all**", &sum);
    struct tarn_buffer *file = own_file(argv[1]);
    flip_all(file, "tarn", stride, &own);
    tarn__buffer_release(file);
    print_row("the first one's rows, written by tarn: the footer has a checksum", &own);
    tarn_store_close(store);
    tarn_env_close(env);
    return sum.other != 0 || own.refused != own.flips;
}
