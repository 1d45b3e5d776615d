/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of the store contract. Against public headers only: what a store of another library must pass is exactly this.
 */
#include "tests/support/store_conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/store_fixture.h"

static void check_put_and_read_back(struct fixture *f)
{
    put(f, "a/b/c.bin", "hello");
    put(f, "top", "level");
    ck_assert(holds(f, "a/b/c.bin", "hello"));
    ck_assert(holds(f, "top", "level"));
}

static void check_put_replaces(struct fixture *f)
{
    put(f, "k", "a long first content");
    put(f, "k", "short");
    ck_assert(holds(f, "k", "short"));
    put(f, "k", "and now a longer one again");
    ck_assert(holds(f, "k", "and now a longer one again"));
}

static void check_put_if_absent_keeps_the_first(struct fixture *f)
{
    ck_assert_uint_eq(tarn_store_capabilities(f->store), TARN_STORE_CAN_PUT_IF_ABSENT | TARN_STORE_CAN_WRITE);
    ck_assert_status(try_put(f, "log/0", "first", TARN_PUT_IF_ABSENT), TARN_OK);
    ck_assert_status(try_put(f, "log/0", "second", TARN_PUT_IF_ABSENT), TARN_EXISTS);
    ck_assert_int_eq(f->err.code, TARN_EXISTS);
    ck_assert_str_eq(f->err.object, "log/0");
    ck_assert(holds(f, "log/0", "first"));
    put(f, "log/0", "third");
    ck_assert(holds(f, "log/0", "third"));
    ck_assert_ok(tarn_store_remove(f->store, text("log/0"), &f->err), &f->err);
    ck_assert_status(try_put(f, "log/0", "fourth", TARN_PUT_IF_ABSENT), TARN_OK);
    ck_assert(holds(f, "log/0", "fourth"));
}

static void check_empty_objects(struct fixture *f)
{
    struct tarn_object_info info;
    struct tarn_object *object;
    struct tarn_object_writer *writer;
    put(f, "empty", "");
    ck_assert_ok(tarn_store_head(f->store, text("empty"), &info, &f->err), &f->err);
    ck_assert_uint_eq(info.size, 0);
    ck_assert_ok(tarn_object_open(f->store, text("empty"), &object, &f->err), &f->err);
    ck_assert_uint_eq(tarn_object_info(object).size, 0);
    const struct tarn_read_range nothing = {0, 0, NULL};
    ck_assert_ok(tarn_object_read(object, 1, &nothing, &f->err), &f->err);
    ck_assert_ok(tarn_object_read(object, 0, NULL, &f->err), &f->err);
    tarn_object_close(object);
    ck_assert_ok(tarn_object_writer_open(f->store, text("none"), TARN_ROLE_DATA, &writer, &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_append(writer, (struct tarn_span){NULL, 0}, &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, &f->err), &f->err);
    ck_assert(holds(f, "none", ""));
    ck_assert_status(try_put(f, "none", "x", TARN_PUT_IF_ABSENT), TARN_EXISTS);
    ck_assert_str_eq(listed(f, "", ""), "empty none ");
}

static void check_large_objects(struct fixture *f)
{
    enum { SIZE = (9 << 20) + 17, PIECE = 300001 };
    uint8_t *bytes = malloc(SIZE);
    uint8_t *back = malloc(SIZE);
    struct tarn_object *object;
    struct tarn_object_writer *writer;
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 31 + (i >> 12));
    }
    ck_assert_ok(tarn_store_put(f->store, text("big"), (struct tarn_span){bytes, SIZE}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f->err),
                 &f->err);
    ck_assert_ok(tarn_object_writer_open(f->store, text("streamed"), TARN_ROLE_DATA, &writer, &f->err), &f->err);
    for (size_t at = 0; at < SIZE; at += PIECE) {
        const struct tarn_span piece = {bytes + at, at + PIECE < SIZE ? PIECE : SIZE - at};
        ck_assert_ok(tarn_object_writer_append(writer, piece, &f->err), &f->err);
        ck_assert_uint_eq(writer->written, at + piece.size);
    }
    ck_assert_ok(tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, &f->err), &f->err);
    static const char *const both[] = {"big", "streamed"};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_ok(tarn_object_open(f->store, text(both[i]), &object, &f->err), &f->err);
        ck_assert_uint_eq(tarn_object_info(object).size, SIZE);
        memset(back, 0, SIZE);
        const struct tarn_read_range whole = {0, SIZE, back};
        ck_assert_ok(tarn_object_read(object, 1, &whole, &f->err), &f->err);
        ck_assert_msg(memcmp(bytes, back, SIZE) == 0, "%s differs", both[i]);
        tarn_object_close(object);
    }
    free(bytes);
    free(back);
}

