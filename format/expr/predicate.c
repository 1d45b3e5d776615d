/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests against literals. SPEC: X-EXPR-1 to X-EXPR-4.
 *
 * Invariants
 *  1. Every path gives the answer of tarn__predicate_test_value: kernels are only faster.
 *  2. An order of whole numbers is a range: v < x is min <= v <= x - 1; so that one loop a width serves all six comparisons, and GT, GE,
 *     NE are the complements of LE, LT, EQ.
 *  3. Floats: NaN is equal to itself and above all else, which C's comparisons do not know: LT and LE of C are right for a literal that is
 *     a number, since NaN passes neither; their complements GE and GT then hold for NaN, as they must.
 */
#include "format/expr/predicate.h"

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/batch/vector.h"

static bool is_comparison(enum tarn_expr_op op)
{
    return op >= TARN_EXPR_EQ && op <= TARN_EXPR_GE;
}

static enum tarn_expr_op mirrored(enum tarn_expr_op op)
{
    switch (op) {
    case TARN_EXPR_LT:
        return TARN_EXPR_GT;
    case TARN_EXPR_LE:
        return TARN_EXPR_GE;
    case TARN_EXPR_GT:
        return TARN_EXPR_LT;
    case TARN_EXPR_GE:
        return TARN_EXPR_LE;
    default:
        return op;
    }
}

bool tarn__predicate_fits(const struct tarn_expr_node *node)
{
    if (is_comparison(node->op)) {
        const bool plain = tarn_type_kind(node->args[0]->type) != TARN_KIND_NESTED;
        return plain && (node->args[0]->op == TARN_EXPR_LITERAL || node->args[1]->op == TARN_EXPR_LITERAL);
    }
    return node->op == TARN_EXPR_IN || node->op == TARN_EXPR_STARTS_WITH || node->op == TARN_EXPR_IS_NAN;
}

/* ---- IN ---- */

static uint64_t hash_value(const struct tarn_value *value)
{
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64: {
        uint64_t bits;
        const double canonical = value->u.f64 == 0 ? 0 : value->u.f64; /* -0.0 is 0.0 */
        if (canonical != canonical) {
            return 1; /* all NaNs are one */
        }
        memcpy(&bits, &canonical, sizeof(bits));
        return tarn__hash_u64(bits);
    }
    case TARN_KIND_I128:
        return tarn__hash_bytes(value->u.words, 16, 0);
    case TARN_KIND_I256:
        return tarn__hash_bytes(value->u.words, 32, 0);
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        return tarn__hash_text(value->u.bytes);
    case TARN_KIND_BOOL:
        return tarn__hash_u64(value->u.boolean);
    default:
        return tarn__hash_u64(value->u.u64);
    }
}

static enum tarn_status make_table(struct tarn__predicate *predicate, struct tarn_error *err)
{
    const struct tarn_expr_node *node = predicate->node;
    uint32_t slots = 8;
    while (slots / 2 < node->arg_count && slots < UINT32_C(1) << 31) {
        slots *= 2;
    }
    predicate->table = tarn__calloc(predicate->env, slots, sizeof(*predicate->table));
    if (predicate->table == NULL) {
        return tarn__nomem(predicate->env, err, (uint64_t)slots * sizeof(*predicate->table));
    }
    predicate->table_mask = slots - 1;
    for (uint32_t i = 1; i < node->arg_count; i++) {
        const struct tarn_value *literal = &node->args[i]->value;
        if (literal->is_null) {
            predicate->miss_is_null = true;
            continue;
        }
        uint32_t at = (uint32_t)hash_value(literal) & predicate->table_mask;
        while (predicate->table[at] != 0) {
            at = (at + 1) & predicate->table_mask;
        }
        predicate->table[at] = i;
    }
    return TARN_OK;
}

