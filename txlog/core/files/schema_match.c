/* SPDX-License-Identifier: Apache-2.0
 *
 * Two stored schemas, compared for whether pages of the one are pages of the other.
 *
 * Specification: parquet.thrift "SchemaElement", LogicalTypes.md. SPEC: P-COPY-7.
 *
 * Invariants
 *  1. A leaf is matched only where stored type, length, levels, order of bounds and logical type agree: then its pages decode to the
 *     same values under either schema.
 *  2. Levels count optional and repeated elements on the way, so that every element on it must have the same repetition: a required
 *     column's pages have no levels, and are none of an optional one.
 */
#include "txlog/core/files/schema_match.h"

#include "format/base/text.h"

struct side {
    const struct parquet_schema_element *elements;
    const struct tarn_file_schema *schema;
    uint32_t *next; /* behind the last element below */
    uint32_t *leaf; /* of a leaf's element: its number */
};

struct matcher {
    struct side to;
    struct side from;
    bool exact;
    uint32_t *leaves;
};

/* parquet-go once wrote a type beside the root's children. */
static bool is_leaf(const struct side *side, uint32_t at)
{
    return at != 0 && side->elements[at].has_type;
}

static uint32_t child_count(const struct side *side, uint32_t at)
{
    const struct parquet_schema_element *element = &side->elements[at];
    return element->has_num_children && !is_leaf(side, at) ? (uint32_t)element->num_children : 0;
}

static uint32_t index_elements(struct side *side, uint32_t at)
{
    const uint32_t children = child_count(side, at);
    uint32_t behind = at + 1;
    for (uint32_t i = 0; i < children; i++) { /* the footer's check has found a tree of TARN_MAX_DEPTH at most */
        behind = index_elements(side, behind);
    }
    side->next[at] = behind;
    return behind;
}

static bool side_open(struct side *side, struct tarn_arena *arena, const struct tarn_footer *footer)
{
    const uint32_t count = footer->metadata.schema.count;
    side->elements = footer->metadata.schema.items;
    side->schema = footer->schema;
    side->next = tarn__arena_calloc(arena, count, sizeof(*side->next));
    side->leaf = tarn__arena_calloc(arena, count, sizeof(*side->leaf));
    if (side->next == NULL || side->leaf == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < footer->schema->leaf_count; i++) {
        side->leaf[footer->schema->leaves[i].element] = i;
    }
    (void)index_elements(side, 0);
    return true;
}

/* LIST, MAP, VARIANT or none, however it is said. */
static int32_t group_kind(const struct parquet_schema_element *element)
{
    if (element->has_logical_type) {
        return element->logical_type.id;
    }
    if (!element->has_converted_type) {
        return 0;
    }
    return element->converted_type == PARQUET_CONVERTED_LIST ? PARQUET_LOGICAL_LIST
           : element->converted_type == PARQUET_CONVERTED_MAP || element->converted_type == PARQUET_CONVERTED_MAP_KEY_VALUE
               ? PARQUET_LOGICAL_MAP
               : -element->converted_type - 1;
}

static enum tarn_status differs(const struct parquet_schema_element *element, const char *what, struct tarn_error *err)
{
    return tarn__invalid(err, "schema", "the column \"%.*s\" %s: its pages cannot be copied; write the files anew with one schema",
                         TARN_TEXT_ARG(element->name), what);
}

static enum tarn_status match_leaf(struct matcher *m, uint32_t to_at, uint32_t from_at, struct tarn_error *err)
{
    const struct parquet_schema_element *element = &m->to.elements[to_at];
    const struct parquet_schema_element *other = &m->from.elements[from_at];
    const struct tarn_leaf *a = &m->to.schema->leaves[m->to.leaf[to_at]];
    const struct tarn_leaf *b = &m->from.schema->leaves[m->from.leaf[from_at]];

    if (a->physical != b->physical || a->type_length != b->type_length) {
        return differs(element, "is stored as different types in the files", err);
    }
    const bool is_known = a->unsupported == NULL && b->unsupported == NULL && a->malformed == NULL && b->malformed == NULL;
    const bool same =
        is_known ? a->order == b->order && tarn_type_equal(a->type, b->type)
                 : element->has_logical_type == other->has_logical_type && element->logical_type.id == other->logical_type.id &&
                       element->has_converted_type == other->has_converted_type && element->converted_type == other->converted_type;
    if (!same || a->max_definition != b->max_definition || a->max_repetition != b->max_repetition) {
        return differs(element, "has different types in the files", err);
    }
    m->leaves[m->to.leaf[to_at]] = m->from.leaf[from_at];
    return TARN_OK;
}

