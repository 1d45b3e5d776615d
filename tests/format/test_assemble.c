/* SPDX-License-Identifier: Apache-2.0
 * Nested vectors from level pairs that are written out by hand, compared as JSON.
 */
#include "format/column/assemble.h"
#include "tests/support/canonical.h"
#include "tests/support/suite.h"

static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type nothing = {.id = TARN_TYPE_NULL};

enum { MOST = 16, MOST_LEAVES = 2 };

/* The level pairs and values that one leaf's reader would hold. */
struct leaf_rows {
    uint32_t pairs;
    uint8_t definition[MOST];
    uint8_t repetition[MOST];
    int32_t values[MOST];
};

static void fill(struct tarn_env *env, struct tarn__column_reader *reader, const struct leaf_rows *rows, uint8_t max, uint8_t slot_from)
{
    uint32_t value = 0;
    memset(reader, 0, sizeof(*reader));
    reader->options.env = env;
    tarn__column_output_init(&reader->output, env, &i32, true);
    tarn__column_output_begin(&reader->output);
    ck_assert_ok(tarn__column_output_reserve(&reader->output, MOST, &err), &err);
    for (uint32_t i = 0; i < rows->pairs; i++) {
        if (rows->definition[i] < slot_from) {
            continue;
        }
        const bool present = rows->definition[i] == max;
        if (present) {
            tarn__bit_set(reader->output.validity->data, reader->output.length);
            memcpy(tarn__column_output_slot(&reader->output, reader->output.length), &rows->values[value++], sizeof(int32_t));
        }
        tarn__column_output_commit(&reader->output, 1, present);
    }
    reader->level_definition = (uint8_t *)(uintptr_t)rows->definition;
    reader->level_repetition = (uint8_t *)(uintptr_t)rows->repetition;
    reader->level_count = rows->pairs;
}

static void drain(struct tarn__column_reader *reader)
{
    reader->level_definition = NULL;
    reader->level_repetition = NULL;
    tarn__column_reader_free(reader);
}

struct leaf_levels {
    uint8_t max;
    uint8_t slot_from;
};

static void check(const struct tarn_node *node, const struct leaf_rows *leaves, const struct leaf_levels *levels, uint32_t rows,
                  const char *expected)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn__column_reader readers[MOST_LEAVES];
    struct tarn_vector *vector;
    struct tarn_text_builder text;

    for (uint32_t i = 0; i < node->leaf_count; i++) {
        fill(env, &readers[i], &leaves[i], levels[i].max, levels[i].slot_from);
    }
    const enum tarn_status status = tarn__assemble(node, readers, rows, &vector, &err);
    if (expected == NULL) {
        ck_assert_int_eq(status, TARN_CORRUPT);
        ck_assert_str_eq(err.detail, "nesting");
    } else {
        ck_assert_ok(status, &err);
        tarn__builder_init(&text, env);
        for (uint32_t row = 0; row < rows; row++) {
            struct tarn_json_printer printer;
            tarn__json_printer_init(&printer, &text);
            tarn_canonical_value(&printer, vector, row);
            tarn__builder_add_char(&text, ';');
        }
        const struct tarn_text got = tarn__builder_text(&text);
        ck_assert_msg(tarn__text_equal(got, tarn__text_of(expected)), "%.*s instead of %s", TARN_TEXT_ARG(got), expected);
        tarn__builder_free(&text);
    }
    tarn_vector_release(vector);
    for (uint32_t i = 0; i < node->leaf_count; i++) {
        drain(&readers[i]);
    }
    tarn_test_env_close(env);
}

/* optional list of optional ints: definition 0 null, 1 empty, 2 null element, 3 value. */
static const struct tarn_field element = {.name = {"element", 7}, .type = &i32, .nullable = true, .id = -1};
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field list_field = {.name = {"l", 1}, .type = &list, .nullable = true, .id = -1};
static const struct tarn_node element_node = {
    .kind = TARN_NODE_LEAF, .field = &element, .nullable = true, .definition = 3, .repetition = 1, .leaf = 4, .leaf_count = 1};
