/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations in table properties, in Spark's words: an optional "interval", then numbers with units.
 *
 * Specification: Delta PROTOCOL.md, "Table Properties"; Spark's CalendarInterval. Units that have no fixed length (month, year) are
 * refused, as Delta refuses them for retentions.
 */
#include "txlog/delta/delta_interval.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"

static struct tarn_text take_word(struct tarn_text *text)
{
    while (text->size != 0 && tarn__is_space(text->data[0])) {
        text->data++;
        text->size--;
    }
    struct tarn_text word = {text->data, 0};
    while (text->size != 0 && !tarn__is_space(text->data[0])) {
        word.size++;
        text->data++;
        text->size--;
    }
    return word;
}

/* Equal without case; `name` is in lower case, and may be followed by a plural's s. */
static bool is_unit(struct tarn_text word, struct tarn_text name)
{
    if (word.size == name.size + 1 && (word.data[name.size] | 0x20) == 's') {
        word.size--;
    }
    bool same = word.size == name.size;
    for (size_t i = 0; same && i < word.size; i++) {
        same = (word.data[i] | 0x20) == name.data[i];
    }
    return same;
}

static bool unit_of(struct tarn_text word, int64_t *microseconds)
{
    static const struct {
        struct tarn_text name;
        int64_t microseconds;
    } units[] = {
        {{"microsecond", 11}, 1},
        {{"millisecond", 11}, 1000},
        {{"second", 6}, 1000000},
        {{"minute", 6}, 60 * INT64_C(1000000)},
        {{"hour", 4}, 3600 * INT64_C(1000000)},
        {{"day", 3}, TARN_DELTA_DAY},
        {{"week", 4}, 7 * TARN_DELTA_DAY},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (is_unit(word, units[i].name)) {
            *microseconds = units[i].microseconds;
            return true;
        }
    }
    return false;
}

bool tarn__delta_interval_parse(struct tarn_text text, int64_t *microseconds)
{
    *microseconds = 0;
    struct tarn_text rest = text;
    struct tarn_text word = take_word(&rest);
    if (is_unit(word, TARN_TEXT("interval"))) {
        word = take_word(&rest);
    }
    bool any = false;
    for (; word.size != 0; word = take_word(&rest)) {
        int64_t count;
        int64_t unit;
        int64_t part;
        if (tarn__int64_parse(word, &count) != TARN_PARSED || !unit_of(take_word(&rest), &unit) ||
            __builtin_mul_overflow(count, unit, &part) || __builtin_add_overflow(*microseconds, part, microseconds)) {
            return false;
        }
        any = true;
    }
    return any;
}

int64_t tarn__delta_property_interval(const struct tarn__delta_state *state, struct tarn_text key, int64_t otherwise)
{
    int64_t value;
    const struct tarn_text text = tarn__delta_property(state, key);
    return text.size != 0 && tarn__delta_interval_parse(text, &value) && value >= 0 ? value : otherwise;
}

int64_t tarn__delta_property_int(const struct tarn__delta_state *state, struct tarn_text key, int64_t otherwise)
{
    int64_t value;
    const struct tarn_text text = tarn__delta_property(state, key);
    return text.size != 0 && tarn__int64_parse(text, &value) == TARN_PARSED ? value : otherwise;
}
