/* SPDX-License-Identifier: Apache-2.0
 * A query as an Arrow stream: rows out, the full error behind an errno.
 */
#include <string.h>

#include "format/base/alloc.h"
#include "tarn/query.h"
#include "tests/support/suite.h"

START_TEST(query_arrow__gives_its_rows)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_ok(tarn_query_run(env, TARN_TEXT("SELECT * FROM (VALUES (1, 'x'), (2, NULL)) t(a, b) ORDER BY a"), NULL, &stream, &err),
                 &err);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    ck_assert_int_eq(schema.n_children, 2);
    ck_assert_str_eq(schema.children[0]->name, "a");
    ck_assert_str_eq(schema.children[0]->format, "i");
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_int_eq(array.length, 2);
    ck_assert_int_eq(((const int32_t *)array.children[0]->buffers[1])[1], 2);
    array.release(&array);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    schema.release(&schema);
    stream.release(&stream);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(query_arrow__keeps_the_error)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = tarn_test_env();
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    ck_assert_ok(tarn_query_run(env, TARN_TEXT("SELECT 1 // a FROM (VALUES (0)) t(a)"), NULL, &stream, &err), &err);
    ck_assert_int_ne(stream.get_next(&stream, &array), 0);
    ck_assert(tarn_stream_error(&stream, &err));
    ck_assert_int_eq(err.code, TARN_INVALID);
    ck_assert_str_eq(err.detail, "division_by_zero");
    stream.release(&stream);
    ck_assert_status(tarn_query_run(env, TARN_TEXT("SELECT"), NULL, &stream, &err), TARN_INVALID);
    ck_assert_ptr_null(stream.release);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("query/arrow", TARN_TEST(query_arrow__gives_its_rows), TARN_TEST(query_arrow__keeps_the_error))
