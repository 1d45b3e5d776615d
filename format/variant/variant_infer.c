/* SPDX-License-Identifier: Apache-2.0
 *
 * A type for typed_value, from a sample.
 *
 * Specification: parquet-format VariantShredding.md, which leaves the choice to writers. SPEC: P-VARSHRED-6.
 *
 * Invariants
 *  1. Fields of a node are in the order of their names, as those of objects are: one pass adds an object.
 *  2. Once TARN_SKETCH_PATHS are followed no new ones are: what was seen first counts, whatever comes later.
 */
#include "format/variant/variant_infer.h"

/* What may share a column. */
enum class {
    CLASS_NULL,
    CLASS_BOOL,
    CLASS_INT,
    CLASS_F32,
    CLASS_F64,
    CLASS_DECIMAL,
    CLASS_DATE,
    CLASS_TIMESTAMP,
    CLASS_TIMESTAMP_NTZ,
    CLASS_TIMESTAMP_NANOS,
    CLASS_TIMESTAMP_NTZ_NANOS,
    CLASS_TIME,
    CLASS_BINARY,
    CLASS_STRING,
    CLASS_UUID,
    CLASS_OBJECT,
    CLASS_ARRAY,
    CLASS_OTHER_SCALE, /* decimals of another scale than the first one */
    CLASSES
};

struct tarn__sketch_node {
    struct tarn_text name;
    uint64_t count[CLASSES];
    bool has_scale;
    uint8_t scale;
    int32_t digits; /* of the widest form of decimals */
    struct tarn__sketch_node *element;
    struct tarn__sketch_node *fields;
    struct tarn__sketch_node *next; /* behind it by name */
};

static enum tarn_status nomem(const struct tarn__variant_sketch *sketch, struct tarn_error *err)
{
    return tarn__nomem(sketch->arena->env, err, sizeof(struct tarn__sketch_node));
}

void tarn__variant_sketch_init(struct tarn__variant_sketch *sketch, struct tarn_arena *arena)
{
    *sketch = (struct tarn__variant_sketch){.arena = arena};
}

/* ---- rows ---- */

static enum class class_of(const struct tarn_variant *v) {
    static const uint8_t classes[] =
        {
            [TARN_VARIANT_NULL] = CLASS_NULL,
            [TARN_VARIANT_TRUE] = CLASS_BOOL,
            [TARN_VARIANT_FALSE] = CLASS_BOOL,
            [TARN_VARIANT_I8] = CLASS_INT,
            [TARN_VARIANT_I16] = CLASS_INT,
            [TARN_VARIANT_I32] = CLASS_INT,
            [TARN_VARIANT_I64] = CLASS_INT,
            [TARN_VARIANT_F64] = CLASS_F64,
            [TARN_VARIANT_DECIMAL4] = CLASS_DECIMAL,
            [TARN_VARIANT_DECIMAL8] = CLASS_DECIMAL,
            [TARN_VARIANT_DECIMAL16] = CLASS_DECIMAL,
            [TARN_VARIANT_DATE] = CLASS_DATE,
            [TARN_VARIANT_TIMESTAMP] = CLASS_TIMESTAMP,
            [TARN_VARIANT_TIMESTAMP_NTZ] = CLASS_TIMESTAMP_NTZ,
            [TARN_VARIANT_F32] = CLASS_F32,
            [TARN_VARIANT_BINARY] = CLASS_BINARY,
            [TARN_VARIANT_STRING] = CLASS_STRING,
            [TARN_VARIANT_TIME_NTZ] = CLASS_TIME,
            [TARN_VARIANT_TIMESTAMP_NANOS] = CLASS_TIMESTAMP_NANOS,
            [TARN_VARIANT_TIMESTAMP_NTZ_NANOS] = CLASS_TIMESTAMP_NTZ_NANOS,
            [TARN_VARIANT_UUID] = CLASS_UUID,
            [TARN_VARIANT_OBJECT] = CLASS_OBJECT,
            [TARN_VARIANT_ARRAY] = CLASS_ARRAY,
        };
    return (enum class)classes[v->type];
}

/* *out NULL without an error: no more paths are followed. */
static enum tarn_status new_node(struct tarn__variant_sketch *sketch, struct tarn_text name, struct tarn__sketch_node **out,
                                 struct tarn_error *err)
{
    *out = NULL;
    if (sketch->paths == TARN_SKETCH_PATHS) {
        return TARN_OK;
    }
    struct tarn__sketch_node *node = tarn__arena_calloc(sketch->arena, 1, sizeof(*node));
    if (node == NULL) {
        return nomem(sketch, err);
    }
    node->name = tarn__arena_text(sketch->arena, name);
    if (node->name.data == NULL) {
        return nomem(sketch, err);
    }
    sketch->paths++;
    *out = node;
    return TARN_OK;
}

