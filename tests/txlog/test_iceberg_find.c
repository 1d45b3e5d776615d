/* SPDX-License-Identifier: Apache-2.0
 * Which metadata file of a folder is the newest, and where in a table what it records lies.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "tests/support/suite.h"
#include "txlog/iceberg/iceberg_state.h"

static struct tarn_error err;

struct made {
    struct tarn_env *env;
    struct tarn_store *store;
};

static struct made begin(void)
{
    struct made made = {.env = tarn_test_env()};
    ck_assert_ok(tarn_store_open_memory(made.env, 0, &made.store, &err), &err);
    return made;
}

static void end(struct made *made)
{
    tarn_store_close(made->store);
    tarn_test_env_close(made->env);
}

static void put_text(const struct made *made, const char *key, const char *text)
{
    const struct tarn_span bytes = tarn__span_of_text(tarn__text_of(text));
    ck_assert_ok(tarn_store_put(made->store, tarn__text_of(key), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, &err), &err);
}

/* ---- the newest metadata ---- */

static const struct {
    const char *hint; /* NULL: none */
    const char *names[5];
    const char *newest; /* NULL: no table */
} folders[] = {
    {NULL, {"v1.metadata.json", "v2.metadata.json", "v10.metadata.json"}, "v10.metadata.json"},
    {"2", {"v1.metadata.json", "v2.metadata.json"}, "v2.metadata.json"},
    {"1\n", {"v1.metadata.json", "v2.metadata.json", "v3.gz.metadata.json"}, "v3.gz.metadata.json"}, /* behind */
    {"9", {"v1.metadata.json", "v2.metadata.json"}, "v2.metadata.json"},                             /* ahead */
    {"v2", {"v1.metadata.json", "v2.metadata.json", "v3.metadata.json"}, "v3.metadata.json"},
    {"", {"v1.metadata.json"}, "v1.metadata.json"},
    {"../../etc", {"v1.metadata.json"}, "v1.metadata.json"},
    {"99999999999999999999", {"v4.metadata.json.gz"}, "v4.metadata.json.gz"},
    {NULL, {"00000-aa.metadata.json", "00002-cc.metadata.json", "00001-bb.metadata.json"}, "00002-cc.metadata.json"},
    {"00001-bb", {"00001-aa.metadata.json", "00001-bb.metadata.json", "00001-cc.metadata.json"}, "00001-bb.metadata.json"},
    {"00001-bb", {"00001-bb.metadata.json", "00002-cc.metadata.json"}, "00002-cc.metadata.json"},
    {"only", {"only.metadata.json", "also.metadata.json"}, "only.metadata.json"},
    {"1", {"m.avro", "stats.json"}, NULL},
};

START_TEST(iceberg_find__hints_are_hints) /* T-ICEBERG-NEWEST-1 */
{
    struct made made = begin();
    char key[96];
    for (size_t i = 0; i < 5 && folders[_i].names[i] != NULL; i++) {
        snprintf(key, sizeof(key), "metadata/%s", folders[_i].names[i]);
        put_text(&made, key, "x");
    }
    if (folders[_i].hint != NULL) {
        put_text(&made, "metadata/version-hint.text", folders[_i].hint);
    }
    put_text(&made, "metadata/deeper/v99.metadata.json", "x"); /* of no table here */
    const struct tarn__place place = {.env = made.env, .store = made.store};
    struct tarn_arena arena;
    tarn__arena_init(&arena, made.env);
    struct tarn__iceberg_metadata_name name;
    const enum tarn_status status = tarn__iceberg_newest(&place, false, &arena, &name, &err);
    ck_assert_int_eq(status, folders[_i].newest != NULL ? TARN_OK : TARN_NOT_FOUND);
    if (status == TARN_OK) {
        snprintf(key, sizeof(key), "metadata/%s", folders[_i].newest);
        ck_assert_msg(tarn__text_equal(name.key, tarn__text_of(key)), "%.*s", TARN_TEXT_ARG(name.key));
    }
    tarn__arena_free(&arena);
    end(&made);
}
END_TEST