static const char *const odd_keys[] = {"with space/and+plus",
                                       "100%25/%2e%2e",
                                       "name=a:b\\c/x",
                                       "\xc3\xa4\xe6\x97\xa5/\xf0\x9f\x8f\x94.parquet",
                                       ".hidden/.x.crc",
                                       "tmp",
                                       "x.tmp",
                                       "..a/...b",
                                       "\x01\x7f",
                                       "deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"};

static void check_odd_keys(struct fixture *f)
{
    char longest[201 + 3];
    memset(longest, 'n', sizeof(longest));
    memcpy(longest, "l/", 2);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 0; i < sizeof(odd_keys) / sizeof(odd_keys[0]); i++) {
        put(f, odd_keys[i], odd_keys[i]);
    }
    put(f, longest, "long");
    for (size_t i = 0; i < sizeof(odd_keys) / sizeof(odd_keys[0]); i++) {
        ck_assert_msg(holds(f, odd_keys[i], odd_keys[i]), "%s", odd_keys[i]);
        ck_assert_msg(strstr(listed(f, odd_keys[i], ""), odd_keys[i]) != NULL, "%s is not listed", odd_keys[i]);
    }
    ck_assert(holds(f, longest, "long"));
}

static const struct {
    const char *key;
    size_t size;
} refused[] = {
    {"", 0},     {"/", 1},    {"/etc/passwd", 11}, {"a/", 2},  {"a//b", 4},  {".", 1},    {"..", 2},
    {"../x", 4}, {"a/..", 4}, {"a/../b", 6},       {"./a", 3}, {"a/./b", 5}, {"a\0b", 3}, {"a/b/../../../x", 14},
};

static void check_refused_keys(struct fixture *f)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const struct tarn_text key = {refused[i].key, refused[i].size};
        struct tarn_object_info info;
        struct tarn_object *object;
        struct tarn_object_writer *writer;
        ck_assert_status(tarn_store_head(f->store, key, &info, &f->err), TARN_INVALID);
        ck_assert_str_eq(f->err.detail, "key");
        ck_assert_status(tarn_object_open(f->store, key, &object, &f->err), TARN_INVALID);
        ck_assert_ptr_null(object);
        ck_assert_status(tarn_store_put(f->store, key, span("x"), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f->err), TARN_INVALID);
        ck_assert_status(tarn_object_writer_open(f->store, key, TARN_ROLE_DATA, &writer, &f->err), TARN_INVALID);
        ck_assert_ptr_null(writer);
        ck_assert_status(tarn_store_remove(f->store, key, &f->err), TARN_INVALID);
    }
    char *huge = malloc(5000);
    memset(huge, 'x', 5000);
    ck_assert_status(tarn_store_remove(f->store, (struct tarn_text){huge, 5000}, &f->err), TARN_INVALID);
    free(huge);
    /* a temporary's name may be read and removed, never written */
    ck_assert_status(try_put(f, "a/.x.tmp", "x", TARN_PUT_OVERWRITE), TARN_INVALID);
    ck_assert_ok(tarn_store_remove(f->store, text("a/.x.tmp"), &f->err), &f->err);
    ck_assert_status(tarn_store_list(f->store, text("../"), text(""), NULL, NULL, &f->err), TARN_INVALID);
    ck_assert_status(tarn_store_list(f->store, text("/a"), text(""), NULL, NULL, &f->err), TARN_INVALID);
    ck_assert_str_eq(listed(f, "", ""), "");
}

static void check_absent_objects(struct fixture *f)
{
    static const char *const absent[] = {"none", "folder", "folder/none", "file/below", "a/b/c/d"};
    put(f, "folder/there", "1");
    put(f, "file", "2");
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        struct tarn_object_info info;
        struct tarn_object *object;
        ck_assert_status(tarn_store_head(f->store, text(absent[i]), &info, &f->err), TARN_NOT_FOUND);
        ck_assert_str_eq(f->err.object, absent[i]);
        ck_assert_status(tarn_object_open(f->store, text(absent[i]), &object, &f->err), TARN_NOT_FOUND);
        ck_assert_ptr_null(object);
    }
    ck_assert_status(tarn_object_open(f->store, text("none"), &(struct tarn_object *){NULL}, NULL), TARN_NOT_FOUND);
}

