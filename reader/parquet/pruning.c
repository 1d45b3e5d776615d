/* SPDX-License-Identifier: Apache-2.0
 *
 * Row groups ruled out: by statistics when the scan is planned, by bloom filters and dictionaries when the task is opened.
 *
 * SPEC: P-SCAN-1, P-SCAN-5 to P-SCAN-7.
 *
 * Invariants
 *  1. A row group is left out only when the predicate is true for none of its rows.
 *  2. What a filter or a dictionary says is used for "no row equals", and a dictionary's least and greatest entry as bounds: entries that
 * no row has do no harm.
 *  3. What cannot be read is as good as not there: the columns themselves will tell what is wrong with them.
 */
#include "reader/parquet/pruning.h"

#include <inttypes.h>
#include <stdio.h>

#include "format/batch/vector.h"
#include "format/column/statistics.h"
#include "format/index/bloom_filter.h"

/* Few rows are left of so many: reading them costs no more than asking whether to. */
enum { FEW_SHARE = 16, MOST_ENTRIES = 1 << 20 };

/* What is known of one column of the predicate from more than statistics. */
struct knowledge {
    struct tarn_bloom_filter bloom;
    bool has_bloom;
    struct tarn_vector *entries; /**< of the dictionary; NULL: not known */
    bool has_extremes;
    struct tarn_value min;
    struct tarn_value max;
};

struct lookup {
    struct parquet_scan *scan;
    uint32_t row_group;
    struct tarn_arena *arena;
    struct knowledge *known; /**< one a column of the predicate; NULL: statistics only */
};

static const struct parquet_column_metadata *chunk_of(const struct parquet_scan *scan, uint32_t row_group, uint32_t column,
                                                      struct tarn_arena *arena)
{
    const struct tarn_leaf *leaf = scan->predicate_leaves[column];
    const struct parquet_column_chunk *chunk;
    if (leaf == NULL) {
        return NULL;
    }
    const uint32_t number = (uint32_t)(leaf - scan->source->footer->schema->leaves);
    /* When it fails, whoever reads the column is told why. */
    return tarn__footer_chunk(scan->source->footer, row_group, number, arena, &chunk, NULL) == TARN_OK ? &chunk->meta_data : NULL;
}

/* Arrow C++ counted no nulls in what it wrote from dictionary arrays, before version 6. */
static bool doubts_null_count(const struct parquet_source *source, const struct tarn_leaf *leaf)
{
    static const struct tarn_text writer = TARN_TEXT("parquet-cpp-arrow version ");
    const struct tarn_text by = source->footer->metadata.created_by;
    if (leaf->physical != PARQUET_BYTE_ARRAY || !tarn__text_starts(by, writer) || by.size < writer.size + 2) {
        return false;
    }
    return by.data[writer.size] >= '0' && by.data[writer.size] <= '5' && by.data[writer.size + 1] == '.';
}

bool tarn__parquet_chunk_bounds(const struct parquet_scan *scan, uint32_t row_group, uint32_t column, struct tarn_arena *arena,
                                struct tarn_bounds *out)
{
    const struct tarn_leaf *leaf = scan->predicate_leaves[column];
    const struct parquet_column_metadata *chunk = chunk_of(scan, row_group, column, arena);
    if (chunk == NULL) {
        return false;
    }
    const uint32_t number = (uint32_t)(leaf - scan->source->footer->schema->leaves);
    const uint64_t rows = (uint64_t)tarn__parquet_row_group(scan->source, row_group)->num_rows;
    tarn__statistics_bounds(leaf, tarn__column_order(&scan->source->footer->metadata, number), &chunk->statistics, rows, out);
    if (out->has_null_count && out->null_count == 0 && doubts_null_count(scan->source, leaf)) {
        out->has_null_count = false;
    }
    return true;
}

/* ---- the verdict ---- */