START_TEST(iceberg_find__metadata_names_say_their_number) /* T-ICEBERG-NEWEST-1 */
{
    static const struct {
        const char *key;
        bool is;
        int64_t number;
        bool counted;
    } names[] = {
        {"metadata/v7.metadata.json", true, 7, true},
        {"metadata/v7.gz.metadata.json", true, 7, true},
        {"metadata/v7.metadata.json.gz", true, 7, true},
        {"metadata/00012-0f-a.metadata.json", true, 12, false},
        {"metadata/00012-0f.gz.metadata.json", true, 12, false},
        {"metadata/vfinal.metadata.json", true, -1, false},
        {"metadata/v7x.metadata.json", true, -1, false},
        {"metadata/12.metadata.json", true, -1, false},
        {"metadata/v99999999999999999999.metadata.json", true, -1, false},
        {"metadata/.metadata.json", false, -1, false},
        {"metadata/v7.json", false, -1, false},
        {"metadata/snap-1.avro", false, -1, false},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tarn__iceberg_metadata_name name;
        ck_assert_msg(tarn__iceberg_metadata_name_parse(tarn__text_of(names[i].key), &name) == names[i].is, "%s", names[i].key);
        ck_assert_msg(name.number == names[i].number && name.is_counted == names[i].counted, "%s", names[i].key);
    }
}
END_TEST

/* ---- locations ---- */

static const struct {
    const char *root;
    const char *location;
    const char *key; /* NULL: none */
} locations[] = {
    {"file:/lake/t", "file:/lake/t/data/a.parquet", "data/a.parquet"},
    {"file:/lake/t", "file:///lake/t/data/a.parquet", "data/a.parquet"},
    {"file:///lake/t/", "/lake/t/data/a.parquet", "data/a.parquet"},
    {"/lake/t", "FILE://localhost/lake/t/a", "a"},
    {"/lake//t", "/lake/./t//a", "a"},
    {"/lake/t", "/lake/t/p=a%20b/c d.parquet", "p=a%20b/c d.parquet"}, /* bytes as they are */
    {"/lake/t", "/lake/t2/a", "/lake/t2/a"},
    {"/lake/t", "/etc/passwd", "/etc/passwd"},
    {"/lake/t", "/lake/t/../x", "../x"}, /* refused where it is opened */
    {"/lake/t", "/lake/t", NULL},
    {"/lake/t", "", NULL},
    {"s3://b/t", "s3a://b/t/a", "a"},
    {"s3://b/t", "s3://c/t/a", "/s3://c/t/a"},
    {"s3://b/t", "gs://b/t/a", "/gs://b/t/a"},
    {"./t", "t/metadata/a", "metadata/a"},
    {"data/t", "/data/t/a", "/data/t/a"},
    {"file://data/t", "file://data/t/a", "a"},
};

START_TEST(iceberg_find__locations_become_keys) /* T-ICEBERG-LOCATION-1 */
{
    struct made made = begin();
    struct tarn_text_builder key;
    tarn__builder_init(&key, made.env);
    const struct tarn__iceberg_root root = {tarn__text_of(locations[_i].root), made.store};
    const bool is = tarn__iceberg_location_key(&root, tarn__text_of(locations[_i].location), &key);
    ck_assert(is == (locations[_i].key != NULL));
    if (is) {
        ck_assert_msg(tarn__text_equal(tarn__builder_text(&key), tarn__text_of(locations[_i].key)), "%.*s", (int)key.size, key.data);
    }
    tarn__builder_clear(&key);
    tarn__iceberg_location_print(TARN_TEXT("file:///lake/t/"), TARN_TEXT("data/a"), &key);
    ck_assert(tarn__text_equal(tarn__builder_text(&key), TARN_TEXT("file:///lake/t/data/a")));
    tarn__builder_free(&key);
    end(&made);
}
END_TEST

TARN_SUITE("txlog/iceberg_find", TARN_LOOP_TEST(iceberg_find__hints_are_hints, folders),
           TARN_TEST(iceberg_find__metadata_names_say_their_number), TARN_LOOP_TEST(iceberg_find__locations_become_keys, locations))
