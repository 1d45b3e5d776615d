/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/corpus_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/expected_rows.h"

/* Keys of files that have none beside them, by the begin of their paths: parquet-testing's README. */
static const struct {
    const char *path;
    const char *json;
} published_keys[] = {
    {"parquet-testing/data/aes256/", "{\"keys\":{\"footer\":\"3031323334353637383930313233343536373839303132333435363738393031\","
                                     "\"kc1\":\"3132333435363738393031323334353637383930313233343536373839303132\","
                                     "\"kc2\":\"3132333435363738393031323334353637383930313233343536373839303133\","
                                     "\"kc3\":\"3132333435363738393031323334353637383930313233343536373839303134\","
                                     "\"kc4\":\"3132333435363738393031323334353637383930313233343536373839303135\","
                                     "\"kc5\":\"3132333435363738393031323334353637383930313233343536373839303136\","
                                     "\"kc6\":\"3132333435363738393031323334353637383930313233343536373839303137\","
                                     "\"kc7\":\"3132333435363738393031323334353637383930313233343536373839303138\","
                                     "\"kc8\":\"3132333435363738393031323334353637383930313233343536373839303139\"}}"},
    {"parquet-testing/data/encrypt_columns_and_footer_aad.",
     "{\"keys\":{\"footer\":\"30313233343536373839303132333435\",\"kc1\":\"31323334353637383930313233343530\","
     "\"kc2\":\"31323334353637383930313233343531\"},\"aad_prefix\":\"tester\"}"},
    {"parquet-testing/data/encrypt_columns_and_footer_disable_aad_storage.",
     "{\"keys\":{\"footer\":\"30313233343536373839303132333435\",\"kc1\":\"31323334353637383930313233343530\","
     "\"kc2\":\"31323334353637383930313233343531\"},\"aad_prefix\":\"tester\"}"},
    {"parquet-testing/data/", "{\"keys\":{\"footer\":\"30313233343536373839303132333435\",\"kc1\":\"31323334353637383930313233343530\","
                              "\"kc2\":\"31323334353637383930313233343531\"}}"},
    {"duckdb/encryption/", "{\"keys\":{\"footer\":\"30313233343536373839303132333435\"}}"},
};

char *tarn_test_corpus_keys(const char *corpus, const char *path)
{
    char name[1536];
    size_t size;
    snprintf(name, sizeof(name), "%s/parquet/expected/%s.keys.json", corpus, path);
    char *json = tarn_test_read_whole(name, &size);
    if (json == NULL) {
        snprintf(name, sizeof(name), "%s/parquet/%s.keys.json", corpus, path);
        json = tarn_test_read_whole(name, &size);
    }
    for (size_t i = 0; json == NULL && strstr(path, "encrypt") != NULL && i < sizeof(published_keys) / sizeof(published_keys[0]); i++) {
        if (strncmp(path, published_keys[i].path, strlen(published_keys[i].path)) == 0) {
            json = strdup(published_keys[i].json);
        }
    }
    return json;
}
