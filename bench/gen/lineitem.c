/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPC-H 4.2.3, LINEITEM, with the streams of dbgen.
 *   1. an order has 1 to 7 lines; its date and number of lines come from streams of `orders`, the rest from those of `lineitem`,
 *      of which each order owns seven draws a column (fourteen for comments: place and length);
 *   2. a return flag is drawn only for lines received by the current date of the specification, 1995-06-17;
 *   3. dates are days since 1992-01-01 until they are printed; prices are cents.
 */
#include "bench/gen/lineitem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/gen/tpch_random.h"
#include "bench/gen/tpch_text.h"
#include "bench/gen/tpch_words.h"

#define ORDERS_PER_SCALE 1500000
#define PARTS_PER_SCALE 200000
#define SUPPLIERS_PER_SCALE 10000
#define SUPPLIERS_PER_PART 4
#define LINES_MOST 7

#define DAYS 2557        /* 1992-01-01 .. 1998-12-31 */
#define CURRENT_DAY 1263 /* 1995-06-17 */
#define SHIP_DAYS_MOST 121
#define RECEIPT_DAYS_MOST 30
#define ORDER_DAY_LAST (DAYS - 1 - SHIP_DAYS_MOST - RECEIPT_DAYS_MOST)
#define DATE_BYTES 10

#define COMMENT_LEAST 10 /* 0.4 and 1.6 times the mean, 27 */
#define COMMENT_MOST 43

#define BUFFER_BYTES ((size_t)1 << 20)
#define ROW_MOST 256

static const char HEADER[] = "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,"
                             "l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment\n";

enum column_stream {
    QUANTITY,
    DISCOUNT,
    TAX,
    INSTRUCTION,
    MODE,
    PART,
    SUPPLIER,
    SHIP,
    COMMIT,
    RECEIPT,
    RETURN_FLAG,
    COMMENT,
    ORDER_DATE,
    LINE_COUNT,
    STREAMS,
};

static const struct tpch_stream STREAM_STARTS[STREAMS] = {
    [QUANTITY] = {209208115, LINES_MOST, 0},     [DISCOUNT] = {554590007, LINES_MOST, 0},    [TAX] = {721958466, LINES_MOST, 0},
    [INSTRUCTION] = {1371272478, LINES_MOST, 0}, [MODE] = {675466456, LINES_MOST, 0},        [PART] = {1808217256, LINES_MOST, 0},
    [SUPPLIER] = {2095021727, LINES_MOST, 0},    [SHIP] = {1769349045, LINES_MOST, 0},       [COMMIT] = {904914315, LINES_MOST, 0},
    [RECEIPT] = {373135028, LINES_MOST, 0},      [RETURN_FLAG] = {717419739, LINES_MOST, 0}, [COMMENT] = {1095462486, 2 * LINES_MOST, 0},
    [ORDER_DATE] = {1066728069, 1, 0},           [LINE_COUNT] = {1434868289, 1, 0},
};

struct table {
    struct tpch_stream streams[STREAMS];
    int64_t parts;
    int64_t suppliers;
    char *text;
    char dates[DAYS][DATE_BYTES];
    int descriptor;
    size_t filled; /* of buffer */
    char buffer[BUFFER_BYTES];
};

struct line {
    int64_t order;
    int32_t number;
    int32_t order_day;
};

