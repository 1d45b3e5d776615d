/* SPDX-License-Identifier: Apache-2.0
 * Table metadata by hand: what is read and printed again, what follows where something is not said, what is wrong, each with its word;
 * gzip; many snapshots.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "tests/support/fault.h"
#include "txlog/iceberg/iceberg_metadata.h"

static struct tarn_error err;

#define SCHEMA0 "{\"type\":\"struct\",\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"x\",\"required\":true,\"type\":\"int\"}]}"
#define SCHEMA1 "{\"type\":\"struct\",\"schema-id\":1,\"fields\":[{\"id\":2,\"name\":\"y\",\"required\":false,\"type\":\"date\"}]}"
#define SNAPSHOT1                                                                                                                          \
    "{\"sequence-number\":1,\"snapshot-id\":-77,\"timestamp-ms\":1000,\"summary\":{\"operation\":\"append\",\"added-records\":\"3\"},"     \
    "\"manifest-list\":\"s3://a/1.avro\",\"schema-id\":0}"
#define SNAPSHOT2                                                                                                                          \
    "{\"sequence-number\":2,\"snapshot-id\":88,\"parent-snapshot-id\":-77,\"timestamp-ms\":2000,\"summary\":{\"operation\":\"delete\"},"   \
    "\"manifest-list\":\"s3://a/2.avro\",\"schema-id\":1}"

/* In Java's order, so that it must come out as it is. */
static const char valid[] =
    "{\"format-version\":2,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\",\"location\":\"s3://bucket/"
    "t\",\"last-sequence-number\":34,"
    "\"last-updated-ms\":1602638573590,\"last-column-id\":3,\"current-schema-id\":1,\"schemas\":[" SCHEMA0 "," SCHEMA1 "],"
    "\"default-spec-id\":0,\"partition-specs\":[{\"spec-id\":0,\"fields\":[{\"name\":\"x\",\"transform\":\"identity\",\"source-id\":1,"
    "\"field-id\":1000}]}],\"last-partition-id\":1000,\"default-sort-order-id\":3,\"sort-orders\":[{\"order-id\":3,\"fields\":[{"
    "\"transform\":"
    "\"identity\",\"source-id\":2,\"direction\":\"asc\",\"null-order\":\"nulls-first\"}]}],\"properties\":{\"a\":\"b\",\"owner\":\"me\"},"
    "\"current-snapshot-id\":88,\"refs\":{\"main\":{\"snapshot-id\":88,\"type\":\"branch\",\"min-snapshots-to-keep\":2,\"max-snapshot-age-"
    "ms\":3,"
    "\"max-ref-age-ms\":4},\"old\":{\"snapshot-id\":-77,\"type\":\"tag\"}},\"snapshots\":[" SNAPSHOT1 "," SNAPSHOT2 "],"
    "\"statistics\":[{\"snapshot-id\":88,\"blob-metadata\":[{}]}],\"partition-statistics\":[{\"snapshot-id\":88}],"
    "\"snapshot-log\":[{\"timestamp-ms\":1000,\"snapshot-id\":-77},{\"timestamp-ms\":2000,\"snapshot-id\":88}],"
    "\"metadata-log\":[{\"timestamp-ms\":999,\"metadata-file\":\"s3://a/"
    "v1.json\"}],\"x-unknown\":{\"deep\":[1,{}]},\"encryption-keys\":[]}";

static enum tarn_status parse(struct tarn_arena *arena, const char *json, struct tarn__iceberg_metadata *out)
{
    return tarn__iceberg_metadata_parse((struct tarn_span){(const uint8_t *)json, strlen(json)}, arena, out, &err);
}

