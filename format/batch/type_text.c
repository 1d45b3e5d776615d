/* SPDX-License-Identifier: Apache-2.0
 *
 * Types in SQL's words, written and read. What tarn_type_format writes, tarn_type_parse reads back to an equal type.
 *
 * The words are DuckDB's where it has them. What it cannot say has a form of its own: a unit that is not the usual microsecond is the
 * number of digits of its fraction, TIMESTAMP(9); a zone that is not UTC, or a CRS, stands behind in quotes; a list of elements that are
 * never null is (INTEGER NOT NULL)[].
 */
#include <stdio.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "tarn/type.h"

/* ---- writing ---- */

/* Appends to a bounded buffer and counts what the whole text needs. */
struct line {
    char *buffer;
    size_t size;
    size_t length;
};

static void add(struct line *line, struct tarn_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (line->length + 1 < line->size) {
            line->buffer[line->length] = text.data[i];
        }
        line->length++;
    }
}

static void add_str(struct line *line, const char *text)
{
    add(line, tarn__text_of(text));
}

static void add_quoted(struct line *line, struct tarn_text text, char quote)
{
    const struct tarn_text mark = {&quote, 1};
    add(line, mark);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == quote) {
            add(line, mark);
        }
        add(line, (struct tarn_text){text.data + i, 1});
    }
    add(line, mark);
}

static bool is_word_char(char c)
{
    return tarn__is_letter(c) || tarn__is_digit(c) || c == '_';
}

static void add_name(struct line *line, struct tarn_text name)
{
    bool plain = name.size != 0 && !tarn__is_digit(name.data[0]);
    for (size_t i = 0; i < name.size && plain; i++) {
        plain = is_word_char(name.data[i]);
    }
    if (plain) {
        add(line, name);
    } else {
        add_quoted(line, name, '"');
    }
}

static void add_unit(struct line *line, enum tarn_time_unit unit)
{
    static const char *const digits[] = {"(0)", "(3)", "", "(9)"};
    add_str(line, digits[unit]);
}

static void write_type(struct line *line, const struct tarn_type *type);

static void write_member(struct line *line, const struct tarn_field *field)
{
    write_type(line, field->type);
    if (!field->nullable) {
        add_str(line, " NOT NULL");
    }
}

static void write_nested(struct line *line, const struct tarn_type *type)
{
    if (type->id == TARN_TYPE_LIST) {
        const struct tarn_field *element = &type->fields[0];
        add_str(line, element->nullable ? "" : "(");
        write_member(line, element);
        add_str(line, element->nullable ? "[]" : ")[]");
        return;
    }
    add_str(line, type->id == TARN_TYPE_MAP ? "MAP(" : "STRUCT(");
    for (uint32_t i = 0; i < type->field_count; i++) {
        add_str(line, i != 0 ? ", " : "");
        if (type->id == TARN_TYPE_MAP && i == 0) {
            write_type(line, type->fields[0].type);
            continue;
        }
        if (type->id == TARN_TYPE_STRUCT) {
            add_name(line, type->fields[i].name);
            add_str(line, " ");
        }
        write_member(line, &type->fields[i]);
    }
    add_str(line, ")");
}

static void write_timestamp(struct line *line, const struct tarn_type *type)
{
    add_str(line, "TIMESTAMP");
    add_unit(line, type->unit);
    add_str(line, type->wide ? " WIDE" : "");
    add_str(line, type->utc ? " WITH TIME ZONE" : "");
    if (type->utc && type->zone.size != 0 && !tarn__text_equal(type->zone, TARN_TEXT("UTC"))) {
        add_str(line, " ");
        add_quoted(line, type->zone, '\'');
    }
}

