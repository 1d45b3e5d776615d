/* SPDX-License-Identifier: Apache-2.0
 * The table of missing features: it names all that the source refuses, and it only shrinks.
 */
#include "format/base/features.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"

/* The most entries a part may have. When one is done, lower the number; it is raised only when a specification grows. */
static const struct {
    const char *where;
    uint32_t most;
} frozen[] = {
    /* clang-format off */
    {"parquet", 16},
    {"delta", 18},
    {"table", 18},
    {"catalog", 4},
    {"expr", 4},
    {"arrow", 9},
    {"avro", 2},
    {"iceberg", 23},
    /* clang-format on */
};

START_TEST(features__only_shrink)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tarn__feature_count(); i++) {
        count += strcmp(tarn__feature_at(i)->where, frozen[_i].where) == 0;
    }
    ck_assert_msg(count <= frozen[_i].most, "%s has %u missing features", frozen[_i].where, count);
    ck_assert_msg(count == frozen[_i].most, "%s has only %u missing features: lower the number in this test", frozen[_i].where, count);
}
END_TEST

START_TEST(features__are_found_by_name)
{
    for (uint32_t i = 0; i < tarn__feature_count(); i++) {
        const struct tarn_feature *feature = tarn__feature_at(i);
        ck_assert_msg(tarn__feature_find(tarn__text_of(feature->name)) == feature, "%s stands twice", feature->name);
        ck_assert_uint_lt(strlen(feature->name), 64); /* an error's detail holds it */
        ck_assert(feature->what[0] != 0);
    }
    ck_assert_ptr_null(tarn__feature_find(TARN_TEXT("codec")));
    ck_assert_ptr_null(tarn__feature_find(TARN_TEXT("")));
}
END_TEST

static unsigned names_seen;

/* The literal behind `mark` and the next comma (or nothing), each time it occurs; what is no literal is passed over. */
static void check_names(const char *path, const char *text, const char *mark, bool second)
{
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
        at += strlen(mark);
        const char *name = at;
        if (second) {
            name = strchr(at, ',');
            name = name != NULL ? name + 1 : at;
        }
        name += strspn(name, " \n\t");
        if (*name == '"') {
            const size_t size = strcspn(name + 1, "\"");
            ck_assert_msg(tarn__feature_find((struct tarn_text){name + 1, size}) != NULL, "%s: %.*s is not in features.def", path,
                          (int)size, name + 1);
            names_seen++;
        }
    }
}

static int check_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    const size_t length = strlen(path);
    (void)place;
    if (kind != FTW_F || length < 2 || strcmp(path + length - 2, ".c") != 0) {
        return 0;
    }
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    char *text = calloc(1, (size_t)info->st_size + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)info->st_size, file), (size_t)info->st_size);
    fclose(file);
    check_names(path, text, "tarn__unsupported(", true);
    check_names(path, text, "unsupported = ", false);
    free(text);
    return 0;
}

START_TEST(features__name_all_that_the_source_refuses)
{
    static const char *const layers[] = {"format", "reader", "writer", "txlog", "query"};
    for (unsigned i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", TARN_SOURCE_DIR, layers[i]);
        ck_assert_int_eq(nftw(path, check_file, 16, FTW_PHYS), 0);
    }
    ck_assert_uint_gt(names_seen, 20);
}
END_TEST

TARN_SUITE("format/features", TARN_LOOP_TEST(features__only_shrink, frozen), TARN_TEST(features__are_found_by_name),
           TARN_TEST(features__name_all_that_the_source_refuses))
