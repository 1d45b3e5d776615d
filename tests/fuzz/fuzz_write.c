/* SPDX-License-Identifier: Apache-2.0
 * Rows of any schema, written by any options, twice: once in one batch, once cut into pieces. The bytes are the same, the rows come back as
 * they were given, and verify finds nothing wrong. Schema, options and rows are drawn from the input, and from a generator behind its end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/text.h"
#include "format/batch/vector_builder.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_COLUMNS = 4, MOST_FIELDS = 64, MOST_ROWS = 400, MOST_DEPTH = 4 };

static void demand(bool holds, const char *what, const struct tarn_error *err)
{
    if (!holds) {
        fprintf(stderr, "%s: %s.%s %s (column %s)\n", what, tarn_status_name(err->code), err->detail, err->message, err->column);
        abort();
    }
}

/* ---- the input ---- */

struct input {
    const uint8_t *data;
    size_t size;
    uint64_t state;
};

static uint32_t draw(struct input *in, uint32_t below)
{
    uint32_t value;
    if (in->size != 0) {
        value = in->data[0];
        in->state = in->state * UINT64_C(6364136223846793005) + value;
        in->data++;
        in->size--;
    } else {
        in->state = in->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        value = (uint32_t)(in->state >> 40);
    }
    return value % below;
}

/* ---- schemas ---- */

struct shape {
    struct tarn_field fields[MOST_FIELDS];
    struct tarn_type types[MOST_FIELDS];
    uint32_t field_count;
    uint32_t type_count;
};

static const struct tarn_type leaves[] = {
    {.id = TARN_TYPE_BOOL},
    {.id = TARN_TYPE_I8},
    {.id = TARN_TYPE_I32},
    {.id = TARN_TYPE_I64},
    {.id = TARN_TYPE_U16},
    {.id = TARN_TYPE_U64},
    {.id = TARN_TYPE_F32},
    {.id = TARN_TYPE_F64},
    {.id = TARN_TYPE_F16},
    {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 3},
    {.id = TARN_TYPE_DECIMAL, .precision = 18, .scale = 3},
    {.id = TARN_TYPE_DECIMAL, .precision = 30, .scale = 3},
    {.id = TARN_TYPE_DATE},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true},
    {.id = TARN_TYPE_STRING},
    {.id = TARN_TYPE_BINARY},
    {.id = TARN_TYPE_FIXED, .width = 5},
    {.id = TARN_TYPE_UUID},
};

static const struct tarn_type *draw_type(struct input *in, struct shape *shape, unsigned depth);

static struct tarn_field *draw_fields(struct input *in, struct shape *shape, uint32_t count, const char *const *names, unsigned depth)
{
    struct tarn_field *made = &shape->fields[shape->field_count];
    shape->field_count += count;
    for (uint32_t i = 0; i < count; i++) {
        made[i] = (struct tarn_field){.name = tarn__text_of(names[i]), .nullable = draw(in, 3) != 0, .id = -1};
        made[i].type = draw_type(in, shape, depth);
    }
    return made;
}

static const struct tarn_type *draw_type(struct input *in, struct shape *shape, unsigned depth)
{
    static const char *const list_names[] = {"element"};
    static const char *const map_names[] = {"key", "value"};
    static const char *const struct_names[] = {"x", "y", "z"};
    const uint32_t pick = depth >= MOST_DEPTH || shape->field_count > MOST_FIELDS - 12 ? 9 : draw(in, 10);
    if (pick > 2) {
        return &leaves[draw(in, sizeof(leaves) / sizeof(leaves[0]))];
    }
    struct tarn_type *made = &shape->types[shape->type_count++];
    made->id = pick == 0 ? TARN_TYPE_LIST : pick == 1 ? TARN_TYPE_MAP : TARN_TYPE_STRUCT;
    made->field_count = pick == 0 ? 1 : pick == 1 ? 2 : 1 + draw(in, 3);
    struct tarn_field *members = draw_fields(in, shape, made->field_count,
                                             pick == 0   ? list_names
                                             : pick == 1 ? map_names
                                                         : struct_names,
                                             depth + 1);
    if (pick == 1) {
        members[0].nullable = false;
        members[0].type = &leaves[1 + draw(in, 4)];
    }
    made->fields = members;
    return made;
}

/* ---- rows ---- */

/* What the values of a column are like: few, many, or growing. */
struct habit {
    uint32_t distinct;
    int64_t at;
};

