/* SPDX-License-Identifier: Apache-2.0
 *
 * Type inference. A guess is a set of what fits every value seen; values only take away from it, so that the order of rows does not matter.
 *
 * Invariants
 *  1. Each kind fits whatever the narrower ones fit: INT in HUGE in DECIMAL, INT in NUMBER, DATE in TIMESTAMP. Widening loses nothing.
 *  2. What a resolved column may become later is derived from its type alone: rows behind the sample were checked against that, not more.
 */
#include "reader/csv/csv_types.h"

#include "format/base/bytes.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"

static const struct tarn_text forms[TARN_CSV_DATE_FORMS] = {
    {"", 0},         {"%Y/%m/%d", 8}, {"%d.%m.%Y", 8},  {"%m/%d/%Y", 8}, {"%d/%m/%Y", 8}, {"%m-%d-%Y", 8}, {"%d-%m-%Y", 8},
    {"%d-%b-%Y", 8}, {"%d %b %Y", 8}, {"%b %d, %Y", 9}, {"%Y.%m.%d", 8}, {"%m/%d/%y", 8}, {"%d/%m/%y", 8}, {"%d.%m.%y", 8}};

/* Forms of which two that both fit contradict each other, month first and day first. */
static const struct {
    uint8_t month_first;
    uint8_t day_first;
} twins[] = {{3, 4}, {5, 6}, {11, 12}};

struct tarn_text tarn__csv_date_form(uint32_t i)
{
    return forms[i];
}

void tarn__csv_guess_begin(struct tarn_csv_guess *guess)
{
    *guess = (struct tarn_csv_guess){.kinds = {TARN_GUESS_ALL, TARN_GUESS_ALL}, .forms = ((uint32_t)1 << TARN_CSV_DATE_FORMS) - 1};
}

static bool is_special(struct tarn_text text)
{
    double ignored;
    const size_t first = text.size != 0 && (text.data[0] == '-' || text.data[0] == '+');
    return text.size <= 9 && first < text.size && tarn__is_letter(text.data[first]) && text.size >= 3 &&
           tarn__double_parse(text, TARN_NUMBER_SPECIALS, &ignored) == TARN_PARSED;
}

/* What the number may be, and how many digits it has. */
static uint32_t number_kinds(struct tarn_text text, char point, struct tarn_csv_guess *guess)
{
    char plain[TARN_CSV_PLAIN];
    const size_t size = tarn__csv_plain_number(text, point, plain);
    int64_t whole;
    double number;
    if (size == 0) {
        return 0;
    }
    const struct tarn_text digits = {plain, size};
    if (tarn__int64_parse(digits, &whole) == TARN_PARSED) {
        const size_t count = size - (plain[0] == '-' || plain[0] == '+');
        guess->digits = guess->digits > count ? guess->digits : (uint8_t)count;
        return TARN_GUESS_NUMBERS;
    }
    if (tarn__double_parse(digits, 0, &number) == TARN_PARSED_SYNTAX) {
        return 0;
    }
    size_t before = 0;
    size_t behind = 0;
    bool pointed = false;
    for (size_t i = 0; i < size; i++) {
        if (tarn__ascii_lower(plain[i]) == 'e') {
            guess->fraction = true;
            return TARN_GUESS_NUMBER;
        }
        pointed = pointed || plain[i] == '.';
        before += !pointed && tarn__is_digit(plain[i]);
        behind += pointed && tarn__is_digit(plain[i]);
    }
    guess->digits = guess->digits > before ? guess->digits : (uint8_t)before;
    guess->scale = guess->scale > behind ? guess->scale : (uint8_t)behind;
    guess->fraction = guess->fraction || pointed;
    if (!pointed && before > TARN_DECIMAL128_DIGITS) {
        return 0; /* an identifier, of which a double would keep the first digits */
    }
    return TARN_GUESS_NUMBER | (before + behind <= TARN_DECIMAL128_DIGITS ? TARN_GUESS_DECIMAL : 0) |
           (!pointed && before <= TARN_DECIMAL128_DIGITS ? TARN_GUESS_HUGE : 0);
}

