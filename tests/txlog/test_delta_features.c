/* SPDX-License-Identifier: Apache-2.0
 * Table features: what is known, what protocols imply, what is refused by name; types that only features bring; files outside the table.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tests/support/canonical.h"
#include "tests/support/parquet_file.h"
#include "tests/support/table_rows.h"
#include "txlog/delta/delta_feature.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_widening.h"

static struct tarn_error err = TARN_ERROR_INIT;

/* ---- the table of features ---- */

static bool is_known(struct tarn_text name)
{
    return tarn__delta_feature_find(name) != NULL;
}

START_TEST(delta_features__each_is_known_once_and_what_it_requires_too) /* T-DELTA-FEATURE-1 */
{
    for (uint32_t i = 0; i < tarn__delta_feature_count(); i++) {
        const struct tarn__delta_feature *feature = tarn__delta_feature_at(i);
        ck_assert_msg(tarn__delta_feature_find(feature->name) == feature, "%.*s stands twice", (int)feature->name.size, feature->name.data);
        ck_assert(feature->kind == TARN_DELTA_FEATURE_BOTH || feature->reader == 0);
        ck_assert(feature->reader == 0 || feature->writer != 0);
        char names[128];
        ck_assert_uint_lt(feature->requires.size, sizeof(names));
        memcpy(names, feature->requires.data, feature->requires.size);
        names[feature->requires.size] = '\0';
        for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
            ck_assert_msg(is_known(tarn__text_of(name)), "%s is not known", name);
        }
    }
    ck_assert(!is_known(TARN_TEXT("timeTravelToMars")));
}
END_TEST

START_TEST(delta_features__lower_versions_imply_them) /* T-DELTA-FEATURE-2 */
{
    static const struct {
        const char *name;
        int32_t reader;
        int32_t writer;
    } legacy[] = {{"appendOnly", 0, 2},       {"invariants", 0, 2},    {"checkConstraints", 0, 3}, {"changeDataFeed", 0, 4},
                  {"generatedColumns", 0, 4}, {"columnMapping", 2, 5}, {"identityColumns", 0, 6},  {"deletionVectors", 0, 0}};
    for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
        const struct tarn_text name = tarn__text_of(legacy[i].name);
        for (int32_t version = 1; version <= 6; version++) {
            const struct tarn__delta_protocol protocol = {.reader = version > 2 ? 2 : version, .writer = version};
            ck_assert_int_eq(tarn__delta_protocol_has_writer(&protocol, name), legacy[i].writer != 0 && version >= legacy[i].writer);
            ck_assert_int_eq(tarn__delta_protocol_has_reader(&protocol, name),
                             legacy[i].reader != 0 && protocol.reader >= legacy[i].reader);
        }
    }
    struct tarn_text listed[] = {TARN_TEXT("deletionVectors")};
    const struct tarn__delta_protocol lists = {.reader = 3,
                                               .writer = 7,
                                               .has_reader_features = true,
                                               .has_writer_features = true,
                                               .reader_feature_count = 1,
                                               .writer_feature_count = 1,
                                               .reader_features = listed,
                                               .writer_features = listed};
    ck_assert(tarn__delta_protocol_has_writer(&lists, TARN_TEXT("deletionVectors")));
    ck_assert(tarn__delta_protocol_has_reader(&lists, TARN_TEXT("deletionVectors")));
    ck_assert(!tarn__delta_protocol_has_writer(&lists, TARN_TEXT("appendOnly"))); /* a list says all */
}
END_TEST

/* ---- tables written by hand ---- */

static char folder[512];

static void new_folder(void)
{
    static int number;
    snprintf(folder, sizeof(folder), "%s/f%d", tarn_test_folder(), number++);
}

#define FIELD(name, type, metadata)                                                                                                        \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{" metadata "}}"
#define ADD(path, size) "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{},\"size\":" size ",\"modificationTime\":1}}\n"

/* One commit: protocol, a schema of these fields, and what else there is. */
static void put_table(const char *protocol, const char *fields, const char *more)
{
    char text[4000];
    snprintf(text, sizeof(text),
             "{\"protocol\":{%s}}\n{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":"
             "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[%s]}\",\"partitionColumns\":[],\"configuration\":{}}}\n%s",
             protocol, fields, more);
    tarn_test_put_file(folder, "_delta_log/00000000000000000000.json", text);
}