static void put_leaf(struct input *in, struct tarn_vector_builder *builder, const struct tarn_type *type, struct habit *habit)
{
    static const double odd[] = {0.0, -0.0, 1e300, -1e300, 5e-324, 65504.0};
    char bytes[300];
    const uint32_t value = draw(in, 256) | (habit->distinct > 256 ? draw(in, 256) << 8 : 0);
    const uint32_t pick = value % habit->distinct;
    habit->at += pick;
    switch (tarn_type_kind(type)) {
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, pick % 2 == 0);
        return;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        tarn__vector_builder_f64(builder, pick == 3 ? __builtin_nan("") : pick < 16 && pick > 9 ? odd[pick - 10] : pick / 8.0 - 2);
        return;
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED: {
        const size_t size = tarn_type_kind(type) == TARN_KIND_FIXED ? tarn_type_width(type) : pick % (pick % 7 == 0 ? sizeof(bytes) : 12);
        memset(bytes, 'a' + (int)(pick % 26), sizeof(bytes));
        for (size_t i = 0; i < size; i += 5) {
            bytes[i] = (char)('A' + (pick >> i % 8) % 26);
        }
        tarn__vector_builder_text(builder, (struct tarn_text){bytes, size});
        return;
    }
    default: {
        const bool is_small = type->id == TARN_TYPE_I8 || type->id == TARN_TYPE_U16;
        const bool is_unsigned = type->id >= TARN_TYPE_U8 && type->id <= TARN_TYPE_U64;
        const int64_t number = is_small ? pick % 100 : habit->distinct % 2 == 0 ? habit->at : (int64_t)pick * 1001;
        tarn__vector_builder_i64(builder, is_unsigned ? number : number - 50);
    }
    }
}

static void put(struct input *in, struct tarn_vector_builder *builder, const struct tarn_field *field, struct habit *habit)
{
    const struct tarn_type *type = field->type;
    if (field->nullable && draw(in, 6) == 0) {
        tarn__vector_builder_null(builder);
        return;
    }
    const bool is_repeated = type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP;
    if (!is_repeated && type->id != TARN_TYPE_STRUCT) {
        put_leaf(in, builder, type, habit);
        return;
    }
    for (uint32_t count = is_repeated ? draw(in, 4) : 1; count != 0; count--) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            put(in, tarn__vector_builder_child(builder, i), &type->fields[i], habit);
        }
    }
    tarn__vector_builder_close(builder);
}

static struct tarn_batch *draw_rows(struct input *in, struct tarn_env *env, const struct tarn_schema *schema)
{
    static const uint32_t distinct[] = {1, 2, 16, 64, 256, 4096, 65535};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_vector *columns[MOST_COLUMNS];
    struct tarn_batch *batch;
    const uint32_t rows = draw(in, 2) == 0 ? draw(in, 20) : draw(in, MOST_ROWS);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        struct tarn_vector_builder *builder;
        struct habit habit = {distinct[draw(in, 7)], 0};
        demand(tarn__vector_builder_open(env, schema->fields[i].type, &builder, &err) == TARN_OK, "builder", &err);
        for (uint32_t row = 0; row < rows; row++) {
            put(in, builder, &schema->fields[i], &habit);
        }
        demand(tarn__vector_builder_finish(builder, &columns[i], &err) == TARN_OK, "column", &err);
        tarn__vector_builder_close_all(builder);
    }
    demand(tarn__batch_adopt(env, schema, rows, columns, &batch, &err) == TARN_OK, "batch", &err);
    return batch;
}

/* ---- options ---- */

#ifdef TARN_MINIMAL
enum { ENCRYPTS = 0 };
#else
enum { ENCRYPTS = 1 };
#endif

static const uint8_t footer_key[] = "0123456789012345";
static const uint8_t column_key[] = "01234567890123456789012345678901";

struct choices {
    struct tarn_parquet_write_options options;
    struct tarn_parquet_column_options column;
    struct tarn_path_step step;
    struct tarn_parquet_encryption encryption;
    struct tarn_parquet_column_key key;
    uint32_t pieces; /* the second time rows come in so many batches */
};