static enum tarn_status add(struct tarn__variant_sketch *sketch, struct tarn__sketch_node *node, const struct tarn_variant *v,
                            unsigned depth, struct tarn_error *err);

static enum tarn_status add_fields(struct tarn__variant_sketch *sketch, struct tarn__sketch_node *node, const struct tarn_variant *v,
                                   unsigned depth, struct tarn_error *err)
{
    struct tarn__sketch_node **at = &node->fields;
    for (uint32_t i = 0; i < v->count; i++) {
        struct tarn_variant field;
        uint32_t id;
        TARN_RETURN_IF_ERROR(tarn__variant_field_id(v, i, &id, err));
        const struct tarn_text name = tarn__variant_name(v->metadata, id);
        while (*at != NULL && tarn__text_compare((*at)->name, name) < 0) {
            at = &(*at)->next;
        }
        if (*at == NULL || !tarn__text_equal((*at)->name, name)) {
            struct tarn__sketch_node *made;
            TARN_RETURN_IF_ERROR(new_node(sketch, name, &made, err));
            if (made == NULL) {
                continue;
            }
            made->next = *at;
            *at = made;
        }
        TARN_RETURN_IF_ERROR(tarn__variant_member(v, i, &field, err));
        TARN_RETURN_IF_ERROR(add(sketch, *at, &field, depth + 1, err));
    }
    return TARN_OK;
}

static enum tarn_status add_elements(struct tarn__variant_sketch *sketch, struct tarn__sketch_node *node, const struct tarn_variant *v,
                                     unsigned depth, struct tarn_error *err)
{
    if (node->element == NULL && v->count != 0) {
        TARN_RETURN_IF_ERROR(new_node(sketch, TARN_TEXT(""), &node->element, err));
    }
    for (uint32_t i = 0; i < v->count && node->element != NULL; i++) {
        struct tarn_variant element;
        TARN_RETURN_IF_ERROR(tarn__variant_member(v, i, &element, err));
        TARN_RETURN_IF_ERROR(add(sketch, node->element, &element, depth + 1, err));
    }
    return TARN_OK;
}

static enum tarn_status add(struct tarn__variant_sketch *sketch, struct tarn__sketch_node *node, const struct tarn_variant *v,
                            unsigned depth, struct tarn_error *err)
{
    enum class class = class_of(v);
    if (class == CLASS_DECIMAL) {
        const int32_t digits = v->type == TARN_VARIANT_DECIMAL4 ? 9 : v->type == TARN_VARIANT_DECIMAL8 ? 18 : 38;
        node->scale = node->has_scale ? node->scale : v->scale;
        node->has_scale = true;
        node->digits = digits > node->digits ? digits : node->digits;
        class = v->scale == node->scale ? CLASS_DECIMAL : CLASS_OTHER_SCALE;
    }
    node->count[class]++;
    if (class == CLASS_OBJECT && depth < TARN_SKETCH_DEPTH) {
        return add_fields(sketch, node, v, depth, err);
    }
    return class == CLASS_ARRAY && depth < TARN_SKETCH_DEPTH ? add_elements(sketch, node, v, depth, err) : TARN_OK;
}

enum tarn_status tarn__variant_sketch_add(struct tarn__variant_sketch *sketch, const struct tarn_variant *value, struct tarn_error *err)
{
    if (sketch->root == NULL) {
        TARN_RETURN_IF_ERROR(new_node(sketch, TARN_TEXT(""), &sketch->root, err));
    }
    sketch->rows++;
    return add(sketch, sketch->root, value, 0, err);
}

/* ---- the type ---- */

struct choice {
    const struct tarn__variant_sketch *sketch;
    unsigned percent;     /* of the places where a path could be, in which it must be */
    uint32_t column_room; /* still to be given out */
    uint32_t columns;
    struct tarn_error *err;
};

static uint64_t count_all(const struct tarn__sketch_node *node)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < CLASSES; i++) {
        sum += node->count[i];
    }
    return sum;
}

/* The type that nine in ten values have that are not null; CLASS_NULL: none. */
static enum class common_class(const struct tarn__sketch_node *node) {
    const uint64_t values = count_all(node) - node->count[CLASS_NULL]; for (unsigned i = CLASS_BOOL; i < CLASS_OTHER_SCALE; i++){
        if (node->count[i] != 0 && node->count[i] * 10 >= values * 9){return (enum class)i;}
}
return CLASS_NULL;
}