static const char *plain_name(enum tarn_type_id id)
{
    static const char *const names[] = {
        [TARN_TYPE_NULL] = "\"NULL\"",   [TARN_TYPE_BOOL] = "BOOLEAN",      [TARN_TYPE_I8] = "TINYINT",
        [TARN_TYPE_I16] = "SMALLINT",    [TARN_TYPE_I32] = "INTEGER",       [TARN_TYPE_I64] = "BIGINT",
        [TARN_TYPE_U8] = "UTINYINT",     [TARN_TYPE_U16] = "USMALLINT",     [TARN_TYPE_U32] = "UINTEGER",
        [TARN_TYPE_U64] = "UBIGINT",     [TARN_TYPE_F16] = "FLOAT16",       [TARN_TYPE_F32] = "FLOAT",
        [TARN_TYPE_F64] = "DOUBLE",      [TARN_TYPE_DECIMAL] = "DECIMAL",   [TARN_TYPE_DATE] = "DATE",
        [TARN_TYPE_TIME] = "TIME",       [TARN_TYPE_DURATION] = "DURATION", [TARN_TYPE_INTERVAL] = "INTERVAL",
        [TARN_TYPE_STRING] = "VARCHAR",  [TARN_TYPE_JSON] = "JSON",         [TARN_TYPE_ENUM] = "ENUM",
        [TARN_TYPE_BINARY] = "BLOB",     [TARN_TYPE_BSON] = "BSON",         [TARN_TYPE_FIXED] = "BINARY",
        [TARN_TYPE_UUID] = "UUID",       [TARN_TYPE_GEOMETRY] = "GEOMETRY", [TARN_TYPE_GEOGRAPHY] = "GEOGRAPHY",
        [TARN_TYPE_VARIANT] = "VARIANT",
    };
    return names[id];
}

static void write_type(struct line *line, const struct tarn_type *type)
{
    char number[32];
    switch (type->id) {
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
        write_nested(line, type);
        return;
    case TARN_TYPE_TIMESTAMP:
        write_timestamp(line, type);
        return;
    default:
        add_str(line, plain_name(type->id));
        break;
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        snprintf(number, sizeof(number), "(%d,%d)", (int)type->precision, (int)type->scale);
        add_str(line, number);
        break;
    case TARN_TYPE_FIXED:
        snprintf(number, sizeof(number), "(%u)", type->width);
        add_str(line, number);
        break;
    case TARN_TYPE_TIME:
    case TARN_TYPE_DURATION:
        add_unit(line, type->unit);
        add_str(line, type->id == TARN_TYPE_TIME && type->utc ? " WITH TIME ZONE" : "");
        break;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        if (type->zone.size != 0) {
            add_str(line, " ");
            add_quoted(line, type->zone, '\'');
        }
        break;
    default:
        break;
    }
}

size_t tarn_type_format(const struct tarn_type *type, char *buffer, size_t size)
{
    struct line line = {buffer, size, 0};
    write_type(&line, type);
    if (size != 0) {
        buffer[line.length < size ? line.length : size - 1] = '\0';
    }
    return line.length;
}

/* ---- reading ---- */

struct parser {
    struct tarn_arena *arena;
    struct tarn_text text;
    size_t at;
    struct tarn_error *err;
};

static enum tarn_status fail(const struct parser *parser, size_t at, const char *what)
{
    tarn__invalid(parser->err, "type_syntax", "%s in the type \"%.*s\"", what, TARN_TEXT_ARG(parser->text));
    tarn__error_at_offset(parser->err, at);
    return TARN_INVALID;
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->text.size && tarn__is_space(parser->text.data[parser->at])) {
        parser->at++;
    }
}

static bool take_char(struct parser *parser, char c)
{
    skip_space(parser);
    if (parser->at < parser->text.size && parser->text.data[parser->at] == c) {
        parser->at++;
        return true;
    }
    return false;
}

static struct tarn_text peek_word(struct parser *parser)
{
    skip_space(parser);
    size_t end = parser->at;
    while (end < parser->text.size && is_word_char(parser->text.data[end])) {
        end++;
    }
    return (struct tarn_text){parser->text.data + parser->at, end - parser->at};
}

static bool take_word(struct parser *parser, const char *word)
{
    const struct tarn_text next = peek_word(parser);
    if (tarn__text_equal_caseless(next, tarn__text_of(word))) {
        parser->at += next.size;
        return true;
    }
    return false;
}

