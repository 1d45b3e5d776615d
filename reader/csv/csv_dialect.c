/* SPDX-License-Identifier: Apache-2.0
 *
 * The CSV sniffer.
 *
 * Invariants
 *  1. What the caller said is never second-guessed.
 *  2. Of candidates that explain the text equally well the first wins: comma before semicolon, tab, bar; double quotes before single ones
 *     before none; doubling before backslash.
 *  3. A candidate that splits nothing (one column) wins only when no other makes most records agree.
 */
#include "reader/csv/csv_dialect.h"

#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/base/utf8.h"
#include "reader/csv/csv_convert.h"

enum {
    HEAD = 1 << 18,
    HEAD_ROWS = 400,
    TYPED_ROWS = 60,
    MOST_COUNTED = 4096,
    COMPARED_NAMES = 64,
    SAMPLE_ROWS = 20480,
    MOST_COLUMNS = 16384
};

struct sniffing {
    struct tarn_arena *arena;
    const struct tarn_csv_options *options;
    struct tarn_span text;
    bool last;
    struct tarn_csv_sniffed *out;
    struct tarn_csv_records records;
    struct tarn_csv_conversion conversion; /* for contents and nulls */
    struct tarn_buffer *scratch;
    struct tarn_csv_guessing guessing;
    uint32_t counts[MOST_COUNTED];
};

/* ---- lines ---- */

struct line_ends {
    size_t bare; /* CR alone */
    size_t feeds;
    size_t pairs;
};

/* May a field begin behind this byte? */
static bool parts_fields(const struct sniffing *in, char c)
{
    return c == '\n' || c == '\r' || (in->options->delimiter != 0 ? c == in->options->delimiter : memchr(",;\t|", c, 4) != NULL);
}

/* Line ends of the head, those inside quoted fields left out; quote 0: all. False: a quote stays open. */
static bool count_line_ends(const struct sniffing *in, char quote, struct line_ends *out)
{
    const uint8_t *data = in->text.data;
    const size_t size = in->text.size < HEAD ? in->text.size : HEAD;
    size_t behind = 0; /* the closing quote: another one there was doubled */
    bool in_quotes = false;
    *out = (struct line_ends){0};
    for (size_t i = 0; i < size; i++) {
        const char c = (char)data[i];
        if (quote != 0 && c == quote) {
            behind = in_quotes ? i + 1 : behind;
            in_quotes = !in_quotes && (i == behind || parts_fields(in, (char)data[i - 1]));
        }
        if (in_quotes) {
            continue;
        }
        out->feeds += c == '\n';
        if (c == '\r') {
            const bool is_pair = i + 1 < size && data[i + 1] == '\n';
            out->pairs += is_pair;
            out->bare += !is_pair;
        }
    }
    return !in_quotes || size < in->text.size;
}

/* A line break inside quotes says nothing of how lines end: people's address fields are full of CRs. */
static void sniff_newline(struct sniffing *in)
{
    const struct tarn_csv_options *options = in->options;
    struct line_ends ends;
    if (!count_line_ends(in, options->no_quote ? 0 : options->quote != 0 ? options->quote : '"', &ends) || ends.bare + ends.feeds == 0) {
        (void)count_line_ends(in, 0, &ends);
    }
    in->out->syntax.bare_cr = ends.bare > 4 * ends.feeds;
    in->out->newline = in->out->syntax.bare_cr ? TARN_TEXT("\r") : ends.pairs * 2 > ends.feeds ? TARN_TEXT("\r\n") : TARN_TEXT("\n");
}

static void skip_lines(struct sniffing *in)
{
    const uint8_t newline = in->out->syntax.bare_cr ? '\r' : '\n';
    size_t at = 0;
    for (uint32_t i = 0; i < in->options->skip && at < in->text.size; i++) {
        const uint8_t *end = memchr(in->text.data + at, newline, in->text.size - at);
        at = end == NULL ? in->text.size : (size_t)(end - in->text.data) + 1;
    }
    in->out->begin = at;
}

/* ---- candidates ---- */

static struct tarn_text content_of(struct sniffing *in, size_t field, bool *quoted, bool *no_memory)
{
    const struct tarn_csv_field at = in->records.fields[field];
    *quoted = (at.size & TARN_CSV_QUOTED) != 0;
    return tarn__csv_content(&in->conversion, at, &in->scratch, no_memory);
}