static const struct tarn_node list_node = {.kind = TARN_NODE_LIST,
                                           .field = &list_field,
                                           .nullable = true,
                                           .definition = 1,
                                           .repetition = 1,
                                           .element_definition = 2,
                                           .leaf = 4,
                                           .leaf_count = 1,
                                           .child_count = 1,
                                           .children = &element_node};

START_TEST(assemble__tells_null_from_empty_lists_and_null_elements) /* P-NEST-1 P-NEST-2 */
{
    const struct leaf_rows rows = {
        .pairs = 7, .definition = {3, 3, 0, 1, 2, 3, 2}, .repetition = {0, 1, 0, 0, 0, 1, 1}, .values = {1, 2, 3}};
    const struct leaf_levels levels = {3, 2};
    check(&list_node, &rows, &levels, 4, "[1,2];null;[];[null,3,null];");
}
END_TEST

START_TEST(assemble__refuses_levels_of_another_number_of_rows) /* P-NEST-6 */
{
    const struct leaf_rows rows = {.pairs = 2, .definition = {3, 3}, .repetition = {0, 0}, .values = {1, 2}};
    const struct leaf_levels levels = {3, 2};
    check(&list_node, &rows, &levels, 3, NULL);
}
END_TEST

START_TEST(assemble__refuses_an_element_behind_an_empty_list) /* P-NEST-6 */
{
    const struct leaf_rows behind = {.pairs = 3, .definition = {3, 1, 3}, .repetition = {0, 0, 1}, .values = {1, 2}};
    const struct leaf_rows within = {.pairs = 3, .definition = {3, 1, 3}, .repetition = {0, 1, 1}, .values = {1, 2}};
    const struct leaf_levels levels = {3, 2};
    check(&list_node, &behind, &levels, 2, NULL);
    check(&list_node, &within, &levels, 1, NULL);
}
END_TEST

/* required list of optional lists of required ints. */
static const struct tarn_field inner_item = {.name = {"element", 7}, .type = &i32, .nullable = false, .id = -1};
static const struct tarn_type inner_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &inner_item};
static const struct tarn_field outer_item = {.name = {"element", 7}, .type = &inner_list, .nullable = true, .id = -1};
static const struct tarn_type outer_list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &outer_item};
static const struct tarn_field outer_field = {.name = {"ll", 2}, .type = &outer_list, .nullable = false, .id = -1};
static const struct tarn_node inner_item_node = {
    .kind = TARN_NODE_LEAF, .field = &inner_item, .definition = 3, .repetition = 2, .leaf_count = 1};
static const struct tarn_node inner_node = {.kind = TARN_NODE_LIST,
                                            .field = &outer_item,
                                            .nullable = true,
                                            .definition = 2,
                                            .repetition = 2,
                                            .element_definition = 3,
                                            .leaf_count = 1,
                                            .child_count = 1,
                                            .children = &inner_item_node};
static const struct tarn_node outer_node = {.kind = TARN_NODE_LIST,
                                            .field = &outer_field,
                                            .definition = 0,
                                            .repetition = 1,
                                            .element_definition = 1,
                                            .leaf_count = 1,
                                            .child_count = 1,
                                            .children = &inner_node};

START_TEST(assemble__nests_lists_in_lists) /* P-NEST-3 */
{
    /* [[1,2],null,[]]; []; [[3],[4,5]] */
    const struct leaf_rows rows = {
        .pairs = 8, .definition = {3, 3, 1, 2, 0, 3, 3, 3}, .repetition = {0, 2, 1, 1, 0, 0, 1, 2}, .values = {1, 2, 3, 4, 5}};
    const struct leaf_levels levels = {3, 3};
    check(&outer_node, &rows, &levels, 3, "[[1,2],null,[]];[];[[3],[4,5]];");
}
END_TEST