/* A quoted text, its doubled quotes made single. *found false: there is no quote here. */
static enum tarn_status take_quoted(struct parser *parser, char quote, bool *found, struct tarn_text *out)
{
    const size_t begin = parser->at;
    *found = take_char(parser, quote);
    if (!*found) {
        return TARN_OK;
    }
    char *copy = tarn__arena_alloc(parser->arena, parser->text.size - parser->at + 1);
    if (copy == NULL) {
        return tarn__nomem(parser->arena->env, parser->err, parser->text.size);
    }
    size_t size = 0;
    while (parser->at < parser->text.size) {
        const char c = parser->text.data[parser->at++];
        if (c == quote) {
            if (parser->at == parser->text.size || parser->text.data[parser->at] != quote) {
                *out = (struct tarn_text){copy, size};
                return TARN_OK;
            }
            parser->at++;
        }
        copy[size++] = c;
    }
    return fail(parser, begin, "a quote is not closed");
}

static enum tarn_status take_number(struct parser *parser, int32_t *out)
{
    const struct tarn_text word = peek_word(parser);
    int32_t value = 0;
    if (word.size == 0 || word.size > 9) {
        return fail(parser, parser->at, "a number is missing");
    }
    for (size_t i = 0; i < word.size; i++) {
        if (!tarn__is_digit(word.data[i])) {
            return fail(parser, parser->at, "a number is missing");
        }
        value = value * 10 + (word.data[i] - '0');
    }
    parser->at += word.size;
    *out = value;
    return TARN_OK;
}

/* ( number [, number] ); the count of numbers in *count. */
static enum tarn_status take_arguments(struct parser *parser, int32_t numbers[2], int *count)
{
    *count = 0;
    if (!take_char(parser, '(')) {
        return TARN_OK;
    }
    do {
        if (*count == 2) {
            return fail(parser, parser->at, "too many numbers");
        }
        TARN_RETURN_IF_ERROR(take_number(parser, &numbers[*count]));
        (*count)++;
    } while (take_char(parser, ','));
    return take_char(parser, ')') ? TARN_OK : fail(parser, parser->at, "a closing parenthesis is missing");
}