static uint32_t time_kinds(const struct tarn_timestamp_text *text)
{
    int64_t ticks;
    if (text->fraction_is_cut || text->local.nanosecond % 1000 != 0 || tarn__timestamp_ticks(text, 6, &ticks) != TARN_PARSED) {
        return 0; /* microseconds would lose something */
    }
    return text->has_zone ? TARN_GUESS_INSTANT : text->has_time ? TARN_GUESS_TIMESTAMP : TARN_GUESS_DATE | TARN_GUESS_TIMESTAMP;
}

/* The forms among those still alive that fit the text, and what it is by them. */
static uint32_t date_kinds(struct tarn_csv_guess *guess, const struct tarn_csv_guessing *how, struct tarn_text text)
{
    struct tarn_timestamp_text parsed;
    if (how->date_format.size != 0) {
        return tarn__csv_timestamp(text, how->date_format, &parsed) == TARN_PARSED ? time_kinds(&parsed) : 0;
    }
    uint32_t fitting = 0;
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < TARN_CSV_DATE_FORMS; i++) {
        if ((guess->forms >> i & 1) != 0 && tarn__csv_timestamp(text, forms[i], &parsed) == TARN_PARSED) {
            fitting |= (uint32_t)1 << i;
            kinds |= time_kinds(&parsed);
        }
    }
    guess->forms = fitting;
    return fitting != 0 ? kinds : 0;
}

void tarn__csv_guess_value(struct tarn_csv_guess *guess, const struct tarn_csv_guessing *how, struct tarn_text text)
{
    bool truth;
    if ((guess->kinds[0] | guess->kinds[1]) == 0) {
        return;
    }
    text = tarn__text_trim(text);
    const uint32_t alive = guess->kinds[0] | guess->kinds[1];
    if ((alive & TARN_GUESS_NUMBER) != 0 && is_special(text)) {
        guess->kinds[0] &= TARN_GUESS_NUMBER;
        guess->kinds[1] &= TARN_GUESS_NUMBER;
        return; /* fits a column of numbers, but does not make one: Nan is a name */
    }
    guess->any = true;
    uint32_t fits[2] = {0, 0};
    if ((alive & TARN_GUESS_BOOL) != 0 && tarn__csv_bool(text, false, &truth)) {
        fits[0] = fits[1] = TARN_GUESS_BOOL;
    }
    if ((alive & TARN_GUESS_TIMES) != 0) {
        const uint32_t times = date_kinds(guess, how, text);
        fits[0] |= times;
        fits[1] |= times;
    }
    if ((guess->kinds[0] & TARN_GUESS_NUMBERS) != 0) {
        fits[0] |= number_kinds(text, '.', guess);
    }
    if ((guess->kinds[1] & TARN_GUESS_NUMBERS) != 0 && how->point != '.') {
        fits[1] |= number_kinds(text, ',', guess);
    }
    guess->kinds[0] &= fits[0];
    guess->kinds[1] &= fits[1];
}

char tarn__csv_guess_point(const struct tarn_csv_guessing *how, uint32_t count, const struct tarn_csv_guess *guesses)
{
    uint32_t comma = 0;
    uint32_t dot = 0;
    if (how->point != 0) {
        return how->point;
    }
    for (uint32_t i = 0; i < count; i++) {
        const bool with_dot = (guesses[i].kinds[0] & TARN_GUESS_NUMBERS) != 0;
        const bool with_comma = (guesses[i].kinds[1] & TARN_GUESS_NUMBERS) != 0;
        comma += guesses[i].any && with_comma && !with_dot;
        dot += guesses[i].any && with_dot && !with_comma;
    }
    return comma != 0 && dot == 0 ? ',' : '.';
}

/* ---- resolving ---- */

static void numeric_type(const struct tarn_csv_guess *guess, uint32_t kinds, bool prefer_decimal, struct tarn_type *type)
{
    const int32_t digits = guess->digits + guess->scale;
    if ((kinds & TARN_GUESS_INT) != 0) {
        type->id = TARN_TYPE_I64;
    } else if ((kinds & TARN_GUESS_HUGE) != 0) {
        type->id = TARN_TYPE_DECIMAL;
        type->precision = TARN_DECIMAL128_DIGITS;
    } else if (prefer_decimal && (kinds & TARN_GUESS_DECIMAL) != 0 && digits <= TARN_DECIMAL128_DIGITS) {
        type->id = TARN_TYPE_DECIMAL;
        type->precision = digits <= 18 ? 18 : TARN_DECIMAL128_DIGITS;
        type->scale = guess->scale;
    } else {
        type->id = TARN_TYPE_F64;
    }
}

