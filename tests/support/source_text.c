/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/source_text.h"

#include <stdio.h>
#include <string.h>

#include "tarn/arrow.h"
#include "tests/support/suite.h"

static char text[262144];
static size_t used;

static void add(const char *bytes, size_t size)
{
    size = size < sizeof(text) - 1 - used ? size : sizeof(text) - 1 - used;
    memcpy(text + used, bytes, size);
    used += size;
    text[used] = '\0';
}

static void add_schema(const struct tarn_schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        char type[2048];
        const size_t size = tarn_type_format(schema->fields[i].type, type, sizeof(type));
        add(", ", i != 0 ? 2 : 0);
        add(schema->fields[i].name.data, schema->fields[i].name.size);
        add(" ", 1);
        add(type, size < sizeof(type) ? size : sizeof(type) - 1);
    }
}

static void add_value(struct tarn_env *env, const struct tarn_vector *vector, uint32_t row)
{
    char value[4096];
    if (tarn_vector_is_null(vector, row)) {
        add("~", 1);
        return;
    }
    const size_t size = tarn_vector_format(env, vector, row, value, sizeof(value));
    add(value, size < sizeof(value) ? size : sizeof(value) - 1);
}

static enum tarn_status add_rows(struct tarn_source *source, struct tarn_error *err)
{
    struct tarn_batches *batches;
    enum tarn_status status = tarn_source_batches(source, NULL, &batches, err);
    while (status == TARN_OK) {
        struct tarn_batch *batch;
        status = batches->next(batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        for (uint32_t row = 0; row < batch->length; row++) {
            for (uint32_t c = 0; c < batch->column_count; c++) {
                add("|", c != 0);
                add_value(source->env, batch->columns[c], row);
            }
            add("\n", 1);
        }
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    return status;
}

const char *tarn_test_source_text(struct tarn_source *source)
{
    struct tarn_error err = TARN_ERROR_INIT;
    used = 0;
    add_schema(tarn_source_schema(source));
    add("\n", 1);
    if (add_rows(source, &err) != TARN_OK) {
        char line[256];
        const int size = snprintf(line, sizeof(line), "!%s.%s", tarn_status_name(err.code), err.detail);
        add(line, (size_t)size);
    }
    return text;
}

const char *tarn_test_schema_text(const struct tarn_schema *schema)
{
    used = 0;
    add_schema(schema);
    return text;
}

struct tarn_store *tarn_test_store_of(struct tarn_env *env, const void *bytes, size_t size)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    const struct tarn_span span = {bytes, size};
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("f"), span, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    return store;
}
