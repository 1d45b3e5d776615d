/* SPDX-License-Identifier: Apache-2.0
 * Time zones: a TZif file written by hand, its damage, rules of footers, and the C library as the judge where zone files are installed.
 */
#include "format/base/alloc.h"
#include "format/base/datetime.h"
#include "format/base/timezone.h"
#include "format/base/timezone_rule.h"
#include "tests/support/fault.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Version 2: an empty first block; transitions at 0 (to +1 h) and 1000 (to -30 min), type 0 is UTC; then the rule. */
#define HEADER(version, times, types, chars)                                                                                               \
    'T', 'Z', 'i', 'f', version, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, times, 0, 0, 0, \
        types, 0, 0, 0, chars
enum { SECOND = 44, BLOCK = 88, TYPES = BLOCK + 18, FOOTER = TYPES + 18 + 4 };

static const uint8_t by_hand[] = {
    HEADER('2', 0, 0, 0),
    HEADER('2', 2, 3, 4),
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    3,
    232, /* the instants */
    1,
    2, /* their types */
    0,
    0,
    0,
    0,
    0,
    0, /* UTC */
    0,
    0,
    14,
    16,
    1,
    0, /* 3600 */
    255,
    255,
    248,
    248,
    0,
    0, /* -1800 */
    'X',
    'Y',
    'Z',
    0,
    '\n',
    'X',
    'Y',
    'Z',
    '-',
    '2',
    '\n',
};

START_TEST(timezone__decodes_a_file)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_timezone *zone;
    ck_assert_ok(tarn__timezone_decode(env, (struct tarn_span){by_hand, sizeof(by_hand)}, &zone, &err), &err);
    ck_assert_int_eq(tarn__timezone_offset(zone, INT64_MIN), 0);
    ck_assert_int_eq(tarn__timezone_offset(zone, -1), 0);
    ck_assert_int_eq(tarn__timezone_offset(zone, 0), 3600);
    ck_assert_int_eq(tarn__timezone_offset(zone, 999), 3600);
    ck_assert_int_eq(tarn__timezone_offset(zone, 1000), 7200); /* the rule goes on behind the last transition */
    ck_assert_int_eq(tarn__timezone_offset(zone, INT64_MAX), 7200);
    tarn__timezone_close(zone);

    uint8_t silent[sizeof(by_hand)];
    memcpy(silent, by_hand, sizeof(silent));
    silent[FOOTER + 1] = '\n'; /* no rule: the last type goes on */
    ck_assert_ok(tarn__timezone_decode(env, (struct tarn_span){silent, FOOTER + 2}, &zone, &err), &err);
    ck_assert_int_eq(tarn__timezone_offset(zone, INT64_MAX), -1800);
    tarn__timezone_close(zone);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *name;
    size_t place;
    uint8_t byte;
} damage[] = {
    {"magic", 0, 'x'},
    {"second magic", SECOND, 'x'},
    {"first block beyond the file", 32, 255},
    {"block beyond the file", SECOND + 32, 255},
    {"no types", SECOND + 39, 0},
    {"type out of range", BLOCK + 16, 3},
    {"out of order", BLOCK + 8, 255},
    {"offset of days", TYPES + 6, 127},
    {"footer without begin", FOOTER, 'x'},
    {"footer is no rule", FOOTER + 4, '*'},
    {"footer without end", FOOTER + 6, 'x'},
};