/* Which of the two orders the columns prove, by pair of twins: 1 month first, 2 day first. */
static uint32_t proven_order(uint32_t count, const struct tarn_csv_guess *guesses)
{
    uint32_t proven = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (size_t t = 0; guesses[i].any && (guesses[i].kinds[0] & TARN_GUESS_TIMES) != 0 && t < sizeof(twins) / sizeof(twins[0]); t++) {
            const bool month = (guesses[i].forms >> twins[t].month_first & 1) != 0;
            const bool day = (guesses[i].forms >> twins[t].day_first & 1) != 0;
            proven |= month == day ? 0 : month ? 1 : 2;
        }
    }
    return proven;
}

/* The form of a column of dates; false when it is not certain. */
static bool date_form(uint32_t alive, uint32_t proven, struct tarn_text *out)
{
    for (size_t t = 0; t < sizeof(twins) / sizeof(twins[0]); t++) {
        if ((alive >> twins[t].month_first & 1) != 0 && (alive >> twins[t].day_first & 1) != 0) {
            if (proven != 1 && proven != 2) {
                return false;
            }
            *out = forms[proven == 1 ? twins[t].month_first : twins[t].day_first];
            return true;
        }
    }
    if (alive == 0) {
        return false;
    }
    *out = forms[__builtin_ctz(alive)];
    return true;
}

void tarn__csv_guess_resolve(const struct tarn_csv_guessing *how, char point, uint32_t count, const struct tarn_csv_guess *guesses,
                             struct tarn_csv_column_form *out)
{
    const uint32_t proven = proven_order(count, guesses);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t kinds = guesses[i].kinds[point == ','];
        struct tarn_type *type = &out[i].type;
        memset(&out[i], 0, sizeof(out[i]));
        type->id = TARN_TYPE_STRING;
        if (!guesses[i].any || how->all_varchar || kinds == 0) {
            continue;
        }
        if ((kinds & TARN_GUESS_BOOL) != 0) {
            type->id = TARN_TYPE_BOOL;
        } else if ((kinds & TARN_GUESS_NUMBERS) != 0) {
            numeric_type(&guesses[i], kinds, how->prefer_decimal, type);
        } else if (how->date_format.size != 0 || date_form(guesses[i].forms, proven, &out[i].format)) {
            out[i].format = how->date_format.size != 0 ? how->date_format : out[i].format;
            type->id = (kinds & TARN_GUESS_DATE) != 0 ? TARN_TYPE_DATE : TARN_TYPE_TIMESTAMP;
            type->unit = TARN_MICRO;
            type->utc = (kinds & (TARN_GUESS_DATE | TARN_GUESS_TIMESTAMP)) == 0;
        }
    }
}

void tarn__csv_guess_of_form(struct tarn_csv_guess *guess, const struct tarn_csv_column_form *form, char point)
{
    uint32_t kinds = 0;
    memset(guess, 0, sizeof(*guess));
    guess->any = true;
    switch (form->type.id) {
    case TARN_TYPE_BOOL:
        kinds = TARN_GUESS_BOOL;
        break;
    case TARN_TYPE_I64:
        kinds = TARN_GUESS_NUMBERS;
        guess->digits = 19;
        break;
    case TARN_TYPE_DECIMAL:
        kinds = TARN_GUESS_NUMBER | TARN_GUESS_DECIMAL | (form->type.scale == 0 ? TARN_GUESS_HUGE : 0);
        guess->digits = (uint8_t)(form->type.precision - form->type.scale);
        guess->scale = (uint8_t)form->type.scale;
        break;
    case TARN_TYPE_F64:
        kinds = TARN_GUESS_NUMBER;
        break;
    case TARN_TYPE_DATE:
        kinds = TARN_GUESS_DATE | TARN_GUESS_TIMESTAMP;
        break;
    case TARN_TYPE_TIMESTAMP:
        kinds = form->type.utc ? TARN_GUESS_INSTANT : TARN_GUESS_TIMESTAMP;
        break;
    default:
        break;
    }
    guess->kinds[point == ','] = kinds;
    if ((kinds & TARN_GUESS_TIMES) != 0) {
        for (uint32_t i = 0; i < TARN_CSV_DATE_FORMS; i++) {
            guess->forms |= (uint32_t)tarn__text_equal(forms[i], form->format) << i;
        }
    }
}