START_TEST(iceberg_metadata__all_of_it) /* T-ICEBERG-META-1, T-ICEBERG-META-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    ck_assert_ok(parse(&arena, valid, &metadata), &err);
    ck_assert_int_eq(metadata.format_version, 2);
    ck_assert(tarn__text_equal(metadata.table_uuid, TARN_TEXT("9c12d441-03fe-4693-9a96-a0705ddf69c1")));
    ck_assert(tarn__text_equal(metadata.location, TARN_TEXT("s3://bucket/t")));
    ck_assert_int_eq(metadata.last_sequence, 34);
    ck_assert_int_eq(metadata.last_updated_ms, 1602638573590);
    ck_assert_int_eq(metadata.last_column_id, 3);
    ck_assert(metadata.schema_count == 2 && metadata.current_schema_id == 1 && metadata.schemas[1].id == 1);
    ck_assert(metadata.spec_count == 1 && metadata.default_spec_id == 0 && metadata.last_partition_id == 1000);
    ck_assert(metadata.order_count == 1 && metadata.default_order_id == 3);
    ck_assert(tarn__text_equal(*tarn__iceberg_metadata_property(&metadata, TARN_TEXT("owner")), TARN_TEXT("me")));
    ck_assert_ptr_null(tarn__iceberg_metadata_property(&metadata, TARN_TEXT("Owner")));
    ck_assert(metadata.snapshot_count == 2 && metadata.current_snapshot_id == 88);
    const struct tarn__iceberg_snapshot_entry *first = tarn__iceberg_metadata_snapshot(&metadata, -77);
    const struct tarn__iceberg_snapshot_entry *second = tarn__iceberg_metadata_snapshot(&metadata, 88);
    ck_assert(first->parent_id == -1 && first->sequence == 1 && first->timestamp_ms == 1000 && first->schema_id == 0);
    ck_assert(second->parent_id == -77 && second->sequence == 2 && second->schema_id == 1);
    ck_assert(tarn__text_equal(second->json, TARN_TEXT(SNAPSHOT2)));
    ck_assert_ptr_null(tarn__iceberg_metadata_snapshot(&metadata, 89));
    const struct tarn__iceberg_ref *main_branch = tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("main"));
    ck_assert(main_branch->snapshot_id == 88 && !main_branch->is_tag && main_branch->min_snapshots_to_keep == 2);
    ck_assert(main_branch->max_snapshot_age_ms == 3 && main_branch->max_ref_age_ms == 4);
    ck_assert(tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("old"))->is_tag);
    ck_assert_int_eq(tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("old"))->max_ref_age_ms, -1);
    ck_assert_ptr_null(tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("none")));
    ck_assert(metadata.snapshot_log_count == 2 && metadata.snapshot_log[1].snapshot_id == 88);
    ck_assert(metadata.metadata_log_count == 1 && tarn__text_equal(metadata.metadata_log[0].file, TARN_TEXT("s3://a/v1.json")));
    ck_assert_uint_eq(metadata.unknown_count, 2);

    struct tarn__iceberg_snapshot snapshot;
    ck_assert_ok(tarn__iceberg_snapshot_parse(first->json, &arena, &snapshot, &err), &err);
    ck_assert(tarn__text_equal(snapshot.manifest_list, TARN_TEXT("s3://a/1.avro")));
    ck_assert(tarn__text_equal(snapshot.operation, TARN_TEXT("append")));
    ck_assert(snapshot.summary_count == 1 && tarn__text_equal(snapshot.summary[0].value, TARN_TEXT("3")));
    struct tarn_text_builder out;
    struct tarn_json_printer json;
    tarn__builder_init(&out, env);
    tarn__json_printer_init(&json, &out);
    tarn__iceberg_snapshot_print(&snapshot, &json);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), TARN_TEXT(SNAPSHOT1)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_metadata__comes_out_as_it_was) /* T-ICEBERG-META-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    ck_assert_ok(parse(&arena, valid, &metadata), &err);
    tarn__iceberg_metadata_print(&metadata, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(valid)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_metadata__time_goes_by_the_log) /* T-ICEBERG-META-4 */
{
    const struct tarn__iceberg_log_entry log[] = {{.timestamp_ms = 10, .snapshot_id = 1},
                                                  {.timestamp_ms = 20, .snapshot_id = 2},
                                                  {.timestamp_ms = 30, .snapshot_id = 1}}; /* rolled back */
    const struct tarn__iceberg_metadata metadata = {.snapshot_log_count = 3, .snapshot_log = log};
    ck_assert_int_eq(tarn__iceberg_metadata_as_of(&metadata, 9), -1);
    ck_assert_int_eq(tarn__iceberg_metadata_as_of(&metadata, 10), 1);
    ck_assert_int_eq(tarn__iceberg_metadata_as_of(&metadata, 29), 2);
    ck_assert_int_eq(tarn__iceberg_metadata_as_of(&metadata, 1000), 1);
}
END_TEST

