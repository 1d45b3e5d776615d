/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of Parquet files that are written. A column is named as SQL shows it, members behind dots; "a.element", "m.key" and "m.value"
 * go into lists and maps, where a name is not there itself.
 */
#include "tools/tarn/parquet_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/file_input.h"
#include "tools/tarn/key_option.h"

struct choice {
    const char *name;
    int value;
};

static const struct choice codecs[] = {{"zstd", TARN_CODEC_ZSTD},
                                       {"snappy", TARN_CODEC_SNAPPY},
                                       {"lz4", TARN_CODEC_LZ4_RAW},
                                       {"lz4_raw", TARN_CODEC_LZ4_RAW},
                                       {"gzip", TARN_CODEC_GZIP},
                                       {"brotli", TARN_CODEC_BROTLI},
                                       {"none", TARN_CODEC_UNCOMPRESSED},
                                       {"uncompressed", TARN_CODEC_UNCOMPRESSED},
                                       {NULL, 0}};
static const struct choice encodings[] = {{"auto", TARN_ENCODING_AUTO},
                                          {"plain", TARN_ENCODING_PLAIN},
                                          {"dictionary", TARN_ENCODING_DICTIONARY},
                                          {"rle", TARN_ENCODING_RLE},
                                          {"delta_binary_packed", TARN_ENCODING_DELTA_BINARY_PACKED},
                                          {"delta_length_byte_array", TARN_ENCODING_DELTA_LENGTH_BYTE_ARRAY},
                                          {"delta_byte_array", TARN_ENCODING_DELTA_BYTE_ARRAY},
                                          {"byte_stream_split", TARN_ENCODING_BYTE_STREAM_SPLIT},
                                          {"alp", TARN_ENCODING_ALP},
                                          {NULL, 0}};
static const struct choice profiles[] = {{"default", TARN_PROFILE_DEFAULT},
                                         {"compat", TARN_PROFILE_COMPAT},
                                         {"archive", TARN_PROFILE_ARCHIVE},
                                         {"fast", TARN_PROFILE_FAST},
                                         {NULL, 0}};
static const struct choice checks[] = {{"off", TARN_CHECK_OFF}, {"metadata", TARN_CHECK_METADATA}, {"full", TARN_CHECK_FULL}, {NULL, 0}};
static const struct choice float_orders[] = {{"type", TARN_FLOAT_ORDER_TYPE}, {"ieee754", TARN_FLOAT_ORDER_IEEE754}, {NULL, 0}};
static const struct choice yes_no[] = {{"yes", TARN_CHOICE_YES}, {"no", TARN_CHOICE_NO}, {NULL, 0}};

/* Letters of either case; '-' is as good as '_'. */
static bool same_word(const char *name, struct tarn_text word)
{
    for (size_t i = 0; i < word.size; i++) {
        char letter = word.data[i];
        letter = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter == '-' ? '_' : letter;
        if (name[i] != letter) {
            return false; /* at its end at the latest: a word has no NUL */
        }
    }
    return name[word.size] == '\0';
}

static bool choose(const struct choice *choices, struct tarn_text word, int *out)
{
    for (; choices->name != NULL; choices++) {
        if (same_word(choices->name, word)) {
            *out = choices->value;
            return true;
        }
    }
    return false;
}

/* "a|b|c": what there is to choose from. */
static void list_choices(const struct choice *choices, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const struct choice *at = choices; at->name != NULL && used < size; at++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", at == choices ? "" : ", ", at->name);
    }
}

static bool choice_option(struct session *session, enum option_id id, const char *name, const struct choice *choices, int *out)
{
    char all[256];
    if (!has(session, id) || choose(choices, text_of(session->args.values[id]), out)) {
        return true;
    }
    list_choices(choices, all, sizeof(all));
    answer_usage(session, "--%s is one of %s, not \"%s\"", name, all, session->args.values[id]);
    return false;
}

static bool count_option(struct session *session, enum option_id id, const char *name, uint64_t most, uint64_t *out)
{
    if (!has(session, id)) {
        return true;
    }
    const char *text = session->args.values[id];
    if (!size_parse(text, out) || *out == 0 || *out > most) {
        answer_usage(session, "--%s takes a number from 1 to %" PRIu64 ", not \"%s\"", name, most, text);
        return false;
    }
    return true;
}