static uint32_t fields_of(const struct sniffing *in, size_t record)
{
    return in->records.records[record + 1].first - in->records.records[record].first;
}

/* The most frequent number of fields, and how many records have it. */
static uint32_t common_count(struct sniffing *in, size_t *agreeing)
{
    uint32_t best = 0;
    memset(in->counts, 0, sizeof(in->counts));
    for (size_t i = 0; i < in->records.count; i++) {
        const uint32_t fields = fields_of(in, i) < MOST_COUNTED ? fields_of(in, i) : MOST_COUNTED - 1;
        in->counts[fields]++;
        best = in->counts[fields] > in->counts[best] ? fields : best;
    }
    *agreeing = in->counts[best];
    return best;
}

/* Of a thousand fields behind the first record: how many are numbers, dates or truth values. */
static long typed_share(struct sniffing *in, bool *no_memory)
{
    long typed = 0;
    long all = 0;
    for (size_t i = 1; i < in->records.count && i < TYPED_ROWS; i++) {
        for (uint32_t f = in->records.records[i].first; f < in->records.records[i + 1].first; f++) {
            struct tarn_csv_guess guess;
            bool quoted;
            const struct tarn_text text = content_of(in, f, &quoted, no_memory);
            tarn__csv_guess_begin(&guess);
            if (!tarn__csv_is_null(in->options->null_count, in->options->nulls, text, quoted, false)) {
                tarn__csv_guess_value(&guess, &in->guessing, text);
                typed += guess.any && (guess.kinds[0] | guess.kinds[1]) != 0;
                all++;
            }
        }
    }
    return all == 0 ? 0 : typed * 1000 / all;
}

/* How well the syntax explains the head of the text; larger is better. */
static enum tarn_status score_syntax(struct sniffing *in, const struct tarn_csv_syntax *syntax, long *score, struct tarn_error *err)
{
    const size_t size = in->text.size < HEAD ? in->text.size : HEAD;
    const bool last = in->last && size == in->text.size;
    size_t end;
    size_t agreeing;
    bool no_memory = false;
    *score = 0;
    if (in->out->begin >= size) {
        return TARN_OK;
    }
    in->conversion.syntax = syntax;
    TARN_RETURN_IF_ERROR(tarn__csv_parse(syntax, in->text.data, in->out->begin, size, last, HEAD_ROWS, &in->records, &end, err));
    const long rows = (long)in->records.count;
    if (rows == 0) {
        *score = -1;
        return TARN_OK;
    }
    long faults = 0;
    long quoted = 0;
    for (size_t i = 0; i < in->records.count; i++) {
        faults += in->records.records[i].fault != TARN_CSV_SOUND;
    }
    for (size_t i = 0; i < in->records.field_count; i++) {
        quoted += (in->records.fields[i].size & TARN_CSV_QUOTED) != 0;
    }
    if (rows < HEAD_ROWS && (end - in->out->begin) * 2 < size - in->out->begin) {
        faults += rows; /* a quote that never closes swallowed the rest */
    }
    const long columns = (long)common_count(in, &agreeing);
    *score = columns == 1 ? 500 : 1000 * (long)agreeing / rows + 3 * (columns < 30 ? columns : 30);
    *score += typed_share(in, &no_memory) / 5 - 2000 * faults / rows + (quoted != 0 && faults == 0 ? 50 : 0);
    return no_memory ? tarn__nomem(in->arena->env, err, 0) : TARN_OK;
}

static bool has_pair(struct tarn_span text, char first, char second)
{
    for (size_t i = 0; i + 1 < text.size && i < HEAD; i++) {
        if (text.data[i] == (uint8_t)first && text.data[i + 1] == (uint8_t)second) {
            return true;
        }
    }
    return false;
}