static void draw_encryption(struct input *in, struct choices *out)
{
    const struct tarn_parquet_encryption init = TARN_PARQUET_ENCRYPTION_INIT;
    static const uint8_t sizes[] = {16, 24, 32};
    out->encryption = init;
    out->encryption.cipher = draw(in, 2) != 0 ? TARN_CIPHER_AES_GCM_CTR : TARN_CIPHER_AES_GCM;
    out->encryption.plaintext_footer = draw(in, 2) != 0;
    out->encryption.footer_key = (struct tarn_span){footer_key, 16};
    if (draw(in, 2) != 0) {
        out->key =
            (struct tarn_parquet_column_key){.path = {1, &out->step}, .key = {column_key, sizes[draw(in, 3)]}, .metadata = {column_key, 2}};
        out->encryption.column_count = 1;
        out->encryption.columns = &out->key;
    }
    out->options.encryption = &out->encryption;
}

static void draw_options(struct input *in, struct choices *out)
{
    const struct tarn_parquet_write_options init = TARN_PARQUET_WRITE_OPTIONS_INIT;
    const struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    struct tarn_parquet_write_options *options = &out->options;
    *options = init;
    options->profile = (enum tarn_parquet_profile)draw(in, 4);
    options->codec = (enum tarn_codec)draw(in, TARN_CODEC_BROTLI + 1);
    options->page_version = draw(in, 3);
    options->page_rows = draw(in, 2) != 0 ? 1 + draw(in, 100) : 0;
    options->page_bytes = draw(in, 3) == 0 ? 64u << draw(in, 6) : 0;
    options->row_group_rows = draw(in, 3) == 0 ? 10 + draw(in, 200) : 0;
    options->row_group_bytes = draw(in, 4) == 0 ? 1024u << draw(in, 5) : 0;
    options->dictionary_bytes = draw(in, 3) == 0 ? 32u << draw(in, 8) : 0;
    const uint32_t flags = draw(in, 256);
    options->no_dictionary = (flags & 3) == 3;
    options->no_statistics = (flags & 12) == 12;
    options->no_page_index = (flags & 48) == 48;
    options->no_crc = (flags & 192) == 192;
    options->float_order = (enum tarn_parquet_float_order)draw(in, 2);
    options->nan_counts = (enum tarn_choice)draw(in, 3);
    options->bloom_filters = (enum tarn_choice)draw(in, 3);
    options->statistics_bytes = draw(in, 3) == 0 ? 1 + draw(in, 20) : 0;
    options->check = (enum tarn_parquet_check)draw(in, 3);
    out->step = (struct tarn_path_step){TARN_PATH_POSITION, {NULL, 0}, 0};
    out->column = column;
    out->column.path = (struct tarn_path){1, &out->step};
    out->column.encoding = (enum tarn_encoding)draw(in, TARN_ENCODING_ALP + 1);
    out->column.codec = (enum tarn_codec)draw(in, TARN_CODEC_BROTLI + 1);
    out->column.bloom_filter = (enum tarn_choice)draw(in, 3);
    options->column_count = draw(in, 2);
    options->columns = &out->column;
    if (ENCRYPTS && draw(in, 3) == 0) {
        draw_encryption(in, out);
    }
    out->pieces = 1 + draw(in, 5);
}

/* ---- writing ---- */

/* Nonces from a count: without them no two encrypted files are equal. */
static void count_up(void *ctx, void *bytes, size_t size)
{
    uint64_t *count = ctx;
    memset(bytes, 0, size);
    ++*count;
    memcpy(bytes, count, size < sizeof(*count) ? size : sizeof(*count));
}

static enum tarn_status write_pieces(struct tarn_sink *sink, const struct tarn_batch *batch, uint32_t pieces, struct tarn_error *err)
{
    static uint32_t positions[MOST_ROWS];
    for (uint32_t i = 0; i < pieces; i++) {
        const uint32_t begin = batch->length * i / pieces;
        const uint32_t end = batch->length * (i + 1) / pieces;
        struct tarn_batch piece = *batch;
        for (uint32_t row = begin; row < end; row++) {
            positions[row - begin] = row;
        }
        if (pieces != 1) {
            piece.selection = (struct tarn_selection){.kind = TARN_SELECT_POSITIONS, .rows = batch->length, .count = end - begin};
            piece.selection.u.positions = positions;
        }
        TARN_RETURN_IF_ERROR(tarn_sink_write(sink, &piece, err));
    }
    return TARN_OK;
}

