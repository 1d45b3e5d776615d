/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/make_variant.h"

#include <stdlib.h>

#include "format/variant/variant_build.h"
#include "tests/support/suite.h"

enum { MOST_NAMES = 64 };

struct maker {
    const char *at;
    struct tarn_variant_builder values;
    struct tarn_text names[MOST_NAMES];
    uint32_t name_count;
};

static void put(struct maker *m);

static void skip(struct maker *m)
{
    while (*m->at == ' ' || *m->at == ',' || *m->at == ':') {
        m->at++;
    }
}

static struct tarn_text quoted(struct maker *m, char end)
{
    const char *begin = ++m->at;
    while (*m->at != end) {
        m->at++;
    }
    return (struct tarn_text){begin, (size_t)(m->at++ - begin)};
}

/* The place of a name; its order is that of its first eight bytes, which is enough here. */
static uint32_t name_id(struct maker *m, struct tarn_text name)
{
    for (uint32_t i = 0; i < m->name_count; i++) {
        if (tarn__text_equal(m->names[i], name)) {
            return i;
        }
    }
    ck_assert_uint_lt(m->name_count, MOST_NAMES);
    m->names[m->name_count] = name;
    return m->name_count++;
}

static uint64_t name_order(struct tarn_text name)
{
    uint64_t order = 0;
    ck_assert_uint_le(name.size, 8);
    for (size_t i = 0; i < 8; i++) {
        order = order << 8 | (i < name.size ? (uint8_t)name.data[i] : 0);
    }
    return order;
}

static void put_number(struct maker *m)
{
    const char *begin = m->at;
    bool point = false;
    int64_t unscaled = 0;
    uint8_t scale = 0;
    const bool negative = *begin == '-';
    for (m->at += negative; (*m->at >= '0' && *m->at <= '9') || *m->at == '.'; m->at++) {
        if (*m->at == '.') {
            point = true;
            continue;
        }
        unscaled = unscaled * 10 + (*m->at - '0');
        scale = (uint8_t)(scale + point);
    }
    unscaled = negative ? -unscaled : unscaled;
    const char *form = *m->at != '\0' ? strchr("dDQ", *m->at) : NULL;
    if (form != NULL) {
        const uint64_t words[2] = {(uint64_t)unscaled, unscaled < 0 ? UINT64_MAX : 0};
        const enum tarn_variant_type types[] = {TARN_VARIANT_DECIMAL4, TARN_VARIANT_DECIMAL8, TARN_VARIANT_DECIMAL16};
        const char forms[] = "dDQ";
        tarn__variant_add_decimal(&m->values, types[form[0] == forms[0] ? 0 : form[0] == forms[1] ? 1 : 2], scale, words);
        m->at++;
    } else if (point) {
        const bool narrow = *m->at == 'f';
        m->at += narrow;
        tarn__variant_add_float(&m->values, narrow ? TARN_VARIANT_F32 : TARN_VARIANT_F64, atof(begin));
    } else {
        tarn__variant_add_int(&m->values,
                              unscaled == (int8_t)unscaled    ? TARN_VARIANT_I8
                              : unscaled == (int16_t)unscaled ? TARN_VARIANT_I16
                              : unscaled == (int32_t)unscaled ? TARN_VARIANT_I32
                                                              : TARN_VARIANT_I64,
                              unscaled);
    }
}

static void put_object(struct maker *m)
{
    tarn__variant_begin_object(&m->values);
    m->at++;
    for (skip(m); *m->at != '}'; skip(m)) {
        const struct tarn_text name = quoted(m, '"');
        tarn__variant_add_field(&m->values, name_id(m, name), name_order(name));
        put(m);
    }
    m->at++;
    ck_assert(tarn__variant_end(&m->values));
}

static void put(struct maker *m)
{
    skip(m);
    switch (*m->at) {
    case '{':
        put_object(m);
        return;
    case '[':
        tarn__variant_begin_array(&m->values);
        m->at++;
        for (skip(m); *m->at != ']'; skip(m)) {
            put(m);
        }
        m->at++;
        (void)tarn__variant_end(&m->values);
        return;
    case '"':
        tarn__variant_add_bytes(&m->values, TARN_VARIANT_STRING, tarn__span_of_text(quoted(m, '"')));
        return;
    case '\'':
        tarn__variant_add_bytes(&m->values, TARN_VARIANT_BINARY, tarn__span_of_text(quoted(m, '\'')));
        return;
    case 'n':
        tarn__variant_add_null(&m->values);
        m->at += 4;
        return;
    case 't':
    case 'f':
        tarn__variant_add_bool(&m->values, *m->at == 't');
        m->at += *m->at == 't' ? 4 : 5;
        return;
    default:
        put_number(m);
        return;
    }
}

void tarn_test_add_variant(struct tarn_vector_builder *builder, struct tarn_env *env, const char *text)
{
    struct maker m = {.at = text};
    struct tarn_variant_builder metadata;
    struct tarn_error err = TARN_ERROR_INIT;
    if (text == NULL) {
        tarn__vector_builder_null(builder);
        return;
    }
    tarn__variant_builder_init(&m.values, env);
    tarn__variant_builder_init(&metadata, env);
    put(&m);
    tarn__variant_add_metadata(&metadata, NULL, m.name_count, m.names);
    ck_assert_ok(tarn__variant_builder_status(&m.values, &err), &err);
    ck_assert_ok(tarn__variant_builder_status(&metadata, &err), &err);
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){(const char *)metadata.data, metadata.size});
    tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), (struct tarn_text){(const char *)m.values.data, m.values.size});
    tarn__vector_builder_close(builder);
    tarn__variant_builder_free(&m.values);
    tarn__variant_builder_free(&metadata);
}
