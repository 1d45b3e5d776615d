/* SPDX-License-Identifier: Apache-2.0
 * CSV as people write it: what is understood of each file, row by row, against what was written down by hand.
 */
#include <string.h>

#include "tarn/reader.h"
#include "tests/support/source_text.h"
#include "tests/support/suite.h"

static const struct {
    const char *name;
    const char *file;
    const char *rows;
} files[] = {
    /* delimiters, quotes, line ends */
    {"comma", "a,b\n1,x\n2,y\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"semicolon", "a;b\n1;x\n2;y\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"tab", "a\tb\n1\tx\n2\ty\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"bar", "a|b\n1|x\n2|y\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"comma inside quotes", "a,b\n1,\"x, y\"\n2,\"z\"\n", "a BIGINT, b VARCHAR\n1|x, y\n2|z\n"},
    {"commas in the text of a semicolon file", "a;b\n1;x, y\n2;p, q, r\n3;s\n", "a BIGINT, b VARCHAR\n1|x, y\n2|p, q, r\n3|s\n"},
    {"doubled quotes", "a,b\n1,\"say \"\"x\"\"\"\n2,\"\"\"\"\n", "a BIGINT, b VARCHAR\n1|say \"x\"\n2|\"\n"},
    {"backslash quotes", "a,b\n1,\"say \\\"x\\\", y\"\n2,\"z\"\n", "a BIGINT, b VARCHAR\n1|say \"x\", y\n2|z\n"},
    {"single quotes", "a,b\n1,'x, y'\n2,'z'\n", "a BIGINT, b VARCHAR\n1|x, y\n2|z\n"},
    {"apostrophes are no quotes", "a,b\n1,'tis\n2,don't\n3,x\n", "a BIGINT, b VARCHAR\n1|'tis\n2|don't\n3|x\n"},
    {"quote inside a field", "a,b\n1,6\" pipe\n2,x\n", "a BIGINT, b VARCHAR\n1|6\" pipe\n2|x\n"},
    {"quoted line break", "a,b\n1,\"x\ny\"\n2,z\n", "a BIGINT, b VARCHAR\n1|x\ny\n2|z\n"},
    {"CRs inside quotes, LF lines", "a,b\n1,\"p\rq\rr\rs\rt\ru\"\n2,\"v\rw\rx\ry\rz\r!\"\n",
     "a BIGINT, b VARCHAR\n1|p\rq\rr\rs\rt\ru\n2|v\rw\rx\ry\rz\r!\n"},
    {"CRs inside the quotes of one column", "a\n\"p\rq\rr\rs\rt\ru\"\n\"v\"\"\rw\rx\ry\rz\"\n",
     "a VARCHAR\np\rq\rr\rs\rt\ru\nv\"\rw\rx\ry\rz\n"},
    {"LFs inside quotes, CR lines", "a,b\r1,\"p\nq\"\r2,\"r\ns\"\r", "a BIGINT, b VARCHAR\n1|p\nq\n2|r\ns\n"},
    {"CR LF", "a,b\r\n1,x\r\n2,\"y\"\r\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"CR", "a,b\r1,x\r2,y\r", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"no line end at the end", "a,b\n1,x\n2,y", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"empty lines", "a,b\n\n1,x\n\r\n2,y\n\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"empty lines of one column", "a\n1\n\n3\n", "a BIGINT\n1\n~\n3\n"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a,b\n1,x\n",
     "a BIGINT, b VARCHAR\n1|x\n"},
    {"trailing delimiters", "a,b,\n1,x,\n2,y,\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    {"trailing delimiters below the header", "a,b\n1,x,\n2,y,\n", "a BIGINT, b VARCHAR\n1|x\n2|y\n"},
    /* headers */
    {"no header", "1,x\n2,y\n", "column0 BIGINT, column1 VARCHAR\n1|x\n2|y\n"},
    {"header of text columns", "name,city\nann,rome\nbob,oslo\n", "name VARCHAR, city VARCHAR\nann|rome\nbob|oslo\n"},
    {"header alone", "name,city\n", "name VARCHAR, city VARCHAR\n"},
    {"equal names", "a,a,A\n1,2,3\n", "a BIGINT, a_1 BIGINT, A_2 BIGINT\n1|2|3\n"},
    {"empty names", "a,,\"\"\n1,2,3\n", "a BIGINT, column1 BIGINT, column2 BIGINT\n1|2|3\n"},
    {"names with spaces and signs", "Cost Total $,Origin State\n1,x\n", "Cost Total $ BIGINT, Origin State VARCHAR\n1|x\n"},
    /* types */
    {"booleans", "a\ntrue\nFalse\n", "a BOOLEAN\ntrue\nfalse\n"},
    {"whole numbers", "a\n-1\n+2\n9223372036854775807\n", "a BIGINT\n-1\n2\n9223372036854775807\n"},
    {"beyond 64 bits", "a\n1\n9223372036854775808\n", "a DECIMAL(38,0)\n1\n9223372036854775808\n"},
    {"beyond 38 digits", "a\n1\n1000000000000000000000000000000000000001\n", "a VARCHAR\n1\n1000000000000000000000000000000000000001\n"},
    {"doubles", "a\n1\n2.5\n-1e3\n", "a DOUBLE\n1.0\n2.5\n-1000.0\n"},
    {"infinities among numbers", "a\n1.5\ninf\nNaN\n", "a DOUBLE\n1.5\ninf\nnan\n"},
    {"Nan is a name", "a,b\nNan,1\nInf,2\n", "a VARCHAR, b BIGINT\nNan|1\nInf|2\n"},
    {"leading zeros", "a\n00501\n10001\n", "a BIGINT\n501\n10001\n"},
    {"money", "a\n\"$1,200\"\n$15\n-$3\n", "a BIGINT\n1200\n15\n-3\n"},
    {"groups and fractions", "a\n\"1,234,567.5\"\n\"1,200\"\n", "a DOUBLE\n1234567.5\n1200.0\n"},
    {"decimal comma", "a;b\n1,5;x\n12,25;y\n", "a DOUBLE, b VARCHAR\n1.5|x\n12.25|y\n"},
    {"decimal comma and groups", "a;b\n1.234,5;x\n12,25;y\n", "a DOUBLE, b VARCHAR\n1234.5|x\n12.25|y\n"},
    {"ISO dates", "a\n2024-02-29\n1969-12-31\n", "a DATE\n2024-02-29\n1969-12-31\n"},
    {"German dates", "a\n31.12.2024\n1.2.2025\n", "a DATE\n2024-12-31\n2025-02-01\n"},
    {"month first", "a\n12/31/2024\n1/2/2025\n", "a DATE\n2024-12-31\n2025-01-02\n"},
    {"day first", "a\n31/12/2024\n1/2/2025\n", "a DATE\n2024-12-31\n2025-02-01\n"},
    {"either first stays text", "a\n1/2/2024\n3/4/2025\n", "a VARCHAR\n1/2/2024\n3/4/2025\n"},
    {"another column proves the order", "a,b\n1/2/2024,31/1/2024\n", "a DATE, b DATE\n2024-02-01|2024-01-31\n"},
    {"names of months", "a\n3-Jan-2024\n28-feb-2024\n", "a DATE\n2024-01-03\n2024-02-28\n"},
    {"no such day", "a\n2023-02-28\n2023-02-29\n", "a VARCHAR\n2023-02-28\n2023-02-29\n"},
    {"timestamps", "a\n2024-02-29 12:00:00\n2024-02-29T12:00:00.25\n", "a TIMESTAMP\n2024-02-29 12:00:00\n2024-02-29 12:00:00.25\n"},
    {"dates among timestamps", "a\n2024-02-29\n2024-02-29 12:30\n", "a TIMESTAMP\n2024-02-29 00:00:00\n2024-02-29 12:30:00\n"},
    {"zones", "a\n2024-02-29T12:00:00Z\n2024-02-29T12:00:00+02:00\n",
     "a TIMESTAMP WITH TIME ZONE\n2024-02-29 12:00:00+00\n2024-02-29 10:00:00+00\n"},
    {"some with zones stay text", "a\n2024-02-29T12:00:00Z\n2024-02-29T12:00:00\n",
     "a VARCHAR\n2024-02-29T12:00:00Z\n2024-02-29T12:00:00\n"},
    {"nanoseconds stay text", "a\n2024-02-29T12:00:00.123456789\n", "a VARCHAR\n2024-02-29T12:00:00.123456789\n"},
    {"American times", "a\n12/31/2024 1:05:00 PM\n1/2/2025 12:00 AM\n", "a TIMESTAMP\n2024-12-31 13:05:00\n2025-01-02 00:00:00\n"},
    {"spaces around numbers", "a,b\n 1, x\n2 ,y\n", "a BIGINT, b VARCHAR\n1| x\n2|y\n"},
    /* nulls */
    {"spellings of null", "a,b\n1,x\nNA,NA\nN/A,N/A\nNULL,NULL\n\\N,\\N\n,\n",
     "a BIGINT, b VARCHAR\n1|x\n~|NA\n~|N/A\n~|NULL\n~|\\N\n~|~\n"},
    {"quoted empty text", "a,b\n1,\"\"\n2,\n", "a BIGINT, b VARCHAR\n1|\n2|~\n"},
    {"quoted numbers", "a\n\"1\"\n\"\"\n\"NA\"\n", "a BIGINT\n1\n~\n~\n"},
    {"nothing but nulls", "a,b\n1,NA\n2,\n", "a BIGINT, b VARCHAR\n1|NA\n2|~\n"},
};

START_TEST(csv_dialect__finds_out) /* T-CSV-1 T-CSV-2 T-CSV-3 T-CSV-4 T-CSV-6 T-CSV-7 T-CSV-8 T-CSV-9 T-CSV-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_source *source;
    struct tarn_store *store = tarn_test_store_of(env, files[_i].file, strlen(files[_i].file));
    ck_assert_ok(tarn_csv_open(store, TARN_TEXT("f"), NULL, &source, &err), &err);
    ck_assert_msg(strcmp(tarn_test_source_text(source), files[_i].rows) == 0, "%s: %s", files[_i].name, tarn_test_source_text(source));
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("csv_dialect", TARN_LOOP_TEST(csv_dialect__finds_out, files))