/* "zstd:9". False: said why in `wrong`. */
static bool codec_parse(struct tarn_text text, enum tarn_codec *codec, int32_t *level, char *wrong, size_t wrong_size)
{
    const char *colon = memchr(text.data, ':', text.size);
    const struct tarn_text name = {text.data, colon != NULL ? (size_t)(colon - text.data) : text.size};
    int chosen = 0;
    if (!choose(codecs, name, &chosen)) {
        snprintf(wrong, wrong_size, "a codec is zstd, snappy, gzip, brotli, lz4 or none, not \"%.*s\"",
                 (int)(name.size < 40 ? name.size : 40), name.data);
        return false;
    }
    const int32_t most = chosen == TARN_CODEC_ZSTD ? 22 : chosen == TARN_CODEC_GZIP ? 12 : chosen == TARN_CODEC_BROTLI ? 11 : 0;
    *codec = (enum tarn_codec)chosen;
    *level = 0;
    if (colon == NULL) {
        return true;
    }
    const size_t digits = text.size - name.size - 1;
    for (size_t i = 1; i <= digits && digits <= 2; i++) {
        *level = colon[i] >= '0' && colon[i] <= '9' && *level >= 0 ? *level * 10 + (colon[i] - '0') : -1;
    }
    if (*level >= 1 && *level <= most) {
        return true;
    }
    if (most == 0) {
        snprintf(wrong, wrong_size, "the codec %.*s has no levels", (int)name.size, name.data);
    } else {
        snprintf(wrong, wrong_size, "levels of %.*s are 1 to %d", (int)name.size, name.data, (int)most);
    }
    return false;
}

/* A share between 0 and 1, as 0.05. */
static bool share_parse(struct tarn_text text, double *out)
{
    double value = 0;
    double digit = 1;
    bool point = false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '.' && !point) {
            point = true;
        } else if (text.data[i] >= '0' && text.data[i] <= '9' && i < 18) {
            value = value * 10 + (text.data[i] - '0');
            digit *= point ? 10 : 1;
        } else {
            return false;
        }
    }
    *out = value / digit;
    return text.size != 0 && *out > 0 && *out < 1;
}

/* COLUMN=WORD, cut at the last '=': a name may have one, no word has. False: there is none. */
static bool cut_last(const char *value, struct tarn_text *column, struct tarn_text *word)
{
    const char *equals = strrchr(value, '=');
    *column = text_of(value);
    *word = (struct tarn_text){NULL, 0};
    if (equals == NULL || equals == value) {
        return false;
    }
    column->size = (size_t)(equals - value);
    *word = text_of(equals + 1);
    return true;
}

/* ---- paths ---- */

static bool path_below(const struct tarn_type *type, struct tarn_text rest, struct tarn_path_step *steps, struct tarn_path *path);

static bool add_step(struct tarn_path_step *steps, struct tarn_path *path, enum tarn_path_kind kind, struct tarn_text name)
{
    if (path->depth == TARN_MAX_DEPTH) {
        return false;
    }
    steps[path->depth++] = (struct tarn_path_step){kind, name, -1};
    return true;
}

/* A name may have dots itself: the longest one that is there. */
static bool path_in(uint32_t count, const struct tarn_field *fields, struct tarn_text rest, struct tarn_path_step *steps,
                    struct tarn_path *path)
{
    for (size_t size = rest.size; size != 0;) {
        const int32_t at = tarn_fields_find(count, fields, (struct tarn_text){rest.data, size});
        if (at >= 0 && add_step(steps, path, TARN_PATH_FIELD, fields[at].name)) {
            if (size == rest.size ||
                path_below(fields[at].type, (struct tarn_text){rest.data + size + 1, rest.size - size - 1}, steps, path)) {
                return true;
            }
            path->depth--;
        }
        while (size != 0 && rest.data[size - 1] != '.') {
            size--;
        }
        size -= size != 0;
    }
    return false;
}

static bool path_member(const struct tarn_type *type, const char *word, enum tarn_path_kind kind, const struct tarn_field *field,
                        struct tarn_text rest, struct tarn_path_step *steps, struct tarn_path *path)
{
    const size_t length = strlen(word);
    (void)type;
    if (rest.size < length || memcmp(rest.data, word, length) != 0 || (rest.size > length && rest.data[length] != '.') ||
        !add_step(steps, path, kind, (struct tarn_text){NULL, 0})) {
        return false;
    }
    if (rest.size == length || path_below(field->type, (struct tarn_text){rest.data + length + 1, rest.size - length - 1}, steps, path)) {
        return true;
    }
    path->depth--;
    return false;
}