static enum tarn_status write_file(struct tarn_store *store, const char *key, const struct tarn_batch *batch, const struct choices *choices,
                                   uint32_t pieces, struct tarn_error *err)
{
    struct tarn_sink *sink;
    TARN_RETURN_IF_ERROR(tarn_parquet_create(store, tarn__text_of(key), batch->schema, &choices->options, &sink, err));
    const enum tarn_status status = write_pieces(sink, batch, pieces, err);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

/* ---- what was written ---- */

static struct tarn_buffer *read_object(struct tarn_store *store, const char *key)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_object *object;
    demand(tarn_object_open(store, tarn__text_of(key), &object, &err) == TARN_OK, "open", &err);
    const uint64_t size = tarn_object_info(object).size;
    struct tarn_buffer *bytes = tarn__buffer_new(store->env, size);
    demand(bytes != NULL && tarn_object_read(object, 1, &(struct tarn_read_range){0, size, bytes->data}, &err) == TARN_OK, "read", &err);
    tarn_object_close(object);
    return bytes;
}

static void note(void *arg, const struct tarn_finding *finding)
{
    (void)arg;
    demand(finding->kind == TARN_FINDING_OK, "verify", finding->error);
}

static void check_file(struct tarn_store *store, const struct tarn_batch *batch, const struct choices *choices)
{
    const struct tarn_parquet_key keys[] = {{TARN_KEY_FOOTER, {NULL, 0}, {footer_key, 16}}, {TARN_KEY_ID, {"01", 2}, choices->key.key}};
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    struct tarn_text_builder given;
    struct tarn_text_builder read;
    options.keys = keys;
    options.key_count = choices->options.encryption == NULL ? 0 : 1 + choices->encryption.column_count;
    tarn__builder_init(&given, store->env);
    tarn__builder_init(&read, store->env);
    tarn_canonical_batch(batch, &given);
    demand(tarn_parquet_open(store, TARN_TEXT("one"), &options, &source, &err) == TARN_OK, "open", &err);
    demand(tarn_canonical_rows(source, 100, &read, &err) == TARN_OK, "rows", &err);
    tarn_source_close(source);
    demand(given.size == read.size && (read.size == 0 || memcmp(given.data, read.data, read.size) == 0), "other rows", &err);
    tarn__builder_free(&given);
    tarn__builder_free(&read);
    demand(tarn_parquet_verify(store, TARN_TEXT("one"), &options, note, NULL, &err) == TARN_OK, "verify", &err);
}

static void write_twice(struct tarn_env *env, const struct tarn_batch *batch, const struct choices *choices, uint64_t *nonces)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    demand(tarn_store_open_memory(env, 0, &store, &err) == TARN_OK, "store", &err);
    *nonces = 0;
    const enum tarn_status status = write_file(store, "one", batch, choices, 1, &err);
    *nonces = 0;
    const enum tarn_status again = write_file(store, "two", batch, choices, choices->pieces, &err);
    demand(status == again, "another answer for the same rows", &err);
    if (status == TARN_OK) {
        struct tarn_buffer *one = read_object(store, "one");
        struct tarn_buffer *two = read_object(store, "two");
        demand(one->size == two->size && memcmp(one->data, two->data, one->size) == 0, "other bytes of the same rows", &err);
        tarn__buffer_release(one);
        tarn__buffer_release(two);
        check_file(store, batch, choices);
    } else {
        demand(status == TARN_INVALID || status == TARN_UNSUPPORTED, "write", &err); /* an encoding that the type cannot have */
    }
    tarn_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"p", "q", "r", "s"};
    struct input in = {data, size, 1};
    struct shape *shape = calloc(1, sizeof(*shape));
    struct choices choices = {.pieces = 1};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_schema *schema;
    struct tarn_env *env;
    uint64_t nonces = 0;
    options.random = count_up;
    options.random_ctx = &nonces;
    if (shape == NULL || tarn_env_open(&options, &env, &err) != TARN_OK) {
        free(shape);
        return 0;
    }
    draw_options(&in, &choices);
    const uint32_t count = 1 + draw(&in, MOST_COLUMNS);
    const struct tarn_field *fields = draw_fields(&in, shape, count, names, 0);
    demand(tarn_schema_make(env, count, fields, 0, NULL, &schema, &err) == TARN_OK, "schema", &err);
    struct tarn_batch *batch = draw_rows(&in, env, schema);
    write_twice(env, batch, &choices, &nonces);
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    tarn_env_close(env);
    free(shape);
    return 0;
}