static struct tarn_type primitive(const struct tarn__sketch_node *node, enum class class)
{
    static const struct tarn_type types[CLASSES] = {
        [CLASS_BOOL] = {.id = TARN_TYPE_BOOL},
        [CLASS_INT] = {.id = TARN_TYPE_I64},
        [CLASS_F32] = {.id = TARN_TYPE_F32},
        [CLASS_F64] = {.id = TARN_TYPE_F64},
        [CLASS_DATE] = {.id = TARN_TYPE_DATE},
        [CLASS_TIMESTAMP] = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true},
        [CLASS_TIMESTAMP_NTZ] = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO},
        [CLASS_TIMESTAMP_NANOS] = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO, .utc = true},
        [CLASS_TIMESTAMP_NTZ_NANOS] = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_NANO},
        [CLASS_TIME] = {.id = TARN_TYPE_TIME, .unit = TARN_MICRO},
        [CLASS_BINARY] = {.id = TARN_TYPE_BINARY},
        [CLASS_STRING] = {.id = TARN_TYPE_STRING},
        [CLASS_UUID] = {.id = TARN_TYPE_UUID},
    };
    if (class == CLASS_DECIMAL) { /* a scale of more digits than the form has needs the next one */
        const int32_t digits = node->digits > node->scale ? node->digits : node->scale <= 18 ? 18 : 38;
        return (struct tarn_type){.id = TARN_TYPE_DECIMAL, .precision = digits, .scale = node->scale};
    }
    return types[class];
}

/* *out NULL: the node is worth no column. */
static enum tarn_status choose(struct choice *c, const struct tarn__sketch_node *node, const struct tarn_type **out);

static enum tarn_status choose_object(struct choice *c, const struct tarn__sketch_node *node, struct tarn_type *type,
                                      const struct tarn_type **out)
{
    const uint64_t objects = node->count[CLASS_OBJECT];
    size_t most = 0;
    for (const struct tarn__sketch_node *field = node->fields; field != NULL; field = field->next) {
        most++;
    }
    struct tarn_field *fields = tarn__arena_calloc(c->sketch->arena, most + 1, sizeof(*fields));
    if (fields == NULL) {
        return nomem(c->sketch, c->err);
    }
    for (const struct tarn__sketch_node *field = node->fields; field != NULL; field = field->next) {
        const struct tarn_type *chosen = NULL;
        if (count_all(field) * 100 >= objects * c->percent) {
            TARN_RETURN_IF_ERROR(choose(c, field, &chosen));
        }
        if (chosen != NULL) {
            fields[type->field_count++] = (struct tarn_field){.name = field->name, .type = chosen, .nullable = true, .id = -1};
        }
    }
    type->id = TARN_TYPE_STRUCT;
    type->fields = fields;
    *out = type->field_count != 0 ? type : NULL;
    return TARN_OK;
}

static enum tarn_status choose_array(struct choice *c, const struct tarn__sketch_node *node, struct tarn_type *type,
                                     const struct tarn_type **out)
{
    const struct tarn_type *element = NULL;
    struct tarn_field *field = tarn__arena_calloc(c->sketch->arena, 1, sizeof(*field));
    if (field == NULL) {
        return nomem(c->sketch, c->err);
    }
    if (node->element != NULL) {
        TARN_RETURN_IF_ERROR(choose(c, node->element, &element));
    }
    *field = (struct tarn_field){.name = TARN_TEXT("element"), .type = element, .nullable = true, .id = -1};
    *type = (struct tarn_type){.id = TARN_TYPE_LIST, .field_count = 1, .fields = field};
    *out = element != NULL ? type : NULL;
    return TARN_OK;
}

static enum tarn_status choose(struct choice *c, const struct tarn__sketch_node *node, const struct tarn_type **out)
{
    const enum class class = common_class(node);
    *out = NULL;
    if (class == CLASS_NULL) {
        return TARN_OK;
    }
    struct tarn_type *type = tarn__arena_calloc(c->sketch->arena, 1, sizeof(*type));
    if (type == NULL) {
        return nomem(c->sketch, c->err);
    }
    if (class == CLASS_OBJECT) {
        return choose_object(c, node, type, out);
    }
    if (class == CLASS_ARRAY) {
        return choose_array(c, node, type, out);
    }
    c->columns++;
    if (c->column_room != 0) {
        c->column_room--;
        *type = primitive(node, class);
        *out = type;
    }
    return TARN_OK;
}

/* Where there would be too many columns, the paths must be there more often; at last those first by name are taken. */
enum tarn_status tarn__variant_sketch_type(const struct tarn__variant_sketch *sketch, const struct tarn_type **out, struct tarn_error *err)
{
    enum { LEAST = 50, STEP = 10, ALL = 100 };
    *out = NULL;
    for (unsigned percent = LEAST; sketch->root != NULL && percent <= ALL; percent += STEP) {
        struct choice c = {.sketch = sketch, .percent = percent, .column_room = TARN_SKETCH_COLUMNS, .err = err};
        TARN_RETURN_IF_ERROR(choose(&c, sketch->root, out));
        if (c.columns <= TARN_SKETCH_COLUMNS) {
            break;
        }
    }
    return TARN_OK;
}