static enum tarn_status sniff_syntax(struct sniffing *in, struct tarn_error *err)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    static const char quotes[] = {'"', '\'', 0};
    const struct tarn_csv_options *options = in->options;
    long best = 0;
    bool found = false;
    struct tarn_csv_syntax chosen = in->out->syntax;
    chosen.comment = options->comment;
    for (size_t q = 0; q < sizeof(quotes); q++) {
        const bool said = options->quote != 0 || options->no_quote;
        const char quote = options->no_quote ? 0 : said ? options->quote : quotes[q];
        for (size_t d = 0; d < sizeof(delimiters); d++) {
            for (int backslash = 0; backslash < 2; backslash++) {
                struct tarn_csv_syntax syntax = chosen;
                long score;
                syntax.delimiter = options->delimiter != 0 ? options->delimiter : delimiters[d];
                syntax.quote = quote;
                syntax.escape = quote == 0 ? 0 : options->escape != 0 ? options->escape : backslash != 0 ? '\\' : quote;
                if ((backslash != 0 && (options->escape != 0 || quote == 0 || !has_pair(in->text, '\\', quote))) ||
                    (d != 0 && options->delimiter != 0) || (q != 0 && said)) {
                    continue;
                }
                TARN_RETURN_IF_ERROR(score_syntax(in, &syntax, &score, err));
                if (!found || score > best) {
                    found = true;
                    best = score;
                    in->out->syntax = syntax;
                }
            }
        }
    }
    return TARN_OK;
}

/* ---- columns ---- */

static bool sound(const struct sniffing *in, size_t record, uint32_t columns)
{
    const uint32_t fields = fields_of(in, record);
    return in->records.records[record].fault == TARN_CSV_SOUND && (fields == columns || (in->out->trailing && fields == columns + 1));
}

static bool ends_empty(const struct sniffing *in, size_t record)
{
    return in->records.fields[in->records.records[record + 1].first - 1].size == 0;
}

/* One more, empty field in every record, and no name for it in the first. */
static void sniff_trailing(struct sniffing *in, uint32_t *columns)
{
    size_t seen = 0;
    if (*columns < 2 || in->records.count < 2 || (fields_of(in, 0) != *columns - 1 && !ends_empty(in, 0))) {
        return;
    }
    for (size_t i = 1; i < in->records.count; i++) {
        if (fields_of(in, i) == *columns) {
            if (!ends_empty(in, i)) {
                return;
            }
            seen++;
        }
    }
    if (seen != 0) {
        in->out->trailing = true;
        --*columns;
    }
}

static void guess_columns(struct sniffing *in, size_t from, size_t to, uint32_t columns, struct tarn_csv_guess *guesses, bool *no_memory)
{
    for (size_t i = from; i < to && i < in->records.count; i++) {
        for (uint32_t c = 0; sound(in, i, columns) && c < columns; c++) {
            bool quoted;
            const struct tarn_text text = content_of(in, in->records.records[i].first + c, &quoted, no_memory);
            if (!tarn__csv_is_null(in->options->null_count, in->options->nulls, text, quoted, false)) {
                tarn__csv_guess_value(&guesses[c], &in->guessing, text);
            }
        }
    }
}

static bool names_differ(struct sniffing *in, uint32_t columns, bool *no_memory)
{
    for (uint32_t c = 0; c < columns; c++) {
        bool quoted;
        struct tarn_csv_guess guess;
        const struct tarn_text text = content_of(in, in->records.records[0].first + c, &quoted, no_memory);
        tarn__csv_guess_begin(&guess);
        tarn__csv_guess_value(&guess, &in->guessing, text);
        if (text.size == 0 || (guess.kinds[0] | guess.kinds[1]) != 0) {
            return false;
        }
        for (uint32_t other = 0; other < c && other < COMPARED_NAMES; other++) {
            const struct tarn_csv_field field = in->records.fields[in->records.records[0].first + other];
            const struct tarn_text before = {(const char *)in->text.data + field.begin, tarn__csv_field_size(field)};
            if (tarn__text_equal_caseless(before, text)) {
                return false;
            }
        }
    }
    return true;
}

/*
 * The first record is a header when a column of numbers, dates or truth values has something else in it there; where all columns are text,
 * when it looks like names: none empty, none twice, none a value.
 */
