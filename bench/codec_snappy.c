/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-snappy: decoding of Snappy pages, tarn beside libsnappy, in turns on one thread.
 *   tarn-bench-snappy [--block KIB] [--rounds N]
 * Columns are made here, cut into pages, and packed by libsnappy, as most writers of Parquet do. A round decodes all pages of a column with
 * the one, then with the other; which comes first changes from round to round. Prints a line a column: packed size, the best and the median
 * round in gigabytes of output a second, and the ratio of the medians.
 */
#include <inttypes.h>
#include <math.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/gen/tpch_random.h"
#include "bench/gen/tpch_text.h"
#include "format/codec/snappy.h"

enum { COLUMN_BYTES = 4 << 20, MOST_ROUNDS = 1001, DEFAULT_ROUNDS = 21, DEFAULT_BLOCK_KIB = 1024 };

static struct tpch_stream stream;

static int64_t draw(int32_t low, int32_t high)
{
    return tpch_draw(&stream, low, high);
}

/* ---- columns: each fills its bytes ---- */

static void put64(uint8_t *out, size_t i, int64_t value)
{
    memcpy(out + 8 * i, &value, sizeof(value));
}

static void comments(uint8_t *out, const char *text)
{
    size_t done = 0;
    while (done < COLUMN_BYTES) {
        uint32_t size = (uint32_t)draw(10, 43);
        const size_t from = (size_t)draw(0, COLUMN_BYTES - 64);
        if (done + 4 + size > COLUMN_BYTES) {
            memset(out + done, 0, COLUMN_BYTES - done);
            return;
        }
        memcpy(out + done, &size, sizeof(size));
        memcpy(out + done + 4, text + from, size);
        done += 4 + size;
    }
}

static void prices(uint8_t *out, const char *text)
{
    (void)text;
    for (size_t i = 0; i < COLUMN_BYTES / 8; i++) {
        put64(out, i, draw(1, 50) * (90000 + draw(0, 20000) + 100 * draw(0, 1000)));
    }
}

static void order_keys(uint8_t *out, const char *text)
{
    (void)text;
    int64_t key = 1;
    int64_t lines = 0;
    for (size_t i = 0; i < COLUMN_BYTES / 8; i++) {
        if (lines == 0) {
            key += draw(0, 7) == 0 ? 25 : 1;
            lines = draw(1, 7);
        }
        lines--;
        put64(out, i, key);
    }
}

static void small_numbers(uint8_t *out, const char *text)
{
    (void)text;
    for (size_t i = 0; i < COLUMN_BYTES / 8; i++) {
        put64(out, i, draw(1, 50));
    }
}

static void dates(uint8_t *out, const char *text)
{
    (void)text;
    for (size_t i = 0; i < COLUMN_BYTES / 4; i++) {
        const int32_t day = 8000 + (int32_t)(i / 500) + (int32_t)draw(0, 120);
        memcpy(out + 4 * i, &day, sizeof(day));
    }
}

static void doubles(uint8_t *out, const char *text)
{
    (void)text;
    for (size_t i = 0; i < COLUMN_BYTES / 8; i++) {
        const double value = (double)draw(0, 1000000) / 100;
        memcpy(out + 8 * i, &value, sizeof(value));
    }
}

static void codes(uint8_t *out, const char *text)
{
    (void)text;
    for (size_t i = 0; i < COLUMN_BYTES; i++) {
        out[i] = (uint8_t)draw(0, 255);
    }
}

static void one_byte(uint8_t *out, const char *text)
{
    (void)text;
    memset(out, 'x', COLUMN_BYTES);
}

static void patterns(uint8_t *out, const char *text)
{
    size_t done = 0;
    while (done < COLUMN_BYTES) {
        const size_t period = (size_t)draw(1, 20);
        size_t run = (size_t)draw(8, 300);
        const size_t from = (size_t)draw(0, COLUMN_BYTES - 64);
        for (size_t i = 0; run != 0 && done < COLUMN_BYTES; i++, run--) {
            out[done++] = (uint8_t)text[from + i % period];
        }
    }
}

