/* SPDX-License-Identifier: Apache-2.0
 *
 * Footers changed without their pages: names, field ids, key-value metadata.
 *
 * Specification: parquet.thrift "SchemaElement", "KeyValue". SPEC: P-COPY-8, P-COPY-9.
 *
 * Invariants
 *  1. A renamed column keeps its type: the groups that make a list, a map or a variant what it is are not renamed.
 *  2. Siblings have different names, also when letters of either case count as one.
 *  3. A key-value that tells of columns by name does not outlive a name that it tells of.
 */
#include "txlog/core/files/footer_edit.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/base/text.h"
#include "format/base/utf8.h"

void tarn__copy_note(const struct tarn_parquet_copy_options *options, const char *format, ...)
{
    char words[512];
    va_list args;
    if (options->note == NULL) {
        return;
    }
    va_start(args, format);
    const int size = vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    options->note(options->note_arg, (struct tarn_text){words, size < 0                       ? 0
                                                               : (size_t)size < sizeof(words) ? (size_t)size
                                                                                              : sizeof(words) - 1});
}

/* ---- the tree of elements ---- */

struct edit {
    struct tarn_arena *arena;
    const struct tarn_parquet_copy_options *options;
    uint32_t count;
    struct parquet_schema_element *elements;
    uint32_t *parents;
    uint32_t *next; /* behind the last element below */
};

static uint32_t index_tree(struct edit *edit, uint32_t at, uint32_t parent)
{
    const struct parquet_schema_element *element = &edit->elements[at];
    const bool is_group = at == 0 || !element->has_type; /* parquet-go once wrote a type beside the root's children */
    const uint32_t children = is_group && element->has_num_children ? (uint32_t)element->num_children : 0;
    uint32_t behind = at + 1;
    edit->parents[at] = parent;
    for (uint32_t i = 0; i < children; i++) {
        behind = index_tree(edit, behind, at);
    }
    edit->next[at] = behind;
    return behind;
}

/* Names may have dots themselves: a child whose name begins the rest of the path, and under which the rest is found. */
static uint32_t find_below(const struct edit *edit, uint32_t group, struct tarn_text path)
{
    for (uint32_t at = group + 1; at < edit->next[group]; at = edit->next[at]) {
        const struct tarn_text name = edit->elements[at].name;
        if (tarn__text_equal(name, path)) {
            return at;
        }
        if (tarn__text_starts(path, name) && path.data[name.size] == '.' && edit->next[at] > at + 1) {
            const struct tarn_text rest = {path.data + name.size + 1, path.size - name.size - 1};
            const uint32_t found = find_below(edit, at, rest);
            if (found != 0) {
                return found;
            }
        }
    }
    return 0;
}

static enum tarn_status find_element(const struct edit *edit, struct tarn_text path, uint32_t *out, struct tarn_error *err)
{
    *out = find_below(edit, 0, path);
    return *out != 0
               ? TARN_OK
               : tarn__error_set(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\" in the stored schema", TARN_TEXT_ARG(path));
}

/* Is it part of how a list, a map or a variant is stored? */
static bool is_structural(const struct edit *edit, uint32_t at)
{
    const struct parquet_schema_element *parent = &edit->elements[edit->parents[at]];
    if (edit->parents[at] == 0) {
        return false;
    }
    return parent->has_logical_type || parent->has_converted_type || parent->repetition_type == PARQUET_REPEATED;
}

static char plain_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool same_name(struct tarn_text a, struct tarn_text b)
{
    bool same = a.size == b.size;
    for (size_t i = 0; same && i < a.size; i++) {
        same = plain_letter(a.data[i]) == plain_letter(b.data[i]);
    }
    return same;
}

