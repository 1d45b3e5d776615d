/* SPDX-License-Identifier: Apache-2.0
 * The pass over a footer against the tables: what either takes the other takes, and both see the same; over footers of every shape,
 * damaged ones, and those of the corpus.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "format/column/footer.h"
#include "tests/support/footer_twin.h"
#include "tests/support/suite.h"

enum { OFFSET = 100000, FILE_SIZE = 200000 };

static struct tarn_error err;

static uint64_t random_state;
static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % below);
}

/* ---- a footer that has everything ---- */

#define LIST(list, array)                                                                                                                  \
    do {                                                                                                                                   \
        (list).count = sizeof(array) / sizeof((array)[0]);                                                                                 \
        (list).items = (array);                                                                                                            \
    } while (0)

enum { LEAVES = 4, GROUPS = 3 };

struct rich {
    struct parquet_schema_element elements[8];
    struct parquet_column_chunk chunks[GROUPS][LEAVES];
    struct parquet_row_group groups[GROUPS];
    struct parquet_file_metadata file;
    struct parquet_size_statistics sizes;
    struct parquet_geospatial_statistics geo;
};

static void make_chunk(struct rich *rich, int g, int leaf)
{
    static struct tarn_text paths[] = {TARN_TEXT("list"), TARN_TEXT("element")};
    static int32_t encodings[] = {0, 3, 8};
    static struct parquet_page_encoding_stats stats[] = {{2, 0, 1}, {0, 8, 300}};
    static struct parquet_key_value keys[] = {{TARN_TEXT("k"), true, TARN_TEXT("v")}, {TARN_TEXT("empty"), false, {NULL, 0}}};
    static const int32_t types[LEAVES] = {PARQUET_INT64, PARQUET_BYTE_ARRAY, PARQUET_DOUBLE, PARQUET_INT32};
    static const uint8_t bound[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct parquet_column_chunk *chunk = &rich->chunks[g][leaf];
    struct parquet_column_metadata *m = &chunk->meta_data;
    chunk->has_meta_data = true;
    chunk->file_offset = leaf;
    m->type = types[leaf];
    m->codec = leaf;
    m->num_values = leaf == 1 ? 31 : 10;
    m->total_uncompressed_size = INT64_C(1) << (7 * leaf);
    m->total_compressed_size = 60;
    m->data_page_offset = 4 + 100 * (g * LEAVES + leaf);
    LIST(m->encodings, encodings);
    m->path_in_schema.count = 2;
    m->path_in_schema.items = paths;
    if (leaf > 0) {
        m->has_dictionary_page_offset = true;
        m->dictionary_page_offset = leaf == 2 ? 0 : m->data_page_offset - 0;
        m->has_statistics = true;
        m->statistics = (struct parquet_statistics){.has_null_count = true,
                                                    .null_count = 200,
                                                    .has_min_value = true,
                                                    .min_value = {bound, 8},
                                                    .has_max = leaf == 2,
                                                    .max = {bound, 0},
                                                    .has_is_max_value_exact = true,
                                                    .is_max_value_exact = leaf == 2,
                                                    .has_nan_count = leaf == 2,
                                                    .nan_count = 5};
        m->has_encoding_stats = true;
        LIST(m->encoding_stats, stats);
        chunk->has_offset_index_offset = chunk->has_offset_index_length = true;
        chunk->offset_index_offset = 5000;
        chunk->offset_index_length = 70;
    }
    if (leaf == 1) {
        m->size_statistics = &rich->sizes;
    }
    if (leaf == 3) {
        m->has_key_value_metadata = true;
        LIST(m->key_value_metadata, keys);
        m->geospatial_statistics = &rich->geo;
        m->has_bloom_filter_offset = m->has_bloom_filter_length = true;
        m->bloom_filter_offset = 9000;
        m->bloom_filter_length = 32;
        chunk->has_column_index_offset = chunk->has_column_index_length = true;
        chunk->column_index_offset = 6000;
        chunk->column_index_length = 71;
    }
}

static struct tarn_buffer *rich_footer(struct tarn_env *env)
{
    static int64_t histogram[] = {1, 200, 30000};
    static struct parquet_sorting_column sorting[] = {{0, true, false}, {2, false, true}};
    static struct parquet_key_value keys[] = {{TARN_TEXT("owner"), true, TARN_TEXT("me")}};
    static struct parquet_column_order orders[] = {{1}, {1}, {2}, {1}};
    static int32_t types[] = {1, 2};
    struct rich rich;
    memset(&rich, 0, sizeof(rich));
    const struct parquet_schema_element elements[] = {
        {.name = TARN_TEXT("root"), .has_num_children = true, .num_children = 4},
        {.name = TARN_TEXT("id"), .has_type = true, .type = PARQUET_INT64, .has_field_id = true, .field_id = 7},
        {.name = TARN_TEXT("names"),
         .has_num_children = true,
         .num_children = 1,
         .has_repetition_type = true,
         .repetition_type = 1,
         .has_logical_type = true,
         .logical_type.id = PARQUET_LOGICAL_LIST},
        {.name = TARN_TEXT("list"), .has_num_children = true, .num_children = 1, .has_repetition_type = true, .repetition_type = 2},
        {.name = TARN_TEXT("element"),
         .has_type = true,
         .type = PARQUET_BYTE_ARRAY,
         .has_repetition_type = true,
         .repetition_type = 1,
         .has_logical_type = true,
         .logical_type.id = PARQUET_LOGICAL_STRING},
        {.name = TARN_TEXT("x"), .has_type = true, .type = PARQUET_DOUBLE},
        {.name = TARN_TEXT("d"),
         .has_type = true,
         .type = PARQUET_INT32,
         .has_logical_type = true,
         .logical_type = {.id = PARQUET_LOGICAL_DECIMAL, .u.decimal = {2, 9}}},
    };
    memcpy(rich.elements, elements, sizeof(elements));
    rich.sizes.has_definition_level_histogram = rich.sizes.has_unencoded_byte_array_data_bytes = true;
    rich.sizes.unencoded_byte_array_data_bytes = 1000;
    LIST(rich.sizes.definition_level_histogram, histogram);
    rich.geo.has_bbox = rich.geo.has_geospatial_types = true;
    LIST(rich.geo.geospatial_types, types);
    for (int g = 0; g < GROUPS; g++) {
        for (int leaf = 0; leaf < LEAVES; leaf++) {
            make_chunk(&rich, g, leaf);
        }
        rich.groups[g] = (struct parquet_row_group){.num_rows = 10, .total_byte_size = 4000};
        rich.groups[g].columns.count = LEAVES;
        rich.groups[g].columns.items = rich.chunks[g];
        if (g == 1) {
            rich.groups[g].has_sorting_columns = rich.groups[g].has_ordinal = true;
            LIST(rich.groups[g].sorting_columns, sorting);
        }
    }
    rich.file = (struct parquet_file_metadata){.version = 2,
                                               .num_rows = 30,
                                               .has_created_by = true,
                                               .created_by = TARN_TEXT("test"),
                                               .has_key_value_metadata = true,
                                               .has_column_orders = true};
    rich.file.schema.count = 7;
    rich.file.schema.items = rich.elements;
    rich.file.row_groups.count = GROUPS;
    rich.file.row_groups.items = rich.groups;
    LIST(rich.file.key_value_metadata, keys);
    LIST(rich.file.column_orders, orders);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_file_metadata, &rich.file, out, &err), &err);
    return out;
}