/* A Parquet file of one column. */
static void put_rows(const char *where, const char *name, const struct tarn_type *type, int count, const char *const *texts,
                     const int64_t *numbers)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open_local(env, tarn__text_of(where), true, &store, &err), &err);
    const struct tarn_field field = {.name = TARN_TEXT("x"), .type = type, .nullable = true, .id = -1};
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(env, 1, &field, 0, NULL, &schema, &err), &err);
    struct tarn_vector_builder *builder;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (int i = 0; i < count; i++) {
        if (texts != NULL) {
            tarn__vector_builder_text(builder, tarn__text_of(texts[i]));
        } else {
            tarn__vector_builder_i64(builder, numbers[i]);
        }
    }
    tarn__vector_builder_null(builder);
    struct tarn_vector *column;
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    tarn_parquet_file_write(store, tarn__text_of(name), schema, NULL, (uint32_t)count + 1, &column);
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static enum tarn_status read_rows(struct tarn_env *env, const char *table, char *out, size_t size)
{
    struct tarn_snapshot *snapshot;
    struct tarn_source *source;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, tarn__text_of(table), NULL, &snapshot, &err));
    ck_assert_ok(tarn_snapshot_source(snapshot, &source, &err), &err);
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    const enum tarn_status status = tarn_canonical_rows(source, 1000, &text, &err);
    snprintf(out, size, "%.*s", (int)text.size, text.size != 0 ? text.data : "");
    tarn__builder_free(&text);
    tarn_source_close(source);
    tarn_snapshot_close(snapshot);
    return status;
}

#define LEGACY "\"minReaderVersion\":1,\"minWriterVersion\":2"
#define LISTS(readers, writers)                                                                                                            \
    "\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[" readers "],\"writerFeatures\":[" writers "]"

static const struct {
    const char *protocol;
    const char *detail; /* NULL: it is read */
} readers[] = {
    {LISTS("\"geospatial-dev\",\"variantType-preview\"", "\"geospatial-dev\",\"variantType-preview\""), NULL},
    {LISTS("\"columnMapping\"", "\"columnMapping\""), NULL}, /* without a mode */
    {LISTS("", "\"anotherUnknownThing\",\"redirectWriterOnly-preview\""), NULL},
    {LISTS("\"catalogManaged\"", "\"catalogManaged\",\"inCommitTimestamp\""), "delta.reader_feature.catalogManaged"},
    {LISTS("\"catalogOwned-preview\"", "\"catalogOwned-preview\""), "delta.reader_feature.catalogOwned-preview"},
    {LISTS("\"adaptiveMetadata-preview\"", "\"adaptiveMetadata-preview\""), "delta.reader_feature.adaptiveMetadata-preview"},
    {LISTS("\"redirectReaderWriter-preview\"", "\"redirectReaderWriter-preview\""), "delta.reader_feature.redirectReaderWriter-preview"},
    {LISTS("", "\"coordinatedCommits-preview\""), "delta.reader_feature.coordinatedCommits-preview"},
    {LISTS("\"timestampNanos\"", "\"timestampNanos\""), "delta.reader_feature.timestampNanos"},
    {LISTS("\"anotherUnknownThing\"", "\"anotherUnknownThing\""), "delta.reader_feature.anotherUnknownThing"},
};

START_TEST(delta_features__what_is_not_done_is_refused_by_name) /* T-DELTA-FEATURE-1 */
{
    struct tarn_env *env = tarn_test_env();
    new_folder();
    put_table(readers[_i].protocol, FIELD("x", "long", ""), "");
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err);
    if (readers[_i].detail != NULL) {
        ck_assert_int_eq(status, TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, readers[_i].detail);
    } else {
        ck_assert_ok(status, &err);
        tarn_snapshot_close(snapshot);
    }
    tarn_test_env_close(env);
}
END_TEST

/* ---- type widening ---- */

