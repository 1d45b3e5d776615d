/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-encode: rows in memory, as Arrow arrays, to a Parquet file.
 *   tarn-bench-encode SOURCE TARGET THREADS REPEAT [--profile default|compat|archive|fast] [--codec zstd|snappy|lz4|none] [--level N]
 *                     [--cpu base|v3|v4] [--batch ROWS]
 * SOURCE is an Arrow IPC file (its batches are kept as they are) or a Parquet file (its rows become batches of --batch rows, texts with
 * 32-bit offsets). The batches are loaded once, then handed over as an Arrow C stream, without counting the first time, then REPEAT times.
 * The median is told, with the size of the file and with what memory the writing took beside the source, as one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resident.h"
#include "tarn/arrow.h"
#include "tarn/env.h"
#include "tarn/reader.h"
#include "tarn/writer.h"

struct options {
    const char *source;
    const char *target;
    uint32_t threads;
    uint32_t repeat;
    enum tarn_parquet_profile profile;
    enum tarn_codec codec;
    int32_t level;
    enum tarn_cpu cpu;
    uint32_t batch_rows;
};

/* The rows in memory. */
struct kept {
    struct ArrowSchema schema;
    struct ArrowArray *batches;
    size_t count;
    size_t capacity;
};

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct tarn_text text_of(const char *text)
{
    return (struct tarn_text){text, strlen(text)};
}

static enum tarn_status complain(struct tarn_error *err, const char *message)
{
    err->code = TARN_INTERNAL;
    snprintf(err->message, sizeof(err->message), "%s", message);
    return TARN_INTERNAL;
}

/* ---- the source, kept ---- */

static enum tarn_status keep(struct kept *kept, struct ArrowArrayStream *stream, struct tarn_error *err)
{
    if (stream->get_schema(stream, &kept->schema) != 0) {
        return complain(err, "the source has no schema");
    }
    for (;;) {
        if (kept->count == kept->capacity) {
            kept->capacity = kept->capacity * 2 + 64;
            kept->batches = realloc(kept->batches, kept->capacity * sizeof(*kept->batches));
            if (kept->batches == NULL) {
                return complain(err, "no memory");
            }
        }
        if (stream->get_next(stream, &kept->batches[kept->count]) != 0) {
            const char *words = stream->get_last_error(stream);
            return complain(err, words != NULL ? words : "the source failed");
        }
        if (kept->batches[kept->count].release == NULL) {
            return TARN_OK;
        }
        kept->count++;
    }
}

static enum tarn_status open_source(struct tarn_env *env, const char *path, struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_store *store;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const struct tarn_text folder = slash != NULL ? (struct tarn_text){path, (size_t)(slash - path)} : text_of(".");
    enum tarn_status status = tarn_store_open_local(env, folder, false, &store, err);
    if (status != TARN_OK) {
        return status;
    }
    const size_t length = strlen(name);
    const bool arrow = length > 6 && strcmp(name + length - 6, ".arrow") == 0;
    status = arrow ? tarn_arrow_ipc_open(store, text_of(name), NULL, out, err) : tarn_parquet_open(store, text_of(name), NULL, out, err);
    tarn_store_close(store);
    return status;
}

static enum tarn_status load(const struct options *options, struct kept *kept, struct tarn_error *err)
{
    struct tarn_env *env = NULL;
    struct tarn_source *source = NULL;
    struct tarn_batches *batches = NULL;
    struct ArrowArrayStream stream;
    struct tarn_arrow_options arrow = TARN_ARROW_OPTIONS_INIT;
    arrow.batch_rows = options->batch_rows;
    enum tarn_status status = tarn_env_open(NULL, &env, err);
    status = status == TARN_OK ? open_source(env, options->source, &source, err) : status;
    status = status == TARN_OK ? tarn_source_batches(source, NULL, &batches, err) : status;
    status = status == TARN_OK ? tarn_arrow_export_stream(batches, &arrow, &stream, err) : status;
    if (status == TARN_OK) {
        status = keep(kept, &stream, err);
        stream.release(&stream);
    }
    tarn_source_close(source);
    tarn_env_close(env);
    return status;
}

static void release_kept(struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        kept->batches[i].release(&kept->batches[i]);
    }
    if (kept->schema.release != NULL) {
        kept->schema.release(&kept->schema);
    }
    free(kept->batches);
}

/* ---- the kept rows as a stream: arrays that are lent, so that releasing them does nothing ---- */

struct lent {
    const struct kept *kept;
    size_t at;
};

static void release_lent_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_lent_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static int lent_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const struct lent *lent = stream->private_data;
    *out = lent->kept->schema;
    out->release = release_lent_schema;
    return 0;
}

static int lent_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct lent *lent = stream->private_data;
    if (lent->at == lent->kept->count) {
        memset(out, 0, sizeof(*out));
        return 0;
    }
    *out = lent->kept->batches[lent->at++];
    out->release = release_lent_array;
    return 0;
}