/* optional struct of an optional and a required int. */
static const struct tarn_field members[] = {{.name = {"a", 1}, .type = &i32, .nullable = true, .id = -1},
                                            {.name = {"b", 1}, .type = &i32, .nullable = false, .id = -1}};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};
static const struct tarn_field pair_field = {.name = {"s", 1}, .type = &pair, .nullable = true, .id = -1};
static const struct tarn_node member_nodes[] = {
    {.kind = TARN_NODE_LEAF, .field = &members[0], .nullable = true, .definition = 2, .leaf = 0, .leaf_count = 1},
    {.kind = TARN_NODE_LEAF, .field = &members[1], .definition = 1, .leaf = 1, .leaf_count = 1}};
static const struct tarn_node pair_node = {.kind = TARN_NODE_STRUCT,
                                           .field = &pair_field,
                                           .nullable = true,
                                           .definition = 1,
                                           .leaf_count = 2,
                                           .child_count = 2,
                                           .children = member_nodes};

START_TEST(assemble__refuses_leaves_that_contradict_each_other) /* P-NEST-6 */
{
    const struct leaf_rows rows[] = {{.pairs = 2, .definition = {0, 2}, .values = {1}},
                                     {.pairs = 2, .definition = {1, 1}, .values = {1, 2}}};
    const struct leaf_levels levels[] = {{2, 0}, {1, 0}};
    check(&pair_node, rows, levels, 2, NULL);
}
END_TEST

START_TEST(assemble__takes_a_structs_nulls_from_its_leaves) /* P-NEST-4 */
{
    const struct leaf_rows rows[] = {{.pairs = 3, .definition = {2, 0, 1}, .values = {7}},
                                     {.pairs = 3, .definition = {1, 0, 1}, .values = {8, 9}}};
    const struct leaf_levels levels[] = {{2, 0}, {1, 0}};
    check(&pair_node, rows, levels, 3, "{\"a\":7,\"b\":8};null;{\"a\":null,\"b\":9};");
}
END_TEST

/* optional map of required keys and optional values; and one without values. */
static const struct tarn_field entries[] = {{.name = {"key", 3}, .type = &i32, .nullable = false, .id = -1},
                                            {.name = {"value", 5}, .type = &i32, .nullable = true, .id = -1}};
static const struct tarn_field set_entries[] = {{.name = {"key", 3}, .type = &i32, .nullable = false, .id = -1},
                                                {.name = {"value", 5}, .type = &nothing, .nullable = true, .id = -1}};
static const struct tarn_type map = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = entries};
static const struct tarn_type set = {.id = TARN_TYPE_MAP, .field_count = 2, .fields = set_entries};
static const struct tarn_field map_field = {.name = {"m", 1}, .type = &map, .nullable = true, .id = -1};
static const struct tarn_field set_field = {.name = {"m", 1}, .type = &set, .nullable = true, .id = -1};
static const struct tarn_node entry_nodes[] = {
    {.kind = TARN_NODE_LEAF, .field = &entries[0], .definition = 2, .repetition = 1, .leaf = 0, .leaf_count = 1},
    {.kind = TARN_NODE_LEAF, .field = &entries[1], .nullable = true, .definition = 3, .repetition = 1, .leaf = 1, .leaf_count = 1}};
static const struct tarn_node set_nodes[] = {
    {.kind = TARN_NODE_LEAF, .field = &set_entries[0], .definition = 2, .repetition = 1, .leaf = 0, .leaf_count = 1},
    {.kind = TARN_NODE_ABSENT, .field = &set_entries[1], .nullable = true, .definition = 3, .repetition = 1}};
#define MAP_NODE(its_field, its_children, leaves)                                                                                          \
    {                                                                                                                                      \
        .kind = TARN_NODE_MAP, .field = (its_field), .nullable = true, .definition = 1, .repetition = 1, .element_definition = 2,          \
        .leaf_count = (leaves), .child_count = 2, .children = (its_children)                                                               \
    }
