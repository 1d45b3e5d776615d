/* SPDX-License-Identifier: Apache-2.0
 *
 * Types that a column may take later.
 *
 * Specification: Delta PROTOCOL.md, "Type Widening": byte, short, int, long upwards; float to double; byte, short, int to double; date to
 * timestamp_ntz; decimals that gain at least as many digits as they gain behind the point; whole numbers to decimals that hold them all.
 */
#include "txlog/delta/delta_widen.h"

#include "format/base/bytes.h"
#include "format/base/number.h"

/* Digits of a decimal or of the decimal that a whole number is; false: neither. `whole`: 1 byte to 4 long, 0 decimal. */
static bool digits_of(struct tarn_text name, int64_t *precision, int64_t *scale, int *whole)
{
    static const struct {
        struct tarn_text name;
        int64_t precision;
    } integers[] = {{{"byte", 4}, 10}, {{"short", 5}, 10}, {{"integer", 7}, 10}, {{"long", 4}, 20}};
    *scale = 0;
    *whole = 0;
    for (int i = 0; i < 4; i++) {
        if (tarn__text_equal(name, integers[i].name)) {
            *precision = integers[i].precision;
            *whole = i + 1;
            return true;
        }
    }
    if (!tarn__text_starts(name, TARN_TEXT("decimal("))) {
        return false;
    }
    const char *begin = name.data + 8;
    const char *end = name.data + name.size - 1;
    const char *comma = begin;
    while (comma < end && *comma != ',') {
        comma++;
    }
    return comma < end && tarn__int64_parse((struct tarn_text){begin, (size_t)(comma - begin)}, precision) == TARN_PARSED &&
           tarn__int64_parse((struct tarn_text){comma + 1, (size_t)(end - comma - 1)}, scale) == TARN_PARSED;
}

bool tarn__delta_widens(struct tarn_text from, struct tarn_text to)
{
    int64_t precision = 0;
    int64_t scale = 0;
    int64_t to_precision = 0;
    int64_t to_scale = 0;
    int whole = 0;
    int to_whole = 0;
    if (tarn__text_equal(from, TARN_TEXT("date"))) {
        return tarn__text_equal(to, TARN_TEXT("timestamp_ntz"));
    }
    if (tarn__text_equal(from, TARN_TEXT("float"))) {
        return tarn__text_equal(to, TARN_TEXT("double"));
    }
    if (!digits_of(from, &precision, &scale, &whole)) {
        return false;
    }
    if (tarn__text_equal(to, TARN_TEXT("double"))) {
        return whole >= 1 && whole <= 3;
    }
    if (!digits_of(to, &to_precision, &to_scale, &to_whole) || tarn__text_equal(from, to)) {
        return false;
    }
    if (to_whole != 0) {
        return whole != 0 && to_whole > whole;
    }
    return to_precision - precision >= to_scale - scale && to_scale >= scale;
}
