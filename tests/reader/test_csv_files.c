/* SPDX-License-Identifier: Apache-2.0
 * Real files, column by column: types, nulls and sums as DuckDB has them over the same files (nulls: empty and NA; VARCHAR: characters;
 * DATE: days, timestamps: seconds since 1970). One column differs on purpose: NA among the tail numbers of the flights is text here.
 */
#include <stdio.h>
#include <string.h>

#include "tarn/arrow.h"
#include "tarn/reader.h"
#include "tests/support/suite.h"

struct column {
    const char *name;
    const char *type;
    uint32_t nulls;
    double sum;
};

static const struct column birdstrikes[] = {
    {"Airport Name", "VARCHAR", 0, 206836.0},
    {"Aircraft Make Model", "VARCHAR", 0, 74274.0},
    {"Effect Amount of damage", "VARCHAR", 0, 43053.0},
    {"Flight Date", "DATE", 0, 99404738.0},
    {"Aircraft Airline Operator", "VARCHAR", 0, 149715.0},
    {"Origin State", "VARCHAR", 0, 78805.0},
    {"Phase of flight", "VARCHAR", 0, 85627.0},
    {"Wildlife Size", "VARCHAR", 0, 54346.0},
    {"Wildlife Species", "VARCHAR", 0, 189850.0},
    {"Time of day", "VARCHAR", 0, 37739.0},
    {"Cost Other", "BIGINT", 0, 4242411.0},
    {"Cost Repair", "BIGINT", 0, 36302865.0},
    {"Cost Total $", "BIGINT", 0, 40545276.0},
    {"Speed IAS in knots", "BIGINT", 2836, 1099926.0},
};
static const struct column weather[] = {
    {"origin", "VARCHAR", 0, 78345.0},
    {"year", "BIGINT", 0, 52569495.0},
    {"month", "BIGINT", 0, 169845.0},
    {"day", "BIGINT", 0, 409361.0},
    {"hour", "BIGINT", 0, 300082.0},
    {"temp", "DOUBLE", 1, 1443069.8799999908},
    {"dewp", "DOUBLE", 1, 1082163.7599999893},
    {"humid", "DOUBLE", 1, 1632909.95999998},
    {"wind_dir", "BIGINT", 460, 5124870.0},
    {"wind_speed", "DOUBLE", 4, 274622.13920003176},
    {"wind_gust", "DOUBLE", 20778, 136024.49756000118},
    {"precip", "DOUBLE", 0, 116.71000000000079},
    {"pressure", "DOUBLE", 2729, 23804580.199999966},
    {"visib", "DOUBLE", 0, 241704.0399999998},
    {"time_hour", "TIMESTAMP WITH TIME ZONE", 0, 35848520064000.0},
};
static const struct column planes[] = {
    {"tailnum", "VARCHAR", 0, 19913.0},      {"year", "BIGINT", 70, 6505574.0}, {"type", "VARCHAR", 0, 76366.0},
    {"manufacturer", "VARCHAR", 0, 31407.0}, {"model", "VARCHAR", 0, 27184.0},  {"engines", "BIGINT", 0, 6628.0},
    {"seats", "BIGINT", 0, 512639.0},        {"speed", "BIGINT", 3299, 5446.0}, {"engine", "VARCHAR", 0, 30018.0},
};
static const struct column flights[] = {
    {"year", "BIGINT", 0, 677930088.0},
    {"month", "BIGINT", 0, 2205381.0},
    {"day", "BIGINT", 0, 5291016.0},
    {"dep_time", "BIGINT", 8255, 443210949.0},
    {"sched_dep_time", "BIGINT", 0, 452712768.0},
    {"dep_delay", "BIGINT", 8255, 4152200.0},
    {"arr_time", "BIGINT", 8713, 492768669.0},
    {"sched_arr_time", "BIGINT", 0, 517415985.0},
    {"arr_delay", "BIGINT", 9430, 2257174.0},
    {"carrier", "VARCHAR", 0, 673552.0},
    {"flight", "BIGINT", 0, 664096549.0},
    {"tailnum", "VARCHAR", 0, 2009011.0},
    {"origin", "VARCHAR", 0, 1010328.0},
    {"dest", "VARCHAR", 0, 1010328.0},
    {"air_time", "BIGINT", 9430, 49326610.0},
    {"distance", "BIGINT", 0, 350217607.0},
    {"hour", "BIGINT", 0, 4438791.0},
    {"minute", "BIGINT", 0, 8833668.0},
    {"time_hour", "TIMESTAMP WITH TIME ZONE", 0, 462340700337600.0},
};