static void judge(struct tarn_env *env, struct tarn_span bytes, const char *what, unsigned round)
{
    const char *difference = tarn_test_footer_twin(env, bytes, OFFSET, FILE_SIZE);
    ck_assert_msg(difference == NULL, "%s, round %u: %s", what, round, difference != NULL ? difference : "");
}

static bool is_taken(struct tarn_env *env, struct tarn_span bytes)
{
    struct tarn_footer *footer;
    const bool taken = tarn__footer_decode(env, bytes, OFFSET, FILE_SIZE, &footer, &err) == TARN_OK;
    tarn__footer_release(footer);
    return taken;
}

START_TEST(footer_pass__sees_what_the_tables_see) /* P-FOOTER-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    ck_assert_msg(is_taken(env, tarn__buffer_span(footer)), "%s", err.message);
    judge(env, tarn__buffer_span(footer), "the footer itself", 0);
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer_pass__agrees_on_every_changed_byte) /* P-FOOTER-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    unsigned taken = 0;
    for (size_t at = 0; at < footer->size; at++) {
        const uint8_t before = footer->data[at];
        for (unsigned change = 0; change < 12; change++) { /* each bit, each nibble, one more, one less */
            static const uint8_t nibbles[] = {0x0f, 0xf0};
            footer->data[at] = (uint8_t)(change < 8    ? before ^ 1u << change
                                         : change < 10 ? before ^ nibbles[change - 8]
                                                       : before + 2 * change - 21);
            judge(env, tarn__buffer_span(footer), "changed byte", (unsigned)at * 16 + change);
            taken += is_taken(env, tarn__buffer_span(footer));
        }
        footer->data[at] = before;
    }
    ck_assert_uint_gt(taken, 500); /* there is something to compare */
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(footer_pass__agrees_on_every_cut)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    for (size_t size = 0; size < footer->size; size++) {
        uint8_t *exact = malloc(size + 1);
        memcpy(exact, footer->data, size);
        judge(env, (struct tarn_span){exact, size}, "cut", (unsigned)size);
        free(exact);
    }
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