START_TEST(iceberg_metadata__version_1) /* T-ICEBERG-META-5 */
{
    static const char json[] =
        "{\"current-snapshot-id\":5,\"last-column-id\":3,\"last-updated-ms\":7,\"location\":\"/"
        "t\",\"format-version\":1,\"schema\":{\"type\":"
        "\"struct\",\"fields\":[{\"id\":1,\"name\":\"x\",\"required\":true,\"type\":\"long\"}]},\"partition-spec\":[{\"name\":\"x_bucket\","
        "\"transform\":\"bucket[8]\",\"source-id\":1}],\"snapshots\":[{\"snapshot-id\":5,\"timestamp-ms\":6,\"manifests\":[\"/t/m0.avro\","
        "\"/t/m1.avro\"]}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    ck_assert_ok(parse(&arena, json, &metadata), &err);
    ck_assert(metadata.format_version == 1 && metadata.table_uuid.size == 0 && metadata.last_sequence == 0);
    ck_assert(metadata.schema_count == 1 && metadata.current_schema_id == 0);
    ck_assert(metadata.spec_count == 1 && metadata.last_partition_id == 1000);
    ck_assert(metadata.order_count == 1 && metadata.orders[0].id == 0 && metadata.orders[0].field_count == 0);
    ck_assert_int_eq(tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("main"))->snapshot_id, 5);
    struct tarn__iceberg_schema schema;
    const struct tarn__partition_spec *specs;
    const struct tarn__sort_order *orders;
    ck_assert_ok(tarn__iceberg_metadata_schema(&metadata, env, 0, &arena, &schema, &err), &err);
    ck_assert_ok(tarn__iceberg_metadata_bind(&metadata, schema.schema, &arena, &specs, &orders, &err), &err);
    ck_assert(specs[0].fields[0].transform == TARN_TRANSFORM_BUCKET && specs[0].fields[0].column == 0 && specs[0].fields[0].id == 1000);
    struct tarn__iceberg_snapshot snapshot;
    ck_assert_ok(tarn__iceberg_snapshot_parse(metadata.snapshots[0].json, &arena, &snapshot, &err), &err);
    ck_assert(snapshot.manifest_list.size == 0 && snapshot.manifest_count == 2);
    ck_assert(tarn__text_equal(snapshot.manifests[1], TARN_TEXT("/t/m1.avro")));
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_metadata__sources_that_were_dropped) /* T-ICEBERG-SPEC-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    struct tarn__iceberg_schema schema;
    const struct tarn__partition_spec *specs;
    const struct tarn__sort_order *orders;
    ck_assert_ok(parse(&arena, valid, &metadata), &err);
    ck_assert_ok(tarn__iceberg_metadata_schema(&metadata, env, 1, &arena, &schema, &err), &err); /* x is in schema 0 only */
    ck_assert_ok(tarn__iceberg_metadata_bind(&metadata, schema.schema, &arena, &specs, &orders, &err), &err);
    ck_assert_uint_eq(specs[0].fields[0].column, TARN_NO_COLUMN);
    ck_assert_int_eq(specs[0].fields[0].type->id, TARN_TYPE_I32);
    ck_assert_uint_eq(orders[0].fields[0].column, 0);
    tarn_schema_release(schema.schema);
    ck_assert_status(tarn__iceberg_metadata_schema(&metadata, env, 9, &arena, &schema, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "metadata.schema_id");
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- damage: a part of the valid text replaced ---- */

static const struct {
    const char *part;
    const char *by;
    enum tarn_status status;
    const char *detail;
} damaged[] = {
    {"\"format-version\":2,", "", TARN_CORRUPT, "metadata.format_version"},
    {"\"format-version\":2,", "\"format-version\":0,", TARN_CORRUPT, "metadata.format_version"},
    {"\"format-version\":2,", "\"format-version\":3,", TARN_UNSUPPORTED, "iceberg.format_version.3"},
    {"\"format-version\":2,", "\"format-version\":4,", TARN_UNSUPPORTED, "iceberg.format_version"},
    {"\"format-version\":2,", "\"format-version\":\"2\",", TARN_CORRUPT, "json.type"},
    {"\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\",", "", TARN_CORRUPT, "metadata.table_uuid"},
    {"\"location\":\"s3://bucket/t\",", "", TARN_CORRUPT, "metadata.location"},
    {"\"last-updated-ms\":1602638573590,", "", TARN_CORRUPT, "metadata.last_updated"},
    {"\"last-column-id\":3,", "", TARN_CORRUPT, "metadata.last_column_id"},
    {"\"last-column-id\":3,", "\"last-column-id\":2147483648,", TARN_CORRUPT, "json.range"},
    {"\"current-schema-id\":1,", "", TARN_CORRUPT, "metadata.current_schema"},
    {"\"current-schema-id\":1,", "\"current-schema-id\":2,", TARN_CORRUPT, "metadata.current_schema"},
    {"\"schemas\":[" SCHEMA0 "," SCHEMA1 "],", "", TARN_CORRUPT, "metadata.schemas"},
    {"\"schemas\":[" SCHEMA0 "," SCHEMA1 "],", "\"schemas\":[],", TARN_CORRUPT, "metadata.schemas"},
    {SCHEMA0 "," SCHEMA1, SCHEMA1 "," SCHEMA1, TARN_CORRUPT, "metadata.schemas"},
    {"\"schema-id\":1,\"fields\"", "\"fields\"", TARN_CORRUPT, "metadata.schemas"},
    {"\"default-spec-id\":0,", "", TARN_CORRUPT, "metadata.default_spec"},
    {"\"default-spec-id\":0,", "\"default-spec-id\":1,", TARN_CORRUPT, "metadata.default_spec"},
    {"\"partition-specs\"", "\"partition-spec\"", TARN_CORRUPT, "metadata.partition_specs"},
    {"\"spec-id\":0,\"fields\"", "\"spec-id\":0,\"field\"", TARN_CORRUPT, "partition_spec"},
    {"\"last-partition-id\":1000,", "", TARN_CORRUPT, "metadata.last_partition_id"},
    {"\"default-sort-order-id\":3,", "", TARN_CORRUPT, "metadata.default_order"},
    {"\"default-sort-order-id\":3,", "\"default-sort-order-id\":1,", TARN_CORRUPT, "metadata.default_order"},
    {"\"default-sort-order-id\":3,", "\"default-sort-order-id\":0,", TARN_OK, ""}, /* the unsorted one need not be listed */
    {"\"sort-orders\":[", "\"orders\":[", TARN_CORRUPT, "metadata.sort_orders"},
    {"{\"a\":\"b\"", "{\"a\":1", TARN_CORRUPT, "json.type"},
    {"\"current-snapshot-id\":88", "\"current-snapshot-id\":89", TARN_CORRUPT, "metadata.current_snapshot"},
    {"\"current-snapshot-id\":88", "\"current-snapshot-id\":-77", TARN_CORRUPT, "metadata.refs"},
    {"\"current-snapshot-id\":88", "\"current-snapshot-id\":null", TARN_CORRUPT, "metadata.refs"},
    {"\"old\":{\"snapshot-id\":-77", "\"old\":{\"snapshot-id\":-78", TARN_CORRUPT, "metadata.refs"},
    {"\"old\":{\"snapshot-id\":-77,\"type\":\"tag\"", "\"old\":{\"snapshot-id\":-77,\"type\":\"tagg\"", TARN_CORRUPT, "metadata.refs"},
    {"\"main\":{", "\"mein\":{", TARN_OK, ""}, /* then main is where the table is */
    {SNAPSHOT1 "," SNAPSHOT2, SNAPSHOT2 "," SNAPSHOT2, TARN_CORRUPT, "metadata.snapshots"},
    {"\"snapshot-id\":88,\"parent", "\"parent", TARN_CORRUPT, "metadata.snapshots"},
    {"\"timestamp-ms\":2000,\"summary\"", "\"summary\"", TARN_CORRUPT, "metadata.snapshots"},
    {"\"sequence-number\":2,\"snapshot", "\"sequence-number\":35,\"snapshot", TARN_CORRUPT, "metadata.sequence_number"},
    {"\"sequence-number\":2,\"snapshot", "\"sequence-number\":-1,\"snapshot", TARN_CORRUPT, "metadata.snapshots"},
    {"\"last-sequence-number\":34,", "", TARN_OK, ""},
    {"\"snapshot-log\":[{\"timestamp-ms\":1000,", "\"snapshot-log\":[{", TARN_CORRUPT, "metadata.log"},
    {",\"metadata-file\":\"s3://a/v1.json\"", "", TARN_CORRUPT, "metadata.log"},
    {"\"refs\":{", "\"refs\":[{", TARN_CORRUPT, "json.type"},
    {"\"encryption-keys\":[]}", "\"encryption-keys\":[]", TARN_CORRUPT, "json.truncated"},
    {"\"encryption-keys\":[]}", "\"encryption-keys\":[]}}", TARN_CORRUPT, "json.syntax"},
    {"\"statistics\":[{\"snapshot-id\":88,\"blob-metadata\":[{}]}],", "", TARN_OK, ""},
};

START_TEST(iceberg_metadata__damage) /* T-ICEBERG-META-2 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_text_builder json;
    tarn__builder_init(&json, env);
    const char *at = strstr(valid, damaged[_i].part);
    ck_assert_ptr_nonnull(at);
    tarn__builder_add(&json, (struct tarn_text){valid, (size_t)(at - valid)});
    tarn__builder_add_str(&json, damaged[_i].by);
    tarn__builder_add_str(&json, at + strlen(damaged[_i].part));
    struct tarn__iceberg_metadata metadata;
    const enum tarn_status status = tarn__iceberg_metadata_parse(tarn__span_of_text(tarn__builder_text(&json)), &arena, &metadata, &err);
    ck_assert_msg(status == damaged[_i].status, "%s: %s", damaged[_i].by, tarn_status_name(status));
    if (status != TARN_OK) {
        ck_assert_msg(strcmp(err.detail, damaged[_i].detail) == 0, "%s: %s", damaged[_i].by, err.detail);
        ck_assert_uint_eq(metadata.schema_count, 0);
    } else {
        ck_assert_int_eq(metadata.last_sequence, strcmp(damaged[_i].part, "\"last-sequence-number\":34,") == 0 ? 2 : 34);
        ck_assert_int_eq(tarn__iceberg_metadata_ref(&metadata, TARN_TEXT("main"))->snapshot_id, 88);
    }
    tarn__builder_free(&json);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_metadata__every_cut_and_every_changed_byte_has_an_answer)
{
    struct tarn_env *env = tarn_test_env();
    char copy[sizeof(valid)];
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof(valid) - 1; i++) {
        for (int change = 0; change < 2; change++) {
            struct tarn_arena arena;
            tarn__arena_init(&arena, env);
            memcpy(copy, valid, sizeof(valid));
            size_t size = sizeof(valid) - 1;
            if (change == 0) {
                size = i;
            } else {
                copy[i] = (char)(copy[i] ^ 0x10);
            }
            struct tarn__iceberg_metadata metadata;
            const enum tarn_status status =
                tarn__iceberg_metadata_parse((struct tarn_span){(const uint8_t *)copy, size}, &arena, &metadata, &err);
            ck_assert(status == TARN_OK || status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT);
            refused += status != TARN_OK;
            tarn__arena_free(&arena);
        }
    }
    ck_assert_uint_gt(refused, sizeof(valid) - 1);
    tarn_test_env_close(env);
}
END_TEST

/* A gzip member of one stored block. */
static size_t pack(const char *text, uint8_t *out)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    const size_t size = strlen(text);
    memcpy(out, header, sizeof(header));
    out[10] = 1; /* the last block, stored */
    tarn__store16(out + 11, (uint16_t)size);
    tarn__store16(out + 13, (uint16_t)~size);
    memcpy(out + 15, text, size);
    tarn__store32(out + 15 + size, tarn__crc32(0, text, size));
    tarn__store32(out + 19 + size, (uint32_t)size);
    return size + 23;
}