static bool path_below(const struct tarn_type *type, struct tarn_text rest, struct tarn_path_step *steps, struct tarn_path *path)
{
    switch (type->id) {
    case TARN_TYPE_STRUCT:
        return path_in(type->field_count, type->fields, rest, steps, path);
    case TARN_TYPE_LIST:
        if (path_member(type, "list.element", TARN_PATH_ELEMENT, &type->fields[0], rest, steps, path) ||
            path_member(type, "element", TARN_PATH_ELEMENT, &type->fields[0], rest, steps, path)) {
            return true;
        }
        if (add_step(steps, path, TARN_PATH_ELEMENT, (struct tarn_text){NULL, 0})) {
            if (path_below(type->fields[0].type, rest, steps, path)) {
                return true;
            }
            path->depth--;
        }
        return false;
    case TARN_TYPE_MAP:
        return path_member(type, "key_value.key", TARN_PATH_KEY, &type->fields[0], rest, steps, path) ||
               path_member(type, "key_value.value", TARN_PATH_VALUE, &type->fields[1], rest, steps, path) ||
               path_member(type, "key", TARN_PATH_KEY, &type->fields[0], rest, steps, path) ||
               path_member(type, "value", TARN_PATH_VALUE, &type->fields[1], rest, steps, path);
    default:
        return false;
    }
}

enum tarn_status column_path(const struct tarn_schema *schema, struct tarn_text name, struct tarn_path_step *steps, struct tarn_path *out,
                             struct tarn_error *err)
{
    *out = (struct tarn_path){0, steps};
    if (path_in(schema->field_count, schema->fields, name, steps, out)) {
        return TARN_OK;
    }
    return tool_error(err, TARN_NOT_FOUND, "column", "there is no column \"%.*s\"; `tarn schema` lists them",
                      (int)(name.size < 200 ? name.size : 200), name.data);
}

/* ---- the options of one column ---- */

/* What an option says of its column, without the column. False: said why in `wrong`. `type`: the text of --shred's type, empty for none. */
static bool column_option(const struct given_option *given, struct tarn_text *column, struct tarn_parquet_column_options *out,
                          struct tarn_text *type, char *wrong, size_t wrong_size)
{
    struct tarn_text word;
    const bool cut = cut_last(given->value, column, &word);
    int chosen = 0;
    *type = (struct tarn_text){NULL, 0};
    switch (given->id) {
    case OPTION_COLUMN_ENCODING:
        if (!cut || !choose(encodings, word, &chosen)) {
            list_choices(encodings, wrong, wrong_size);
            return false;
        }
        out->encoding = (enum tarn_encoding)chosen;
        return true;
    case OPTION_COLUMN_CODEC:
        if (!cut) {
            snprintf(wrong, wrong_size, "it is COLUMN=CODEC, as price=zstd:9");
            return false;
        }
        return codec_parse(word, &out->codec, &out->codec_level, wrong, wrong_size);
    case OPTION_BLOOM:
        out->bloom_filter = TARN_CHOICE_YES;
        if (cut && !share_parse(word, &out->bloom_false_positives)) {
            snprintf(wrong, wrong_size, "the share of false positives lies between 0 and 1, as 0.01");
            return false;
        }
        return true;
    case OPTION_SHRED:
        out->shredding = TARN_CHOICE_YES;
        if (cut && same_word("no", word)) {
            out->shredding = TARN_CHOICE_NO;
        } else {
            *type = word;
        }
        return true;
    case OPTION_NO_BLOOM:
        *column = text_of(given->value);
        out->bloom_filter = TARN_CHOICE_NO;
        return true;
    case OPTION_NO_STATISTICS:
        *column = text_of(given->value);
        out->statistics = TARN_CHOICE_NO;
        return true;
    default: /* OPTION_NO_PAGE_INDEX */
        *column = text_of(given->value);
        out->page_index = TARN_CHOICE_NO;
        return true;
    }
}

static bool is_all(struct tarn_text column)
{
    return column.size == 1 && column.data[0] == '*';
}

/* Does it speak of one column? --bloom '*' and the options without a column speak of the file. */
static bool of_a_column(const struct given_option *given)
{
    struct tarn_text column;
    struct tarn_text word;
    switch (given->id) {
    case OPTION_NO_BLOOM:
    case OPTION_NO_STATISTICS:
    case OPTION_NO_PAGE_INDEX:
        return given->value[0] != '\0';
    case OPTION_BLOOM:
        cut_last(given->value, &column, &word);
        return !is_all(column) || word.size != 0; /* a share is an option of columns: of each */
    case OPTION_COLUMN_ENCODING:
    case OPTION_COLUMN_CODEC:
    case OPTION_SHRED:
        return true;
    default:
        return false;
    }
}