static enum tarn_status match_element(struct matcher *m, uint32_t to_at, uint32_t from_at, struct tarn_error *err);

/* The child of a plain group by name: the one at the same place, if it has it. UINT32_MAX: there is none. */
static uint32_t find_child(const struct matcher *m, uint32_t from_at, uint32_t same_place, struct tarn_text name)
{
    if (same_place < m->from.next[from_at] && tarn__text_equal(m->from.elements[same_place].name, name)) {
        return same_place;
    }
    for (uint32_t at = from_at + 1; at < m->from.next[from_at]; at = m->from.next[at]) {
        if (tarn__text_equal(m->from.elements[at].name, name)) {
            return at;
        }
    }
    return UINT32_MAX;
}

static enum tarn_status match_group(struct matcher *m, uint32_t to_at, uint32_t from_at, struct tarn_error *err)
{
    const struct parquet_schema_element *element = &m->to.elements[to_at];
    const bool plain = group_kind(element) == 0 && (to_at == 0 || element->repetition_type != PARQUET_REPEATED);
    uint32_t from_child = from_at + 1;

    const uint32_t count = child_count(&m->to, to_at);
    const uint32_t other_count = child_count(&m->from, from_at);

    if (count != other_count) {
        return to_at == 0 ? tarn__invalid(err, "schema", "the files have different numbers of columns: %u and %u", (unsigned)count,
                                          (unsigned)other_count)
                          : differs(element, "has different members in the files", err);
    }
    for (uint32_t child = to_at + 1; child < m->to.next[to_at]; child = m->to.next[child]) {
        const struct tarn_text name = m->to.elements[child].name;
        uint32_t found = from_child;
        if (!tarn__text_equal(m->from.elements[from_child].name, name)) {
            found = plain && !m->exact ? find_child(m, from_at, from_child, name) : UINT32_MAX;
        }
        if (found == UINT32_MAX) {
            return differs(&m->to.elements[child], m->exact ? "is another one in the other file" : "is not in all files", err);
        }
        TARN_RETURN_IF_ERROR(match_element(m, child, found, err));
        from_child = m->from.next[from_child];
    }
    return TARN_OK;
}

static enum tarn_status match_element(struct matcher *m, uint32_t to_at, uint32_t from_at, struct tarn_error *err)
{
    const struct parquet_schema_element *element = &m->to.elements[to_at];
    const struct parquet_schema_element *other = &m->from.elements[from_at];

    if (to_at != 0 && element->repetition_type != other->repetition_type) {
        return differs(element, "is nullable or repeated in one file and not in another", err);
    }
    if (element->has_field_id && other->has_field_id && element->field_id != other->field_id) {
        return differs(element, "has different field ids in the files", err);
    }
    if (is_leaf(&m->to, to_at) != is_leaf(&m->from, from_at)) {
        return differs(element, "is a group in one file and a column in another", err);
    }
    if (is_leaf(&m->to, to_at)) {
        return match_leaf(m, to_at, from_at, err);
    }
    if (to_at != 0 && group_kind(element) != group_kind(other)) {
        return differs(element, "has different types in the files", err);
    }
    return match_group(m, to_at, from_at, err);
}

/* Two columns of one name may have found the same one. */
static enum tarn_status check_each_once(const struct matcher *m, struct tarn_arena *arena, struct tarn_error *err)
{
    const uint32_t count = m->to.schema->leaf_count;
    bool *seen = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*seen));
    if (seen == NULL) {
        return tarn__nomem(arena->env, err, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (seen[m->leaves[i]]) {
            return tarn__invalid(err, "schema", "two columns are called \"%.*s\"; which is which in the other file cannot be told",
                                 TARN_TEXT_ARG(m->to.schema->leaves[i].path));
        }
        seen[m->leaves[i]] = true;
    }
    return TARN_OK;
}

enum tarn_status tarn__schema_match(const struct tarn_footer *to, const struct tarn_footer *from, bool exact, uint32_t *leaves,
                                    struct tarn_error *err)
{
    struct matcher m = {.exact = exact, .leaves = leaves};
    struct tarn_arena arena;
    tarn__arena_init(&arena, to->env);
    enum tarn_status status = side_open(&m.to, &arena, to) && side_open(&m.from, &arena, from)
                                  ? TARN_OK
                                  : tarn__nomem(to->env, err, sizeof(uint32_t) * to->metadata.schema.count);
    status = status == TARN_OK ? match_element(&m, 0, 0, err) : status;
    status = status == TARN_OK && to->schema->leaf_count == from->schema->leaf_count ? check_each_once(&m, &arena, err) : status;
    tarn__arena_free(&arena);
    return status;
}