/* What a writer of tomorrow might put into any struct: fields and types that nobody knows, the extension field, long forms. */
static const struct {
    uint8_t size;
    uint8_t bytes[12];
} insertions[] = {
    {2, {0xf5, 0x02}},                                                        /* id far on, i32 */
    {6, {0x08, 0xfe, 0xff, 0x03, 0x01, 'x'}},                                 /* field 32767, binary */
    {3, {0xfc, 0x15, 0x00}},                                                  /* struct with a field, not ended */
    {2, {0xfc, 0x00}},                                                        /* empty struct */
    {4, {0xf9, 0x25, 0x02, 0x04}},                                            /* list of i32 */
    {1, {0xf1}},                                                              /* bool */
    {9, {0xf7, 1, 2, 3, 4, 5, 6, 7, 8}},                                      /* double */
    {3, {0x05, 0x02, 0x02}},                                                  /* id in long form: 1 */
    {3, {0x06, 0x04, 0x00}},                                                  /* id in long form: 2 */
    {11, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}}, /* a varint without end */
    {10, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},       /* a long one */
    {5, {0x80, 0x80, 0x80, 0x80, 0x00}},                                      /* a padded one */
    {1, {0x80}},                                                              /* what follows is 2^7 times as much, */
    {4, {0x80, 0x80, 0x80, 0x80}},                                            /* 2^28 times: too much for an i32 */
    {7, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}},
    {1, {0x00}},
};

static size_t mutate(uint8_t *bytes, size_t size, size_t room)
{
    const uint32_t rounds = 1 + draw(4);
    for (uint32_t i = 0; i < rounds && size > 20; i++) {
        const size_t at = draw((uint32_t)size);
        switch (draw(5)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << draw(8));
            break;
        case 1:
            bytes[at] = (uint8_t)draw(256);
            break;
        case 2: { /* out goes a piece */
            const size_t piece = 1 + draw(6);
            if (at + piece < size) {
                memmove(bytes + at, bytes + at + piece, size - at - piece);
                size -= piece;
            }
            break;
        }
        case 3: { /* a piece comes twice */
            const size_t piece = 1 + draw(12);
            if (at + piece < size && size + piece <= room) {
                memmove(bytes + at + piece, bytes + at, size - at);
                size += piece;
            }
            break;
        }
        default: {
            const uint32_t which = draw(sizeof(insertions) / sizeof(insertions[0]));
            const size_t piece = insertions[which].size;
            if (size + piece <= room) {
                memmove(bytes + at + piece, bytes + at, size - at);
                memcpy(bytes + at, insertions[which].bytes, piece);
                size += piece;
            }
        }
        }
    }
    return size;
}

