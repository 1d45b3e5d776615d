/* SPDX-License-Identifier: Apache-2.0
 * Statuses and errors: the numbers, names and codes that others rely on, texts cut between characters, places that the innermost caller
 * sets, the line that a user reads.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "format/base/error.h"
#include "tests/support/suite.h"

/* Written out, not made of the table: none of this may ever change. */
static const struct {
    int number;
    const char *name;
    int sys_errno;
    int exit_code;
} statuses[] = {
    {0, "OK", 0, 0},
    {1, "INTERNAL", EIO, 1},
    {2, "INVALID", EINVAL, 4},
    {3, "CORRUPT", EBADMSG, 5},
    {4, "UNSUPPORTED", ENOTSUP, 6},
    {5, "IO", EIO, 9},
    {6, "NOT_FOUND", ENOENT, 3},
    {7, "EXISTS", EEXIST, 11},
    {8, "CONFLICT", EAGAIN, 7},
    {9, "COMMIT_UNKNOWN", EINPROGRESS, 8},
    {10, "LIMIT", EDQUOT, 10},
    {11, "NOMEM", ENOMEM, 10},
    {12, "AUTH", EACCES, 9},
    {13, "THROTTLED", EBUSY, 9},
    {14, "TIMEOUT", ETIMEDOUT, 10},
    {15, "CANCELLED", ECANCELED, 130},
    {16, "UNKNOWN", EIO, 1},
};

START_TEST(error__statuses_never_change)
{
    const enum tarn_status status = (enum tarn_status)statuses[_i].number;
    ck_assert_str_eq(tarn_status_name(status), statuses[_i].name);
    ck_assert_int_eq(tarn_status_errno(status), statuses[_i].sys_errno);
    ck_assert_int_eq(tarn_status_exit_code(status), statuses[_i].exit_code);
    ck_assert_uint_gt(strlen(tarn_status_meaning(status)), 3);
    for (int other = 0; other < _i; other++) {
        ck_assert_str_ne(tarn_status_meaning(status), tarn_status_meaning((enum tarn_status)statuses[other].number));
    }
}
END_TEST

static const struct {
    const char *text;
    size_t size;
    const char *begin; /* what is left when the end is cut */
    const char *end;   /* and when the begin is */
} cuts[] = {
    {"", 8, "", ""},
    {"abcdefg", 8, "abcdefg", "abcdefg"},
    {"abcdefgh", 8, "abcdefg", "...efgh"},
    {"abcdef\xc3\xa4", 8, "abcdef", "...ef\xc3\xa4"},
    {"abcd\xf0\x9f\x98\x80", 8, "abcd", "...\xf0\x9f\x98\x80"},
    {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8, "\xf0\x9f\x98\x80", "...\xf0\x9f\x98\x80"},
    {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8, "\xe2\x82\xac\xe2\x82\xac", "...\xe2\x82\xac"},
    /* no UTF-8: nothing to hold on to, but no byte is read or written outside either */
    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80", 8, "", "..."},
};

START_TEST(error__texts_are_cut_between_characters)
{
    char field[16];
    const struct tarn_text text = {cuts[_i].text, strlen(cuts[_i].text)};
    for (int keep_end = 0; keep_end < 2; keep_end++) {
        memset(field, '#', sizeof(field));
        tarn__text_copy(field, cuts[_i].size, text, keep_end != 0);
        ck_assert_str_eq(field, keep_end != 0 ? cuts[_i].end : cuts[_i].begin);
        for (size_t i = strlen(field); i < cuts[_i].size; i++) {
            ck_assert_int_eq(field[i], 0); /* the whole field: errors are compared and copied as bytes */
        }
        ck_assert_int_eq(field[cuts[_i].size], '#');
    }
}
END_TEST

static const struct {
    int sys_errno;
    enum tarn_status status;
} systems[] = {
    {ENOENT, TARN_NOT_FOUND}, {ENOTDIR, TARN_NOT_FOUND}, {EEXIST, TARN_EXISTS}, {EACCES, TARN_AUTH}, {EPERM, TARN_AUTH},
    {EXDEV, TARN_AUTH},       {ELOOP, TARN_AUTH},        {ENOMEM, TARN_NOMEM},  {EIO, TARN_IO},      {ENOSPC, TARN_IO},
};