static void check_info_follows_content(struct fixture *f)
{
    struct tarn_object_info one;
    struct tarn_object_info same;
    struct tarn_object_info two;
    const int64_t now = (int64_t)time(NULL) * 1000000;
    put(f, "k", "12345");
    ck_assert_ok(tarn_store_head(f->store, text("k"), &one, &f->err), &f->err);
    ck_assert_ok(tarn_store_head(f->store, text("k"), &same, &f->err), &f->err);
    put(f, "k", "54321");
    ck_assert_ok(tarn_store_head(f->store, text("k"), &two, &f->err), &f->err);
    ck_assert_uint_eq(one.size, 5);
    ck_assert_str_eq(one.etag, same.etag);
    ck_assert_str_ne(one.etag, two.etag);
    ck_assert_msg(llabs((long long)(one.modified - now)) < 60000000, "modified is %lld", (long long)one.modified);
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(f->store, text("k"), &object, &f->err), &f->err);
    ck_assert_str_eq(tarn_object_info(object).etag, two.etag);
    tarn_object_close(object);
}

static void check_opened_objects_are_pinned(struct fixture *f)
{
    struct tarn_object *replaced;
    struct tarn_object *removed;
    put(f, "a", "old bytes");
    put(f, "b", "gone bytes");
    ck_assert_ok(tarn_object_open(f->store, text("a"), &replaced, &f->err), &f->err);
    ck_assert_ok(tarn_object_open(f->store, text("b"), &removed, &f->err), &f->err);
    put(f, "a", "new");
    ck_assert_ok(tarn_store_remove(f->store, text("b"), &f->err), &f->err);
    ck_assert(object_holds(f, replaced, "old bytes"));
    ck_assert(object_holds(f, removed, "gone bytes"));
    ck_assert(holds(f, "a", "new"));
    tarn_object_close(replaced);
    tarn_object_close(removed);
}

enum { RANGED_SIZE = 400000 };

static uint8_t ranged_byte(uint64_t at)
{
    return (uint8_t)((at * 2654435761u) >> 13);
}

static struct tarn_object *open_ranged(struct fixture *f)
{
    uint8_t *bytes = malloc(RANGED_SIZE);
    struct tarn_object *object;
    for (size_t i = 0; i < RANGED_SIZE; i++) {
        bytes[i] = ranged_byte(i);
    }
    ck_assert_ok(
        tarn_store_put(f->store, text("ranged"), (struct tarn_span){bytes, RANGED_SIZE}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f->err),
        &f->err);
    free(bytes);
    ck_assert_ok(tarn_object_open(f->store, text("ranged"), &object, &f->err), &f->err);
    return object;
}

/* Sizes and gaps on both sides of every limit that a store may have for joining neighbours. */
static size_t make_ranges(struct tarn_read_range *ranges, size_t most, uint8_t *memory, unsigned seed)
{
    static const uint32_t sizes[] = {0, 1, 7, 100, 4096, 30000};
    static const uint32_t gaps[] = {0, 1, 4095, 4096, 4097, 65535, 65536, 65537};
    uint64_t at = seed % 3;
    size_t n = 0;
    uint8_t *into = memory;
    for (; n < most; n++) {
        seed = seed * 1103515245u + 12345u;
        const uint32_t size = sizes[seed / 65536 % 6];
        const uint32_t gap = gaps[seed / 1048576 % 8];
        if (at + gap + size > RANGED_SIZE) {
            break;
        }
        ranges[n] = (struct tarn_read_range){at + gap, size, into};
        into += size;
        at += (uint64_t)gap + size;
        if (seed % 5 == 0 && at > 100) {
            at -= 100; /* the next one may overlap */
        }
    }
    for (size_t i = n; i > 1 && seed % 2 == 0; i--) { /* half of them out of order */
        seed = seed * 1103515245u + 12345u;
        const size_t other = seed / 65536 % i;
        const struct tarn_read_range swapped = ranges[other];
        ranges[other] = ranges[i - 1];
        ranges[i - 1] = swapped;
        seed &= ~1u;
    }
    return n;
}

static void check_bytes(const struct tarn_read_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < ranges[i].size; k++) {
            if (ranges[i].into[k] != ranged_byte(ranges[i].offset + k)) { /* an assertion each would write a file each */
                ck_abort_msg("range %zu (%zu at %llu), byte %zu", i, ranges[i].size, (unsigned long long)ranges[i].offset, k);
            }
        }
    }
}