static const struct {
    const char *from;
    const char *to;
    enum { NEVER, ONLY_READ, MADE } may;
} widenings[] = {
    {"byte", "short", MADE},
    {"byte", "long", MADE},
    {"short", "integer", MADE},
    {"integer", "long", MADE},
    {"long", "integer", NEVER},
    {"integer", "integer", NEVER},
    {"float", "double", MADE},
    {"double", "float", NEVER},
    {"byte", "double", MADE},
    {"integer", "double", MADE},
    {"long", "double", NEVER},
    {"integer", "float", NEVER},
    {"date", "timestamp_ntz", MADE},
    {"date", "timestamp", NEVER},
    {"timestamp_ntz", "timestamp", NEVER},
    {"decimal(10,2)", "decimal(12,2)", MADE},
    {"decimal(10,2)", "decimal(12,4)", MADE},
    {"decimal(10,2)", "decimal(12,5)", NEVER},
    {"decimal(10,2)", "decimal(10,2)", NEVER},
    {"decimal(10,2)", "decimal(12,1)", NEVER},
    {"integer", "decimal(10,0)", MADE},
    {"integer", "decimal(11,1)", MADE},
    {"integer", "decimal(10,1)", NEVER},
    {"short", "decimal(10,0)", MADE},
    {"short", "decimal(5,0)", ONLY_READ}, /* there are such tables; the protocol has ten digits for new ones */
    {"short", "decimal(4,0)", NEVER},
    {"byte", "decimal(11,1)", MADE},
    {"byte", "decimal(4,1)", ONLY_READ},
    {"byte", "decimal(3,1)", NEVER},
    {"long", "decimal(20,0)", MADE},
    {"long", "decimal(19,0)", NEVER},
    {"string", "long", NEVER},
    {"long", "string", NEVER},
};

START_TEST(delta_features__only_known_widenings_are_read) /* T-DELTA-WIDEN-1 */
{
    struct tarn_env *env = tarn_test_env();
    const struct tarn_text from = tarn__text_of(widenings[_i].from);
    const struct tarn_text to = tarn__text_of(widenings[_i].to);
    ck_assert_int_eq(tarn__delta_was_widened(from, to), widenings[_i].may != NEVER);
    ck_assert_int_eq(tarn__delta_may_widen(from, to), widenings[_i].may == MADE);
    new_folder();
    char field[600];
    snprintf(field, sizeof(field),
             "{\\\"name\\\":\\\"x\\\",\\\"type\\\":\\\"%s\\\",\\\"nullable\\\":true,\\\"metadata\\\":{\\\"delta.typeChanges\\\":["
             "{\\\"fromType\\\":\\\"%s\\\",\\\"toType\\\":\\\"%s\\\",\\\"tableVersion\\\":1}]}}",
             widenings[_i].to, widenings[_i].from, widenings[_i].to);
    put_table(LISTS("\"typeWidening\"", "\"typeWidening\""), field, "");
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err);
    if (widenings[_i].may != NEVER) {
        ck_assert_ok(status, &err);
    } else {
        ck_assert_int_eq(status, TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, "delta.type_change");
        ck_assert_str_eq(err.column, "x");
    }
    tarn_snapshot_close(snapshot);
    tarn_test_env_close(env);
}
END_TEST

/* ---- types ---- */

static const struct {
    const char *delta;
    struct tarn_type file; /* of the column in the file */
    const char *texts[2];  /* NULL: numbers */
    int64_t numbers[2];
    const char *rows;
} types[] = {
    {"interval year to month",
     {.id = TARN_TYPE_I32},
     {NULL},
     {14, 1},
     "{\"x\":{\"months\":14,\"days\":0,\"millis\":0}}\n{\"x\":{\"months\":1,\"days\":0,\"millis\":0}}\n{\"x\":null}\n"},
    {"interval month", {.id = TARN_TYPE_I32}, {NULL}, {0, 1}, NULL},
    {"interval day to second", {.id = TARN_TYPE_I64}, {NULL}, {86400000001, -5}, "{\"x\":86400000001}\n{\"x\":-5}\n{\"x\":null}\n"},
    {"interval hour to minute", {.id = TARN_TYPE_I64}, {NULL}, {1, INT64_MAX}, "{\"x\":1}\n{\"x\":9223372036854775807}\n{\"x\":null}\n"},
    {"geometry(OGC:CRS84)", {.id = TARN_TYPE_BINARY}, {"ab", "c"}, {0}, "{\"x\":\"0x6162\"}\n{\"x\":\"0x63\"}\n{\"x\":null}\n"},
    {"geography(OGC:CRS84, spherical)", {.id = TARN_TYPE_BINARY}, {"ab", "c"}, {0}, "{\"x\":\"0x6162\"}\n{\"x\":\"0x63\"}\n{\"x\":null}\n"},
    {"void", {.id = TARN_TYPE_I32}, {NULL}, {1, 2}, "{\"x\":null}\n{\"x\":null}\n{\"x\":null}\n"},
    {"timestampWithoutTimezone",
     {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO},
     {NULL},
     {0, 1},
     "{\"x\":\"1970-01-01T00:00:00.000000\"}\n{\"x\":\"1970-01-01T00:00:00.000001\"}\n{\"x\":null}\n"},
};