static bool sniff_header(struct sniffing *in, uint32_t columns, const struct tarn_csv_column_form *forms, bool *no_memory)
{
    bool typed = false;
    if (in->options->header != TARN_CHOICE_AUTO) {
        return in->options->header == TARN_CHOICE_YES;
    }
    if (in->records.count == 0 || fields_of(in, 0) < columns) {
        return in->records.count != 0;
    }
    for (uint32_t c = 0; c < columns; c++) {
        const struct tarn_schema *schema = in->options->schema;
        const enum tarn_type_id id = schema != NULL ? schema->fields[c].type->id : forms[c].type.id;
        bool quoted;
        const struct tarn_text text = content_of(in, in->records.records[0].first + c, &quoted, no_memory);
        if (schema != NULL && tarn__text_equal_caseless(tarn__text_trim(text), schema->fields[c].name)) {
            return true;
        }
        if (id == TARN_TYPE_STRING || tarn__csv_is_null(in->options->null_count, in->options->nulls, text, quoted, false)) {
            continue;
        }
        struct tarn_csv_guess guess;
        tarn__csv_guess_begin(&guess);
        tarn__csv_guess_value(&guess, &in->guessing, text);
        typed = true;
        if (guess.any && (guess.kinds[0] | guess.kinds[1]) == 0) {
            return true;
        }
    }
    return !typed && in->options->schema == NULL && names_differ(in, columns, no_memory);
}

/* ---- names ---- */

/* The names so far, by caseless hash: open addressing, at most half full; 0 is free, else the column + 1. */
struct name_set {
    const struct tarn_text *names;
    uint32_t *slots;
    uint32_t mask;
};

/* The slot where the name is, or where it belongs. */
static uint32_t *find_name(const struct name_set *set, struct tarn_text name)
{
    for (uint32_t at = (uint32_t)tarn__text_hash_caseless(name) & set->mask;; at = (at + 1) & set->mask) {
        if (set->slots[at] == 0 || tarn__text_equal_caseless(set->names[set->slots[at] - 1], name)) {
            return &set->slots[at];
        }
    }
}

/* A name that no earlier column has: NAME, NAME_1, NAME_2 ... */
static struct tarn_text distinct_name(struct sniffing *in, const struct name_set *set, struct tarn_text wanted)
{
    if (*find_name(set, wanted) == 0) {
        return wanted;
    }
    char *text = tarn__arena_alloc(in->arena, wanted.size + 1 + TARN_NUMBER_TEXT);
    if (text == NULL) {
        return (struct tarn_text){NULL, 0};
    }
    memcpy(text, wanted.data, wanted.size);
    text[wanted.size] = '_';
    for (uint32_t suffix = 1;; suffix++) {
        const struct tarn_text name = {text, wanted.size + 1 + tarn__uint64_print(suffix, text + wanted.size + 1)};
        if (*find_name(set, name) == 0) {
            return name;
        }
    }
}

static enum tarn_status make_names(struct sniffing *in, uint32_t columns, bool header, struct tarn_error *err)
{
    struct tarn_text *names = tarn__arena_calloc(in->arena, columns, sizeof(*names));
    struct name_set set = {.names = names, .mask = 1};
    while (set.mask < 2 * columns) {
        set.mask = set.mask * 2 + 1;
    }
    set.slots = tarn__arena_calloc(in->arena, (size_t)set.mask + 1, sizeof(*set.slots));
    bool no_memory = names == NULL || set.slots == NULL;
    for (uint32_t c = 0; c < columns && !no_memory; c++) {
        char number[8 + TARN_NUMBER_TEXT] = "column";
        struct tarn_text name = {NULL, 0};
        bool quoted;
        if (header && in->records.count != 0 && c < fields_of(in, 0)) {
            name = content_of(in, in->records.records[0].first + c, &quoted, &no_memory);
        }
        if (name.size == 0) {
            name = (struct tarn_text){number, 6 + tarn__uint64_print(c, number + 6)};
        }
        name = tarn__arena_text(in->arena, name);
        names[c] = no_memory || name.data == NULL ? (struct tarn_text){NULL, 0} : distinct_name(in, &set, name);
        no_memory = names[c].data == NULL;
        if (!no_memory) {
            *find_name(&set, names[c]) = c + 1;
        }
    }
    in->out->names = names;
    return no_memory ? tarn__nomem(in->arena->env, err, 0) : TARN_OK;
}

/* ---- all of it ---- */

static enum tarn_status count_columns(struct sniffing *in, uint32_t *columns, struct tarn_error *err)
{
    const struct tarn_schema *schema = in->options->schema;
    size_t agreeing;
    *columns = in->records.count != 0 ? common_count(in, &agreeing) : 0;
    if (*columns == MOST_COUNTED - 1) {
        *columns = fields_of(in, 0); /* very wide: the first record decides */
    }
    sniff_trailing(in, columns);
    if (schema != NULL && in->records.count == 0) {
        *columns = schema->field_count;
    }
    if (*columns > MOST_COLUMNS) {
        return tarn__error_set(err, TARN_LIMIT, "columns", "the rows have %u fields, tarn reads at most %d; is the delimiter right?",
                               *columns, MOST_COLUMNS);
    }
    if (schema != NULL && *columns != schema->field_count) {
        return tarn__invalid(err, "schema", "the schema has %u columns, the file has %u; name all of them, in the file's order",
                             schema->field_count, *columns);
    }
    return TARN_OK;
}

