/* SPDX-License-Identifier: Apache-2.0
 *
 * Deletion vectors of any bytes: the first says in which form the rest is a bitmap, or that it is the data of a vector, or its text in Z85.
 * Beyond not crashing: what is read is written and read again as the same set, counting, walking and marking agree, a set meets itself and
 * not what is left of it without itself, and memory is given back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/z85.h"
#include "txlog/delta/delta_deletion_vector.h"

enum { MARKED = 5000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_deletion_vector: %s\n", what);
        abort();
    }
}

static bool equal(const struct tarn__roaring *a, const struct tarn__roaring *b)
{
    struct tarn__roaring_walk of_a = {.set = a};
    struct tarn__roaring_walk of_b = {.set = b};
    uint64_t left[512];
    uint64_t right[512];
    for (uint64_t seen = 0; seen < 1 << 20;) { /* a run is cheap to say and long to walk */
        const size_t n = tarn__roaring_next(&of_a, left, 512);
        if (n != tarn__roaring_next(&of_b, right, 512) || memcmp(left, right, n * sizeof(*left)) != 0) {
            return false;
        }
        if (n == 0) {
            break;
        }
        seen += n;
    }
    return a->cardinality == b->cardinality;
}

static void check_marks(const struct tarn__roaring *set)
{
    struct tarn__roaring_walk walk = {.set = set};
    uint8_t bits[MARKED / 8];
    uint64_t first;
    uint64_t last;
    if (tarn__roaring_next(&walk, &first, 1) == 0) {
        demand(set->cardinality == 0 && !tarn__roaring_last(set, &last), "an empty set has rows");
        return;
    }
    demand(tarn__roaring_last(set, &last) && last >= first, "the last row comes before the first");
    demand(tarn__roaring_contains(set, first) && tarn__roaring_contains(set, last), "a row is not in its set");
    const uint64_t begin = first > 3 ? first - 3 : 0;
    const uint32_t marked = tarn__roaring_mark(set, begin, MARKED, bits);
    uint32_t counted = 0;
    for (uint32_t i = 0; i < MARKED; i++) {
        counted += tarn__bit_get(bits, i);
        demand(tarn__bit_get(bits, i) == tarn__roaring_contains(set, begin + i), "a mark is wrong");
    }
    demand(marked == counted && tarn__roaring_count(set, begin, begin + MARKED) == counted, "marks are counted otherwise");
    demand(tarn__roaring_count(set, 0, UINT64_MAX) == set->cardinality, "all rows are counted otherwise");
}

static void check(struct tarn_env *env, const struct tarn__roaring *set)
{
    struct tarn_text_builder bytes;
    struct tarn__roaring *again = NULL;
    struct tarn__roaring *both = NULL;
    struct tarn__roaring *none = NULL;
    check_marks(set);
    tarn__builder_init(&bytes, env);
    if (tarn__roaring_write(set, &bytes, NULL) == TARN_OK) {
        const enum tarn_status status = tarn__roaring_parse(env, tarn__span_of_text(tarn__builder_text(&bytes)), &again, NULL);
        demand(status == TARN_OK || status == TARN_NOMEM || status == TARN_LIMIT, "what is written is not read");
    }
    tarn__builder_free(&bytes);
    if (again != NULL) {
        demand(equal(set, again), "what is written is another set");
        demand(tarn__roaring_disjoint(set, again) == (set->cardinality == 0), "a set does not meet itself");
        if (tarn__roaring_union(env, set, again, &both, NULL) == TARN_OK) {
            demand(equal(both, set), "a set with itself is another set");
        }
        if (tarn__roaring_minus(env, set, again, &none, NULL) == TARN_OK) {
            demand(none->cardinality == 0 && tarn__roaring_disjoint(none, set), "a set without itself is not empty");
        }
    }
    tarn__roaring_release(again);
    tarn__roaring_release(both);
    tarn__roaring_release(none);
}

static enum tarn_status parse(struct tarn_env *env, uint8_t form, struct tarn_span rest, struct tarn__roaring **set, struct tarn_error *err)
{
    struct tarn_text_builder bytes;
    *set = NULL;
    if (form % 4 < 2) {
        return form % 4 == 0 ? tarn__roaring_parse(env, rest, set, err) : tarn__roaring_parse_native(env, rest, set, err);
    }
    if (form % 4 == 2) {
        return tarn__delta_vector_parse(env, rest, form / 4, set, err);
    }
    tarn__builder_init(&bytes, env);
    enum tarn_status status = TARN_CORRUPT;
    if (tarn__z85_decode((struct tarn_text){(const char *)rest.data, rest.size}, &bytes) && !bytes.failed) {
        status = tarn__delta_vector_parse(env, tarn__span_of_text(tarn__builder_text(&bytes)), form / 4, set, err);
    }
    tarn__builder_free(&bytes);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn__roaring *set;
    options.memory_limit = (uint64_t)64 << 20;
    if (size == 0 || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const enum tarn_status status = parse(env, data[0], (struct tarn_span){data + 1, size - 1}, &set, &err);
    demand(status == TARN_OK || status == TARN_CORRUPT || status == TARN_LIMIT, "another status");
    demand((set != NULL) == (status == TARN_OK), "a set without OK");
    if (set != NULL) {
        check(env, set);
    }
    tarn__roaring_release(set);
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