START_TEST(delta_features__types_are_read) /* T-DELTA-TYPE-1 */
{
    struct tarn_env *env = tarn_test_env();
    new_folder();
    put_rows(folder, "a.parquet", &types[_i].file, 2, types[_i].texts[0] != NULL ? types[_i].texts : NULL, types[_i].numbers);
    char field[300];
    snprintf(field, sizeof(field), FIELD("x", "%s", ""), types[_i].delta);
    put_table(LISTS("\"geospatial\",\"timestampNtz\"", "\"geospatial\",\"timestampNtz\""), field, ADD("a.parquet", "1"));
    char rows[600];
    ck_assert_ok(read_rows(env, folder, rows, sizeof(rows)), &err);
    if (types[_i].rows != NULL) {
        ck_assert_str_eq(rows, types[_i].rows);
    }
    tarn_test_env_close(env);
}
END_TEST

static const char *const refused_types[][2] = {
    {"geography(OGC:CRS84, vincenty)", "delta.type.geospatial"},
    {"interval day to month", "schema"},
    {"interval", "schema"},
    {"geometry(x", "schema"},
    {"variants", "schema"},
};

START_TEST(delta_features__types_that_there_are_not) /* T-DELTA-TYPE-1 */
{
    struct tarn_type type;
    ck_assert_int_ne(tarn__delta_type_parse(tarn__text_of(refused_types[_i][0]), &type, &err), TARN_OK);
    ck_assert_str_eq(err.detail, refused_types[_i][1]);
}
END_TEST