/* Of the renamed ones; what else a foreign file has is as it is. */
static enum tarn_status check_siblings(const struct edit *edit, uint32_t at, struct tarn_error *err)
{
    const uint32_t parent = edit->parents[at];
    for (uint32_t other = parent + 1; other < edit->next[parent]; other = edit->next[other]) {
        if (other != at && same_name(edit->elements[other].name, edit->elements[at].name)) {
            return tarn__invalid(err, "rename", "there would be two columns \"%.*s\"", TARN_TEXT_ARG(edit->elements[at].name));
        }
    }
    return TARN_OK;
}

static enum tarn_status rename_all(struct edit *edit, struct tarn_error *err)
{
    const uint32_t count = edit->options->rename_count;
    uint32_t *found = tarn__arena_calloc(edit->arena, (size_t)count + 1, sizeof(*found));
    if (found == NULL) {
        return tarn__nomem(edit->arena->env, err, count);
    }
    for (uint32_t i = 0; i < count; i++) { /* all are found before any is renamed: names can be swapped */
        const struct tarn_parquet_rename *rename = &edit->options->renames[i];
        TARN_RETURN_IF_ERROR(find_element(edit, rename->path, &found[i], err));
        if (is_structural(edit, found[i])) {
            return tarn__invalid(err, "rename", "\"%.*s\" is part of how a list, map or variant is stored", TARN_TEXT_ARG(rename->path));
        }
        if (rename->name.size == 0 || memchr(rename->name.data, '\0', rename->name.size) != NULL || !tarn__utf8_is_valid(rename->name)) {
            return tarn__invalid(err, "rename", "\"%.*s\" cannot be the name of a column", TARN_TEXT_ARG(rename->name));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        edit->elements[found[i]].name = edit->options->renames[i].name;
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(check_siblings(edit, found[i], err));
    }
    return TARN_OK;
}

static enum tarn_status give_ids(struct edit *edit, struct tarn_error *err)
{
    for (uint32_t i = 0; i < edit->options->field_id_count; i++) {
        const struct tarn_parquet_field_id *given = &edit->options->field_ids[i];
        uint32_t at;
        TARN_RETURN_IF_ERROR(find_element(edit, given->path, &at, err));
        edit->elements[at].has_field_id = given->id >= 0;
        edit->elements[at].field_id = given->id >= 0 ? given->id : 0;
    }
    return TARN_OK;
}

static enum tarn_status edit_schema(struct edit *edit, const struct tarn_footer *from, struct tarn_error *err)
{
    edit->count = from->metadata.schema.count;
    edit->elements = tarn__arena_calloc(edit->arena, edit->count, sizeof(*edit->elements));
    edit->parents = tarn__arena_calloc(edit->arena, edit->count, sizeof(*edit->parents));
    edit->next = tarn__arena_calloc(edit->arena, edit->count, sizeof(*edit->next));
    if (edit->elements == NULL || edit->parents == NULL || edit->next == NULL) {
        return tarn__nomem(edit->arena->env, err, edit->count * sizeof(*edit->elements));
    }
    memcpy(edit->elements, from->metadata.schema.items, edit->count * sizeof(*edit->elements));
    (void)index_tree(edit, 0, 0);
    for (uint32_t i = 0; i < edit->count; i++) {
        if (edit->elements[i].has_logical_type && edit->elements[i].logical_type.id > PARQUET_LOGICAL_FILE) {
            tarn__copy_note(edit->options, "the logical type of \"%.*s\" is not known and is not kept",
                            TARN_TEXT_ARG(edit->elements[i].name));
            edit->elements[i].has_logical_type = false;
        }
    }
    TARN_RETURN_IF_ERROR(rename_all(edit, err));
    return give_ids(edit, err);
}

/* ---- key-values ---- */

/* Keys under which programs keep a schema, or facts of columns, by their names: ARROW:schema, parquet.avro.schema and others of that end.
 */
static bool tells_of_names(struct tarn_text key)
{
    static const char *const keys[] = {"pandas", "geo", "org.apache.spark.sql.parquet.row.metadata", "parquet.proto.descriptor"};
    const struct tarn_text end = TARN_TEXT("schema");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (tarn__text_equal(key, tarn__text_of(keys[i]))) {
            return true;
        }
    }
    return key.size >= end.size && memcmp(key.data + key.size - end.size, end.data, end.size) == 0;
}

