/* SPDX-License-Identifier: Apache-2.0
 * Patterns of file names, by a table.
 */
#include <string.h>

#include "query/relation/glob.h"
#include "tests/support/suite.h"

static const struct {
    const char *pattern;
    const char *text;
    bool match;
} globs[] = {
    {"*.csv", "a.csv", true},
    {"*.csv", "a/b.csv", false},
    {"*.csv", ".csv", true},
    {"a*b*c", "aXbYc", true},
    {"a*b*c", "aXbYcZ", false},
    {"a?c", "abc", true},
    {"a?c", "a/c", false},
    {"a?c", "ac", false},
    {"[a-c]x", "bx", true},
    {"[!a-c]x", "bx", false},
    {"[!a-c]x", "dx", true},
    {"[]]x", "]x", true},
    {"[a-c]x", "x", false},
    {"[abc", "[abc", true},
    {"**/x.csv", "a/b/x.csv", true},
    {"**/x.csv", "x.csv", true},
    {"a/**/x", "a/b/c/x", true},
    {"a/**/*.csv", "a/b/c/x.csv", true},
    {"a/**/*.csv", "a/b/c/x.tsv", false},
    {"year=*/part-*.parquet", "year=2024/part-0.parquet", true},
    {"year=*/part-*.parquet", "year=2024/month=1/part-0.parquet", false},
    {"", "", true},
    {"*", "", true},
    {"", "a", false},
    {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
};

START_TEST(glob__matches_as_the_table_says)
{
    const struct tarn_text pattern = {globs[_i].pattern, strlen(globs[_i].pattern)};
    const struct tarn_text text = {globs[_i].text, strlen(globs[_i].text)};
    ck_assert_msg(tarn__glob_match(pattern, text) == globs[_i].match, "%s against %s", globs[_i].pattern, globs[_i].text);
}
END_TEST

TARN_SUITE("query/glob", TARN_LOOP_TEST(glob__matches_as_the_table_says, globs))