static void check_ranges(struct fixture *f)
{
    enum { MOST = 200, ROUNDS = 60 };
    struct tarn_object *object = open_ranged(f);
    struct tarn_read_range ranges[MOST];
    uint8_t *memory = malloc((size_t)MOST * 30000);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const size_t n = make_ranges(ranges, MOST, memory, round * 7919u);
        memset(memory, 0xee, (size_t)MOST * 30000);
        ck_assert_ok(tarn_object_read(object, n, ranges, &f->err), &f->err);
        check_bytes(ranges, n);
    }
    for (size_t i = 0; i < MOST; i++) { /* many small ones that are all near each other */
        ranges[i] = (struct tarn_read_range){i * 1500, 11, memory + i * 11};
    }
    ck_assert_ok(tarn_object_read(object, MOST, ranges, &f->err), &f->err);
    check_bytes(ranges, MOST);
    free(memory);
    tarn_object_close(object);
}

static void check_ranges_beyond_the_end(struct fixture *f)
{
    struct tarn_object *object;
    uint8_t into[16] = {0};
    put(f, "k", "0123456789");
    ck_assert_ok(tarn_object_open(f->store, text("k"), &object, &f->err), &f->err);
    static const struct {
        uint64_t offset;
        size_t size;
        enum tarn_status status;
    } rows[] = {{0, 10, TARN_OK},
                {10, 0, TARN_OK},
                {9, 1, TARN_OK},
                {0, 11, TARN_INVALID},
                {10, 1, TARN_INVALID},
                {11, 0, TARN_INVALID},
                {UINT64_MAX, 2, TARN_INVALID},
                {5, SIZE_MAX, TARN_INVALID},
                {5, SIZE_MAX - 3, TARN_INVALID},
                {UINT64_MAX, SIZE_MAX, TARN_INVALID}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct tarn_read_range ranges[] = {{0, 1, into}, {rows[i].offset, rows[i].size, into + 1}};
        uint64_t ticket;
        ck_assert_status(tarn_object_read(object, 2, ranges, &f->err), rows[i].status);
        const enum tarn_status submitted = tarn_object_read_submit(object, 2, ranges, &ticket, &f->err);
        ck_assert_int_eq(submitted, rows[i].status);
        if (submitted == TARN_OK) {
            ck_assert_ok(tarn_object_read_wait(object, ticket, &f->err), &f->err);
        }
    }
    tarn_object_close(object);
}

static void check_submitted_reads(struct fixture *f)
{
    enum { TICKETS = 24, MOST = 40 };
    struct tarn_object *object = open_ranged(f);
    struct tarn_read_range ranges[TICKETS][MOST];
    size_t counts[TICKETS];
    uint64_t tickets[TICKETS];
    uint8_t *memory[TICKETS];
    for (unsigned t = 0; t < TICKETS; t++) {
        memory[t] = malloc((size_t)MOST * 30000);
        counts[t] = make_ranges(ranges[t], MOST, memory[t], t * 104729u);
        ck_assert_ok(tarn_object_read_submit(object, counts[t], ranges[t], &tickets[t], &f->err), &f->err);
    }
    for (unsigned i = 0; i < TICKETS; i++) {
        const unsigned t = i * 7 % TICKETS; /* another order, each once */
        ck_assert_ok(tarn_object_read_wait(object, tickets[t], &f->err), &f->err);
        check_bytes(ranges[t], counts[t]);
        free(memory[t]);
    }
    tarn_object_close(object);
}

static struct tarn_object_writer *begin(struct fixture *f, const char *key)
{
    struct tarn_object_writer *writer;
    ck_assert_ok(tarn_object_writer_open(f->store, text(key), TARN_ROLE_DATA, &writer, &f->err), &f->err);
    return writer;
}