static const char *lent_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release_lent(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

/* ---- the work ---- */

static enum tarn_status write_once(const struct options *options, struct tarn_env *env, struct tarn_store *store, const struct kept *kept,
                                   struct tarn_error *err)
{
    struct lent lent = {kept, 0};
    struct ArrowArrayStream stream = {lent_schema, lent_next, lent_error, release_lent, &lent};
    struct tarn_parquet_write_options parquet = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_batches *batches = NULL;
    struct tarn_sink *sink = NULL;
    uint64_t rows = 0;
    const char *slash = strrchr(options->target, '/');
    parquet.profile = options->profile;
    parquet.codec = options->codec;
    parquet.codec_level = options->level;
    enum tarn_status status = tarn_arrow_import_stream(env, &stream, &batches, err);
    if (status == TARN_OK) {
        status = tarn_parquet_create(store, text_of(slash != NULL ? slash + 1 : options->target), batches->schema, &parquet, &sink, err);
    }
    if (status == TARN_OK) {
        status = tarn_batches_copy(batches, sink, &rows, err);
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    return status;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum tarn_status measure(const struct options *options, struct tarn_env *env, struct tarn_store *store, const struct kept *kept,
                                struct tarn_error *err)
{
    int64_t *spent = calloc((size_t)options->repeat + 1, sizeof(*spent));
    int64_t cpu = 0;
    enum tarn_status status = spent != NULL ? TARN_OK : complain(err, "no memory");
    const int64_t before = tarn_bench_resident_begin();
    for (uint32_t i = 0; i <= options->repeat && status == TARN_OK; i++) {
        const int64_t begun = now(CLOCK_MONOTONIC);
        const int64_t cpu_begun = now(CLOCK_PROCESS_CPUTIME_ID);
        status = write_once(options, env, store, kept, err);
        spent[i] = now(CLOCK_MONOTONIC) - begun;
        cpu += i != 0 || options->repeat == 0 ? now(CLOCK_PROCESS_CPUTIME_ID) - cpu_begun : 0;
    }
    if (status == TARN_OK) {
        const uint32_t runs = options->repeat != 0 ? options->repeat : 1;
        int64_t *first = spent + (options->repeat != 0);
        qsort(first, runs, sizeof(*spent), by_value);
        printf("{\"work_ns\": %lld, \"work_cpu_ns\": %lld, \"work_rss_bytes\": %lld, \"version\": \"tarn\"}\n",
               (long long)first[(runs - 1) / 2], (long long)(cpu / runs), (long long)(tarn_bench_resident_peak() - before));
    }
    free(spent);
    return status;
}

static enum tarn_status run(const struct options *options, struct tarn_pool *pool, struct tarn_error *err)
{
    struct tarn_env *env = NULL;
    struct tarn_store *store = NULL;
    struct kept kept = {.count = 0};
    struct tarn_env_options env_options = TARN_ENV_OPTIONS_INIT;
    const struct tarn_executor executor = tarn_pool_executor(pool);
    const char *slash = strrchr(options->target, '/');
    const struct tarn_text folder = slash != NULL ? (struct tarn_text){options->target, (size_t)(slash - options->target)} : text_of(".");
    env_options.executor = options->threads > 1 ? &executor : NULL;
    env_options.cpu = options->cpu;
    env_options.durability = TARN_DURABILITY_OFF; /* the peers await no disk either */
    enum tarn_status status = load(options, &kept, err);
    status = status == TARN_OK ? tarn_env_open(&env_options, &env, err) : status;
    status = status == TARN_OK ? tarn_store_open_local(env, folder, true, &store, err) : status;
    status = status == TARN_OK ? measure(options, env, store, &kept, err) : status;
    tarn_store_close(store);
    tarn_env_close(env);
    release_kept(&kept);
    return status;
}

/* ---- the command line ---- */

static bool choose(const char *word, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_option(const char *name, const char *word, struct options *options)
{
    static const char *const profiles[] = {"default", "compat", "archive", "fast"};
    static const char *const codecs[] = {"default", "none", "snappy", "zstd", "lz4"};
    static const char *const cpus[] = {"auto", "base", "v3", "v4"};
    int chosen = 0;
    if (strcmp(name, "--profile") == 0 && choose(word, profiles, 4, &chosen)) {
        options->profile = (enum tarn_parquet_profile)chosen;
    } else if (strcmp(name, "--codec") == 0 && choose(word, codecs, 5, &chosen)) {
        options->codec = (enum tarn_codec)chosen;
    } else if (strcmp(name, "--cpu") == 0 && choose(word, cpus, 4, &chosen)) {
        options->cpu = (enum tarn_cpu)chosen;
    } else if (strcmp(name, "--level") == 0) {
        options->level = (int32_t)strtol(word, NULL, 10);
    } else if (strcmp(name, "--batch") == 0) {
        options->batch_rows = (uint32_t)strtoul(word, NULL, 10);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.batch_rows = 1 << 16};
    bool ok = argc >= 5 && argc % 2 == 1;
    if (ok) {
        options.source = argv[1];
        options.target = argv[2];
        options.threads = (uint32_t)strtoul(argv[3], NULL, 10);
        options.repeat = (uint32_t)strtoul(argv[4], NULL, 10);
    }
    for (int i = 5; ok && i + 1 < argc; i += 2) {
        ok = read_option(argv[i], argv[i + 1], &options);
    }
    if (!ok || options.threads == 0) {
        fprintf(stderr, "usage: tarn-bench-encode SOURCE TARGET THREADS REPEAT [--profile default|compat|archive|fast]"
                        " [--codec zstd|snappy|lz4|none] [--level N] [--cpu base|v3|v4] [--batch ROWS]\n");
        return 2;
    }
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_pool *pool = NULL;
    enum tarn_status status = tarn_pool_open(options.threads, &pool, &err);
    status = status == TARN_OK ? run(&options, pool, &err) : status;
    tarn_pool_close(pool);
    if (status != TARN_OK) {
        char text[1024];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "tarn-bench-encode: %s\n", text);
        return 1;
    }
    return 0;
}