static bool bounds_of_column(void *ctx, const struct tarn_expr_column *column, struct tarn_bounds *out)
{
    const struct lookup *lookup = ctx;
    const uint32_t number = (uint32_t)(column - lookup->scan->predicate->columns);
    bool known = tarn__parquet_chunk_bounds(lookup->scan, lookup->row_group, number, lookup->arena, out);
    const struct knowledge *knowledge = lookup->known != NULL ? &lookup->known[number] : NULL;
    if (knowledge != NULL && knowledge->has_extremes) {
        if (!known) {
            *out = (struct tarn_bounds){.rows = (uint64_t)tarn__parquet_row_group(lookup->scan->source, lookup->row_group)->num_rows};
        }
        out->has_min = out->has_max = true;
        out->min_exact = out->max_exact = false; /* no row need have them */
        out->min = knowledge->min;
        out->max = knowledge->max;
        known = true;
    }
    return known;
}

static bool is_entry(const struct tarn_vector *entries, const struct tarn_value *value)
{
    if (!tarn_type_equal(entries->type, value->type)) {
        return true;
    }
    for (uint32_t i = 0; i < entries->length; i++) {
        const struct tarn_value entry = tarn__vector_value(entries, i);
        if (tarn_value_compare(&entry, value) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_hold(void *ctx, const struct tarn_expr_column *column, const struct tarn_value *value)
{
    const struct lookup *lookup = ctx;
    const uint32_t number = (uint32_t)(column - lookup->scan->predicate->columns);
    const struct knowledge *knowledge = &lookup->known[number];
    if (knowledge->has_bloom && !tarn__bloom_filter_may_hold(&knowledge->bloom, lookup->scan->predicate_leaves[number], value)) {
        return false;
    }
    return knowledge->entries == NULL || is_entry(knowledge->entries, value);
}

/* Is the predicate true for no row? *conjunct: of its conjuncts the one that says so. */
static bool is_never(const struct tarn_expr *predicate, struct lookup *lookup, unsigned *conjunct)
{
    const struct tarn_bounds_lookup bounds = {lookup, bounds_of_column, lookup->known != NULL ? may_hold : NULL};
    const bool is_and = predicate->root->op == TARN_EXPR_AND;
    const uint32_t count = is_and ? predicate->root->arg_count : 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_expr part = {is_and ? predicate->root->args[i] : predicate->root, predicate->column_count, predicate->columns};
        if (tarn_expr_prune(&part, &bounds) == TARN_NEVER) {
            *conjunct = i;
            return true;
        }
    }
    return false;
}

static void note(struct parquet_scan *scan, uint32_t row_group, enum parquet_verdict verdict, unsigned conjunct)
{
    atomic_store(&scan->outcomes[row_group].conjunct, conjunct);
    atomic_store(&scan->outcomes[row_group].verdict, (int)verdict);
}

bool tarn__parquet_prune_by_statistics(struct parquet_scan *scan, uint32_t row_group)
{
    struct tarn_arena arena;
    struct lookup lookup = {scan, row_group, &arena, NULL};
    unsigned conjunct = 0;
    if (scan->predicate == NULL) {
        return false;
    }
    tarn__arena_init(&arena, scan->scan.env);
    const bool never = is_never(scan->predicate, &lookup, &conjunct);
    tarn__arena_free(&arena);
    if (never) {
        note(scan, row_group, PARQUET_PRUNED_STATISTICS, conjunct);
    }
    return never;
}

/* ---- bloom filters ---- */

static const struct tarn_expr_node *subject_of(const struct tarn_expr_node *node)
{
    while (node->op == TARN_EXPR_CAST) {
        node = node->args[0];
    }
    return node;
}

/* Is there an equality of column `slot` with a literal? */
static bool asks_equality(const struct tarn_expr_node *node, uint32_t slot)
{
    if (node->op == TARN_EXPR_EQ || node->op == TARN_EXPR_NE || node->op == TARN_EXPR_IN) {
        for (uint32_t i = 0; i < 2 && i < node->arg_count; i++) {
            const struct tarn_expr_node *subject = subject_of(node->args[i]);
            if (subject->op == TARN_EXPR_COLUMN && subject->slot == slot) {
                return true;
            }
        }
        return false;
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (asks_equality(node->args[i], slot)) {
            return true;
        }
    }
    return false;
}

/* Damage of what can only save work is no failure. */
static bool is_forgiven(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_LIMIT;
}

/* What decrypts the column. False: there is no key for it, which whoever reads the column is told. */
static bool cipher_of(const struct parquet_scan *scan, uint32_t row_group, uint32_t column, struct tarn__column_cipher **out)
{
    const struct tarn_footer *footer = scan->source->footer;
    const uint32_t leaf = (uint32_t)(scan->predicate_leaves[column] - footer->schema->leaves);
    return tarn__footer_cipher(footer, row_group, leaf, out, NULL) == TARN_OK;
}

static enum tarn_status read_bloom(struct lookup *lookup, uint32_t column, bool *any, struct tarn_error *err)
{
    struct parquet_scan *scan = lookup->scan;
    struct knowledge *knowledge = &lookup->known[column];
    const struct parquet_column_metadata *chunk = chunk_of(scan, lookup->row_group, column, lookup->arena);
    uint64_t offset;
    uint64_t most;
    if (chunk == NULL || !asks_equality(scan->predicate->root, column) ||
        !tarn__bloom_filter_place(chunk, scan->source->footer->file_size, &offset, &most)) {
        return TARN_OK;
    }
    struct tarn_error own = TARN_ERROR_INIT;
    struct tarn__column_cipher *cipher;
    if (!cipher_of(scan, lookup->row_group, column, &cipher)) {
        return TARN_OK;
    }
    const enum tarn_status status =
        tarn__bloom_filter_read_encrypted(scan->source->object, cipher, chunk, scan->scan.env, 0, &knowledge->bloom, &own);
    tarn__column_cipher_close(cipher);
    atomic_fetch_add(&scan->pool.requests, 1);
    if (status == TARN_OK) {
        atomic_fetch_add(&scan->pool.bytes, (uint64_t)knowledge->bloom.block_count * 32);
        knowledge->has_bloom = true;
        *any = true;
        return TARN_OK;
    }
    if (is_forgiven(status)) {
        return TARN_OK;
    }
    if (err != NULL) {
        *err = own;
    }
    return status;
}

/* ---- dictionaries ---- */

static bool is_code(int32_t encoding)
{
    return encoding == PARQUET_ENCODING_PLAIN_DICTIONARY || encoding == PARQUET_ENCODING_RLE_DICTIONARY;
}

/* Are all data pages of codes, and is the dictionary in front of them and small beside them? */
static bool is_all_codes(const struct parquet_column_metadata *chunk, struct tarn_chunk_range range)
{
    bool any = false;
    for (uint32_t i = 0; chunk->has_encoding_stats && i < chunk->encoding_stats.count; i++) {
        const struct parquet_page_encoding_stats *stats = &chunk->encoding_stats.items[i];
        if ((stats->page_type == PARQUET_DATA_PAGE || stats->page_type == PARQUET_DATA_PAGE_V2) && stats->count != 0) {
            if (!is_code(stats->encoding)) {
                return false;
            }
            any = true;
        }
    }
    const uint64_t data = (uint64_t)chunk->data_page_offset;
    return any && chunk->has_dictionary_page_offset && data > range.begin && data <= range.end &&
           (data - range.begin) * 2 <= range.end - range.begin;
}

/* The entries as a vector; NULL when the page is none that can be understood. */
static enum tarn_status decode_entries(struct tarn_page_walk *walk, const struct tarn_leaf *leaf, struct tarn_vector **out,
                                       struct tarn_error *err)
{
    struct tarn__value_rule rule;
    struct tarn__column_dictionary dictionary;
    struct tarn_page page;
    bool end;
    TARN_RETURN_IF_ERROR(tarn__value_rule_of(leaf, &rule, err));
    TARN_RETURN_IF_ERROR(tarn__page_next(walk, &page, &end, err));
    if (end || page.header.type != PARQUET_DICTIONARY_PAGE || page.header.value_count > MOST_ENTRIES) {
        tarn__page_release(&page);
        return TARN_OK;
    }
    enum tarn_status status = tarn__page_open(walk, &page, NULL, err);
    if (status == TARN_OK) {
        status = tarn__column_dictionary_make(walk->env, leaf->type, &rule, page.values, page.header.value_count, &dictionary, err);
    }
    tarn__page_release(&page);
    TARN_RETURN_IF_ERROR(status);
    if (dictionary.dictionary != NULL) {
        *out = tarn_vector_retain(dictionary.dictionary->values);
    } else if (dictionary.values != NULL) {
        *out = tarn__vector_flat(walk->env, leaf->type, dictionary.count, tarn__buffer_retain(dictionary.values), NULL);
        status = *out != NULL ? TARN_OK : tarn__nomem(walk->env, err, sizeof(**out));
    }
    tarn__column_dictionary_free(&dictionary);
    return status;
}

static bool is_nan(const struct tarn_value *value)
{
    const enum tarn_kind kind = tarn_type_kind(value->type);
    return (kind == TARN_KIND_F16 || kind == TARN_KIND_F32 || kind == TARN_KIND_F64) && value->u.f64 != value->u.f64;
}

static void find_extremes(struct knowledge *knowledge)
{
    const struct tarn_vector *entries = knowledge->entries;
    for (uint32_t i = 0; i < entries->length; i++) {
        const struct tarn_value entry = tarn__vector_value(entries, i);
        if (is_nan(&entry)) {
            continue; /* NaN is no bound, and bounds do not speak of it */
        }
        if (!knowledge->has_extremes || tarn_value_compare(&entry, &knowledge->min) < 0) {
            knowledge->min = entry;
        }
        if (!knowledge->has_extremes || tarn_value_compare(&entry, &knowledge->max) > 0) {
            knowledge->max = entry;
        }
        knowledge->has_extremes = true;
    }
}

static enum tarn_status read_dictionary(struct parquet_group *group, struct lookup *lookup, uint32_t column,
                                        struct tarn_codec_context *codec_context, bool *any, struct tarn_error *err)
{
    const struct parquet_scan *scan = group->scan;
    struct knowledge *knowledge = &lookup->known[column];
    const struct tarn_leaf *leaf = scan->predicate_leaves[column];
    if (leaf == NULL) {
        return TARN_OK;
    }
    const uint32_t slot = scan->slots[leaf - scan->source->footer->schema->leaves];
    if (slot == UINT32_MAX || leaf->type->id == TARN_TYPE_BOOL || tarn_type_kind(leaf->type) == TARN_KIND_NESTED) {
        return TARN_OK;
    }
    const struct parquet_chunk *chunk = &group->chunks[slot];
    if (!is_all_codes(chunk->metadata, chunk->range)) {
        return TARN_OK;
    }
    struct tarn__column_cipher *cipher;
    if (!cipher_of(scan, group->row_group, column, &cipher)) {
        return TARN_OK;
    }
    struct tarn_page_walk walk = {
        .env = scan->scan.env,
        .codec_context = codec_context,
        .cipher = cipher,
        .offset = chunk->range.begin,
        .end = (uint64_t)chunk->metadata->data_page_offset,
        .source = tarn__reads_source(group->reads, slot),
        .values_left = UINT64_MAX,
        .page_limit = scan->source->options.page_limit,
        .codec = chunk->metadata->codec,
        .no_crc = scan->source->options.no_crc,
    };
    struct tarn__read_list list = {NULL, 0, 0, false};
    tarn__reads_add(group->reads, slot, walk.offset, walk.end, walk.end, &list); /* kept for the column's own use */
    struct tarn_error own = TARN_ERROR_INIT;
    enum tarn_status status = tarn__reads_begin(group->reads, &list, &own);
    if (status == TARN_OK) {
        status = decode_entries(&walk, leaf, &knowledge->entries, &own);
        status = is_forgiven(status) ? TARN_OK : status;
    }
    tarn__page_walk_release(&walk);
    tarn__column_cipher_close(cipher);
    if (status != TARN_OK) {
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    if (knowledge->entries != NULL && knowledge->entries->length != 0) {
        find_extremes(knowledge);
        *any = true;
    }
    return TARN_OK;
}

/* ---- at the task's opening ---- */

static enum tarn_status ask_content(struct parquet_group *group, struct lookup *lookup, struct tarn_codec_context *codec_context,
                                    struct tarn_error *err)
{
    const struct tarn_expr *predicate = group->scan->predicate;
    unsigned conjunct = 0;
    bool any = false;
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        TARN_RETURN_IF_ERROR(read_bloom(lookup, i, &any, err));
    }
    if (any && is_never(predicate, lookup, &conjunct)) {
        group->ranges.count = 0;
        note(group->scan, group->row_group, PARQUET_PRUNED_BLOOM, conjunct);
        return TARN_OK;
    }
    any = false;
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        TARN_RETURN_IF_ERROR(read_dictionary(group, lookup, i, codec_context, &any, err));
    }
    if (any && is_never(predicate, lookup, &conjunct)) {
        group->ranges.count = 0;
        note(group->scan, group->row_group, PARQUET_PRUNED_DICTIONARY, conjunct);
    }
    return TARN_OK;
}

static bool few_rows_left(const struct parquet_group *group)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < group->ranges.count; i++) {
        rows += group->ranges.rows[i].end - group->ranges.rows[i].begin;
    }
    return rows <= group->row_count / FEW_SHARE;
}