static const struct {
    const char *path;
    bool corpus;
    uint32_t rows;
    const struct column *columns;
    uint32_t column_count;
} files[] = {
    {"tests/data/birdstrikes.csv", false, 10000, birdstrikes, sizeof(birdstrikes) / sizeof(birdstrikes[0])},
    {"real/birdstrikes.csv", true, 10000, birdstrikes, sizeof(birdstrikes) / sizeof(birdstrikes[0])},
    {"real/nycflights13-weather.csv", true, 26115, weather, sizeof(weather) / sizeof(weather[0])},
    {"real/nycflights13-planes.csv", true, 3322, planes, sizeof(planes) / sizeof(planes[0])},
    {"real/nycflights13-flights.csv.gz", true, 336776, flights, sizeof(flights) / sizeof(flights[0])},
};

static double value_of(const struct tarn_vector *vector, uint32_t row)
{
    switch (vector->type->id) {
    case TARN_TYPE_STRING:
        return (double)tarn_vector_text(vector, row).size;
    case TARN_TYPE_F64:
        return ((const double *)vector->u.values)[row];
    case TARN_TYPE_DATE:
        return ((const int32_t *)vector->u.values)[row];
    case TARN_TYPE_TIMESTAMP:
        return (double)(((const int64_t *)vector->u.values)[row] / 1000000);
    default:
        return (double)((const int64_t *)vector->u.values)[row];
    }
}

START_TEST(csv_files__are_what_duckdb_reads)
{
    const char *folder = files[_i].corpus ? tarn_test_corpus() : TARN_SOURCE_DIR;
    if (folder == NULL) {
        printf("not run: no TARN_CORPUS for %s\n", files[_i].path);
        ck_assert(true);
        return;
    }
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_batches *batches;
    double sums[32] = {0};
    uint32_t nulls[32] = {0};
    uint32_t rows = 0;
    ck_assert_ok(tarn_store_open(env, (struct tarn_text){folder, strlen(folder)}, false, &store, &err), &err);
    ck_assert_ok(tarn_file_open(store, (struct tarn_text){files[_i].path, strlen(files[_i].path)}, TARN_FILE_AUTO, &source, &err), &err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &err), &err);
    ck_assert_uint_eq(batches->schema->field_count, files[_i].column_count);
    for (struct tarn_batch *batch = NULL;;) {
        ck_assert_ok(batches->next(batches, &batch, &err), &err);
        if (batch == NULL) {
            break;
        }
        rows += batch->length;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            nulls[c] += tarn_vector_null_count(batch->columns[c]);
            for (uint32_t row = 0; row < batch->length; row++) {
                sums[c] += tarn_vector_is_null(batch->columns[c], row) ? 0 : value_of(batch->columns[c], row);
            }
        }
    }
    ck_assert_uint_eq(rows, files[_i].rows);
    for (uint32_t c = 0; c < files[_i].column_count; c++) {
        const struct column *expected = &files[_i].columns[c];
        const struct tarn_text name = batches->schema->fields[c].name;
        char type[64];
        tarn_type_format(batches->schema->fields[c].type, type, sizeof(type));
        ck_assert_uint_eq(name.size, strlen(expected->name));
        ck_assert_mem_eq(name.data, expected->name, name.size);
        ck_assert_str_eq(type, expected->type);
        ck_assert_msg(nulls[c] == expected->nulls, "%s: %u nulls", expected->name, nulls[c]);
        ck_assert_msg(sums[c] - expected->sum < 1e-3 && expected->sum - sums[c] < 1e-3, "%s: sum %.9g", expected->name, sums[c]);
    }
    batches->close(batches);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("csv_files", TARN_LOOP_TEST(csv_files__are_what_duckdb_reads, files))