static bool is_among(struct tarn_text key, uint32_t count, const struct tarn_text *keys)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tarn__text_equal(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool is_set(const struct tarn_parquet_copy_options *options, struct tarn_text key)
{
    for (uint32_t i = 0; i < options->set_count; i++) {
        if (tarn__text_equal(key, options->set[i].key)) {
            return true;
        }
    }
    return false;
}

/* Does the key of the file go on? */
static bool is_kept(const struct edit *edit, struct tarn_text key)
{
    const struct tarn_parquet_copy_options *options = edit->options;
    if (tarn__text_equal(key, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY)) || is_among(key, options->unset_count, options->unset) ||
        is_set(options, key)) {
        return false;
    }
    if (options->rename_count == 0 || !tells_of_names(key)) {
        return true;
    }
    tarn__copy_note(options, "the key \"%.*s\" tells of columns by their old names and is dropped", TARN_TEXT_ARG(key));
    return false;
}

static enum tarn_status edit_keys(struct edit *edit, struct parquet_file_metadata *metadata, struct tarn_error *err)
{
    const struct tarn_parquet_copy_options *options = edit->options;
    const uint32_t stored = metadata->has_key_value_metadata ? metadata->key_value_metadata.count : 0;
    const struct parquet_key_value *from = metadata->key_value_metadata.items;
    struct parquet_key_value *keys = tarn__arena_calloc(edit->arena, (size_t)stored + options->set_count + 1, sizeof(*keys));
    uint32_t count = 0;

    if (keys == NULL) {
        return tarn__nomem(edit->arena->env, err, stored * sizeof(*keys));
    }
    for (uint32_t i = 0; i < options->unset_count; i++) {
        if (tarn__footer_key(metadata, options->unset[i]).data == NULL) {
            tarn__copy_note(options, "there is no key \"%.*s\" to remove", TARN_TEXT_ARG(options->unset[i]));
        }
    }
    for (uint32_t i = 0; i < stored; i++) {
        if (is_kept(edit, from[i].key)) {
            keys[count++] = from[i];
        }
    }
    for (uint32_t i = 0; i < options->set_count; i++) {
        const struct tarn_property *set = &options->set[i];
        if (set->key.size == 0 || tarn__text_equal(set->key, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY)) || !tarn__utf8_is_valid(set->key) ||
            !tarn__utf8_is_valid(set->value)) {
            return tarn__invalid(err, "key", "\"%.*s\" cannot be set: a key and its value are UTF-8, and tarn's checksum is its own",
                                 TARN_TEXT_ARG(set->key));
        }
        keys[count++] = (struct parquet_key_value){set->key, true, set->value};
    }
    metadata->has_key_value_metadata = count != 0;
    metadata->key_value_metadata.count = count;
    metadata->key_value_metadata.items = keys;
    return TARN_OK;
}

enum tarn_status tarn__footer_edit(const struct tarn_footer *from, const struct tarn_parquet_copy_options *options,
                                   struct tarn_arena *arena, struct parquet_file_metadata *out, struct tarn_file_schema **schema,
                                   struct tarn_error *err)
{
    struct edit edit = {.arena = arena, .options = options};

    *out = from->metadata;
    *schema = NULL;
    TARN_RETURN_IF_ERROR(edit_schema(&edit, from, err));
    out->schema.items = edit.elements;
    out->row_groups.count = 0;
    out->row_groups.items = NULL;
    TARN_RETURN_IF_ERROR(edit_keys(&edit, out, err));
    return tarn__file_schema_read(arena, edit.count, edit.elements, 0, NULL, schema, err);
}
