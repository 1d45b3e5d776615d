/* SPDX-License-Identifier: Apache-2.0
 *
 * Nested vectors from level pairs (Dremel's record assembly, a node at a time).
 *
 * Specification: parquet-format README.md "Nested Encoding", LogicalTypes.md "Lists", "Maps". SPEC: P-NEST-1 to P-NEST-6.
 *
 * A level pair (definition d, repetition r) of any leaf below a node is a slot of the node when it begins one (r at most the repetition
 * of the innermost list around the node) and there is something for it to lie in (d at least the definition of that list's elements).
 *
 * Invariants
 *  1. The first leaves of a node's children say the same of all that lies around them, pair by pair, and no element follows an empty list:
 *     else the file is corrupt. So one leaf can speak for a node.
 *  2. Offsets ascend from 0 to the length of the child.
 */
#include "format/column/assemble.h"

#include "format/batch/vector.h"
#include "format/variant/shredding.h"

/* What lies around a node. */
struct around {
    uint16_t definition; /**< from which on there is a slot */
    uint16_t repetition; /**< up to which a pair begins a slot */
};

struct assembly {
    struct tarn_env *env;
    struct tarn__column_reader *readers;
    uint32_t first_leaf;
};

static const struct tarn__column_reader *reader_of(const struct assembly *assembly, const struct tarn_node *node)
{
    return &assembly->readers[node->leaf - assembly->first_leaf];
}

static enum tarn_status disagree(const struct tarn_node *node, uint64_t slots, uint64_t expected, struct tarn_error *err)
{
    return tarn__corrupt(err, "nesting", "the columns below \"%.*s\" do not agree: %llu values where %llu are due",
                         TARN_TEXT_ARG(node->field->name), (unsigned long long)slots, (unsigned long long)expected);
}

/* Validity of a nullable group by the pairs that are slots of it, of which `slots` are due. NULL when none is null. */
static enum tarn_status group_validity(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                                       struct tarn_buffer **validity, struct tarn_error *err)
{
    const struct tarn__column_reader *reader = reader_of(assembly, node);
    const struct tarn__level_rule rule = {(uint8_t)around.definition, (uint8_t)around.repetition, (uint8_t)node->definition};
    size_t valid;

    *validity = NULL;
    if (!node->nullable) {
        return TARN_OK;
    }
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(assembly->env, tarn__bits_bytes(slots));
    if (bits == NULL) {
        return tarn__nomem(assembly->env, err, tarn__bits_bytes(slots));
    }
    const size_t found = tarn__decode_kernels_of(assembly->env)
                             ->level_slots(reader->level_definition, reader->level_repetition, reader->level_count, rule, NULL, 0, &valid);
    if (found != slots) {
        tarn__buffer_release(bits);
        return disagree(node, found, slots, err);
    }
    if (valid != slots) {
        tarn__decode_kernels_of(assembly->env)
            ->level_slots(reader->level_definition, reader->level_repetition, reader->level_count, rule, bits->data, 0, &valid);
    }
    if (valid == slots) {
        tarn__buffer_release(bits);
        return TARN_OK;
    }
    *validity = bits;
    return TARN_OK;
}

/* Where the elements of each list begin, into `offsets` (slots + 1 of them). *elements: how many there are in all. */
static enum tarn_status list_offsets(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                                     uint32_t *offsets, uint32_t *elements, struct tarn_error *err)
{
    const struct tarn__column_reader *reader = reader_of(assembly, node);
    const struct tarn__level_rule lists = {(uint8_t)around.definition, (uint8_t)around.repetition, 0};
    const struct tarn__level_rule inside = {(uint8_t)node->element_definition, (uint8_t)node->repetition, 0};
    uint64_t count;
    const size_t found =
        tarn__decode_kernels_of(assembly->env)
            ->list_offsets(reader->level_definition, reader->level_repetition, reader->level_count, lists, inside, offsets, slots, &count);
    if (!tarn__decode_kernels_of(assembly->env)
             ->lists_continue(reader->level_definition, reader->level_repetition, reader->level_count, inside)) {
        return tarn__corrupt(err, "nesting", "in a list of \"%.*s\" an element follows where the list is empty or null",
                             TARN_TEXT_ARG(node->field->name));
    }
    if (count > UINT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "batch_slots",
                               "one batch would hold over 4,294,967,295 values; ask for fewer rows at a time");
    }
    if (found != slots) {
        return disagree(node, found, slots, err);
    }
    offsets[slots] = (uint32_t)count;
    *elements = (uint32_t)count;
    return TARN_OK;
}