START_TEST(delta_features__a_schema_of_such_types_comes_back) /* T-DELTA-SCHEMA-1 */
{
    static const char text[] = "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"variant\",\"nullable\":true,\"metadata\":{}},"
                               "{\"name\":\"b\",\"type\":\"interval year to month\",\"nullable\":true,\"metadata\":{}},"
                               "{\"name\":\"c\",\"type\":\"interval day to second\",\"nullable\":true,\"metadata\":{}},"
                               "{\"name\":\"d\",\"type\":\"geometry(EPSG:3857)\",\"nullable\":true,\"metadata\":{}},"
                               "{\"name\":\"e\",\"type\":\"geography(OGC:CRS84, spherical)\",\"nullable\":true,\"metadata\":{}},"
                               "{\"name\":\"f\",\"type\":\"void\",\"nullable\":true,\"metadata\":{}}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__delta_schema schema;
    ck_assert_ok(tarn__delta_schema_parse(env, tarn__text_of(text), false, &arena, &schema, &err), &err);
    struct tarn_text_builder out;
    tarn__builder_init(&out, env);
    tarn__delta_schema_print(schema.schema, schema.physical, false, &out);
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&out), tarn__text_of(text)), "%.*s", (int)out.size, out.data);
    tarn__builder_free(&out);
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_features__elements_keys_and_values_have_ids) /* T-DELTA-SCHEMA-2 */
{
    static const char text[] =
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"m\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":{\"type\":"
        "\"array\",\"elementType\":\"long\",\"containsNull\":true},\"valueContainsNull\":true},\"nullable\":true,\"metadata\":{"
        "\"delta.columnMapping.id\":1,\"delta.columnMapping.physicalName\":\"col-1\",\"delta.columnMapping.nested.ids\":{"
        "\"col-1.key\":5,\"col-1.value\":6,\"col-1.value.element\":7}}}]}";
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__delta_schema schema;
    ck_assert_ok(tarn__delta_schema_parse(env, tarn__text_of(text), true, &arena, &schema, &err), &err);
    const struct tarn__physical *map = &schema.physical[0];
    ck_assert_int_eq(map->id, 1);
    ck_assert_int_eq(map->children[0].id, 5);
    ck_assert_int_eq(map->children[1].id, 6);
    ck_assert_int_eq(map->children[1].children[0].id, 7);
    tarn_schema_release(schema.schema);
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- files outside the table ---- */

static struct tarn_env *env_with(const char *allowed)
{
    const struct tarn_text roots[] = {TARN_TEXT("/nowhere/at/all"), tarn__text_of(allowed)};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.allowed_folder_count = 2;
    options.allowed_folders = roots;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

static enum tarn_status read_elsewhere(const char *allowed, char *rows, size_t size)
{
    struct tarn_env *env = allowed != NULL ? env_with(allowed) : tarn_test_env();
    const enum tarn_status status = read_rows(env, folder, rows, size);
    tarn_env_close(env);
    return status;
}

START_TEST(delta_features__files_elsewhere_are_read_where_that_is_allowed) /* T-ROOT-1 */
{
    static const struct tarn_type number = {.id = TARN_TYPE_I64};
    static const int64_t numbers[] = {7};
    static const char *const spellings[] = {"file:", "file://", ""};
    new_folder();
    char other[700];
    char text[1600];
    char rows[200];
    snprintf(other, sizeof(other), "%s-other", folder);
    put_rows(other, "x y/a b.parquet", &number, 1, NULL, numbers);
    snprintf(text, sizeof(text), ADD("%s%s/x%%20y/a%%20b.parquet", "1"), spellings[_i], other);
    put_table(LEGACY, FIELD("x", "long", ""), text);

    ck_assert_status(read_elsewhere(NULL, rows, sizeof(rows)), TARN_AUTH);
    ck_assert_str_eq(err.detail, "outside_table");
    ck_assert_status(read_elsewhere(folder, rows, sizeof(rows)), TARN_AUTH); /* "/f0-other" does not lie below "/f0" */
    ck_assert_ok(read_elsewhere(other, rows, sizeof(rows)), &err);
    ck_assert_str_eq(rows, "{\"x\":7}\n{\"x\":null}\n");
    char below[800];
    snprintf(below, sizeof(below), "%s/x y/", other);
    ck_assert_ok(read_elsewhere(below, rows, sizeof(rows)), &err);
    snprintf(below, sizeof(below), "file://%s", other);
    ck_assert_ok(read_elsewhere(below, rows, sizeof(rows)), &err);
    ck_assert_ok(read_elsewhere("/", rows, sizeof(rows)), &err);
}
END_TEST

START_TEST(delta_features__nothing_leads_out_of_an_allowed_folder) /* T-ROOT-2 */
{
    static const struct tarn_type number = {.id = TARN_TYPE_I64};
    static const int64_t numbers[] = {7};
    new_folder();
    char other[700];
    char secret[700];
    char link[800];
    char text[1600];
    char rows[200];
    snprintf(other, sizeof(other), "%s-other", folder);
    snprintf(secret, sizeof(secret), "%s-secret", folder);
    snprintf(link, sizeof(link), "%s/link", other);
    put_rows(secret, "a.parquet", &number, 1, NULL, numbers);
    put_rows(other, "a.parquet", &number, 1, NULL, numbers);
    ck_assert_int_eq(symlink(secret, link), 0);

    snprintf(text, sizeof(text), ADD("%s/../%s/a.parquet", "1"), other, strrchr(secret, '/') + 1);
    put_table(LEGACY, FIELD("x", "long", ""), text);
    ck_assert_status(read_elsewhere(other, rows, sizeof(rows)), TARN_AUTH);
    snprintf(text, sizeof(text), ADD("%s/a.parquet", "1"), link);
    put_table(LEGACY, FIELD("x", "long", ""), text);
    ck_assert_status(read_elsewhere(other, rows, sizeof(rows)), TARN_AUTH);
    ck_assert_status(read_elsewhere(secret, rows, sizeof(rows)), TARN_AUTH); /* the name goes through another folder */
}
END_TEST

TARN_SUITE("txlog/delta_features", TARN_TEST(delta_features__each_is_known_once_and_what_it_requires_too),
           TARN_TEST(delta_features__lower_versions_imply_them),
           TARN_LOOP_TEST(delta_features__what_is_not_done_is_refused_by_name, readers),
           TARN_LOOP_TEST(delta_features__only_known_widenings_are_read, widenings), TARN_LOOP_TEST(delta_features__types_are_read, types),
           TARN_LOOP_TEST(delta_features__types_that_there_are_not, refused_types),
           TARN_TEST(delta_features__a_schema_of_such_types_comes_back), TARN_TEST(delta_features__elements_keys_and_values_have_ids),
           TARN_LOOP_TIMES(delta_features__files_elsewhere_are_read_where_that_is_allowed, 3),
           TARN_TEST(delta_features__nothing_leads_out_of_an_allowed_folder))