static const struct word {
    const char *word;
    enum tarn_type_id id;
} words[] = {
    {"BOOLEAN", TARN_TYPE_BOOL},
    {"BOOL", TARN_TYPE_BOOL},
    {"LOGICAL", TARN_TYPE_BOOL},
    {"TINYINT", TARN_TYPE_I8},
    {"BYTE", TARN_TYPE_I8},
    {"INT1", TARN_TYPE_I8},
    {"SMALLINT", TARN_TYPE_I16},
    {"SHORT", TARN_TYPE_I16},
    {"INT2", TARN_TYPE_I16},
    {"INTEGER", TARN_TYPE_I32},
    {"INT", TARN_TYPE_I32},
    {"INT4", TARN_TYPE_I32},
    {"SIGNED", TARN_TYPE_I32},
    {"BIGINT", TARN_TYPE_I64},
    {"LONG", TARN_TYPE_I64},
    {"INT8", TARN_TYPE_I64},
    {"UTINYINT", TARN_TYPE_U8},
    {"USMALLINT", TARN_TYPE_U16},
    {"UINTEGER", TARN_TYPE_U32},
    {"UBIGINT", TARN_TYPE_U64},
    {"FLOAT16", TARN_TYPE_F16},
    {"HALF", TARN_TYPE_F16},
    {"FLOAT", TARN_TYPE_F32},
    {"REAL", TARN_TYPE_F32},
    {"FLOAT4", TARN_TYPE_F32},
    {"DOUBLE", TARN_TYPE_F64},
    {"FLOAT8", TARN_TYPE_F64},
    {"DECIMAL", TARN_TYPE_DECIMAL},
    {"NUMERIC", TARN_TYPE_DECIMAL},
    {"DEC", TARN_TYPE_DECIMAL},
    {"DATE", TARN_TYPE_DATE},
    {"TIME", TARN_TYPE_TIME},
    {"TIMETZ", TARN_TYPE_TIME},
    {"DURATION", TARN_TYPE_DURATION},
    {"INTERVAL", TARN_TYPE_INTERVAL},
    {"VARCHAR", TARN_TYPE_STRING},
    {"STRING", TARN_TYPE_STRING},
    {"TEXT", TARN_TYPE_STRING},
    {"CHAR", TARN_TYPE_STRING},
    {"BPCHAR", TARN_TYPE_STRING},
    {"JSON", TARN_TYPE_JSON},
    {"ENUM", TARN_TYPE_ENUM},
    {"BLOB", TARN_TYPE_BINARY},
    {"BYTEA", TARN_TYPE_BINARY},
    {"BINARY", TARN_TYPE_BINARY},
    {"VARBINARY", TARN_TYPE_BINARY},
    {"BSON", TARN_TYPE_BSON},
    {"UUID", TARN_TYPE_UUID},
    {"GEOMETRY", TARN_TYPE_GEOMETRY},
    {"GEOGRAPHY", TARN_TYPE_GEOGRAPHY},
    {"VARIANT", TARN_TYPE_VARIANT},
    {"STRUCT", TARN_TYPE_STRUCT},
    {"ROW", TARN_TYPE_STRUCT},
    {"MAP", TARN_TYPE_MAP},
    {"NULL", TARN_TYPE_NULL},
    {"VOID", TARN_TYPE_NULL},
    {"TIMESTAMP", TARN_TYPE_TIMESTAMP},
    {"DATETIME", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMPTZ", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMP_NTZ", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMP_S", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMP_MS", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMP_US", TARN_TYPE_TIMESTAMP},
    {"TIMESTAMP_NS", TARN_TYPE_TIMESTAMP},
};

static const struct word *find_word(struct tarn_text name)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tarn__text_equal_caseless(name, tarn__text_of(words[i].word))) {
            return &words[i];
        }
    }
    return NULL;
}

static enum tarn_status parse_type(struct parser *parser, unsigned depth, const struct tarn_type **out);

static enum tarn_status take_not_null(struct parser *parser, bool *nullable)
{
    *nullable = true;
    if (take_word(parser, "NOT")) {
        *nullable = false;
        return take_word(parser, "NULL") ? TARN_OK : fail(parser, parser->at, "NOT without NULL");
    }
    return TARN_OK;
}

static enum tarn_status take_name(struct parser *parser, struct tarn_text *out)
{
    bool quoted;
    TARN_RETURN_IF_ERROR(take_quoted(parser, '"', &quoted, out));
    if (!quoted) {
        *out = peek_word(parser);
        parser->at += out->size;
    }
    return quoted || out->size != 0 ? TARN_OK : fail(parser, parser->at, "the name of a member is missing");
}

/* The members of a struct or a map, from '(' to ')'. */
static enum tarn_status parse_members(struct parser *parser, unsigned depth, struct tarn_type *type)
{
    if (!take_char(parser, '(')) {
        return fail(parser, parser->at, "the members are missing");
    }
    size_t capacity = 0;
    struct tarn_field *fields = NULL;
    if (type->id == TARN_TYPE_STRUCT && take_char(parser, ')')) {
        return TARN_OK;
    }
    do {
        if (type->field_count == capacity) { /* the arena keeps the shorter copies: a type's text is short */
            capacity = capacity == 0 ? 4 : capacity * 2;
            struct tarn_field *more = tarn__arena_calloc(parser->arena, capacity, sizeof(*more));
            if (more == NULL) {
                return tarn__nomem(parser->arena->env, parser->err, capacity * sizeof(*more));
            }
            if (type->field_count != 0) {
                memcpy(more, fields, type->field_count * sizeof(*more));
            }
            fields = more;
        }
        struct tarn_field *field = &fields[type->field_count];
        field->id = -1;
        if (type->id == TARN_TYPE_STRUCT) {
            TARN_RETURN_IF_ERROR(take_name(parser, &field->name));
        } else {
            field->name = type->field_count == 0 ? TARN_TEXT("key") : TARN_TEXT("value");
        }
        TARN_RETURN_IF_ERROR(parse_type(parser, depth + 1, &field->type));
        TARN_RETURN_IF_ERROR(take_not_null(parser, &field->nullable));
        type->field_count++;
    } while (take_char(parser, ','));
    type->fields = fields;
    if (!take_char(parser, ')')) {
        return fail(parser, parser->at, "a closing parenthesis is missing");
    }
    if (type->id == TARN_TYPE_MAP) {
        if (type->field_count != 2) {
            return fail(parser, parser->at, "a map has a key and a value");
        }
        fields[0].nullable = false;
    }
    return TARN_OK;
}