enum tarn_status tarn__parquet_prune_by_content(struct parquet_group *group, struct tarn_codec_context *codec_context,
                                                struct tarn_error *err)
{
    struct parquet_scan *scan = group->scan;
    if (scan->predicate == NULL || scan->predicate->column_count == 0 || few_rows_left(group)) {
        return TARN_OK;
    }
    struct tarn_env *env = scan->scan.env;
    struct lookup lookup = {scan, group->row_group, &group->arena, NULL};
    lookup.known = tarn__calloc(env, scan->predicate->column_count, sizeof(*lookup.known));
    if (lookup.known == NULL) {
        return tarn__nomem(env, err, scan->predicate->column_count * sizeof(*lookup.known));
    }
    const enum tarn_status status = ask_content(group, &lookup, codec_context, err);
    for (uint32_t i = 0; i < scan->predicate->column_count; i++) {
        tarn__bloom_filter_release(&lookup.known[i].bloom);
        tarn_vector_release(lookup.known[i].entries);
    }
    tarn__free(env, lookup.known);
    return status;
}

/* ---- in words ---- */

struct words {
    char *buffer;
    size_t size;
    size_t length; /**< of the whole text */
};

static void say(struct words *words, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++, words->length++) {
        if (words->length + 1 < words->size) {
            words->buffer[words->length] = text[i];
        }
    }
    if (words->size != 0) {
        words->buffer[words->length < words->size ? words->length : words->size - 1] = '\0';
    }
}