static bool flush(struct table *table)
{
    for (size_t done = 0; done < table->filled;) {
        const ssize_t wrote = write(table->descriptor, table->buffer + done, table->filled - done);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    table->filled = 0;
    return true;
}

static void fill_dates(struct table *table)
{
    static const int MONTH_DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1992;
    int month = 1;
    int day = 1;
    for (size_t i = 0; i < DAYS; i++) {
        const int parts[] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10, '-' - '0',
                             month / 10,  month % 10,      '-' - '0',      day / 10,  day % 10};
        for (size_t k = 0; k < DATE_BYTES; k++) {
            table->dates[i][k] = (char)('0' + parts[k]);
        }
        const int leap_day = month == 2 && year % 4 == 0; /* no century between 1992 and 1998 */
        if (++day > MONTH_DAYS[month - 1] + leap_day) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

static char *put_text(char *at, const char *text)
{
    const size_t length = strlen(text);
    memcpy(at, text, length);
    at[length] = ',';
    return at + length + 1;
}

static char *put_digits(char *at, int64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *put_number(char *at, int64_t value)
{
    at = put_digits(at, value);
    *at++ = ',';
    return at;
}

static char *put_cents(char *at, int64_t cents)
{
    at = put_digits(at, cents / 100);
    *at++ = '.';
    *at++ = (char)('0' + cents / 10 % 10);
    *at++ = (char)('0' + cents % 10);
    *at++ = ',';
    return at;
}

static char *put_date(const struct table *table, char *at, int32_t day)
{
    memcpy(at, table->dates[day], DATE_BYTES);
    at[DATE_BYTES] = ',';
    return at + DATE_BYTES + 1;
}

/* Only the first eight of every 32 keys are in use. */
static int64_t order_key(int64_t order)
{
    return (order >> 3 << 5) | (order & 7);
}

static int64_t part_price(int64_t part)
{
    return 90000 + part / 10 % 20001 + part % 1000 * 100;
}

/* The suppliers of a part are spread over the table: which one is supplier number `number` of `part`. */
static int64_t part_supplier(const struct table *table, int64_t part, int64_t number)
{
    const int64_t all = table->suppliers;
    return (part + number * (all / SUPPLIERS_PER_PART + (part - 1) / all)) % all + 1;
}

static char *put_comment(struct table *table, char *at)
{
    const int32_t place = tpch_draw(&table->streams[COMMENT], 0, (int32_t)TPCH_TEXT_BYTES - COMMENT_MOST);
    const int32_t length = tpch_draw(&table->streams[COMMENT], COMMENT_LEAST, COMMENT_MOST);
    *at++ = '"'; /* the words have no quote that would have to be doubled */
    memcpy(at, table->text + place, (size_t)length);
    at += length;
    *at++ = '"';
    *at++ = '\n';
    return at;
}

static char *put_line(struct table *table, char *at, const struct line *line)
{
    struct tpch_stream *streams = table->streams;
    const int32_t quantity = tpch_draw(&streams[QUANTITY], 1, 50);
    const int64_t part = tpch_draw(&streams[PART], 1, (int32_t)table->parts);
    const int32_t ship = line->order_day + tpch_draw(&streams[SHIP], 1, SHIP_DAYS_MOST);
    const int32_t commit = line->order_day + tpch_draw(&streams[COMMIT], 30, 90);
    const int32_t receipt = ship + tpch_draw(&streams[RECEIPT], 1, RECEIPT_DAYS_MOST);

    at = put_number(at, order_key(line->order));
    at = put_number(at, part);
    at = put_number(at, part_supplier(table, part, tpch_draw(&streams[SUPPLIER], 0, SUPPLIERS_PER_PART - 1)));
    at = put_number(at, line->number);
    at = put_number(at, quantity);
    at = put_cents(at, part_price(part) * quantity);
    at = put_cents(at, tpch_draw(&streams[DISCOUNT], 0, 10));
    at = put_cents(at, tpch_draw(&streams[TAX], 0, 8));
    at = put_text(at, receipt <= CURRENT_DAY ? TPCH_RETURN_FLAGS[tpch_draw(&streams[RETURN_FLAG], 0, 1)].text : "N");
    at = put_text(at, ship <= CURRENT_DAY ? "F" : "O");
    at = put_date(table, at, ship);
    at = put_date(table, at, commit);
    at = put_date(table, at, receipt);
    at = put_text(at, TPCH_INSTRUCTIONS[tpch_draw(&streams[INSTRUCTION], 0, 3)].text);
    at = put_text(at, TPCH_MODES[tpch_draw(&streams[MODE], 0, 6)].text);
    return put_comment(table, at);
}

static bool write_order(struct table *table, int64_t order)
{
    const int32_t day = tpch_draw(&table->streams[ORDER_DATE], 0, ORDER_DAY_LAST);
    const int32_t lines = tpch_draw(&table->streams[LINE_COUNT], 1, LINES_MOST);
    for (int32_t number = 1; number <= lines; number++) {
        const struct line line = {.order = order, .number = number, .order_day = day};
        char *at = table->buffer + table->filled;
        table->filled += (size_t)(put_line(table, at, &line) - at);
        if (table->filled > BUFFER_BYTES - ROW_MOST && !flush(table)) {
            return false;
        }
    }
    for (size_t i = 0; i < STREAMS; i++) {
        tpch_next_row(&table->streams[i]);
    }
    return true;
}

static bool write_table(struct table *table, double scale)
{
    const int64_t orders = (int64_t)(ORDERS_PER_SCALE * scale);
    table->parts = (int64_t)(PARTS_PER_SCALE * scale);
    table->suppliers = (int64_t)(SUPPLIERS_PER_SCALE * scale);
    if (table->parts < 1 || table->suppliers < 1) {
        errno = EDOM;
        return false;
    }
    memcpy(table->streams, STREAM_STARTS, sizeof(STREAM_STARTS));
    fill_dates(table);
    memcpy(table->buffer, HEADER, sizeof(HEADER) - 1);
    table->filled = sizeof(HEADER) - 1;
    for (int64_t order = 1; order <= orders; order++) {
        if (!write_order(table, order)) {
            return false;
        }
    }
    return flush(table);
}

bool lineitem_write_csv(int descriptor, double scale)
{
    struct table *table = calloc(1, sizeof(*table));
    char *text = tpch_text_make(TPCH_TEXT_BYTES);
    bool ok = false;
    if (table != NULL && text != NULL) {
        table->text = text;
        table->descriptor = descriptor;
        ok = write_table(table, scale);
    }
    const int failure = errno;
    free(text);
    free(table);
    errno = failure;
    return ok;
}