static enum tarn_status unit_of_digits(struct parser *parser, int32_t digits, enum tarn_time_unit *unit)
{
    if (digits < 0 || digits > 9) {
        return fail(parser, parser->at, "a fraction of a second has 0 to 9 digits");
    }
    *unit = digits == 0 ? TARN_SECOND : digits <= 3 ? TARN_MILLI : digits <= 6 ? TARN_MICRO : TARN_NANO;
    return TARN_OK;
}

static enum tarn_status take_zone(struct parser *parser, struct tarn_type *type)
{
    const bool with = take_word(parser, "WITH");
    if (with || take_word(parser, "WITHOUT")) {
        if (!take_word(parser, "TIME") || !take_word(parser, "ZONE")) {
            return fail(parser, parser->at, "TIME ZONE is missing");
        }
        type->utc = with;
    }
    bool quoted = false;
    return type->utc && type->id == TARN_TYPE_TIMESTAMP ? take_quoted(parser, '\'', &quoted, &type->zone) : TARN_OK;
}

static enum tarn_status parse_time(struct parser *parser, struct tarn_text word, const int32_t numbers[2], int count,
                                   struct tarn_type *type)
{
    static const char *const suffixes[] = {"_S", "_MS", "_US", "_NS"};
    type->unit = TARN_MICRO;
    for (size_t i = 0; i < 4; i++) {
        const struct tarn_text suffix = tarn__text_of(suffixes[i]);
        const struct tarn_text base = TARN_TEXT("TIMESTAMP");
        if (word.size == base.size + suffix.size &&
            tarn__text_equal_caseless((struct tarn_text){word.data + base.size, suffix.size}, suffix)) {
            type->unit = (enum tarn_time_unit)i;
        }
    }
    type->utc = tarn__text_equal_caseless(word, TARN_TEXT("TIMESTAMPTZ")) || tarn__text_equal_caseless(word, TARN_TEXT("TIMETZ"));
    if (count > 1) {
        return fail(parser, parser->at, "one number of digits is enough");
    }
    if (count == 1) {
        TARN_RETURN_IF_ERROR(unit_of_digits(parser, numbers[0], &type->unit));
    }
    if (type->id == TARN_TYPE_DURATION) {
        return TARN_OK;
    }
    type->wide = type->id == TARN_TYPE_TIMESTAMP && take_word(parser, "WIDE");
    return take_zone(parser, type);
}

/* The words of a scalar type behind its name. */
static enum tarn_status parse_scalar(struct parser *parser, struct tarn_text word, struct tarn_type *type)
{
    int32_t numbers[2] = {0, 0};
    int count;
    bool quoted;
    const size_t at = parser->at;
    TARN_RETURN_IF_ERROR(take_arguments(parser, numbers, &count));
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        type->precision = count == 0 ? 18 : numbers[0];
        type->scale = count == 0 ? 3 : count == 1 ? 0 : numbers[1];
        return TARN_OK;
    case TARN_TYPE_F64:
        take_word(parser, "PRECISION");
        break;
    case TARN_TYPE_STRING: /* VARCHAR(n): the length is not enforced, as in DuckDB */
        return TARN_OK;
    case TARN_TYPE_BINARY:
        if (count == 1) {
            type->id = TARN_TYPE_FIXED;
            type->width = (uint32_t)numbers[0];
            return TARN_OK;
        }
        break;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_DURATION:
        return parse_time(parser, word, numbers, count, type);
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        TARN_RETURN_IF_ERROR(take_quoted(parser, '\'', &quoted, &type->zone));
        break;
    default:
        break;
    }
    return count == 0 ? TARN_OK : fail(parser, at, "numbers do not belong to this type");
}