/* The same where some pairs of either leaf lie in deeper lists: those count for the other leaf not at all. */
static bool outer_levels_agree(const struct tarn__column_reader *a, const struct tarn__column_reader *b, struct around around)
{
    uint64_t i = 0;
    uint64_t j = 0;
    for (;; i++, j++) {
        while (i < a->level_count && a->level_repetition[i] > around.repetition) {
            i++;
        }
        while (j < b->level_count && b->level_repetition[j] > around.repetition) {
            j++;
        }
        if (i >= a->level_count || j >= b->level_count) {
            return i >= a->level_count && j >= b->level_count;
        }
        const bool inside = a->level_definition[i] >= around.definition;
        if (a->level_repetition[i] != b->level_repetition[j] || inside != (b->level_definition[j] >= around.definition) ||
            (!inside && a->level_definition[i] != b->level_definition[j])) {
            return false;
        }
    }
}

/* Do the first leaves of all children say the same of what is around them, which is `node` in the end? */
static enum tarn_status check_children(const struct assembly *assembly, const struct tarn_node *node, struct around inside,
                                       struct tarn_error *err)
{
    const struct tarn__decode_kernels *kernels = tarn__decode_kernels_of(assembly->env);
    const struct tarn__column_reader *first = reader_of(assembly, node);

    for (uint32_t i = 0; i < node->child_count; i++) {
        const struct tarn_node *child = &node->children[i];
        if (child->leaf_count == 0 || child->leaf == node->leaf) {
            continue;
        }
        const struct tarn__column_reader *other = reader_of(assembly, child);
        if (first->level_count == other->level_count &&
            kernels->levels_agree(first->level_definition, first->level_repetition, other->level_definition, other->level_repetition,
                                  first->level_count, (uint8_t)inside.definition)) {
            continue;
        }
        if (!outer_levels_agree(first, other, inside)) {
            return tarn__corrupt(err, "nesting", "the columns below \"%.*s\" do not agree on which of them are there",
                                 TARN_TEXT_ARG(node->field->name));
        }
    }
    return TARN_OK;
}

static enum tarn_status build(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                              struct tarn_vector **out, struct tarn_error *err);

static enum tarn_status build_children(const struct assembly *assembly, const struct tarn_node *node, struct around inside, uint32_t slots,
                                       struct tarn_vector **children, struct tarn_error *err)
{
    const struct around common = {node->kind == TARN_NODE_LIST || node->kind == TARN_NODE_MAP ? inside.definition : node->definition,
                                  inside.repetition};
    TARN_RETURN_IF_ERROR(check_children(assembly, node, common, err));
    for (uint32_t i = 0; i < node->child_count; i++) {
        TARN_RETURN_IF_ERROR(build(assembly, &node->children[i], inside, slots, &children[i], err));
    }
    return TARN_OK;
}

static void release_all(struct tarn_vector **children, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        tarn_vector_release(children[i]);
    }
}

static enum tarn_status build_leaf(const struct assembly *assembly, const struct tarn_node *node, uint32_t slots, struct tarn_vector **out,
                                   struct tarn_error *err)
{
    struct tarn__column_reader *reader = &assembly->readers[node->leaf - assembly->first_leaf];
    if (reader->output.length != slots) {
        return disagree(node, reader->output.length, slots, err);
    }
    return tarn__column_output_finish(&reader->output, out, err);
}

static enum tarn_status build_list(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                                   struct tarn_vector **out, struct tarn_error *err)
{
    const struct around inside = {node->element_definition, node->repetition};
    struct tarn_vector *children[2] = {NULL, NULL};
    struct tarn_buffer *validity = NULL;
    uint32_t elements = 0;

    struct tarn_buffer *offsets = tarn__buffer_new(assembly->env, ((size_t)slots + 1) * sizeof(uint32_t));
    if (offsets == NULL) {
        return tarn__nomem(assembly->env, err, ((uint64_t)slots + 1) * sizeof(uint32_t));
    }
    enum tarn_status status = list_offsets(assembly, node, around, slots, (uint32_t *)(void *)offsets->data, &elements, err);
    if (status == TARN_OK) {
        status = group_validity(assembly, node, around, slots, &validity, err);
    }
    if (status == TARN_OK) {
        status = build_children(assembly, node, inside, elements, children, err);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(offsets);
        tarn__buffer_release(validity);
        release_all(children, node->child_count);
        return status;
    }
    *out = tarn__vector_list(assembly->env, node->field->type, slots, offsets, false, node->child_count, children, validity);
    return *out != NULL ? TARN_OK : tarn__nomem(assembly->env, err, 0);
}

static enum tarn_status build_struct(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *validity = NULL;
    struct tarn_vector **children = tarn__calloc(assembly->env, node->child_count, sizeof(struct tarn_vector *));
    if (children == NULL) {
        return tarn__nomem(assembly->env, err, node->child_count * sizeof(struct tarn_vector *));
    }
    enum tarn_status status = group_validity(assembly, node, around, slots, &validity, err);
    if (status == TARN_OK) {
        status = build_children(assembly, node, around, slots, children, err);
    }
    if (status == TARN_OK) {
        *out = tarn__vector_struct(assembly->env, node->field->type, slots, node->child_count, children, validity);
        status = *out != NULL ? TARN_OK : tarn__nomem(assembly->env, err, 0);
    } else {
        tarn__buffer_release(validity);
        release_all(children, node->child_count);
    }
    tarn__free(assembly->env, children);
    return status;
}