/* ---- the file's ---- */

static bool parse_file_options(struct session *session, struct tarn_parquet_write_options *out)
{
    uint64_t page_rows = 0;
    uint64_t page_bytes = 0;
    uint64_t dictionary_bytes = 0;
    uint64_t statistics_bytes = 0;
    uint64_t page_version = 0;
    int profile = 0;
    int check = TARN_CHECK_METADATA;
    int float_order = 0;
    int nan_counts = TARN_CHOICE_AUTO;
    int arrow_schema = TARN_CHOICE_AUTO;
    if (!choice_option(session, OPTION_PROFILE, "profile", profiles, &profile) ||
        !choice_option(session, OPTION_CHECK, "check", checks, &check) ||
        !choice_option(session, OPTION_FLOAT_ORDER, "float-order", float_orders, &float_order) ||
        !choice_option(session, OPTION_NAN_COUNTS, "nan-counts", yes_no, &nan_counts) ||
        !choice_option(session, OPTION_ARROW_SCHEMA, "arrow-schema", yes_no, &arrow_schema) ||
        !count_option(session, OPTION_PAGE_VERSION, "page-version", 2, &page_version) ||
        !count_option(session, OPTION_ROW_GROUP_ROWS, "row-group-rows", INT64_MAX, &out->row_group_rows) ||
        !count_option(session, OPTION_ROW_GROUP_SIZE, "row-group-size", INT64_MAX, &out->row_group_bytes) ||
        !count_option(session, OPTION_PAGE_ROWS, "page-rows", INT32_MAX, &page_rows) ||
        !count_option(session, OPTION_PAGE_SIZE, "page-size", 1 << 30, &page_bytes) ||
        !count_option(session, OPTION_DICTIONARY_SIZE, "dictionary-size", 1 << 30, &dictionary_bytes) ||
        !count_option(session, OPTION_STATISTICS_SIZE, "statistics-size", 1 << 20, &statistics_bytes)) {
        return false;
    }
    out->profile = (enum tarn_parquet_profile)profile;
    out->check = (enum tarn_parquet_check)check;
    out->float_order = (enum tarn_parquet_float_order)float_order;
    out->nan_counts = (enum tarn_choice)nan_counts;
    out->arrow_schema = (enum tarn_choice)arrow_schema;
    out->page_version = (uint32_t)page_version;
    out->page_rows = (uint32_t)page_rows;
    out->page_bytes = (uint32_t)page_bytes;
    out->dictionary_bytes = (uint32_t)dictionary_bytes;
    out->statistics_bytes = (uint32_t)statistics_bytes;
    out->no_dictionary = has(session, OPTION_NO_DICTIONARY);
    out->no_crc = has(session, OPTION_NO_CRC);
    return true;
}

static bool parse_codec(struct session *session, struct tarn_parquet_write_options *out)
{
    char wrong[160];
    if (!has(session, OPTION_CODEC) ||
        codec_parse(text_of(session->args.values[OPTION_CODEC]), &out->codec, &out->codec_level, wrong, sizeof(wrong))) {
        return true;
    }
    answer_usage(session, "--codec %s: %s", session->args.values[OPTION_CODEC], wrong);
    return false;
}

/* Words of options that may stand several times. */
static bool parse_repeated(struct session *session, struct tarn_parquet_write_options *out)
{
    char wrong[200];
    for (int i = 0; i < session->args.all_count; i++) {
        const struct given_option *given = &session->args.all[i];
        struct tarn_parquet_column_options options = TARN_PARQUET_COLUMN_OPTIONS_INIT;
        struct tarn_text column;
        struct tarn_text type;
        if (of_a_column(given)) {
            if (!column_option(given, &column, &options, &type, wrong, sizeof(wrong))) {
                answer_usage(session, "%s: %s", given->value, wrong);
                return false;
            }
        } else if (given->id == OPTION_BLOOM || given->id == OPTION_NO_BLOOM) {
            out->bloom_filters = given->id == OPTION_BLOOM ? TARN_CHOICE_YES : TARN_CHOICE_NO;
        } else if (given->id == OPTION_NO_STATISTICS) {
            out->no_statistics = true;
        } else if (given->id == OPTION_NO_PAGE_INDEX) {
            out->no_page_index = true;
        } else if (given->id == OPTION_KEY_VALUE && (given->value[0] == '=' || strchr(given->value, '=') == NULL)) {
            answer_usage(session, "--key-value is KEY=VALUE, not \"%s\"", given->value);
            return false;
        } else if (given->id == OPTION_ENCODING && strchr(given->value, '=') != NULL) {
            answer_usage(session, "--encoding is that of a text file; did you mean --column-encoding %s?", given->value);
            return false;
        }
    }
    return true;
}

