/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-roaring: sets of row positions, tarn beside CRoaring, in turns on one thread.
 *   tarn-bench-roaring [--rounds N]
 * A set has 1,000,000 positions of 100,000,000 rows: spread evenly at random, or in runs, or half of the rows of a stretch. What is timed:
 * making it of ascending positions, of positions in any order; reading its bytes, writing them; union and disjointness of two; a mask for
 * each 8,192 rows in turn (CRoaring: its iterator, 1,024 values at a time, into the mask). Which comes first changes from round to round.
 * Prints a line a case: median milliseconds of both by the processor time of the thread, and the ratio.
 */
#include <inttypes.h>
#include <roaring/roaring.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/gen/tpch_random.h"
#include "txlog/core/roaring.h"

enum { POSITIONS = 1000000, ROWS = 100000000, WINDOW = 8192, MOST_ROUNDS = 1001, DEFAULT_ROUNDS = 21, VALUES = 1024, HEADER = 12 };

struct sets {
    struct tarn_env *env;
    uint64_t *wide[2]; /* ascending */
    uint32_t *narrow[2];
    uint64_t *wide_mixed; /* the first in any order */
    uint32_t *narrow_mixed;
    struct tarn__roaring *ours[2];
    roaring_bitmap_t *theirs[2];
    struct tarn_text_builder bytes; /* of the first: 12 bytes, then the form of 32 bits */
    char *out;
    uint8_t mask[WINDOW / 8];
    uint64_t sum; /* of what was found: nothing is left out */
};

static struct tpch_stream stream;

static void die(const char *what)
{
    fprintf(stderr, "tarn-bench-roaring: %s\n", what);
    exit(1);
}

static void *get(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL) {
        die("no memory");
    }
    return memory;
}

/* ---- positions ---- */

