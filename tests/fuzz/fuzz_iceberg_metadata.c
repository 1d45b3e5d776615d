/* SPDX-License-Identifier: Apache-2.0
 *
 * Table metadata of any bytes. Beyond not crashing: the answer is one that stored bytes can have, memory stays within 64 MiB; what is read
 * has its default spec and main branch; what of version 2 is printed is read again and printed as the same text, schemas too; every
 * snapshot, schema and name mapping that is there has an answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_iceberg_metadata: %s\n", what);
        abort();
    }
}

static bool can_be_stored(enum tarn_status status)
{
    return status == TARN_OK || status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT;
}

static void print_metadata(struct tarn_env *env, const struct tarn__iceberg_metadata *metadata, struct tarn_text_builder *out)
{
    tarn__builder_init(out, env);
    tarn__iceberg_metadata_print(metadata, out);
}

static void print_schema(struct tarn_env *env, const struct tarn__iceberg_schema *schema, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    tarn__builder_init(out, env);
    tarn__json_printer_init(&json, out);
    tarn__iceberg_schema_print(schema, &json);
}

static void try_schema(struct tarn_env *env, struct tarn_arena *arena, const struct tarn__iceberg_metadata *metadata, int32_t id)
{
    struct tarn__iceberg_schema schema;
    const enum tarn_status status = tarn__iceberg_metadata_schema(metadata, env, id, arena, &schema, NULL);
    demand(can_be_stored(status), "a schema's status");
    if (status != TARN_OK) {
        return;
    }
    const struct tarn__partition_spec *specs;
    const struct tarn__sort_order *orders;
    const enum tarn_status bound = tarn__iceberg_metadata_bind(metadata, schema.schema, arena, &specs, &orders, NULL);
    demand(bound == TARN_OK || bound == TARN_LIMIT, "specs over a schema");
    struct tarn_text_builder first;
    struct tarn_text_builder second;
    print_schema(env, &schema, &first);
    struct tarn__iceberg_schema again;
    if (!first.failed && tarn__iceberg_schema_parse(env, tarn__builder_text(&first), arena, &again, NULL) == TARN_OK) {
        print_schema(env, &again, &second);
        demand(second.failed || tarn__text_equal(tarn__builder_text(&first), tarn__builder_text(&second)), "a schema printed twice");
        tarn__builder_free(&second);
        tarn_schema_release(again.schema);
    } else {
        demand(first.failed || tarn__iceberg_schema_parse(env, tarn__builder_text(&first), arena, &again, NULL) == TARN_LIMIT,
               "a schema that was printed is none");
    }
    tarn__builder_free(&first);
    tarn_schema_release(schema.schema);
}

static void try_metadata(struct tarn_env *env, struct tarn_arena *arena, const struct tarn__iceberg_metadata *metadata)
{
    demand(tarn__iceberg_metadata_spec(metadata, metadata->default_spec_id) != NULL, "the default spec");
    demand((metadata->current_snapshot_id == -1) == (tarn__iceberg_metadata_ref(metadata, TARN_TEXT("main")) == NULL), "the branch main");
    for (uint32_t i = 0; i < metadata->schema_count && i < 8; i++) {
        try_schema(env, arena, metadata, metadata->schemas[i].id);
    }
    for (uint32_t i = 0; i < metadata->snapshot_count && i < 8; i++) {
        struct tarn__iceberg_snapshot snapshot;
        demand(can_be_stored(tarn__iceberg_snapshot_parse(metadata->snapshots[i].json, arena, &snapshot, NULL)), "a snapshot's status");
    }
    const struct tarn_text *names = tarn__iceberg_metadata_property(metadata, TARN_TEXT("schema.name-mapping.default"));
    if (names != NULL) {
        struct tarn__iceberg_name_mapping mapping;
        demand(can_be_stored(tarn__iceberg_name_mapping_parse(*names, arena, &mapping, NULL)), "a name mapping's status");
    }
    if (metadata->format_version != 2) {
        return;
    }
    struct tarn_text_builder first;
    struct tarn_text_builder second;
    struct tarn__iceberg_metadata again;
    print_metadata(env, metadata, &first);
    const enum tarn_status status =
        first.failed ? TARN_LIMIT : tarn__iceberg_metadata_parse(tarn__span_of_text(tarn__builder_text(&first)), arena, &again, NULL);
    demand(status == TARN_OK || status == TARN_LIMIT, "metadata that was printed is none");
    if (status == TARN_OK) {
        print_metadata(env, &again, &second);
        demand(second.failed || tarn__text_equal(tarn__builder_text(&first), tarn__builder_text(&second)), "metadata printed twice");
        tarn__builder_free(&second);
    }
    tarn__builder_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.memory_limit = (uint64_t)64 << 20;
    struct tarn_env *env;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK, "env");
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    const enum tarn_status status = tarn__iceberg_metadata_parse((struct tarn_span){data, size}, &arena, &metadata, NULL);
    demand(can_be_stored(status), "a status that stored bytes cannot have");
    if (status == TARN_OK) {
        try_metadata(env, &arena, &metadata);
    }
    tarn__arena_free(&arena);
    tarn_env_close(env);
    return 0;
}
