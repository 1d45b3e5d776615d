/* SPDX-License-Identifier: Apache-2.0
 * A log of a million adds opens within 300 MiB, whether it is one commit or a thousand, and a predicate finds its files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/base/bytes.h"
#include "tests/support/table_rows.h"

enum { ADDS = 1000000 };
static const uint64_t most_bytes = UINT64_C(300) << 20;
static struct tarn_error err = TARN_ERROR_INIT;

static const char head[] =
    "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\","
    "\\\"fields\\\":["
    "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"
    "{\\\"name\\\":\\\"name\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"
    "{\\\"name\\\":\\\"p\\\",\\\"type\\\":\\\"date\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\",\"partitionColumns\":[\"p\"],"
    "\"configuration\":{}}}\n";

/* Paths of 87 bytes with a UUID, statistics of about 350: what Spark writes. */
static void add_file(FILE *out, uint64_t i)
{
    uint64_t random = i * UINT64_C(0x9e3779b97f4a7c15) + 12345;
    random ^= random >> 31;
    const unsigned a = (unsigned)random;
    const unsigned b = (unsigned)(random >> 32);
    const unsigned day = (unsigned)(i % 28) + 1;
    fprintf(out,
            "{\"add\":{\"path\":\"p=2024-01-%02u/part-%05u-%08x-%04x-4%03x-a%03x-%08x%04x.c000.snappy.parquet\",\"partitionValues\":{\"p\":"
            "\"2024-01-%02u\"},\"size\":%u,\"modificationTime\":17952617%05u,\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":%u,"
            "\\\"minValues\\\":{\\\"id\\\":%llu,\\\"name\\\":\\\"%08x some "
            "name\\\",\\\"price\\\":%u.%02u,\\\"when\\\":\\\"2024-01-%02uT00:%02u:%02u.%03uZ\\\"},"
            "\\\"maxValues\\\":{\\\"id\\\":%llu,\\\"name\\\":\\\"%08x other "
            "name\\\",\\\"price\\\":%u.%02u,\\\"when\\\":\\\"2024-01-%02uT23:%02u:%02u.%03uZ\\\"},"
            "\\\"nullCount\\\":{\\\"id\\\":0,\\\"name\\\":%u,\\\"price\\\":0,\\\"when\\\":0}}\"}}\n",
            day, (unsigned)(i % 200), a, b & 0xffff, a & 0xfff, b & 0xfff, b, a & 0xffff, day, a % 100000000, (unsigned)(i % 100000),
            1000 + b % 1000, (unsigned long long)i * 10, a, a % 1000, b % 100, day, a % 60, b % 60, a % 1000,
            (unsigned long long)i * 10 + 9, b, 1000 + b % 1000, a % 100, day, b % 60, a % 60, b % 1000, a % 7);
}

static void write_log(const char *folder, unsigned commits)
{
    char path[700];
    snprintf(path, sizeof(path), "%s/_delta_log", folder);
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    uint64_t next = 0;
    for (unsigned c = 0; c < commits; c++) {
        snprintf(path, sizeof(path), "%s/_delta_log/%020u.json", folder, c);
        FILE *out = fopen(path, "wb");
        ck_assert_ptr_nonnull(out);
        if (c == 0) {
            fputs(head, out);
        }
        for (unsigned i = 0; i < ADDS / commits; i++) {
            add_file(out, next++);
        }
        ck_assert_int_eq(fclose(out), 0);
    }
}

static const unsigned shapes[] = {1, 1000};

START_TEST(delta_million__opens_within_its_memory) /* T-MODEL-1 */
{
    char folder[512];
    snprintf(folder, sizeof(folder), "%s/m%d", tarn_test_folder(), _i);
    write_log(folder, shapes[_i]);
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.memory_limit = most_bytes;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err), &err);
    uint64_t peak;
    const uint64_t now = tarn_env_memory(env, &peak);
    printf("%u commits: %llu MiB, peak %llu MiB\n", shapes[_i], (unsigned long long)now >> 20, (unsigned long long)peak >> 20);
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    ck_assert_uint_eq(info.file_count, ADDS);
    ck_assert(info.has_row_count);
    struct tarn_transaction *transaction;
    ck_assert_ok(tarn_transaction_open(snapshot, NULL, &transaction, &err), &err);
    struct tarn_expr *predicate = tarn_test_id_equals(env, 1234567);
    uint32_t count;
    ck_assert_ok(tarn_transaction_select(transaction, predicate, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    tarn_expr_release(predicate);
    tarn_transaction_abort(transaction);
    tarn_snapshot_close(snapshot);
    tarn_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_million", TARN_LOOP_TEST(delta_million__opens_within_its_memory, shapes))
