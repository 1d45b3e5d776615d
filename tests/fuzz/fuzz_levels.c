/* SPDX-License-Identifier: Apache-2.0
 * Levels of any bytes to vectors: a column of one of several nested types whose repetition and definition levels are what the input says,
 * read in windows of odd sizes. What is read must shred into the very levels that were stored.
 *
 * The first bytes choose: type, page version and window; slots; bytes of the repetition levels. Those follow, then the definition levels
 * of each leaf, equally long.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/column/level_decode.h"
#include "format/column/parquet_schema.h"
#include "format/column/shred.h"
#include "tarn/reader.h"
#include "tests/support/parquet_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4, MOST_SLOTS = 512, MOST_LEAVES = 2, MEMORY = 16 << 20 };

/* ---- the types ---- */

#define FIELD(field_name, field_type, may_be_null)                                                                                         \
    {                                                                                                                                      \
        .name = {field_name, sizeof(field_name) - 1}, .type = field_type, .nullable = may_be_null, .id = -1                                \
    }
#define LIST_OF(field)                                                                                                                     \
    {                                                                                                                                      \
        .id = TARN_TYPE_LIST, .field_count = 1, .fields = &(field)                                                                         \
    }
#define STRUCT_OF(members)                                                                                                                 \
    {                                                                                                                                      \
        .id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members                                                                        \
    }

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_field number = FIELD("element", &i32, true);
static const struct tarn_field sure_number = FIELD("element", &i32, false);
static const struct tarn_type list = LIST_OF(number);
static const struct tarn_type sure_list = LIST_OF(sure_number);
static const struct tarn_field list_field = FIELD("element", &list, true);
static const struct tarn_type list_of_lists = LIST_OF(list_field);
static const struct tarn_field pair_fields[] = {FIELD("a", &i32, true), FIELD("b", &i32, false)};
static const struct tarn_type pair = STRUCT_OF(pair_fields);
static const struct tarn_field pair_field = FIELD("element", &pair, true);
static const struct tarn_type list_of_pairs = LIST_OF(pair_field);
static const struct tarn_field entry_fields[] = {FIELD("key", &i32, false), FIELD("value", &i32, true)};
static const struct tarn_type map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = entry_fields};
static const struct tarn_field deep_fields[] = {FIELD("l", &list, true), FIELD("x", &i32, true)};
static const struct tarn_type deep = STRUCT_OF(deep_fields);
static const struct tarn_field deep_field = FIELD("element", &deep, false);
static const struct tarn_type list_of_deep = LIST_OF(deep_field);

static const struct tarn_field columns[] = {
    FIELD("c", &i32, true),           FIELD("c", &list, true), FIELD("c", &sure_list, false),   FIELD("c", &list_of_lists, true),
    FIELD("c", &list_of_pairs, true), FIELD("c", &map, true),  FIELD("c", &list_of_deep, true), FIELD("c", &pair, true),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* ---- what was stored, and what comes back ---- */

struct levels {
    uint32_t count;
    uint8_t definition[MOST_SLOTS];
    uint8_t repetition[MOST_SLOTS];
};

/* One file: its column, the leaves of that, what the page of each stores and what was read of it so far. */
struct subject {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_schema *schema;
    uint32_t leaf_count;
    struct tarn__leaf_path *paths;
    uint32_t slots;
    int32_t page_type;
    struct tarn_span repetition;
    struct tarn_span definition[MOST_LEAVES];
    struct levels stored[MOST_LEAVES];
    struct levels read[MOST_LEAVES];
};

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_levels: %s\n", what);
        abort();
    }
}

static bool decode(struct tarn_span bytes, uint8_t max, uint32_t count, uint8_t *levels)
{
    struct tarn__level_decoder decoder;
    return tarn__level_decoder_init(&decoder, bytes, max, count, NULL) == TARN_OK &&
           tarn__level_decoder_take(&decoder, count, levels, NULL) == TARN_OK;
}

/* False: a reader has nothing to find there. */
static bool decode_levels(struct subject *s)
{
    for (uint32_t i = 0; i < s->leaf_count; i++) {
        s->stored[i].count = s->slots;
        if (!decode(s->repetition, s->paths[i].max_repetition, s->slots, s->stored[i].repetition) ||
            !decode(s->definition[i], s->paths[i].max_definition, s->slots, s->stored[i].definition)) {
            return false;
        }
    }
    return true;
}

static int64_t rows_of(const struct levels *levels)
{
    int64_t rows = 0;
    for (uint32_t i = 0; i < levels->count; i++) {
        rows += levels->repetition[i] == 0;
    }
    return rows;
}

static bool put_file(struct subject *s, struct tarn_store *store)
{
    static const uint8_t values[MOST_SLOTS * sizeof(int32_t)] = {0};
    struct parquet_schema_element *elements;
    uint32_t element_count;
    struct tarn_test_page pages[MOST_LEAVES];
    struct tarn_test_chunk chunks[MOST_LEAVES];
    const int64_t rows = rows_of(&s->stored[0]);

    if (tarn__file_schema_write(&s->arena, s->schema, &element_count, &elements, NULL) != TARN_OK) {
        return false;
    }
    for (uint32_t i = 0; i < s->leaf_count; i++) {
        uint32_t present = 0;
        for (uint32_t slot = 0; slot < s->slots; slot++) {
            present += s->stored[i].definition[slot] == s->paths[i].max_definition;
        }
        pages[i] = (struct tarn_test_page){.type = s->page_type,
                                           .encoding = PARQUET_ENCODING_PLAIN,
                                           .values = (int32_t)s->slots,
                                           .rows = (int32_t)rows,
                                           .definition = s->definition[i],
                                           .body = {values, present * sizeof(int32_t)}};
        if (s->paths[i].max_repetition != 0) {
            pages[i].repetition = s->repetition;
        }
        chunks[i] = (struct tarn_test_chunk){.page_count = 1, .pages = &pages[i]};
    }
    const struct tarn_test_row_group group = {rows, chunks};
    const struct tarn_test_parquet file = {element_count, elements, 1, &group, NULL};
    tarn_test_parquet_put(store, "f", &file);
    return true;
}