static enum tarn_status parse_base(struct parser *parser, unsigned depth, struct tarn_type *type)
{
    bool quoted;
    struct tarn_text name;
    TARN_RETURN_IF_ERROR(take_quoted(parser, '"', &quoted, &name));
    if (!quoted) {
        name = peek_word(parser);
    }
    const struct word *word = find_word(name);
    if (word == NULL) {
        return fail(parser, parser->at, name.size == 0 ? "a type is missing" : "an unknown name");
    }
    if (!quoted) {
        parser->at += name.size;
    }
    type->id = word->id;
    if (type->id == TARN_TYPE_STRUCT || type->id == TARN_TYPE_MAP) {
        return parse_members(parser, depth, type);
    }
    return parse_scalar(parser, name, type);
}

static enum tarn_status new_type(struct parser *parser, struct tarn_type **out)
{
    *out = tarn__arena_alloc(parser->arena, sizeof(**out));
    return *out != NULL ? TARN_OK : tarn__nomem(parser->arena->env, parser->err, sizeof(**out));
}

static enum tarn_status parse_type(struct parser *parser, unsigned depth, const struct tarn_type **out)
{
    bool nullable = true;
    if (depth > TARN_MAX_DEPTH) {
        return fail(parser, parser->at, "too many levels");
    }
    const bool grouped = take_char(parser, '(');
    const struct tarn_type *type;
    if (grouped) {
        TARN_RETURN_IF_ERROR(parse_type(parser, depth + 1, &type));
        TARN_RETURN_IF_ERROR(take_not_null(parser, &nullable));
        if (!take_char(parser, ')')) {
            return fail(parser, parser->at, "a closing parenthesis is missing");
        }
    } else {
        struct tarn_type *base;
        TARN_RETURN_IF_ERROR(new_type(parser, &base));
        TARN_RETURN_IF_ERROR(parse_base(parser, depth, base));
        type = base;
    }
    for (unsigned lists = 0; take_char(parser, '['); lists++) {
        if (!take_char(parser, ']') || depth + lists > TARN_MAX_DEPTH) {
            return fail(parser, parser->at, "a list is written with []");
        }
        struct tarn_type *list;
        TARN_RETURN_IF_ERROR(new_type(parser, &list));
        struct tarn_field *element = tarn__arena_alloc(parser->arena, sizeof(*element));
        if (element == NULL) {
            return tarn__nomem(parser->arena->env, parser->err, sizeof(*element));
        }
        *element = (struct tarn_field){.name = TARN_TEXT("element"), .type = type, .nullable = nullable, .id = -1};
        *list = (struct tarn_type){.id = TARN_TYPE_LIST, .field_count = 1, .fields = element};
        nullable = true;
        type = list;
    }
    if (!nullable) {
        return fail(parser, parser->at, "NOT NULL in parentheses belongs to the elements of a list");
    }
    *out = type;
    return TARN_OK;
}

enum tarn_status tarn_type_parse(struct tarn_env *env, struct tarn_text text, struct tarn_schema **holder, const struct tarn_type **out,
                                 struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct parser parser = {.arena = &arena, .text = text, .err = err};
    struct tarn_field field = {.name = TARN_TEXT("type"), .nullable = true, .id = -1};
    *holder = NULL;
    *out = NULL;
    enum tarn_status status = parse_type(&parser, 1, &field.type);
    skip_space(&parser);
    if (status == TARN_OK && parser.at != text.size) {
        status = fail(&parser, parser.at, "something behind the end");
    }
    if (status == TARN_OK) {
        status = tarn_schema_make(env, 1, &field, 0, NULL, holder, err);
    }
    if (status == TARN_OK) {
        *out = (*holder)->fields[0].type;
    }
    tarn__arena_free(&arena);
    return status;
}