static const struct tarn_node map_node = MAP_NODE(&map_field, entry_nodes, 2);
static const struct tarn_node set_node = MAP_NODE(&set_field, set_nodes, 1);

START_TEST(assemble__pairs_keys_and_values) /* P-NEST-5 */
{
    const struct leaf_rows rows[] = {{.pairs = 4, .definition = {2, 2, 1, 0}, .repetition = {0, 1, 0, 0}, .values = {1, 2}},
                                     {.pairs = 4, .definition = {3, 2, 1, 0}, .repetition = {0, 1, 0, 0}, .values = {10}}};
    const struct leaf_levels levels[] = {{2, 2}, {3, 2}};
    check(&map_node, rows, levels, 3, "[[1,10],[2,null]];[];null;");
    check(&set_node, rows, levels, 3, "[1,2];[];null;");
}
END_TEST

START_TEST(assemble__refuses_values_without_keys) /* P-NEST-6 */
{
    const struct leaf_rows rows[] = {{.pairs = 2, .definition = {2, 2}, .repetition = {0, 1}, .values = {1, 2}},
                                     {.pairs = 1, .definition = {3}, .repetition = {0}, .values = {10}}};
    const struct leaf_levels levels[] = {{2, 2}, {3, 2}};
    check(&map_node, rows, levels, 1, NULL);
}
END_TEST

START_TEST(assemble__groups_without_leaves) /* P-SCHEMA-10 */
{
    static const struct tarn_type hollow = {.id = TARN_TYPE_STRUCT};
    static const struct tarn_field inner[] = {{.name = {"in", 2}, .type = &hollow, .nullable = true, .id = -1},
                                              {.name = {"must", 4}, .type = &hollow, .id = -1}};
    static const struct tarn_type outer = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = inner};
    static const struct tarn_type hollows = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &inner[1]};
    static const struct tarn_field fields[] = {{.name = {"out", 3}, .type = &outer, .nullable = true, .id = -1},
                                               {.name = {"list", 4}, .type = &hollows, .id = -1}};
    static const struct tarn_node inside[] = {{.kind = TARN_NODE_STRUCT, .field = &inner[0], .nullable = true},
                                              {.kind = TARN_NODE_STRUCT, .field = &inner[1]}};
    static const struct tarn_node nodes[] = {
        {.kind = TARN_NODE_STRUCT, .field = &fields[0], .nullable = true, .child_count = 2, .children = inside},
        {.kind = TARN_NODE_LIST, .field = &fields[1], .child_count = 1, .children = &inside[1]}};
    static const char *const expected[] = {"{\"in\":null,\"must\":{}}", "[]"};
    struct tarn_env *env = tarn_test_env();
    for (unsigned i = 0; i < 2; i++) {
        struct tarn_vector *vector;
        struct tarn_text_builder text;
        struct tarn_json_printer printer;
        ck_assert_ok(tarn__assemble_leafless(env, &nodes[i], 3, &vector, &err), &err);
        ck_assert_uint_eq(vector->length, 3);
        tarn__builder_init(&text, env);
        tarn__json_printer_init(&printer, &text);
        tarn_canonical_value(&printer, vector, 2);
        ck_assert(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(expected[i])));
        tarn__builder_free(&text);
        tarn_vector_release(vector);
    }
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("format/assemble", TARN_TEST(assemble__groups_without_leaves),
           TARN_TEST(assemble__tells_null_from_empty_lists_and_null_elements),
           TARN_TEST(assemble__refuses_levels_of_another_number_of_rows), TARN_TEST(assemble__refuses_an_element_behind_an_empty_list),
           TARN_TEST(assemble__refuses_leaves_that_contradict_each_other), TARN_TEST(assemble__nests_lists_in_lists),
           TARN_TEST(assemble__takes_a_structs_nulls_from_its_leaves), TARN_TEST(assemble__pairs_keys_and_values),
           TARN_TEST(assemble__refuses_values_without_keys))