static void say_text(struct words *words, const char *text)
{
    say(words, text, strlen(text));
}

static void say_value(struct words *words, const struct parquet_scan *scan, const struct tarn_value *value)
{
    char text[64];
    const size_t size = tarn_value_format(scan->scan.env, value, text, sizeof(text));
    say(words, text, size < sizeof(text) ? size : sizeof(text) - 1);
    say_text(words, size < sizeof(text) ? "" : "...");
}

static void mark_columns(const struct tarn_expr_node *node, bool *used)
{
    if (node->op == TARN_EXPR_COLUMN) {
        used[node->slot] = true;
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        mark_columns(node->args[i], used);
    }
}

static void say_column(struct words *words, const struct parquet_scan *scan, uint32_t row_group, uint32_t column, bool with_bounds)
{
    const struct tarn_path *path = &scan->predicate->columns[column].path;
    struct tarn_arena arena;
    struct tarn_bounds bounds;
    for (uint32_t i = 0; i < path->depth; i++) {
        say_text(words, i == 0 ? "" : ".");
        say(words, path->steps[i].name.data, path->steps[i].name.size);
    }
    tarn__arena_init(&arena, scan->scan.env);
    if (with_bounds && tarn__parquet_chunk_bounds(scan, row_group, column, &arena, &bounds)) {
        if (bounds.has_null_count && bounds.null_count == bounds.rows) {
            say_text(words, " is all null");
        } else if (bounds.has_min && bounds.has_max) {
            say_text(words, " from ");
            say_value(words, scan, &bounds.min);
            say_text(words, " to ");
            say_value(words, scan, &bounds.max);
        }
    }
    tarn__arena_free(&arena);
}