static bool keep_window(struct subject *s, const struct tarn_vector *vector)
{
    struct tarn__shredder shredder = {.env = s->env};
    bool kept = true;

    for (uint32_t i = 0; i < s->leaf_count && kept; i++) {
        struct tarn__shredded shredded;
        struct levels *read = &s->read[i];
        kept = tarn__shred(&shredder, &s->paths[i], vector, (struct tarn__shred_rows){NULL, 0, vector->length}, &shredded, NULL) == TARN_OK;
        demand(!kept || shredded.slots <= MOST_SLOTS - read->count, "more slots than were stored");
        for (size_t slot = 0; kept && slot < shredded.slots; slot++, read->count++) {
            const uint16_t full = shredded.values != 0 || s->paths[i].max_definition == 0 ? s->paths[i].max_definition : 0;
            read->definition[read->count] = (uint8_t)(shredded.definition != NULL ? shredded.definition[slot] : full);
            read->repetition[read->count] = (uint8_t)(shredded.repetition != NULL ? shredded.repetition[slot] : 0);
        }
    }
    tarn__shredder_free(&shredder);
    return kept;
}

static bool read_all(struct subject *s, struct tarn_scan *scan, uint32_t window)
{
    struct tarn_cursor *cursor;
    uint32_t rows = 1;
    bool good = tarn_scan_open(scan, 0, &cursor, NULL) == TARN_OK;
    while (good && rows != 0) {
        struct tarn_vector *vector;
        good = tarn_cursor_next(cursor, window, &rows, NULL) == TARN_OK &&
               (rows == 0 || (tarn_cursor_column(cursor, 0, NULL, &vector, NULL) == TARN_OK && keep_window(s, vector)));
    }
    tarn_cursor_close(cursor);
    return good;
}

static bool read_file(struct subject *s, struct tarn_store *store, uint32_t window)
{
    static const struct tarn_path_step step = {TARN_PATH_FIELD, {"c", 1}, -1};
    static const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_source *source = NULL;
    struct tarn_scan *scan = NULL;
    bool good = false;

    request.path_count = 1;
    request.paths = &path;
    if (tarn_parquet_open(store, TARN_TEXT("f"), NULL, &source, NULL) == TARN_OK &&
        tarn_source_scan(source, &request, &scan, NULL) == TARN_OK && tarn_scan_task_count(scan) == 1) {
        good = read_all(s, scan, window);
    }
    tarn_scan_close(scan);
    tarn_source_close(source);
    return good;
}

/* Leaves may contradict each other in what they say of the groups above both; the first then counts. */
static bool leaves_agree(const struct subject *s)
{
    const struct levels *a = &s->stored[0];
    for (uint32_t i = 1; i < s->leaf_count; i++) {
        const struct levels *b = &s->stored[i];
        if (s->paths[0].max_repetition != s->paths[i].max_repetition) {
            return false;
        }
        for (uint32_t slot = 0; slot < s->slots; slot++) {
            const bool one_is_inside = a->definition[slot] + 1 >= s->paths[0].max_definition;
            if (one_is_inside ? b->definition[slot] + 1 < s->paths[i].max_definition : a->definition[slot] != b->definition[slot]) {
                return false;
            }
        }
    }
    return true;
}

static void compare(const struct subject *s)
{
    const uint32_t comparable = leaves_agree(s) ? s->leaf_count : 1;
    for (uint32_t i = 0; i < comparable; i++) {
        demand(s->read[i].count == s->slots, "another number of slots came back");
        demand(memcmp(s->read[i].definition, s->stored[i].definition, s->slots) == 0, "other definition levels came back");
        demand(memcmp(s->read[i].repetition, s->stored[i].repetition, s->slots) == 0, "other repetition levels came back");
    }
}

static void run(struct subject *s, struct tarn_store *store, uint32_t window)
{
    if (tarn__leaf_paths_make(s->schema, &s->arena, &s->paths, &s->leaf_count, NULL) == TARN_OK && decode_levels(s) && put_file(s, store) &&
        read_file(s, store, window)) {
        compare(s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    struct tarn_store *store;

    options.memory_limit = MEMORY;
    if (size < HEAD || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const uint32_t window = data[1] % 16 < 15 ? data[1] % 16 + 1u : MOST_SLOTS;
    struct subject *s = calloc(1, sizeof(*s));
    demand(s != NULL, "no memory");
    s->env = env;
    s->page_type = data[1] >= 128 ? PARQUET_DATA_PAGE_V2 : PARQUET_DATA_PAGE;
    s->slots = data[2] * 2u + 1;
    s->repetition = (struct tarn_span){data + HEAD, data[3] < size - HEAD ? data[3] : size - HEAD};
    const uint8_t *rest = data + HEAD + s->repetition.size;
    const size_t half = (size - HEAD - s->repetition.size) / 2;
    s->definition[0] = (struct tarn_span){rest, half};
    s->definition[1] = (struct tarn_span){rest + half, half};
    tarn__arena_init(&s->arena, env);
    if (tarn_schema_make(env, 1, &columns[data[0] % COLUMNS], 0, NULL, &s->schema, NULL) == TARN_OK) {
        if (tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK) {
            run(s, store, window);
            tarn_store_close(store);
        }
        tarn_schema_release(s->schema);
    }
    tarn__arena_free(&s->arena);
    tarn_env_close(env);
    free(s);
    return 0;
}