bool parquet_options_parse(struct session *session, struct parquet_options *out)
{
    static const struct parquet_options none = {.write = TARN_PARQUET_WRITE_OPTIONS_INIT};
    *out = none;
    return parse_file_options(session, &out->write) && parse_codec(session, &out->write) && parse_repeated(session, &out->write);
}

bool parquet_options_given(const struct session *session)
{
    const option_bits parquet = BIT(PROFILE) | BIT(PAGE_VERSION) | BIT(ROW_GROUP_ROWS) | BIT(ROW_GROUP_SIZE) | BIT(PAGE_ROWS) |
                                BIT(PAGE_SIZE) | BIT(DICTIONARY_SIZE) | BIT(NO_DICTIONARY) | BIT(COLUMN_ENCODING) | BIT(COLUMN_CODEC) |
                                BIT(BLOOM) | BIT(NO_BLOOM) | BIT(STATISTICS_SIZE) | BIT(NO_STATISTICS) | BIT(NO_PAGE_INDEX) |
                                BIT(FLOAT_ORDER) | BIT(NAN_COUNTS) | BIT(SORTED_BY) | BIT(KEY_VALUE) | BIT(SHRED) | BIT(CHECK) |
                                BIT(NO_CRC) | BIT(ENCRYPT) | BIT(ARROW_SCHEMA);
    return (session->args.given & parquet) != 0;
}

/* ---- --sorted-by ---- */

