/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_TREE_H
#define TARN_TXLOG_DELTA_DELTA_TREE_H

#include "format/base/arena.h"
#include "format/base/text.h"
#include "tarn/alter.h"

/*
 * schemaString as a tree that can be changed and printed again: what is not touched stays as its writer wrote it, column metadata that
 * tarn knows nothing about included. (struct tarn_schema is for reading and has no room for that.)
 *
 * Ownership: everything lies in the arena, texts partly in the JSON text, which must outlive the tree. Threads: single.
 */
enum tarn__tree_kind { TARN_TREE_LEAF = 0, TARN_TREE_STRUCT, TARN_TREE_LIST, TARN_TREE_MAP };

struct tarn__tree_type;

struct tarn__tree_field {
    struct tarn_text name;
    struct tarn__tree_type *type;
    bool nullable;
    uint32_t property_count;
    uint32_t property_capacity;
    struct tarn_property *properties; /* column metadata: values are raw JSON */
};

struct tarn__tree_type {
    enum tarn__tree_kind kind;
    struct tarn_text name; /* LEAF: "long", "decimal(10,2)" */
    uint32_t field_count;
    uint32_t field_capacity;
    struct tarn__tree_field *fields; /* LIST: "element"; MAP: "key", "value" */
};

/** Errors: CORRUPT schema, UNSUPPORTED delta.type.udt, LIMIT depth, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__tree_parse(struct tarn_arena *arena, struct tarn_text json, struct tarn__tree_type **out,
                                                   struct tarn_error *err);
/** schemaString again. */
void tarn__tree_print(const struct tarn__tree_type *tree, struct tarn_text_builder *out);
/** A schema that tarn__delta_schema_map has been over, as a tree without column mapping. */
TARN_WARN_UNUSED enum tarn_status tarn__tree_of_schema(struct tarn_arena *arena, const struct tarn_schema *schema,
                                                       struct tarn__tree_type **out, struct tarn_error *err);

/** Where a column is. */
struct tarn__tree_place {
    struct tarn__tree_type *parent;
    uint32_t index;
    struct tarn__tree_field *field;  /* parent->fields[index] */
    struct tarn__tree_field *anchor; /* the field itself, or around an element, key or value the field that has metadata */
    struct tarn_text inside;         /* the way from the anchor: "element", "value.element"; empty: the field itself */
};

/** Errors: NOT_FOUND, detail "column". */
TARN_WARN_UNUSED enum tarn_status tarn__tree_find(struct tarn_arena *arena, struct tarn__tree_type *tree, struct tarn_column_name path,
                                                  struct tarn__tree_place *out, struct tarn_error *err);
/** The member called so, exactly or, where that is one only, without case; UINT32_MAX: none. */
uint32_t tarn__tree_member(const struct tarn__tree_type *type, struct tarn_text name);

/** Puts a field before number `at`. */
TARN_WARN_UNUSED enum tarn_status tarn__tree_insert(struct tarn_arena *arena, struct tarn__tree_type *type, uint32_t at,
                                                    const struct tarn__tree_field *field, struct tarn_error *err);
void tarn__tree_remove(struct tarn__tree_type *type, uint32_t at);

/** Column metadata; NULL: none of that key. */
const struct tarn_text *tarn__tree_get(const struct tarn__tree_field *field, struct tarn_text key);
/** `json` is raw JSON that lives as long as the tree. */
TARN_WARN_UNUSED enum tarn_status tarn__tree_set(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key,
                                                 struct tarn_text json, struct tarn_error *err);
/** The same with a text or a number for the value. */
TARN_WARN_UNUSED enum tarn_status tarn__tree_set_text(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key,
                                                      struct tarn_text value, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__tree_set_int(struct tarn_arena *arena, struct tarn__tree_field *field, struct tarn_text key,
                                                     int64_t value, struct tarn_error *err);
/** False: there was none. */
bool tarn__tree_unset(struct tarn__tree_field *field, struct tarn_text key);

#endif