START_TEST(footer_pass__agrees_on_mutations) /* P-FOOTER-12 */
{
    enum { ROUNDS = 8000, ROOM = 4096 };
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    static uint8_t bytes[ROOM];
    ck_assert_uint_lt(footer->size, ROOM - 200);
    random_state = 20260901;
    for (unsigned round = 0; round < ROUNDS; round++) {
        memcpy(bytes, footer->data, footer->size);
        const size_t size = mutate(bytes, footer->size, ROOM);
        judge(env, (struct tarn_span){bytes, size}, "mutation", round);
    }
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

/* Each insertion at each byte: among them all the places where a field may begin. */
START_TEST(footer_pass__agrees_on_unknown_fields_everywhere) /* P-FOOTER-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    static uint8_t bytes[8192];
    unsigned taken = 0;
    for (size_t which = 0; which < sizeof(insertions) / sizeof(insertions[0]); which++) {
        const size_t piece = insertions[which].size;
        for (size_t at = 0; at <= footer->size; at++) {
            memcpy(bytes, footer->data, at);
            memcpy(bytes + at, insertions[which].bytes, piece);
            memcpy(bytes + at + piece, footer->data + at, footer->size - at);
            const struct tarn_span changed = {bytes, footer->size + piece};
            judge(env, changed, "insertion", (unsigned)(which * 10000 + at));
            taken += is_taken(env, changed);
        }
    }
    ck_assert_uint_gt(taken, 50);
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

/* Every short piece taken out, the step of its first byte added to the byte behind it: among them every small field that can be missing. */
START_TEST(footer_pass__agrees_on_missing_fields_everywhere) /* P-FOOTER-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_buffer *footer = rich_footer(env);
    static uint8_t bytes[8192];
    for (size_t piece = 1; piece < 8; piece++) {
        for (size_t at = 0; at + piece < footer->size; at++) {
            memcpy(bytes, footer->data, at);
            memcpy(bytes + at, footer->data + at + piece, footer->size - at - piece);
            bytes[at] = (uint8_t)(bytes[at] + (footer->data[at] & 0xf0));
            judge(env, (struct tarn_span){bytes, footer->size - piece}, "missing field", (unsigned)(piece * 10000 + at));
        }
    }
    tarn__buffer_release(footer);
    tarn_test_env_close(env);
}
END_TEST

/* ---- the corpus ---- */

static unsigned footers_seen;

static void see_file(struct tarn_env *env, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t trailer[8];
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    if (size >= 12 && fseek(file, size - 8, SEEK_SET) == 0 && fread(trailer, 1, 8, file) == 8 && memcmp(trailer + 4, "PAR1", 4) == 0 &&
        tarn__load32(trailer) <= (size_t)size - 12 && tarn__load32(trailer) < 1 << 20) {
        const size_t length = tarn__load32(trailer);
        const uint64_t offset = (uint64_t)size - 8 - length;
        uint8_t *bytes = malloc(length + 256);
        uint8_t *changed = malloc(length + 256);
        fseek(file, (long)offset, SEEK_SET);
        ck_assert_uint_eq(fread(bytes, 1, length, file), length);
        const char *difference = tarn_test_footer_twin(env, (struct tarn_span){bytes, length}, offset, (uint64_t)size);
        ck_assert_msg(difference == NULL, "%s: %s", path, difference != NULL ? difference : "");
        for (unsigned round = 0; round < (length < 20000 ? 20u : 2u); round++) {
            memcpy(changed, bytes, length);
            const size_t now = mutate(changed, length, length + 256);
            difference = tarn_test_footer_twin(env, (struct tarn_span){changed, now}, offset, (uint64_t)size);
            ck_assert_msg(difference == NULL, "%s, round %u: %s", path, round, difference != NULL ? difference : "");
        }
        free(bytes);
        free(changed);
        footers_seen++;
    }
    fclose(file);
}

static void see_folder(struct tarn_env *env, const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[2048];
        struct stat info;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode)) {
            see_folder(env, path);
        } else if (strstr(entry->d_name, ".parq") != NULL) {
            see_file(env, path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

START_TEST(footer_pass__agrees_on_the_corpus) /* P-FOOTER-12 */
{
    const char *corpus = getenv("TARN_CORPUS");
    struct tarn_env *env = tarn_test_env();
    if (corpus == NULL) {
        printf("not run: no TARN_CORPUS\n");
    } else {
        char folder[1024];
        snprintf(folder, sizeof(folder), "%s/parquet", corpus);
        random_state = 7;
        see_folder(env, folder);
        ck_assert_uint_gt(footers_seen, 1000);
    }
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/footer_pass", TARN_TEST(footer_pass__sees_what_the_tables_see), TARN_TEST(footer_pass__agrees_on_every_changed_byte),
           TARN_TEST(footer_pass__agrees_on_every_cut), TARN_TEST(footer_pass__agrees_on_mutations),
           TARN_TEST(footer_pass__agrees_on_unknown_fields_everywhere), TARN_TEST(footer_pass__agrees_on_missing_fields_everywhere),
           TARN_TEST(footer_pass__agrees_on_the_corpus))