START_TEST(iceberg_metadata__gzip) /* T-ICEBERG-META-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    uint8_t packed[sizeof(valid) + 32];
    const size_t size = pack(valid, packed);
    struct tarn__iceberg_metadata metadata;
    ck_assert_ok(tarn__iceberg_metadata_parse((struct tarn_span){packed, size}, &arena, &metadata, &err), &err);
    memset(packed + size / 2, 0, 40); /* the result does not lie in what was packed */
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__iceberg_metadata_print(&metadata, &out);
    ck_assert(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(valid)));
    tarn__builder_free(&out);
    ck_assert_status(tarn__iceberg_metadata_parse((struct tarn_span){packed, size}, &arena, &metadata, &err), TARN_CORRUPT);
    ck_assert_status(tarn__iceberg_metadata_parse((struct tarn_span){packed, 2}, &arena, &metadata, &err), TARN_CORRUPT);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* Beside the text itself a snapshot takes a row of an array that doubles, and nothing for its summary. */
START_TEST(iceberg_metadata__many_snapshots) /* T-ICEBERG-META-3 */
{
    enum { SNAPSHOTS = 200000 };
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_text_builder json;
    tarn__builder_init(&json, env);
    const char *begin = strstr(valid, SNAPSHOT1);
    tarn__builder_add(&json, (struct tarn_text){valid, (size_t)(begin - valid)});
    for (int64_t i = 0; i < SNAPSHOTS; i++) {
        tarn__builder_add_str(&json, "{\"sequence-number\":3,\"snapshot-id\":");
        tarn__builder_add_int64(&json, 1000 + i);
        tarn__builder_add_str(
            &json, ",\"timestamp-ms\":1500,\"summary\":{\"operation\":\"append\",\"k\\u0065y\":\"v\\u0061lue\",\"total\":\"12345\"},"
                   "\"manifest-list\":\"s3://a\\/x.avro\"},");
    }
    tarn__builder_add_str(&json, begin);
    ck_assert_ok(tarn__builder_status(&json, &err), &err);
    struct tarn__iceberg_metadata metadata;
    ck_assert_ok(tarn__iceberg_metadata_parse(tarn__span_of_text(tarn__builder_text(&json)), &arena, &metadata, &err), &err);
    ck_assert_uint_eq(metadata.snapshot_count, SNAPSHOTS + 2);
    ck_assert_uint_lt(arena.total, (size_t)SNAPSHOTS * 2 * 2 * sizeof(*metadata.snapshots));
    struct tarn__iceberg_snapshot snapshot;
    ck_assert_ok(
        tarn__iceberg_snapshot_parse(tarn__iceberg_metadata_snapshot(&metadata, 1000 + SNAPSHOTS / 2)->json, &arena, &snapshot, &err),
        &err);
    ck_assert(tarn__text_equal(snapshot.summary[0].key, TARN_TEXT("key")) &&
              tarn__text_equal(snapshot.summary[0].value, TARN_TEXT("value")));
    ck_assert(tarn__text_equal(snapshot.manifest_list, TARN_TEXT("s3://a/x.avro")));
    tarn__builder_free(&json);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(iceberg_metadata__snapshots_that_are_none)
{
    static const char *const bad[] = {"{}",
                                      "[]",
                                      "{\"snapshot-id\":1,\"sequence-number\":1}",
                                      "{\"snapshot-id\":1,\"manifest-list\":7}",
                                      "{\"snapshot-id\":1,\"summary\":{\"a\":1}}",
                                      "{\"snapshot-id\":1,\"manifests\":[1]}",
                                      "{\"snapshot-id\":1} {}",
                                      ""};
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tarn__iceberg_snapshot snapshot;
        ck_assert_msg(tarn__iceberg_snapshot_parse(tarn__text_of(bad[i]), &arena, &snapshot, &err) == TARN_CORRUPT, "%s", bad[i]);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status use_metadata(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)fault;
    const struct tarn_span *bytes = ctx;
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    struct tarn__iceberg_schema schema = {0};
    struct tarn__iceberg_snapshot snapshot;
    const struct tarn__partition_spec *specs;
    const struct tarn__sort_order *orders;
    enum tarn_status status = tarn__iceberg_metadata_parse(*bytes, &arena, &metadata, error);
    if (status == TARN_OK) {
        status = tarn__iceberg_metadata_schema(&metadata, env, 1, &arena, &schema, error);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_metadata_bind(&metadata, schema.schema, &arena, &specs, &orders, error);
        ck_assert(status != TARN_OK || specs[0].fields[0].type != NULL);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_snapshot_parse(metadata.snapshots[0].json, &arena, &snapshot, error);
    }
    if (status == TARN_OK) {
        struct tarn_text_builder out;
        tarn__builder_init(&out, env);
        tarn__iceberg_metadata_print(&metadata, &out);
        status = tarn__builder_status(&out, error);
        ck_assert(status != TARN_OK || tarn__text_equal(tarn__builder_text(&out), tarn__text_of(valid)));
        tarn__builder_free(&out);
    }
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    return status;
}

START_TEST(iceberg_metadata__survives_every_allocation_that_fails)
{
    uint8_t packed[sizeof(valid) + 32];
    const size_t size = pack(valid, packed);
    struct tarn_span plain = {(const uint8_t *)valid, strlen(valid)};
    struct tarn_span gzip = {packed, size};
    ck_assert_uint_gt(tarn_fault_sweep(use_metadata, &plain, TARN_FAULT_ALL_ALLOC), 8);
    ck_assert_uint_gt(tarn_fault_sweep(use_metadata, &gzip, TARN_FAULT_ALL_ALLOC), 10);
}
END_TEST

TARN_SUITE("txlog/iceberg_metadata", TARN_TEST(iceberg_metadata__all_of_it), TARN_TEST(iceberg_metadata__comes_out_as_it_was),
           TARN_TEST(iceberg_metadata__time_goes_by_the_log), TARN_TEST(iceberg_metadata__version_1),
           TARN_TEST(iceberg_metadata__sources_that_were_dropped), TARN_LOOP_TEST(iceberg_metadata__damage, damaged),
           TARN_TEST(iceberg_metadata__every_cut_and_every_changed_byte_has_an_answer), TARN_TEST(iceberg_metadata__gzip),
           TARN_TEST(iceberg_metadata__many_snapshots), TARN_TEST(iceberg_metadata__snapshots_that_are_none),
           TARN_TEST(iceberg_metadata__survives_every_allocation_that_fails))
