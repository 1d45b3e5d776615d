/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition specs from the user's words.
 *
 * Names of fields are those that Iceberg's Java library gives: id_bucket, name_trunc, ts_day. SPEC: T-ICEBERG-SPEC-4.
 *
 *     words := name | transform "(" [number ","] name ["," number] ")"
 *     name  := bare | '"' any, '"' doubled '"'
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/core/partition_transform.h"
#include "txlog/iceberg/iceberg_schema.h"
#include "txlog/iceberg/iceberg_spec.h"

struct wanted {
    enum tarn__transform transform;
    int32_t parameter;
    struct tarn_text name;
};

static enum tarn_status bad_words(struct tarn_text words, const char *what, struct tarn_error *err)
{
    return tarn__invalid(err, "partition_transform", "cannot partition by %.*s: %s", TARN_TEXT_ARG(words), what);
}

static bool find_transform(struct tarn_text word, enum tarn__transform *out)
{
    static const struct {
        const char *word;
        enum tarn__transform transform;
    } known[] = {
        {"identity", TARN_TRANSFORM_IDENTITY}, {"bucket", TARN_TRANSFORM_BUCKET}, {"truncate", TARN_TRANSFORM_TRUNCATE},
        {"year", TARN_TRANSFORM_YEAR},         {"years", TARN_TRANSFORM_YEAR},    {"month", TARN_TRANSFORM_MONTH},
        {"months", TARN_TRANSFORM_MONTH},      {"day", TARN_TRANSFORM_DAY},       {"days", TARN_TRANSFORM_DAY},
        {"hour", TARN_TRANSFORM_HOUR},         {"hours", TARN_TRANSFORM_HOUR},    {"void", TARN_TRANSFORM_VOID},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (tarn__text_equal_caseless(word, tarn__text_of(known[i].word))) {
            *out = known[i].transform;
            return true;
        }
    }
    return false;
}

/* Takes the quotes off; `text` is the whole name. */
static enum tarn_status unquote(struct tarn_arena *arena, struct tarn_text words, struct tarn_text text, struct tarn_text *out,
                                struct tarn_error *err)
{
    *out = text;
    if (text.size == 0 || text.data[0] != '"') {
        return text.size != 0 ? TARN_OK : bad_words(words, "a column's name is missing", err);
    }
    char *name = tarn__arena_alloc(arena, text.size);
    if (name == NULL) {
        return tarn__nomem(arena->env, err, text.size);
    }
    size_t size = 0;
    size_t i = 1;
    for (; i < text.size; i++) {
        if (text.data[i] == '"') {
            if (i + 1 == text.size || text.data[i + 1] != '"') {
                break;
            }
            i++;
        }
        name[size++] = text.data[i];
    }
    *out = (struct tarn_text){name, size};
    return i + 1 == text.size ? TARN_OK : bad_words(words, "a quote that does not end where the name ends", err);
}

/* The comma outside quotes; text.size when there is none. */
static size_t find_comma(struct tarn_text text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        quoted = text.data[i] == '"' ? !quoted : quoted;
        if (text.data[i] == ',' && !quoted) {
            return i;
        }
    }
    return text.size;
}

static bool is_number(struct tarn_text text)
{
    bool all = text.size != 0;
    for (size_t i = 0; i < text.size; i++) {
        all = all && tarn__is_digit(text.data[i]);
    }
    return all;
}

static enum tarn_status parse_arguments(struct tarn_arena *arena, struct tarn_text words, struct tarn_text inside, struct wanted *out,
                                        struct tarn_error *err)
{
    const size_t comma = find_comma(inside);
    struct tarn_text name = tarn__text_trim((struct tarn_text){inside.data, comma});
    const bool takes_number = out->transform == TARN_TRANSFORM_BUCKET || out->transform == TARN_TRANSFORM_TRUNCATE;
    if (takes_number != (comma != inside.size)) {
        return bad_words(words, takes_number ? "a number and a column belong there: bucket(16, id)" : "one column belongs there", err);
    }
    if (takes_number) {
        struct tarn_text number = name;
        name = tarn__text_trim((struct tarn_text){inside.data + comma + 1, inside.size - comma - 1});
        if (!is_number(number)) {
            const struct tarn_text other = number;
            number = name;
            name = other;
        }
        int64_t value;
        if (!is_number(number) || tarn__int64_parse(number, &value) != TARN_PARSED || value < 1 || value > INT32_MAX) {
            return bad_words(words, "a number from 1 to 2147483647 and a column belong there", err);
        }
        out->parameter = (int32_t)value;
    }
    return unquote(arena, words, name, &out->name, err);
}