static struct tarn_text trim(struct tarn_text text)
{
    while (text.size != 0 && text.data[0] == ' ') {
        text.data++;
        text.size--;
    }
    while (text.size != 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

/* Takes a word off the end, if it is this one and not all there is. */
static bool take_last_word(struct tarn_text *text, const char *word)
{
    const size_t length = strlen(word);
    if (text->size <= length || text->data[text->size - length - 1] != ' ' ||
        !same_word(word, (struct tarn_text){text->data + text->size - length, length})) {
        return false;
    }
    text->size -= length;
    *text = trim(*text);
    return true;
}

static enum tarn_status bind_sorting(struct parquet_options *options, const char *words, const struct tarn_schema *schema,
                                     struct tarn_path_step **steps, struct tarn_error *err)
{
    while (*words != '\0') {
        struct tarn_parquet_sorting *sorting = &options->sorting[options->write.sorting_count];
        const size_t size = strcspn(words, ",");
        struct tarn_text column = trim((struct tarn_text){words, size});
        words += size + (words[size] == ',');
        if (take_last_word(&column, "first")) {
            sorting->nulls_first = take_last_word(&column, "nulls");
        } else if (take_last_word(&column, "last")) {
            take_last_word(&column, "nulls");
        }
        sorting->descending = take_last_word(&column, "desc");
        if (!sorting->descending) {
            take_last_word(&column, "asc");
        }
        TARN_TOOL_TRY(column_path(schema, column, *steps, &sorting->path, err));
        *steps += sorting->path.depth;
        options->write.sorting_count++;
    }
    options->write.sorting = options->sorting;
    return TARN_OK;
}

/* ---- binding ---- */

static enum tarn_status bind_column(struct session *session, struct parquet_options *options, const struct given_option *given,
                                    const struct tarn_schema *schema, struct tarn_path_step **steps, struct tarn_error *err)
{
    const uint32_t at = options->write.column_count;
    struct tarn_parquet_column_options *column = &options->columns[at];
    struct tarn_text name;
    struct tarn_text type;
    char wrong[200];
    *column = (struct tarn_parquet_column_options)TARN_PARQUET_COLUMN_OPTIONS_INIT;
    if (!column_option(given, &name, column, &type, wrong, sizeof(wrong))) {
        return tool_error(err, TARN_INVALID, "options", "%s", wrong);
    }
    if (type.size != 0) {
        TARN_TOOL_TRY(tarn_type_parse(session->env, type, &options->types[at], &column->shredding_type, err));
    }
    TARN_TOOL_TRY(column_path(schema, name, *steps, &column->path, err));
    *steps += column->path.depth;
    options->write.column_count++;
    return TARN_OK;
}

/* --bloom '*=0.05': every column by itself. */
static enum tarn_status bind_all_columns(struct parquet_options *options, const struct given_option *given,
                                         const struct tarn_schema *schema, struct tarn_path_step **steps, struct tarn_error *err)
{
    struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
    struct tarn_text name;
    struct tarn_text type;
    char wrong[200];
    if (!column_option(given, &name, &column, &type, wrong, sizeof(wrong))) {
        return tool_error(err, TARN_INVALID, "options", "%s", wrong);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        **steps = (struct tarn_path_step){TARN_PATH_POSITION, {NULL, 0}, (int32_t)i};
        column.path = (struct tarn_path){1, *steps};
        options->columns[options->write.column_count++] = column;
        (*steps)++;
    }
    return TARN_OK;
}

static bool of_all_columns(const struct given_option *given)
{
    struct tarn_text column;
    struct tarn_text word;
    cut_last(given->value, &column, &word);
    return given->id == OPTION_BLOOM && is_all(column);
}

/* Room for what the command line names. */
static bool make_room(const struct session *session, struct parquet_options *options, const struct tarn_schema *schema)
{
    size_t columns = 1;
    size_t sorting = 1;
    size_t properties = 1;
    for (int i = 0; i < session->args.all_count; i++) {
        const struct given_option *given = &session->args.all[i];
        columns += of_a_column(given) ? (of_all_columns(given) ? schema->field_count : 1) : 0;
        properties += given->id == OPTION_KEY_VALUE;
    }
    for (const char *at = has(session, OPTION_SORTED_BY) ? session->args.values[OPTION_SORTED_BY] : ""; *at != '\0'; at++) {
        sorting += *at == ',';
    }
    options->columns = calloc(columns, sizeof(*options->columns));
    options->types = calloc(columns, sizeof(*options->types));
    options->sorting = calloc(sorting, sizeof(*options->sorting));
    options->properties = calloc(properties, sizeof(*options->properties));
    options->steps = calloc((columns + sorting) * TARN_MAX_DEPTH, sizeof(*options->steps));
    return options->columns != NULL && options->types != NULL && options->sorting != NULL && options->properties != NULL &&
           options->steps != NULL;
}

enum tarn_status parquet_options_bind(struct session *session, struct parquet_options *options, const struct tarn_schema *schema,
                                      struct tarn_error *err)
{
    parquet_options_free(options);
    if (!make_room(session, options, schema)) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory for the options");
    }
    TARN_TOOL_TRY(encryption_read(session, &options->encryption, err));
    if (options->encryption != NULL) {
        options->write.encryption = tarn_encryption_file_options(options->encryption);
    }
    struct tarn_path_step *steps = options->steps;
    for (int i = 0; i < session->args.all_count; i++) {
        const struct given_option *given = &session->args.all[i];
        if (of_a_column(given)) {
            TARN_TOOL_TRY(of_all_columns(given) ? bind_all_columns(options, given, schema, &steps, err)
                                                : bind_column(session, options, given, schema, &steps, err));
        } else if (given->id == OPTION_KEY_VALUE) {
            const char *equals = strchr(given->value, '=');
            const struct tarn_text key = {given->value, (size_t)(equals - given->value)};
            options->properties[options->write.property_count++] = (struct tarn_property){key, text_of(equals + 1)};
        }
    }
    options->write.columns = options->columns;
    options->write.properties = options->properties;
    return has(session, OPTION_SORTED_BY) ? bind_sorting(options, session->args.values[OPTION_SORTED_BY], schema, &steps, err) : TARN_OK;
}

void parquet_options_free(struct parquet_options *options)
{
    for (uint32_t i = 0; options->types != NULL && i <= options->write.column_count; i++) {
        tarn_schema_release(options->types[i]); /* a failed bind has one more than it counted */
    }
    tarn_encryption_file_close(options->encryption);
    free(options->columns);
    free(options->types);
    free(options->sorting);
    free(options->properties);
    free(options->steps);
    options->encryption = NULL;
    options->write.encryption = NULL;
    options->columns = NULL;
    options->types = NULL;
    options->sorting = NULL;
    options->properties = NULL;
    options->steps = NULL;
    options->write.columns = NULL;
    options->write.column_count = 0;
    options->write.sorting = NULL;
    options->write.sorting_count = 0;
    options->write.properties = NULL;
    options->write.property_count = 0;
}