static enum tarn_status sniff_columns(struct sniffing *in, struct tarn_error *err)
{
    uint32_t columns;
    bool no_memory = false;
    TARN_RETURN_IF_ERROR(count_columns(in, &columns, err));
    struct tarn_csv_guess *guesses = tarn__arena_calloc(in->arena, columns, sizeof(*guesses));
    struct tarn_csv_column_form *forms = tarn__arena_calloc(in->arena, columns, sizeof(*forms));
    if (guesses == NULL || forms == NULL) {
        return tarn__nomem(in->arena->env, err, 0);
    }
    for (uint32_t c = 0; c < columns; c++) {
        tarn__csv_guess_begin(&guesses[c]);
    }
    guess_columns(in, 1, in->records.count, columns, guesses, &no_memory);
    tarn__csv_guess_resolve(&in->guessing, tarn__csv_guess_point(&in->guessing, columns, guesses), columns, guesses, forms);
    in->out->header = sniff_header(in, columns, forms, &no_memory);
    if (!in->out->header) {
        guess_columns(in, 0, 1, columns, guesses, &no_memory);
    }
    if (in->out->header && fields_of(in, 0) > columns + in->out->trailing && in->records.count > 1) {
        return tarn__invalid(err, "header", "the header has %u names, the rows have %u fields; say --header no or --skip N",
                             fields_of(in, 0), columns);
    }
    in->out->point = tarn__csv_guess_point(&in->guessing, columns, guesses);
    tarn__csv_guess_resolve(&in->guessing, in->out->point, columns, guesses, forms);
    in->out->columns = forms;
    in->out->column_count = columns;
    TARN_RETURN_IF_ERROR(make_names(in, columns, in->out->header, err));
    return no_memory ? tarn__nomem(in->arena->env, err, 0) : TARN_OK;
}

static enum tarn_status sniff(struct sniffing *in, struct tarn_error *err)
{
    const struct tarn_csv_options *options = in->options;
    const uint64_t rows = options->sample_rows != 0 ? options->sample_rows : SAMPLE_ROWS;
    size_t end;
    size_t agreeing;
    sniff_newline(in);
    skip_lines(in);
    TARN_RETURN_IF_ERROR(sniff_syntax(in, err));
    in->conversion.syntax = &in->out->syntax;
    for (int again = 0; again < 2; again++) {
        TARN_RETURN_IF_ERROR(tarn__csv_parse(&in->out->syntax, in->text.data, in->out->begin, in->text.size, in->last,
                                             (size_t)(rows < SIZE_MAX - 1 ? rows + 1 : rows), &in->records, &end, err));
        /* in a file of one column an empty line is a value */
        if (in->out->syntax.keep_empty || in->records.count == 0 || common_count(in, &agreeing) != 1) {
            break;
        }
        in->out->syntax.keep_empty = true;
    }
    return sniff_columns(in, err);
}

enum tarn_status tarn__csv_sniff(struct tarn_arena *arena, const struct tarn_csv_options *options, struct tarn_span text, bool last,
                                 struct tarn_csv_sniffed *out, struct tarn_error *err)
{
    memset(out, 0, sizeof(*out));
    struct sniffing *in = tarn__calloc(arena->env, 1, sizeof(*in));
    if (in == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*in));
    }
    in->arena = arena;
    in->options = options;
    in->text = text;
    in->last = last;
    in->out = out;
    in->records.env = arena->env;
    in->conversion = (struct tarn_csv_conversion){.env = arena->env, .data = text.data, .records = &in->records};
    in->guessing =
        (struct tarn_csv_guessing){options->date_format, options->decimal_separator, options->prefer_decimal, options->all_varchar};
    const enum tarn_status status = sniff(in, err);
    tarn__csv_records_free(&in->records);
    tarn__buffer_release(in->scratch);
    tarn__free(arena->env, in);
    return status;
}