static enum tarn_status parse_words(struct tarn_arena *arena, const struct tarn_schema *schema, struct tarn_text words, struct wanted *out,
                                    struct tarn_error *err)
{
    *out = (struct wanted){.transform = TARN_TRANSFORM_IDENTITY, .name = words};
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (tarn__text_equal(schema->fields[i].name, words)) { /* whatever is in the name */
            return TARN_OK;
        }
    }
    words = tarn__text_trim(words);
    const char *open = words.size != 0 && words.data[0] != '"' ? memchr(words.data, '(', words.size) : NULL;
    if (open == NULL || words.data[words.size - 1] != ')') {
        return unquote(arena, words, words, &out->name, err);
    }
    const size_t begin = (size_t)(open - words.data);
    if (!find_transform(tarn__text_trim((struct tarn_text){words.data, begin}), &out->transform)) {
        return bad_words(words, "there are identity, bucket, truncate, year, month, day and hour", err);
    }
    return parse_arguments(arena, words, (struct tarn_text){open + 1, words.size - begin - 2}, out, err);
}

static enum tarn_status name_field(struct tarn_arena *arena, const struct tarn_field *column, struct tarn__iceberg_partition_field *field,
                                   struct tarn_error *err)
{
    static const char *const endings[] = {"", "_bucket", "_trunc", "_year", "_month", "_day", "_hour", "_null"};
    struct tarn_text_builder text;
    tarn__builder_init(&text, arena->env);
    tarn__builder_add(&text, column->name);
    tarn__builder_add_str(&text, endings[field->transform]);
    field->name = tarn__arena_text(arena, tarn__builder_text(&text));
    tarn__builder_clear(&text);
    tarn__iceberg_transform_print(field->transform, field->parameter, &text);
    field->word = tarn__arena_text(arena, tarn__builder_text(&text));
    const bool failed = text.failed || field->name.data == NULL || field->word.data == NULL;
    tarn__builder_free(&text);
    return failed ? tarn__nomem(arena->env, err, column->name.size) : TARN_OK;
}

static bool is_time(enum tarn__transform transform)
{
    return transform >= TARN_TRANSFORM_YEAR && transform <= TARN_TRANSFORM_HOUR;
}

/* Against the columns and the fields before it. */
static enum tarn_status check_field(const struct tarn_schema *schema, uint32_t column, const struct tarn__iceberg_spec *spec,
                                    const struct tarn__iceberg_partition_field *field, struct tarn_error *err)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (tarn__text_equal(schema->fields[i].name, field->name) && (field->transform != TARN_TRANSFORM_IDENTITY || i != column)) {
            return tarn__invalid(err, "partition_column", "the partition field would be called %.*s, which is a column's name",
                                 TARN_TEXT_ARG(field->name));
        }
    }
    for (uint32_t i = 0; i < spec->field_count; i++) {
        const struct tarn__iceberg_partition_field *other = &spec->fields[i];
        const bool twice = other->source_id == field->source_id && is_time(other->transform) && is_time(field->transform);
        if (twice || tarn__text_equal(other->name, field->name)) {
            return tarn__invalid(err, "partition_column", "the partition fields %.*s and %.*s say the same", TARN_TEXT_ARG(other->name),
                                 TARN_TEXT_ARG(field->name));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_spec_make(struct tarn_arena *arena, const struct tarn_schema *schema, uint32_t count,
                                         const struct tarn_text *words, int32_t spec_id, int32_t first_id, struct tarn__iceberg_spec *out,
                                         struct tarn_error *err)
{
    *out = (struct tarn__iceberg_spec){0};
    struct tarn__iceberg_partition_field *fields = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*fields));
    }
    struct tarn__iceberg_spec made = {.id = spec_id, .fields = fields};
    for (uint32_t i = 0; i < count; i++) {
        struct wanted wanted;
        const struct tarn_type *result;
        TARN_RETURN_IF_ERROR(parse_words(arena, schema, words[i], &wanted, err));
        const int32_t column = tarn_fields_find(schema->field_count, schema->fields, wanted.name);
        if (column < 0) {
            return tarn__invalid(err, "partition_column", "the table has no column %.*s to partition by", TARN_TEXT_ARG(wanted.name));
        }
        const struct tarn_field *source = &schema->fields[column];
        enum tarn_status status = tarn__transform_result(wanted.transform, wanted.parameter, source->type, &result, err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, source->name);
            return status;
        }
        fields[i] = (struct tarn__iceberg_partition_field){
            .source_id = source->id, .id = first_id + (int32_t)i, .transform = wanted.transform, .parameter = wanted.parameter};
        TARN_RETURN_IF_ERROR(name_field(arena, source, &fields[i], err));
        TARN_RETURN_IF_ERROR(check_field(schema, (uint32_t)column, &made, &fields[i], err));
        made.field_count = i + 1;
    }
    *out = made;
    return TARN_OK;
}