static bool is_among(const struct tarn__predicate *predicate, const struct tarn_value *value)
{
    uint32_t at = (uint32_t)hash_value(value) & predicate->table_mask;
    for (; predicate->table[at] != 0; at = (at + 1) & predicate->table_mask) {
        if (tarn_value_compare(value, &predicate->node->args[predicate->table[at]]->value) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- opening ---- */

enum tarn_status tarn__predicate_open(struct tarn_env *env, const struct tarn_expr_node *node, struct tarn__predicate *predicate,
                                      struct tarn_error *err)
{
    *predicate = (struct tarn__predicate){.op = node->op, .subject = node->args[0], .node = node, .env = env};
    if (is_comparison(node->op)) {
        const bool swapped = node->args[1]->op != TARN_EXPR_LITERAL;
        predicate->op = swapped ? mirrored(node->op) : node->op;
        predicate->subject = node->args[swapped ? 1 : 0];
        predicate->literal = &node->args[swapped ? 0 : 1]->value;
        predicate->never_known = predicate->literal->is_null;
    } else if (node->op == TARN_EXPR_STARTS_WITH) {
        predicate->literal = &node->args[1]->value;
        predicate->never_known = predicate->literal->is_null;
    } else if (node->op == TARN_EXPR_IN) {
        return make_table(predicate, err);
    }
    return TARN_OK;
}

void tarn__predicate_close(struct tarn__predicate *predicate)
{
    tarn__free(predicate->env, predicate->table);
    predicate->table = NULL;
}

/* ---- one value ---- */

static bool holds(enum tarn_expr_op op, int order)
{
    switch (op) {
    case TARN_EXPR_EQ:
        return order == 0;
    case TARN_EXPR_NE:
        return order != 0;
    case TARN_EXPR_LT:
        return order < 0;
    case TARN_EXPR_LE:
        return order <= 0;
    case TARN_EXPR_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

bool tarn__predicate_test_value(const struct tarn__predicate *predicate, const struct tarn_value *value)
{
    switch (predicate->op) {
    case TARN_EXPR_IN:
        return is_among(predicate, value);
    case TARN_EXPR_STARTS_WITH:
        return tarn__text_starts(value->u.bytes, predicate->literal->u.bytes);
    case TARN_EXPR_IS_NAN:
        return value->u.f64 != value->u.f64;
    default:
        return holds(predicate->op, tarn_value_compare(value, predicate->literal));
    }
}

/* ---- many values ---- */

static void each_value(const struct tarn__predicate *predicate, const struct tarn_vector *leaf, uint8_t *bits)
{
    memset(bits, 0, tarn__bits_bytes(leaf->length));
    for (uint32_t i = 0; i < leaf->length; i++) {
        struct tarn_value value;
        if (leaf->validity != NULL && !tarn__bit_get(leaf->validity, i)) {
            continue;
        }
        value = tarn__vector_value(leaf, i);
        if (tarn__predicate_test_value(predicate, &value)) {
            tarn__bit_set(bits, i);
        }
    }
}

static void each_text(const struct tarn__predicate *predicate, const struct tarn_vector *leaf, uint8_t *bits)
{
    const struct tarn_text wanted = predicate->literal->u.bytes;
    memset(bits, 0, tarn__bits_bytes(leaf->length));
    for (uint32_t i = 0; i < leaf->length; i++) {
        const struct tarn_text text = tarn__vector_leaf_text(leaf, i);
        bool passes;
        switch (predicate->op) {
        case TARN_EXPR_EQ:
            passes = tarn__text_equal(text, wanted);
            break;
        case TARN_EXPR_NE:
            passes = !tarn__text_equal(text, wanted);
            break;
        case TARN_EXPR_STARTS_WITH:
            passes = tarn__text_starts(text, wanted);
            break;
        default:
            passes = holds(predicate->op, tarn__text_compare(text, wanted));
            break;
        }
        bits[i >> 3] = (uint8_t)(bits[i >> 3] | (unsigned)passes << (i & 7));
    }
}

static void clear_tail(uint8_t *bits, uint32_t rows)
{
    if (rows % 8 != 0) {
        bits[rows / 8] = (uint8_t)(bits[rows / 8] & ((1u << rows % 8) - 1));
    }
}

static void complement(const struct tarn__kernels *kernels, uint8_t *bits, uint32_t rows)
{
    kernels->bits_not(bits, tarn__bits_bytes(rows), bits);
    clear_tail(bits, rows);
}

static void fill(uint8_t *bits, uint32_t rows, bool value)
{
    memset(bits, value ? 0xff : 0, tarn__bits_bytes(rows));
    clear_tail(bits, rows);
}

/* low..high of EQ, LT or LE; false: nothing passes. `least` is the kind's smallest value, in the order that counts. */
static bool range_of(enum tarn_expr_op op, uint64_t literal, uint64_t least, uint64_t *low, uint64_t *high)
{
    *low = op == TARN_EXPR_EQ ? literal : least;
    *high = op == TARN_EXPR_LT ? literal - 1 : literal;
    return op != TARN_EXPR_LT || literal != least;
}

static void each_integer(const struct tarn__predicate *predicate, const struct tarn__kernels *kernels, const struct tarn_vector *leaf,
                         uint64_t least, unsigned width, uint8_t *bits)
{
    const bool negated = predicate->op == TARN_EXPR_NE || predicate->op == TARN_EXPR_GT || predicate->op == TARN_EXPR_GE;
    const enum tarn_expr_op op = predicate->op == TARN_EXPR_NE   ? TARN_EXPR_EQ
                                 : predicate->op == TARN_EXPR_GT ? TARN_EXPR_LE
                                 : predicate->op == TARN_EXPR_GE ? TARN_EXPR_LT
                                                                 : predicate->op;
    uint64_t low;
    uint64_t high;
    if (!range_of(op, predicate->literal->u.u64, least, &low, &high)) {
        fill(bits, leaf->length, negated);
        return;
    }
    switch (width) {
    case 1:
        kernels->between8(leaf->u.values, leaf->length, (uint8_t)low, (uint8_t)high, bits);
        break;
    case 2:
        kernels->between16(leaf->u.values, leaf->length, (uint16_t)low, (uint16_t)high, bits);
        break;
    case 4:
        kernels->between32(leaf->u.values, leaf->length, (uint32_t)low, (uint32_t)high, bits);
        break;
    default:
        kernels->between64(leaf->u.values, leaf->length, low, high, bits);
        break;
    }
    if (negated) {
        complement(kernels, bits, leaf->length);
    }
}

static void test_floats(const struct tarn__kernels *kernels, const struct tarn_vector *leaf, double literal, enum tarn__float_test test,
                        uint8_t *bits)
{
    if (tarn_type_kind(leaf->type) == TARN_KIND_F32) {
        kernels->test_f32(leaf->u.values, leaf->length, (float)literal, test, bits);
    } else {
        kernels->test_f64(leaf->u.values, leaf->length, literal, test, bits);
    }
}

static void each_float(const struct tarn__predicate *predicate, const struct tarn__kernels *kernels, const struct tarn_vector *leaf,
                       uint8_t *bits)
{
    const bool negated = predicate->op == TARN_EXPR_NE || predicate->op == TARN_EXPR_GT || predicate->op == TARN_EXPR_GE;
    const double literal = predicate->op == TARN_EXPR_IS_NAN ? 0 : predicate->literal->u.f64;
    if (predicate->op == TARN_EXPR_IS_NAN) {
        test_floats(kernels, leaf, 0, TARN__FLOAT_NAN, bits);
        return;
    }
    if (literal != literal) { /* all is at most NaN, and what is not below it equals it */
        if (predicate->op == TARN_EXPR_LE || predicate->op == TARN_EXPR_GT) {
            fill(bits, leaf->length, predicate->op == TARN_EXPR_LE);
            return;
        }
        test_floats(kernels, leaf, 0, TARN__FLOAT_NAN, bits);
        if (predicate->op == TARN_EXPR_NE || predicate->op == TARN_EXPR_LT) {
            complement(kernels, bits, leaf->length);
        }
        return;
    }
    const bool equality = predicate->op == TARN_EXPR_EQ || predicate->op == TARN_EXPR_NE;
    const bool strict = predicate->op == TARN_EXPR_LT || predicate->op == TARN_EXPR_GE;
    test_floats(kernels, leaf, literal, equality ? TARN__FLOAT_EQ : strict ? TARN__FLOAT_LT : TARN__FLOAT_LE, bits);
    if (negated) {
        complement(kernels, bits, leaf->length);
    }
}

void tarn__predicate_test(const struct tarn__predicate *predicate, const struct tarn__kernels *kernels, const struct tarn_vector *leaf,
                          uint8_t *bits)
{
    if (predicate->op == TARN_EXPR_IN) {
        each_value(predicate, leaf, bits);
        return;
    }
    switch (tarn_type_kind(leaf->type)) {
    case TARN_KIND_I8:
        each_integer(predicate, kernels, leaf, (uint64_t)INT8_MIN, 1, bits);
        break;
    case TARN_KIND_I16:
        each_integer(predicate, kernels, leaf, (uint64_t)INT16_MIN, 2, bits);
        break;
    case TARN_KIND_I32:
        each_integer(predicate, kernels, leaf, (uint64_t)INT32_MIN, 4, bits);
        break;
    case TARN_KIND_I64:
        each_integer(predicate, kernels, leaf, (uint64_t)INT64_MIN, 8, bits);
        break;
    case TARN_KIND_U8:
        each_integer(predicate, kernels, leaf, 0, 1, bits);
        break;
    case TARN_KIND_U16:
        each_integer(predicate, kernels, leaf, 0, 2, bits);
        break;
    case TARN_KIND_U32:
        each_integer(predicate, kernels, leaf, 0, 4, bits);
        break;
    case TARN_KIND_U64:
        each_integer(predicate, kernels, leaf, 0, 8, bits);
        break;
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        each_float(predicate, kernels, leaf, bits);
        break;
    case TARN_KIND_BYTES:
        each_text(predicate, leaf, bits);
        break;
    default:
        each_value(predicate, leaf, bits);
        break;
    }
}