/* The columns of a variant, put together again. */
static enum tarn_status build_variant(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *validity = NULL;
    struct tarn_vector *whole[2] = {NULL, NULL};
    struct tarn_vector **stored = tarn__calloc(assembly->env, node->child_count, sizeof(struct tarn_vector *));
    if (stored == NULL) {
        return tarn__nomem(assembly->env, err, node->child_count * sizeof(struct tarn_vector *));
    }
    enum tarn_status status = group_validity(assembly, node, around, slots, &validity, err);
    if (status == TARN_OK) {
        status = build_children(assembly, node, around, slots, stored, err);
    }
    if (status == TARN_OK) {
        const uint8_t *bits = validity != NULL ? validity->data : NULL;
        struct tarn_buffer *found;
        status = tarn__variant_reconstruct(assembly->env, node->variant, slots, bits, stored, whole, &found, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, node->field->name);
        } else if (found != NULL) {
            tarn__buffer_release(validity);
            validity = found;
        }
    }
    if (status == TARN_OK) {
        *out = tarn__vector_struct(assembly->env, node->field->type, slots, 2, whole, validity);
        status = *out != NULL ? TARN_OK : tarn__nomem(assembly->env, err, 0);
    } else {
        tarn__buffer_release(validity);
    }
    release_all(stored, node->child_count);
    tarn__free(assembly->env, stored);
    return status;
}

enum tarn_status tarn__assemble_leafless(struct tarn_env *env, const struct tarn_node *node, uint32_t slots, struct tarn_vector **out,
                                         struct tarn_error *err)
{
    const bool is_struct = node->kind == TARN_NODE_STRUCT;
    *out = NULL;
    if (node->kind == TARN_NODE_VARIANT) {
        return tarn__corrupt(err, "annotation", "the column is annotated wrongly: a VARIANT has a member metadata");
    }
    if (node->kind == TARN_NODE_ABSENT || (node->nullable && (!is_struct || node->child_count == 0))) {
        *out = tarn__vector_nulls(env, node->field->type, slots);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    struct tarn_vector **children = tarn__calloc(env, (size_t)node->child_count + 1, sizeof(struct tarn_vector *));
    struct tarn_buffer *offsets = is_struct ? NULL : tarn__buffer_new_zeroed(env, ((size_t)slots + 1) * sizeof(uint32_t));
    enum tarn_status status = TARN_OK;
    if (children == NULL || (!is_struct && offsets == NULL)) {
        status = tarn__nomem(env, err, ((uint64_t)slots + 1) * sizeof(uint32_t));
    }
    for (uint32_t i = 0; status == TARN_OK && i < node->child_count; i++) {
        status = tarn__assemble_leafless(env, &node->children[i], is_struct ? slots : 0, &children[i], err);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(offsets);
        release_all(children, children != NULL ? node->child_count : 0);
    } else {
        *out = is_struct ? tarn__vector_struct(env, node->field->type, slots, node->child_count, children, NULL)
                         : tarn__vector_list(env, node->field->type, slots, offsets, false, node->child_count, children, NULL);
        status = *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    tarn__free(env, children);
    return status;
}

static enum tarn_status build(const struct assembly *assembly, const struct tarn_node *node, struct around around, uint32_t slots,
                              struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    if (node->leaf_count == 0 && node->kind != TARN_NODE_ABSENT) {
        return tarn__assemble_leafless(assembly->env, node, slots, out, err);
    }
    switch (node->kind) {
    case TARN_NODE_LEAF:
        return build_leaf(assembly, node, slots, out, err);
    case TARN_NODE_LIST:
    case TARN_NODE_MAP:
        return build_list(assembly, node, around, slots, out, err);
    case TARN_NODE_STRUCT:
        return build_struct(assembly, node, around, slots, out, err);
    case TARN_NODE_VARIANT:
        return build_variant(assembly, node, around, slots, out, err);
    default:
        *out = tarn__vector_nulls(assembly->env, node->field->type, slots);
        return *out != NULL ? TARN_OK : tarn__nomem(assembly->env, err, 0);
    }
}

enum tarn_status tarn__assemble(const struct tarn_node *node, struct tarn__column_reader *readers, uint32_t rows, struct tarn_vector **out,
                                struct tarn_error *err)
{
    const struct assembly assembly = {readers[0].options.env, readers, node->leaf};
    const struct around root = {0, 0};
    return build(&assembly, node, root, rows, out, err);
}