START_TEST(timezone__refuses_damage)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_timezone *zone;
    uint8_t bytes[sizeof(by_hand)];
    memcpy(bytes, by_hand, sizeof(bytes));
    bytes[damage[_i].place] = damage[_i].byte;
    ck_assert_msg(tarn__timezone_decode(env, (struct tarn_span){bytes, sizeof(bytes)}, &zone, &err) == TARN_CORRUPT, "%s", damage[_i].name);
    ck_assert_ptr_null(zone);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(timezone__refuses_every_cut)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_timezone *zone;
    for (size_t size = 0; size < sizeof(by_hand); size++) {
        ck_assert_status(tarn__timezone_decode(env, (struct tarn_span){by_hand, size}, &zone, &err), TARN_CORRUPT);
    }
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    const char *text;
    bool good;
    const char *instant; /* UTC */
    int32_t offset;
} rules[] = {
    {"UTC0", true, "2024-07-01 00:00:00", 0},
    {"<+0530>-5:30", true, "2024-07-01 00:00:00", 19800},
    {"EST5EDT,M3.2.0,M11.1.0", true, "2024-03-10 06:59:59", -18000},
    {"EST5EDT,M3.2.0,M11.1.0", true, "2024-03-10 07:00:00", -14400},
    {"EST5EDT,M3.2.0,M11.1.0", true, "2024-11-03 05:59:59", -14400},
    {"EST5EDT,M3.2.0,M11.1.0", true, "2024-11-03 06:00:00", -18000},
    {"EST5EDT", true, "2024-07-01 00:00:00", -14400},
    {"CET-1CEST,M3.5.0,M10.5.0/3", true, "2023-03-26 01:00:00", 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3", true, "2023-10-29 00:59:59", 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3", true, "2023-10-29 01:00:00", 3600},
    {"CET-1CEST,M3.5.0,M10.5.0/3", true, "+292277026000-07-01 00:00:00", 7200},
    {"NZST-12NZDT,M9.5.0,M4.1.0/3", true, "2024-01-01 00:00:00", 46800}, /* summer over the turn of the year */
    {"NZST-12NZDT,M9.5.0,M4.1.0/3", true, "2024-06-01 00:00:00", 43200},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, "2024-03-31 00:59:59", -7200},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, "2024-03-31 01:00:00", -3600},
    {"AAA0BBB,J60,J61", true, "2024-03-01 02:00:00", 3600}, /* J60 is March 1 in every year */
    {"AAA0BBB,J60,J61", true, "2024-02-29 23:00:00", 0},
    {"AAA0BBB,59,60", true, "2024-02-29 02:00:00", 3600},         /* day 59 is February 29 in a leap year */
    {"EST5EDT,0/0,J365/25", true, "2024-01-01 05:00:00", -14400}, /* summer all year */
    {"EST5EDT,0/0,J365/25", true, "2024-12-31 23:59:59", -14400},
    {"", false, NULL, 0},
    {"AB0", false, NULL, 0},
    {"ABC", false, NULL, 0},
    {"ABC25", false, NULL, 0},
    {"<ABC0", false, NULL, 0},
    {"ABC0DEF,", false, NULL, 0},
    {"ABC0DEF,M13.1.0,M1.1.0", false, NULL, 0},
    {"ABC0DEF,M0.1.0,M1.1.0", false, NULL, 0},
    {"ABC0DEF,M1.6.0,M1.1.0", false, NULL, 0},
    {"ABC0DEF,M1.1.7,M1.1.0", false, NULL, 0},
    {"ABC0DEF,J0,J1", false, NULL, 0},
    {"ABC0DEF,366,1", false, NULL, 0},
    {"ABC0DEF,1/168,1", false, NULL, 0},
    {"ABC0DEF,1,1x", false, NULL, 0},
    {"ABC99999999999999999999", false, NULL, 0},
};

START_TEST(timezone__follows_rules) /* B-ZONE-1 */
{
    struct tarn_timezone_rule rule;
    ck_assert_msg(tarn__timezone_rule_parse(tarn__text_of(rules[_i].text), &rule) == rules[_i].good, "%s", rules[_i].text);
    if (rules[_i].good) {
        int64_t instant;
        ck_assert_int_eq(tarn__timestamp_parse(tarn__text_of(rules[_i].instant), 0, &instant, NULL), TARN_PARSED);
        ck_assert_msg(tarn__timezone_rule_offset(&rule, instant) == rules[_i].offset, "%s at %s", rules[_i].text, rules[_i].instant);
        (void)tarn__timezone_rule_offset(&rule, INT64_MIN);
        (void)tarn__timezone_rule_offset(&rule, INT64_MAX);
    }
}
END_TEST

static const struct {
    const char *name;
    enum tarn_status status;
    int32_t offset;
} names[] = {
    {"UTC", TARN_OK, 0},
    {"utc", TARN_OK, 0},
    {"Z", TARN_OK, 0},
    {"+02", TARN_OK, 7200},
    {"-0330", TARN_OK, -12600},
    {"+05:30", TARN_OK, 19800},
    {"-00:25:21", TARN_OK, -1521},
    {"+002521", TARN_OK, 1521},
    {"", TARN_INVALID, 0},
    {"+2", TARN_NOT_FOUND, 0},
    {"+24", TARN_NOT_FOUND, 0},
    {"+05:3", TARN_INVALID, 0},
    {"+0530:00", TARN_INVALID, 0},
    {"../zone", TARN_INVALID, 0},
    {"Sub/../zone", TARN_INVALID, 0},
    {"/etc/passwd", TARN_INVALID, 0},
    {"Sub//Zone", TARN_INVALID, 0},
    {"Sub/", TARN_INVALID, 0},
    {"localtime", TARN_INVALID, 0},
    {"No/Such", TARN_NOT_FOUND, 0},
    {"Sub", TARN_NOT_FOUND, 0},
    {"text", TARN_NOT_FOUND, 0},
    {"Broken", TARN_CORRUPT, 0},
    {"Sub/Zone", TARN_OK, 3600},
};

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