START_TEST(error__of_the_system)
{
    struct tarn_error err = TARN_ERROR_INIT;
    ck_assert_status(tarn__sys_error(&err, systems[_i].sys_errno, "opening %s", "x"), systems[_i].status);
    ck_assert_int_eq(err.code, systems[_i].status);
    ck_assert_int_eq(err.sys_errno, systems[_i].sys_errno);
    ck_assert_ptr_nonnull(strstr(err.message, "opening x: "));
    ck_assert_status(tarn__sys_error(NULL, systems[_i].sys_errno, "opening %s", "x"), systems[_i].status);
}
END_TEST

START_TEST(error__places_of_the_innermost_caller_stay)
{
    struct tarn_error err = TARN_ERROR_INIT;
    tarn__corrupt(&err, "test", "broken");
    tarn__error_at_object(&err, TARN_TEXT("inner"));
    tarn__error_at_object(&err, TARN_TEXT("outer"));
    tarn__error_at_offset(&err, UINT64_MAX);
    tarn__error_at_offset(&err, 7);
    tarn__error_at_row_group(&err, 2);
    tarn__error_at_row_group(&err, 3);
    tarn__error_at_column(&err, TARN_TEXT("a.b"));
    tarn__error_at_column(&err, TARN_TEXT("c"));
    tarn__error_at_row(&err, 11);
    tarn__error_at_row(&err, 12);
    tarn__error_at_version(&err, 4);
    tarn__error_at_version(&err, 5);
    ck_assert_str_eq(err.object, "inner");
    ck_assert_int_eq(err.offset, INT64_MAX);
    ck_assert_int_eq(err.row_group, 2);
    ck_assert_str_eq(err.column, "a.b");
    ck_assert_int_eq(err.row, 11);
    ck_assert_int_eq(err.table_version, 4);
    err.row = -1;
    tarn__error_at_row(&err, UINT64_MAX);
    ck_assert_int_eq(err.row, INT64_MAX);
    ck_assert_status(tarn__error_recode(&err, TARN_INVALID), TARN_INVALID);
    ck_assert_int_eq(err.code, TARN_INVALID);
    /* no error to write to */
    tarn__error_at_object(NULL, TARN_TEXT("x"));
    tarn__error_at_offset(NULL, 1);
    tarn__error_at_row_group(NULL, 1);
    tarn__error_at_column(NULL, TARN_TEXT("x"));
    tarn__error_at_row(NULL, 1);
    tarn__error_at_version(NULL, 1);
    ck_assert_status(tarn__error_recode(NULL, TARN_LIMIT), TARN_LIMIT);
    ck_assert_status(tarn__corrupt(NULL, "x", "y"), TARN_CORRUPT);
    ck_assert_status(tarn__internal(NULL, "y"), TARN_INTERNAL);
}
END_TEST

START_TEST(error__is_one_line)
{
    static const char whole[] = "CORRUPT.page: a page is broken (f.parquet, version 3, row group 0, column a, row 5, byte 7, HTTP 503)";
    struct tarn_error err = TARN_ERROR_INIT;
    char line[256];
    ck_assert_status(tarn_error_set(&err, TARN_CORRUPT, "", "nothing more"), TARN_CORRUPT);
    ck_assert_uint_eq(tarn_error_format(&err, line, sizeof(line)), 21);
    ck_assert_str_eq(line, "CORRUPT: nothing more");
    tarn__corrupt(&err, "page", "a page is broken");
    tarn__error_at_object(&err, TARN_TEXT("f.parquet"));
    tarn__error_at_version(&err, 3);
    tarn__error_at_row_group(&err, 0);
    tarn__error_at_column(&err, TARN_TEXT("a"));
    tarn__error_at_row(&err, 5);
    tarn__error_at_offset(&err, 7);
    err.http_status = 503;
    /* whatever room there is: it is cut, and the length is that of the whole */
    for (size_t size = 0; size <= sizeof(whole); size++) {
        memset(line, '#', sizeof(line));
        ck_assert_uint_eq(tarn_error_format(&err, line, size), sizeof(whole) - 1);
        ck_assert_int_eq(line[size], '#');
        if (size != 0) {
            ck_assert_uint_eq(strlen(line), size - 1);
            ck_assert_int_eq(memcmp(line, whole, size - 1), 0);
        }
    }
}
END_TEST

TARN_SUITE("format/error", TARN_LOOP_TEST(error__statuses_never_change, statuses),
           TARN_LOOP_TEST(error__texts_are_cut_between_characters, cuts), TARN_LOOP_TEST(error__of_the_system, systems),
           TARN_TEST(error__places_of_the_innermost_caller_stay), TARN_TEST(error__is_one_line))