static int ascending(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static size_t spread(uint64_t *out)
{
    for (size_t i = 0; i < POSITIONS; i++) {
        out[i] = (uint64_t)tpch_draw(&stream, 0, ROWS - 1);
    }
    qsort(out, POSITIONS, sizeof(*out), ascending);
    size_t count = 1;
    for (size_t i = 1; i < POSITIONS; i++) {
        if (out[i] != out[count - 1]) {
            out[count++] = out[i];
        }
    }
    return count;
}

static size_t runs(uint64_t *out)
{
    size_t count = 0;
    for (uint64_t at = 0; count < POSITIONS;) {
        at += (uint64_t)tpch_draw(&stream, 1, 19000);
        const size_t length = (size_t)tpch_draw(&stream, 1, 199);
        for (size_t i = 0; i < length && count < POSITIONS && at < ROWS; i++) {
            out[count++] = at++;
        }
    }
    return count;
}

static size_t half(uint64_t *out)
{
    size_t count = 0;
    for (uint64_t at = 3000000; count < POSITIONS; at++) {
        if (tpch_draw(&stream, 0, 1) == 1) {
            out[count++] = at;
        }
    }
    return count;
}

/* ---- cases: each with what both do ---- */

static void make_ours(struct sets *s, const uint64_t *positions, size_t count)
{
    struct tarn__roaring *set;
    if (tarn__roaring_of_positions(s->env, positions, count, &set, NULL) != TARN_OK) {
        die("no set");
    }
    s->sum += set->cardinality;
    tarn__roaring_release(set);
}

static void make_theirs(struct sets *s, const uint32_t *positions, size_t count)
{
    roaring_bitmap_t *set = roaring_bitmap_of_ptr(count, positions);
    s->sum += roaring_bitmap_get_cardinality(set);
    roaring_bitmap_free(set);
}

static void ascending_ours(struct sets *s)
{
    make_ours(s, s->wide[0], (size_t)s->ours[0]->cardinality);
}

static void ascending_theirs(struct sets *s)
{
    make_theirs(s, s->narrow[0], (size_t)s->ours[0]->cardinality);
}

static void mixed_ours(struct sets *s)
{
    make_ours(s, s->wide_mixed, (size_t)s->ours[0]->cardinality);
}

static void mixed_theirs(struct sets *s)
{
    make_theirs(s, s->narrow_mixed, (size_t)s->ours[0]->cardinality);
}

static void read_ours(struct sets *s)
{
    struct tarn__roaring *set;
    if (tarn__roaring_parse(s->env, (struct tarn_span){(const uint8_t *)s->bytes.data, s->bytes.size}, &set, NULL) != TARN_OK) {
        die("not read");
    }
    s->sum += set->cardinality;
    tarn__roaring_release(set);
}

static void read_theirs(struct sets *s)
{
    roaring_bitmap_t *set = roaring_bitmap_portable_deserialize_safe(s->bytes.data + HEADER, s->bytes.size - HEADER);
    if (set == NULL) {
        die("not read");
    }
    s->sum += roaring_bitmap_get_cardinality(set);
    roaring_bitmap_free(set);
}

static void write_ours(struct sets *s)
{
    struct tarn_text_builder out;
    tarn__builder_init(&out, s->env);
    if (tarn__roaring_write(s->ours[0], &out, NULL) != TARN_OK) {
        die("not written");
    }
    s->sum += out.size - HEADER;
    tarn__builder_free(&out);
}

static void write_theirs(struct sets *s)
{
    roaring_bitmap_t *set = roaring_bitmap_copy(s->theirs[0]); /* it is changed by the search for runs, which is part of writing */
    roaring_bitmap_run_optimize(set);
    s->sum += roaring_bitmap_portable_serialize(set, s->out);
    roaring_bitmap_free(set);
}

static void union_ours(struct sets *s)
{
    struct tarn__roaring *both;
    if (tarn__roaring_union(s->env, s->ours[0], s->ours[1], &both, NULL) != TARN_OK) {
        die("no union");
    }
    s->sum += both->cardinality;
    tarn__roaring_release(both);
}

static void union_theirs(struct sets *s)
{
    roaring_bitmap_t *both = roaring_bitmap_or(s->theirs[0], s->theirs[1]);
    s->sum += roaring_bitmap_get_cardinality(both);
    roaring_bitmap_free(both);
}

static void apply_ours(struct sets *s)
{
    for (uint64_t begin = 0; begin < ROWS; begin += WINDOW) {
        s->sum += tarn__roaring_mark(s->ours[0], begin, WINDOW, s->mask);
    }
}

static void apply_theirs(struct sets *s)
{
    roaring_uint32_iterator_t iterator;
    uint32_t values[VALUES];
    uint32_t got = 0;
    uint32_t at = 0;
    roaring_init_iterator(s->theirs[0], &iterator);
    for (uint64_t begin = 0; begin < ROWS; begin += WINDOW) {
        memset(s->mask, 0, sizeof(s->mask));
        for (;;) {
            if (at == got) {
                got = roaring_read_uint32_iterator(&iterator, values, VALUES);
                at = 0;
            }
            if (at == got || values[at] >= begin + WINDOW) {
                break;
            }
            const uint32_t bit = values[at++] - (uint32_t)begin;
            s->mask[bit / 8] = (uint8_t)(s->mask[bit / 8] | 1u << bit % 8);
            s->sum++;
        }
    }
}

static const struct {
    const char *name;
    void (*ours)(struct sets *s);
    void (*theirs)(struct sets *s);
} cases[] = {
    {"made of ascending positions", ascending_ours, ascending_theirs},
    {"made of positions in any order", mixed_ours, mixed_theirs},
    {"read", read_ours, read_theirs},
    {"written", write_ours, write_theirs},
    {"united with another", union_ours, union_theirs},
    {"a mask of each window", apply_ours, apply_theirs},
};

/* ---- measuring ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + 1e-6 * (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void fill(struct sets *s, size_t (*positions)(uint64_t *out))
{
    for (int k = 0; k < 2; k++) {
        const size_t count = positions(s->wide[k]);
        for (size_t i = 0; i < count; i++) {
            s->narrow[k][i] = (uint32_t)s->wide[k][i];
        }
        if (tarn__roaring_of_positions(s->env, s->wide[k], count, &s->ours[k], NULL) != TARN_OK) {
            die("no set");
        }
        s->theirs[k] = roaring_bitmap_of_ptr(count, s->narrow[k]);
        if (k == 0) {
            memcpy(s->wide_mixed, s->wide[0], count * sizeof(*s->wide_mixed));
            for (size_t i = count - 1; i > 0; i--) {
                const size_t other = (size_t)tpch_draw(&stream, 0, (int32_t)i);
                const uint64_t turn = s->wide_mixed[i];
                s->wide_mixed[i] = s->wide_mixed[other];
                s->wide_mixed[other] = turn;
            }
            for (size_t i = 0; i < count; i++) {
                s->narrow_mixed[i] = (uint32_t)s->wide_mixed[i];
            }
        }
    }
    tarn__builder_clear(&s->bytes);
    if (tarn__roaring_write(s->ours[0], &s->bytes, NULL) != TARN_OK) {
        die("not written");
    }
}

static void measure(struct sets *s, const char *shape, int rounds)
{
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        double times[2][MOST_ROUNDS];
        uint64_t sums[2];
        for (int round = -1; round < rounds; round++) { /* the first is not counted */
            for (int turn = 0; turn < 2; turn++) {
                const int who = (round + turn) & 1;
                s->sum = 0;
                const double begun = now();
                (who == 0 ? cases[c].ours : cases[c].theirs)(s);
                const double taken = now() - begun;
                sums[who] = s->sum;
                if (round >= 0) {
                    times[who][round] = taken;
                }
            }
            if (sums[0] != sums[1]) {
                die("the two do not agree");
            }
        }
        for (int who = 0; who < 2; who++) {
            qsort(times[who], (size_t)rounds, sizeof(double), by_value);
        }
        const double ours = times[0][rounds / 2];
        const double theirs = times[1][rounds / 2];
        printf("%-8s %-32s %8.3f ms  %8.3f ms  %5.2f\n", shape, cases[c].name, ours, theirs, theirs / ours);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t (*positions)(uint64_t *out);
    } shapes[] = {{"spread", spread}, {"runs", runs}, {"half", half}};
    struct sets s = {0};
    int rounds = DEFAULT_ROUNDS;
    if (argc == 3 && strcmp(argv[1], "--rounds") == 0) {
        rounds = atoi(argv[2]);
    }
    if ((argc != 1 && argc != 3) || rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: tarn-bench-roaring [--rounds N]\n");
        return 2;
    }
    if (tarn_env_open(NULL, &s.env, NULL) != TARN_OK) {
        die("no env");
    }
    stream.seed = 20261122;
    for (int k = 0; k < 2; k++) {
        s.wide[k] = get(POSITIONS * sizeof(uint64_t));
        s.narrow[k] = get(POSITIONS * sizeof(uint32_t));
    }
    s.wide_mixed = get(POSITIONS * sizeof(uint64_t));
    s.narrow_mixed = get(POSITIONS * sizeof(uint32_t));
    s.out = get((size_t)16 << 20);
    tarn__builder_init(&s.bytes, s.env);
    printf("%-8s %-32s %11s  %11s  %5s\n", "", "", "tarn", "CRoaring", "ratio");
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        fill(&s, shapes[i].positions);
        measure(&s, shapes[i].name, rounds);
        for (int k = 0; k < 2; k++) {
            tarn__roaring_release(s.ours[k]);
            roaring_bitmap_free(s.theirs[k]);
        }
    }
    tarn__builder_free(&s.bytes);
    for (int k = 0; k < 2; k++) {
        free(s.wide[k]);
        free(s.narrow[k]);
    }
    free(s.wide_mixed);
    free(s.narrow_mixed);
    free(s.out);
    tarn_env_close(s.env);
    return 0;
}