START_TEST(timezone__confines_names_to_its_folder)
{
    const char *folder = tarn_test_folder();
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    struct tarn_timezone *zone;
    char path[512];
    snprintf(path, sizeof(path), "%s/Sub", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    write_file(folder, "Sub/Zone", by_hand, sizeof(by_hand));
    write_file(folder, "localtime", by_hand, sizeof(by_hand));
    write_file(folder, "Broken", by_hand, sizeof(by_hand) - 1);
    write_file(folder, "text", (const uint8_t *)"a text that is no zone, longer than the header of one", 53);
    options.timezone_folder = tarn__text_of(folder);
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_status(tarn__timezone_open(env, tarn__text_of(names[_i].name), &zone, &err), names[_i].status);
    ck_assert_int_eq(zone != NULL, names[_i].status == TARN_OK);
    if (zone != NULL) {
        ck_assert_int_eq(tarn__timezone_offset(zone, 500), names[_i].offset);
    }
    tarn__timezone_close(zone);
    tarn_test_env_close(env);
}
END_TEST

static const char *const installed[] = {"Europe/Berlin",     "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
                                        "Africa/Casablanca", "Pacific/Apia",     "America/St_Johns",    "Europe/Dublin"};

/* Every 11 hours and a bit from 1850 to 2110, and both ways. */
START_TEST(timezone__agrees_with_the_c_library)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_timezone *zone;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
        printf("not run: no time zones are installed\n");
        tarn_test_env_close(env);
        return;
    }
    ck_assert_ok(tarn__timezone_open(env, tarn__text_of(installed[_i]), &zone, &err), &err);
    setenv("TZ", installed[_i], 1);
    tzset();
    for (int64_t seconds = -3786912000; seconds < 4417977600; seconds += 39877) {
        const time_t instant = (time_t)seconds;
        struct tm tm;
        localtime_r(&instant, &tm);
        const int32_t offset = tarn__timezone_offset(zone, seconds);
        if (offset != tm.tm_gmtoff) {
            ck_abort_msg("%s at %lld: %d, expected %ld", installed[_i], (long long)seconds, offset, tm.tm_gmtoff);
        }
        const int64_t back = tarn__timezone_to_utc(zone, seconds + offset);
        if (back != seconds && tarn__timezone_offset(zone, back) + back != seconds + offset) {
            ck_abort_msg("%s: the local time of %lld is taken for that of %lld", installed[_i], (long long)seconds, (long long)back);
        }
    }
    tarn__timezone_close(zone);
    tarn_test_env_close(env);
}
END_TEST

static int64_t at(const char *text)
{
    int64_t seconds;
    ck_assert_int_eq(tarn__timestamp_parse(tarn__text_of(text), 0, &seconds, NULL), TARN_PARSED);
    return seconds;
}

/* A zone without transitions, whose rule alone decides. */
START_TEST(timezone__chooses_in_gaps_and_repeated_hours) /* B-ZONE-2 */
{
    static const char rule[] = "\nEST5EDT,M3.2.0,M11.1.0\n";
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_timezone *zone;
    uint8_t bytes[2 * 44 + 6 + sizeof(rule)] = {HEADER('2', 0, 0, 0), HEADER('2', 0, 1, 0)};
    memcpy(bytes + 2 * 44 + 6, rule, sizeof(rule) - 1);
    ck_assert_ok(tarn__timezone_decode(env, (struct tarn_span){bytes, sizeof(bytes) - 1}, &zone, &err), &err);
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-01-15 12:00:00")), at("2024-01-15 17:00:00"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-03-10 01:59:59")), at("2024-03-10 06:59:59"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-03-10 02:30:00")), at("2024-03-10 07:30:00"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-03-10 03:00:00")), at("2024-03-10 07:00:00"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-11-03 01:30:00")), at("2024-11-03 05:30:00"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, at("2024-11-03 02:00:00")), at("2024-11-03 07:00:00"));
    ck_assert_int_eq(tarn__timezone_to_utc(zone, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(tarn__timezone_to_utc(zone, INT64_MIN), INT64_MIN + 5 * 3600);
    tarn__timezone_close(zone);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status open_named(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_timezone *zone;
    (void)fault;
    const enum tarn_status status = tarn__timezone_open(env, tarn__text_of(ctx), &zone, err);
    ck_assert_int_eq(zone != NULL, status == TARN_OK);
    tarn__timezone_close(zone);
    return status;
}

START_TEST(timezone__survives_every_failing_allocation)
{
    const char *folder = tarn_test_folder();
    struct tarn_env_options env_options = TARN_ENV_OPTIONS_INIT;
    write_file(folder, "Zone", by_hand, sizeof(by_hand));
    env_options.timezone_folder = tarn__text_of(folder);
    const struct tarn_fault_sweep_options options = {.env = &env_options};
    static char name[] = "Zone";
    ck_assert_uint_ge(tarn_fault_sweep_with(open_named, name, TARN_FAULT_ALL_ALLOC, &options), 2);
}
END_TEST

TARN_SUITE("format/timezone", TARN_TEST(timezone__decodes_a_file), TARN_LOOP_TEST(timezone__refuses_damage, damage),
           TARN_TEST(timezone__refuses_every_cut), TARN_LOOP_TEST(timezone__follows_rules, rules),
           TARN_LOOP_TEST(timezone__confines_names_to_its_folder, names), TARN_LOOP_TEST(timezone__agrees_with_the_c_library, installed),
           TARN_TEST(timezone__chooses_in_gaps_and_repeated_hours), TARN_TEST(timezone__survives_every_failing_allocation))