static void check_writers_are_invisible_until_commit(struct fixture *f)
{
    struct tarn_object_info info;
    put(f, "d/old", "before");
    struct tarn_object_writer *fresh = begin(f, "d/new");
    struct tarn_object_writer *replacing = begin(f, "d/old");
    ck_assert_ok(tarn_object_writer_append(fresh, span("one "), &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_append(replacing, span("after"), &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_append(fresh, span("two"), &f->err), &f->err);
    ck_assert_status(tarn_store_head(f->store, text("d/new"), &info, &f->err), TARN_NOT_FOUND);
    ck_assert(holds(f, "d/old", "before"));
    ck_assert_str_eq(listed(f, "", ""), "d/old ");
    ck_assert_ok(tarn_object_writer_commit(fresh, TARN_PUT_OVERWRITE, &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_commit(replacing, TARN_PUT_OVERWRITE, &f->err), &f->err);
    ck_assert(holds(f, "d/new", "one two"));
    ck_assert(holds(f, "d/old", "after"));
    ck_assert_str_eq(listed(f, "", ""), "d/new d/old ");
}

static void check_writers_abort_without_trace(struct fixture *f)
{
    struct tarn_object_writer *writer = begin(f, "d/k");
    ck_assert_ok(tarn_object_writer_append(writer, span("bytes"), &f->err), &f->err);
    tarn_object_writer_abort(writer);
    tarn_object_writer_abort(begin(f, "d/k"));
    tarn_object_writer_abort(NULL);
    ck_assert_str_eq(listed(f, "", ""), "");
}

static void check_writers_if_absent(struct fixture *f)
{
    struct tarn_object_writer *one = begin(f, "k");
    struct tarn_object_writer *two = begin(f, "k");
    ck_assert_ok(tarn_object_writer_append(one, span("one"), &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_append(two, span("two"), &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_commit(two, TARN_PUT_IF_ABSENT, &f->err), &f->err);
    ck_assert_status(tarn_object_writer_commit(one, TARN_PUT_IF_ABSENT, &f->err), TARN_EXISTS);
    ck_assert(holds(f, "k", "two"));
}

static const char *const listed_keys[] = {"A",
                                          "_delta_log/00000000000000000000.json",
                                          "_delta_log/00000000000000000010.json",
                                          "a",
                                          "a-b",
                                          "a.txt",
                                          "aa/x",
                                          "aa/y/z",
                                          "ab",
                                          "b/c/d",
                                          "b/c-d",
                                          "b/c.d/e",
                                          "\xc3\xa4/1"};
static const char *const listed_prefixes[] = {
    "",   "a",    "aa",     "aa/", "aa/y", "b/c", "b/c/", "b/c.", "_delta_log/", "_delta_log/000000000000000000",
    "_d", "none", "none/x", "a/",  "\xc3", "zz"};
static const char *const listed_starts[] = {"",
                                            "A",
                                            "_delta_log/00000000000000000000.json",
                                            "_delta_log/00000000000000000000.jsoo",
                                            "a",
                                            "a-b",
                                            "aa",
                                            "aa/",
                                            "aa/x",
                                            "aa/y",
                                            "aa/y/z",
                                            "b/c",
                                            "b/c/d",
                                            "b/c/e",
                                            "b",
                                            "zzz",
                                            "\xff"};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_listing_order_prefix_and_start(struct fixture *f)
{
    enum { KEYS = sizeof(listed_keys) / sizeof(listed_keys[0]) };
    const char *sorted[KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        sorted[i] = listed_keys[i * 5 % KEYS];
        if (strcmp(sorted[i], "a") != 0) {
            put(f, sorted[i], "x");
        }
    }
    put(f, "a", "x");
    qsort(sorted, KEYS, sizeof(sorted[0]), by_bytes);
    for (size_t p = 0; p < sizeof(listed_prefixes) / sizeof(listed_prefixes[0]); p++) {
        for (size_t s = 0; s < sizeof(listed_starts) / sizeof(listed_starts[0]); s++) {
            char expected[1024] = "";
            for (size_t i = 0; i < KEYS; i++) {
                const size_t length = strlen(listed_prefixes[p]);
                if (strncmp(sorted[i], listed_prefixes[p], length) == 0 && strcmp(sorted[i], listed_starts[s]) > 0) {
                    strcat(strcat(expected, sorted[i]), " ");
                }
            }
            ck_assert_msg(strcmp(listed(f, listed_prefixes[p], listed_starts[s]), expected) == 0,
                          "prefix '%s' after '%s':\n  is        %s\n  should be %s", listed_prefixes[p], listed_starts[s], f->listing,
                          expected);
        }
    }
}

struct page {
    size_t left;
    char last[64];
    char all[1024];
};

static enum tarn_status take_page(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct page *page = arg;
    (void)info;
    (void)err;
    if (page->left == 0) {
        return TARN_LIMIT; /* without an error of its own */
    }
    page->left--;
    snprintf(page->last, sizeof(page->last), "%.*s", (int)key.size, key.data);
    strcat(strcat(page->all, page->last), " ");
    return TARN_OK;
}

static void check_listing_stops_when_told(struct fixture *f)
{
    static const char *const keys[] = {"p/1", "p/2", "p/3/a", "p/3/b", "p/4", "q"};
    for (size_t i = 0; i < 6; i++) {
        put(f, keys[i], "x");
    }
    struct page page = {.left = 0};
    enum tarn_status status = TARN_LIMIT;
    int pages = 0;
    for (; status == TARN_LIMIT; pages++) {
        page.left = 2;
        char after[64];
        memcpy(after, page.last, sizeof(after));
        f->err.code = TARN_OK;
        status = tarn_store_list(f->store, text("p/"), text(after), take_page, &page, &f->err);
        ck_assert_int_eq(f->err.code, status);
    }
    ck_assert_int_eq(status, TARN_OK);
    ck_assert_int_eq(pages, 3);
    ck_assert_str_eq(page.all, "p/1 p/2 p/3/a p/3/b p/4 ");
}

static enum tarn_status change_while_listing(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct fixture *f = arg;
    char other[64];
    (void)info;
    snprintf(other, sizeof(other), "%.*s", (int)key.size, key.data);
    strcat(f->listing, other);
    strcat(f->listing, " ");
    return tarn_store_remove(f->store, text(other), err);
}

static void check_listing_while_changing(struct fixture *f)
{
    for (int i = 0; i < 9; i++) {
        char key[32];
        snprintf(key, sizeof(key), "d%d/k%d", i % 3, i);
        put(f, key, "x");
    }
    f->listing[0] = '\0';
    ck_assert_ok(tarn_store_list(f->store, text(""), text(""), change_while_listing, f, &f->err), &f->err);
    ck_assert_str_eq(f->listing, "d0/k0 d0/k3 d0/k6 d1/k1 d1/k4 d1/k7 d2/k2 d2/k5 d2/k8 ");
    ck_assert_str_eq(listed(f, "", ""), "");
}

static void check_remove_is_idempotent(struct fixture *f)
{
    put(f, "d/k", "x");
    put(f, "d/other", "x");
    f->err.code = TARN_OK;
    ck_assert_ok(tarn_store_remove(f->store, text("d/k"), &f->err), &f->err);
    ck_assert_ok(tarn_store_remove(f->store, text("d/k"), &f->err), &f->err);
    ck_assert_ok(tarn_store_remove(f->store, text("never/was"), &f->err), &f->err);
    ck_assert_ok(tarn_store_remove(f->store, text("d"), &f->err), &f->err);
    ck_assert_ok(tarn_store_remove(f->store, text("d/other/below"), &f->err), &f->err);
    ck_assert_int_eq(f->err.code, TARN_OK);
    ck_assert_str_eq(listed(f, "", ""), "d/other ");
}

static void check_handles_keep_the_store(struct fixture *f)
{
    struct tarn_object *object;
    put(f, "k", "kept");
    ck_assert_ok(tarn_object_open(f->store, text("k"), &object, &f->err), &f->err);
    struct tarn_object_writer *writer = begin(f, "w");
    struct tarn_store *again = tarn_store_retain(f->store);
    ck_assert_ptr_eq(again, f->store);
    tarn_store_close(f->store);
    tarn_store_close(again);
    f->store = NULL;
    ck_assert(object_holds(f, object, "kept"));
    tarn_object_close(object);
    ck_assert_ok(tarn_object_writer_append(writer, span("late"), &f->err), &f->err);
    ck_assert_ok(tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, &f->err), &f->err);
    tarn_store_close(NULL);
    tarn_object_close(NULL);
}

static void check_stats_count(struct fixture *f)
{
    struct tarn_store_stats before = {.size = sizeof(before)};
    struct tarn_store_stats after = {.size = sizeof(after)};
    tarn_store_stats(f->store, &before);
    put(f, "k", "12345");
    ck_assert(holds(f, "k", "12345"));
    tarn_store_stats(f->store, &after);
    ck_assert_uint_eq(after.bytes_written - before.bytes_written, 5);
    ck_assert_uint_eq(after.bytes_read - before.bytes_read, 5);
    ck_assert_uint_eq(after.requests - before.requests, 3); /* put, open, read */
}

void tarn_store_conform(const struct tarn_store_subject *subject, int check)
{
    static void (*const checks[])(struct fixture *) = {
#define TARN_STORE_CHECK_ROW(name) check_##name,
        TARN_STORE_CHECKS(TARN_STORE_CHECK_ROW)
#undef TARN_STORE_CHECK_ROW
    };
    struct fixture f;
    fixture_open(&f, subject);
    checks[check](&f);
    fixture_close(&f);
}