static void flags(uint8_t *out, const char *text)
{
    (void)text;
    static const char *const words[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
    size_t done = 0;
    while (done < COLUMN_BYTES) {
        const char *word = words[draw(0, 3)];
        const uint32_t size = (uint32_t)strlen(word);
        if (done + 4 + size > COLUMN_BYTES) {
            memset(out + done, 0, COLUMN_BYTES - done);
            return;
        }
        memcpy(out + done, &size, sizeof(size));
        memcpy(out + done + 4, word, size);
        done += 4 + size;
    }
}

static const struct {
    const char *name;
    void (*fill)(uint8_t *out, const char *text);
} columns[] = {
    {"comments", comments},
    {"words of a few", flags},
    {"prices, int64", prices},
    {"keys, sorted int64", order_keys},
    {"1 to 50, int64", small_numbers},
    {"dates, int32", dates},
    {"two decimals, double", doubles},
    {"codes, random bytes", codes},
    {"one byte", one_byte},
    {"periods of 1 to 20", patterns},
};

/* ---- measuring ---- */

struct page {
    uint8_t *packed;
    size_t packed_size;
    size_t size;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool by_tarn(const struct page *page, uint8_t *out)
{
    return tarn__snappy_decode((struct tarn_span){page->packed, page->packed_size}, out, page->size);
}

static bool by_libsnappy(const struct page *page, uint8_t *out)
{
    size_t size = page->size;
    return snappy_uncompress((const char *)page->packed, page->packed_size, (char *)out, &size) == SNAPPY_OK;
}

static double time_round(bool (*decode)(const struct page *page, uint8_t *out), const struct page *pages, size_t count, uint8_t *out)
{
    const double begun = now();
    for (size_t i = 0; i < count; i++) {
        if (!decode(&pages[i], out)) {
            fprintf(stderr, "a page is not decoded\n");
            exit(1);
        }
    }
    return now() - begun;
}

static int order(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(const char *name, const uint8_t *column, size_t block, unsigned rounds)
{
    static double times[2][MOST_ROUNDS];
    const size_t count = COLUMN_BYTES / block;
    struct page *pages = calloc(count, sizeof(*pages));
    uint8_t *out = malloc(block);
    size_t packed = 0;
    for (size_t i = 0; i < count; i++) {
        pages[i].size = block;
        pages[i].packed_size = snappy_max_compressed_length(block);
        pages[i].packed = malloc(pages[i].packed_size);
        snappy_compress((const char *)column + i * block, block, (char *)pages[i].packed, &pages[i].packed_size);
        packed += pages[i].packed_size;
        if (!by_tarn(&pages[i], out) || memcmp(out, column + i * block, block) != 0) {
            fprintf(stderr, "%s: page %zu is not decoded\n", name, i);
            exit(1);
        }
    }
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned turn = 0; turn < 2; turn++) {
            const unsigned who = (turn + r) & 1;
            times[who][r] = time_round(who == 0 ? by_tarn : by_libsnappy, pages, count, out);
        }
    }
    qsort(times[0], rounds, sizeof(double), order);
    qsort(times[1], rounds, sizeof(double), order);
    printf("%-22s %5.2f:1   tarn %6.2f (best %6.2f)   libsnappy %6.2f (best %6.2f)   ratio %5.2f\n", name,
           (double)COLUMN_BYTES / (double)packed, COLUMN_BYTES / times[0][rounds / 2] / 1e9, COLUMN_BYTES / times[0][0] / 1e9,
           COLUMN_BYTES / times[1][rounds / 2] / 1e9, COLUMN_BYTES / times[1][0] / 1e9, times[1][rounds / 2] / times[0][rounds / 2]);
    for (size_t i = 0; i < count; i++) {
        free(pages[i].packed);
    }
    free(pages);
    free(out);
}

int main(int argc, char **argv)
{
    size_t block = DEFAULT_BLOCK_KIB;
    unsigned rounds = DEFAULT_ROUNDS;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--block") == 0) {
            block = (size_t)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = (unsigned)atoi(argv[i + 1]);
        }
    }
    if (block < 1 || block << 10 > COLUMN_BYTES || rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "--block 1..%d, --rounds 1..%d\n", COLUMN_BYTES >> 10, MOST_ROUNDS);
        return 2;
    }
    uint8_t *column = malloc(COLUMN_BYTES);
    char *text = tpch_text_make(COLUMN_BYTES);
    if (column == NULL || text == NULL) {
        fprintf(stderr, "no memory\n");
        return 1;
    }
    stream = (struct tpch_stream){.seed = 4711, .per_row = 1};
    printf("pages of %zu KiB, %u rounds, GB/s of output\n", block, rounds);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        columns[i].fill(column, text);
        measure(columns[i].name, column, block << 10, rounds);
    }
    free(text);
    free(column);
    return 0;
}