/* The columns of the conjunct that decided. */
static void say_conjunct(struct words *words, const struct parquet_scan *scan, uint32_t row_group, bool with_bounds)
{
    enum { MANY = 256 };
    const struct tarn_expr *predicate = scan->predicate;
    const unsigned conjunct = atomic_load(&scan->outcomes[row_group].conjunct);
    const struct tarn_expr_node *root = predicate->root->op == TARN_EXPR_AND ? predicate->root->args[conjunct] : predicate->root;
    bool used[MANY] = {false};
    bool first = true;
    if (predicate->column_count > MANY) {
        return;
    }
    mark_columns(root, used);
    for (uint32_t i = 0; i < predicate->column_count; i++) {
        if (used[i]) {
            say_text(words, first ? " of " : ", ");
            say_column(words, scan, row_group, i, with_bounds);
            first = false;
        }
    }
}

size_t tarn__parquet_explain(struct parquet_scan *scan, uint32_t row_group, char *buffer, size_t size)
{
    struct words words = {buffer, size, 0};
    char head[96];
    const struct parquet_outcome *outcome = &scan->outcomes[row_group];
    const uint64_t rows = (uint64_t)tarn__parquet_row_group(scan->source, row_group)->num_rows;
    const uint64_t cut = atomic_load(&outcome->rows_cut);
    snprintf(head, sizeof(head), "row group %" PRIu32 ", %" PRIu64 " rows: ", row_group, rows);
    say_text(&words, head);
    switch ((enum parquet_verdict)atomic_load(&outcome->verdict)) {
    case PARQUET_NOT_LOOKED_AT:
        say_text(&words, "not reached");
        break;
    case PARQUET_READ:
        say_text(&words, "read");
        if (cut != 0) {
            snprintf(head, sizeof(head), ", but for %" PRIu64 " rows that the page indexes rule out", cut);
            say_text(&words, head);
        }
        break;
    case PARQUET_PRUNED_STATISTICS:
        say_text(&words, "left out by the statistics");
        say_conjunct(&words, scan, row_group, true);
        break;
    case PARQUET_PRUNED_PAGES:
        say_text(&words, "left out by the page indexes");
        break;
    case PARQUET_PRUNED_BLOOM:
        say_text(&words, "left out by the bloom filter");
        say_conjunct(&words, scan, row_group, false);
        break;
    case PARQUET_PRUNED_DICTIONARY:
        say_text(&words, "left out by the dictionary");
        say_conjunct(&words, scan, row_group, false);
        break;
    case PARQUET_NOT_ASKED_FOR:
        say_text(&words, "not asked for");
        break;
    }
    return words.length;
}
