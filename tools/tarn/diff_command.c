/* SPDX-License-Identifier: Apache-2.0
 *
 * What changed between two versions of a table: the files, or with --rows the rows.
 *
 * Rows are compared as a bag (a row that is there twice counts twice), and by their canonical JSON, in which equal values have equal text.
 * Invariants
 *  1. Only files that one version has and the other has not are read: what both have cannot differ.
 *  2. They are read twice. The first reading counts each row, +1 for the older version and -1 for the newer; a row whose count is 0 at the
 *     end is in both equally often. The second reading gives the rows that are left over, with their types.
 *  3. What the first reading keeps is bounded: beyond it the answer is an error (LIMIT), never a part.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

/* ---- files ---- */

struct file_entry {
    char *path;
    uint64_t deletion; /* a file of which rows were deleted since is another */
    uint64_t size;
    uint64_t rows;
    bool has_rows;
    uint32_t place; /* in the order of tarn_snapshot_files */
    bool differs;
};

/* One of the two versions. */
struct side {
    int64_t version;
    struct tarn_snapshot *snapshot;
    struct file_entry *entries; /* by path */
    size_t count;
    size_t room;
};

static enum tarn_status out_of_memory(struct tarn_error *err)
{
    err->code = TARN_NOMEM;
    snprintf(err->message, sizeof(err->message), "no memory to compare the versions");
    return TARN_NOMEM;
}

static enum tarn_status keep_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    struct side *side = arg;
    if (side->count == side->room) {
        const size_t room = side->room == 0 ? 64 : side->room * 2;
        struct file_entry *larger = realloc(side->entries, room * sizeof(*larger));
        if (larger == NULL) {
            return out_of_memory(err);
        }
        side->entries = larger;
        side->room = room;
    }
    char *path = strndup(file->path.data, file->path.size);
    if (path == NULL) {
        return out_of_memory(err);
    }
    side->entries[side->count] =
        (struct file_entry){path, file->deletion_id, file->size, file->row_count, file->has_row_count, (uint32_t)side->count, false};
    side->count++;
    return TARN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct file_entry *first = a;
    const struct file_entry *second = b;
    const int order = strcmp(first->path, second->path);
    return order != 0 ? order : (first->deletion > second->deletion) - (first->deletion < second->deletion);
}

static int by_place(const void *a, const void *b)
{
    const uint32_t first = *(const uint32_t *)a;
    const uint32_t second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

static enum tarn_status side_open(struct session *session, struct side *side, struct tarn_error *err)
{
    enum tarn_status status = load_version(session, session->args.positionals[0], side->version, &side->snapshot, err);
    if (status == TARN_OK) {
        side->version = tarn_snapshot_info(side->snapshot).version;
        status = tarn_snapshot_files(side->snapshot, keep_file, side, err);
    }
    if (side->count != 0) {
        qsort(side->entries, side->count, sizeof(*side->entries), by_path);
    }
    return status;
}

static void side_close(struct side *side)
{
    for (size_t i = 0; i < side->count; i++) {
        free(side->entries[i].path);
    }
    free(side->entries);
    tarn_snapshot_close(side->snapshot);
}

/* Both in order of path: marks what is in one only, and lists it unless `listing` is NULL. */
static size_t compare_files(struct side *before, struct side *after, struct listing *listing)
{
    size_t differences = 0;
    size_t i = 0;
    size_t j = 0;
    while (i < before->count || j < after->count) {
        const int order = i == before->count ? 1 : j == after->count ? -1 : by_path(&before->entries[i], &after->entries[j]);
        if (order == 0) {
            i++;
            j++;
            continue;
        }
        struct file_entry *entry = order < 0 ? &before->entries[i++] : &after->entries[j++];
        entry->differs = true;
        differences++;
        if (listing != NULL) {
            char size[32];
            char rows[32];
            snprintf(size, sizeof(size), "%" PRIu64, entry->size);
            snprintf(rows, sizeof(rows), "%" PRIu64, entry->rows);
            const char *texts[] = {order < 0 ? "removed" : "added", entry->path, size, entry->has_rows ? rows : NULL};
            listing_row(listing, texts);
        }
    }
    return differences;
}

/* ---- the bag of rows ---- */

struct tally {
    uint64_t hash;
    size_t text; /* offset in the bag's texts */
    size_t size;
    int64_t count; /* 0 also where the slot is used; free slots have size 0 */
};

struct row_bag {
    struct tally *slots;
    size_t slot_count; /* a power of two */
    size_t used;
    char *texts;
    size_t texts_size;
    size_t texts_room;
    uint64_t limit; /* bytes */
};

static uint64_t hash_of(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, then mixed: slots go by the low bits */
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    }
    return hash ^ hash >> 29;
}

static enum tarn_status over_limit(const struct row_bag *bag, struct tarn_error *err)
{
    err->code = TARN_LIMIT;
    snprintf(err->detail, sizeof(err->detail), "diff_rows");
    snprintf(err->message, sizeof(err->message),
             "the rows to compare take more than %" PRIu64 " MiB: give more by --memory-limit, or compare versions that are nearer",
             bag->limit >> 20);
    return TARN_LIMIT;
}

static struct tally *bag_slot(const struct row_bag *bag, const char *text, size_t size, uint64_t hash)
{
    for (size_t i = (size_t)hash;; i++) {
        struct tally *slot = &bag->slots[i & (bag->slot_count - 1)];
        if (slot->size == 0 || (slot->hash == hash && slot->size == size && memcmp(bag->texts + slot->text, text, size) == 0)) {
            return slot;
        }
    }
}

static enum tarn_status bag_widen(struct row_bag *bag, struct tarn_error *err)
{
    const size_t count = bag->slot_count == 0 ? 4096 : bag->slot_count * 2;
    if (count * sizeof(struct tally) + bag->texts_room > bag->limit) {
        return over_limit(bag, err);
    }
    struct tally *slots = calloc(count, sizeof(*slots));
    if (slots == NULL) {
        return out_of_memory(err);
    }
    for (size_t i = 0; i < bag->slot_count; i++) {
        if (bag->slots[i].size != 0) {
            size_t at = (size_t)bag->slots[i].hash;
            while (slots[at & (count - 1)].size != 0) {
                at++;
            }
            slots[at & (count - 1)] = bag->slots[i];
        }
    }
    free(bag->slots);
    bag->slots = slots;
    bag->slot_count = count;
    return TARN_OK;
}

static enum tarn_status bag_keep_text(struct row_bag *bag, const char *text, size_t size, struct tarn_error *err)
{
    if (bag->texts_room - bag->texts_size < size) {
        const size_t room = bag->texts_room * 2 + size + 65536;
        if (room + bag->slot_count * sizeof(struct tally) > bag->limit) {
            return over_limit(bag, err);
        }
        char *larger = realloc(bag->texts, room);
        if (larger == NULL) {
            return out_of_memory(err);
        }
        bag->texts = larger;
        bag->texts_room = room;
    }
    memcpy(bag->texts + bag->texts_size, text, size);
    bag->texts_size += size;
    return TARN_OK;
}

static enum tarn_status bag_count(struct row_bag *bag, const char *text, size_t size, int change, struct tarn_error *err)
{
    if (bag->used + bag->used / 2 >= bag->slot_count) {
        const enum tarn_status status = bag_widen(bag, err);
        if (status != TARN_OK) {
            return status;
        }
    }
    const uint64_t hash = hash_of(text, size);
    struct tally *slot = bag_slot(bag, text, size, hash);
    if (slot->size == 0) {
        const size_t at = bag->texts_size;
        const enum tarn_status status = bag_keep_text(bag, text, size, err);
        if (status != TARN_OK) {
            return status;
        }
        *slot = (struct tally){hash, at, size, 0};
        bag->used++;
    }
    slot->count += change;
    return TARN_OK;
}

/* Is the row one of those left over on the side of `sign`? Then it is one less. */
static bool bag_take(const struct row_bag *bag, const char *text, size_t size, int sign)
{
    struct tally *slot = bag->slot_count == 0 ? NULL : bag_slot(bag, text, size, hash_of(text, size));
    if (slot == NULL || slot->size == 0 || slot->count * sign <= 0) {
        return false;
    }
    slot->count -= sign;
    return true;
}

static bool bag_is_even(const struct row_bag *bag)
{
    for (size_t i = 0; i < bag->slot_count; i++) {
        if (bag->slots[i].count != 0) {
            return false;
        }
    }
    return true;
}

static void bag_free(struct row_bag *bag)
{
    free(bag->slots);
    free(bag->texts);
}

/* ---- rows as lines ---- */

/* The rows of one batch as JSON, a line each: no text within has a bare newline. */
struct lines {
    char *text;
    size_t size;
    size_t room;
};

static enum tarn_status add_text(void *arg, struct tarn_span bytes, struct tarn_error *err)
{
    struct lines *lines = arg;
    if (lines->room - lines->size < bytes.size) {
        const size_t room = lines->room * 2 + bytes.size;
        char *larger = realloc(lines->text, room);
        if (larger == NULL) {
            return out_of_memory(err);
        }
        lines->text = larger;
        lines->room = room;
    }
    if (bytes.size != 0) {
        memcpy(lines->text + lines->size, bytes.data, bytes.size);
    }
    lines->size += bytes.size;
    return TARN_OK;
}

static enum tarn_status lines_of(struct lines *lines, struct tarn_env *env, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct tarn_sink *sink;
    const struct tarn_byte_sink to = {lines, add_text};
    lines->size = 0;
    enum tarn_status status = tarn_json_create_stream(env, to, batch->schema, NULL, &sink, err);
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, batch, err);
        if (status == TARN_OK) {
            return tarn_sink_finish(sink, err);
        }
        tarn_sink_abort(sink);
    }
    return status;
}

/* The next line; false at the end. */
static bool next_line(const struct lines *lines, size_t *at, const char **text, size_t *size)
{
    if (*at >= lines->size) {
        return false;
    }
    *text = lines->text + *at;
    const char *end = memchr(*text, '\n', lines->size - *at);
    *size = end != NULL ? (size_t)(end - *text) : lines->size - *at;
    *at += *size + 1;
    return true;
}

/* ---- reading the files of one side that the other has not ---- */

struct reading {
    struct tarn_source *source;
    struct tarn_batches *batches;
};

static void reading_close(struct reading *reading)
{
    if (reading->batches != NULL) {
        reading->batches->close(reading->batches);
    }
    tarn_source_close(reading->source);
    *reading = (struct reading){NULL, NULL};
}

static enum tarn_status reading_open(struct reading *reading, const struct side *side, struct tarn_error *err)
{
    uint32_t count = 0;
    uint32_t *places = malloc((side->count + 1) * sizeof(*places));
    *reading = (struct reading){NULL, NULL};
    if (places == NULL) {
        return out_of_memory(err);
    }
    for (size_t i = 0; i < side->count; i++) {
        if (side->entries[i].differs) {
            places[count++] = side->entries[i].place;
        }
    }
    qsort(places, count, sizeof(*places), by_place);
    enum tarn_status status = tarn_snapshot_files_source(side->snapshot, count, places, &reading->source, err);
    free(places);
    status = status == TARN_OK ? tarn_source_batches(reading->source, NULL, &reading->batches, err) : status;
    if (status != TARN_OK) {
        reading_close(reading);
    }
    return status;
}

static enum tarn_status count_rows(struct row_bag *bag, const struct side *side, int change, struct lines *lines, struct tarn_error *err)
{
    struct reading reading;
    enum tarn_status status = reading_open(&reading, side, err);
    while (status == TARN_OK) {
        struct tarn_batch *batch;
        status = reading.batches->next(reading.batches, &batch, err);
        if (status != TARN_OK || batch == NULL) {
            break;
        }
        status = lines_of(lines, reading.batches->env, batch, err);
        const char *text;
        size_t size;
        for (size_t at = 0; status == TARN_OK && next_line(lines, &at, &text, &size);) {
            status = bag_count(bag, text, size, change, err);
        }
    }
    reading_close(&reading);
    return status;
}

/* ---- the rows left over, as batches with a column before the others ---- */

struct left_over {
    struct tarn_batches base;
    const struct side *sides; /* two */
    uint32_t side;            /* that is read; 2: the end */
    struct reading reading;
    const struct row_bag *bag;
    struct lines lines;
    struct tarn_schema *schema;
    struct tarn_schema *word_schema; /* the first column alone */
    struct tarn_batch *words;        /* of it, as long as the batch; NULL: none yet */
    struct tarn_vector **columns;
    uint32_t *rows;
    struct tarn_batch batch;
};

static const char *const changes[] = {"removed", "added"};

/* Memory of an Arrow array of one string column, freed as one. */
struct word_array {
    const void *root_buffers[1];
    const void *buffers[3];
    struct ArrowArray child;
    struct ArrowArray *children[1];
    int32_t offsets[];
};

static void word_array_child_release(struct ArrowArray *array)
{
    array->release = NULL;
}

static void word_array_release(struct ArrowArray *array)
{
    free(array->private_data);
    array->release = NULL;
}

static void word_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* `length` times the same word. */
static enum tarn_status make_words(struct left_over *left, uint32_t length, struct tarn_error *err)
{
    const char *word = changes[left->side];
    const size_t size = strlen(word);
    struct word_array *memory = malloc(sizeof(*memory) + ((size_t)length + 1) * sizeof(int32_t) + length * size);
    if (memory == NULL) {
        return out_of_memory(err);
    }
    char *texts = (char *)&memory->offsets[length + 1];
    for (uint32_t i = 0; i <= length; i++) {
        memory->offsets[i] = (int32_t)(i * size);
        if (i < length) {
            memcpy(texts + i * size, word, size);
        }
    }
    memory->root_buffers[0] = NULL;
    memory->buffers[0] = NULL;
    memory->buffers[1] = memory->offsets;
    memory->buffers[2] = texts;
    memory->children[0] = &memory->child;
    memory->child = (struct ArrowArray){.length = length, .n_buffers = 3, .buffers = memory->buffers, .release = word_array_child_release};
    struct ArrowArray array = {.length = length,
                               .n_buffers = 1,
                               .n_children = 1,
                               .buffers = memory->root_buffers,
                               .children = memory->children,
                               .release = word_array_release,
                               .private_data = memory};
    struct ArrowSchema child = {.format = "u", .name = "change", .release = word_schema_release};
    struct ArrowSchema *children[] = {&child};
    const struct ArrowSchema schema = {.format = "+s", .name = "", .n_children = 1, .children = children, .release = word_schema_release};
    tarn_batch_release(left->words);
    left->words = NULL;
    return tarn_arrow_import_batch(left->base.env, left->word_schema, &schema, &array, &left->words, err);
}

/* The leading column is called change, with as many underscores before it as the table's own columns make necessary. */
static enum tarn_status make_schema(struct left_over *left, const struct tarn_schema *table, struct tarn_error *err)
{
    char name[64] = "change";
    struct ArrowSchema child = {.format = "u", .name = "change", .release = word_schema_release};
    struct ArrowSchema *children[] = {&child};
    const struct ArrowSchema arrow = {.format = "+s", .name = "", .n_children = 1, .children = children, .release = word_schema_release};
    for (uint32_t i = 0; i < table->field_count && strlen(name) < sizeof(name) - 2; i++) {
        if (table->fields[i].name.size == strlen(name) && strncasecmp(table->fields[i].name.data, name, strlen(name)) == 0) {
            memmove(name + 1, name, strlen(name) + 1);
            name[0] = '_';
            i = UINT32_MAX; /* from the first column again */
        }
    }
    enum tarn_status status = tarn_arrow_import_schema(left->base.env, &arrow, &left->word_schema, err);
    struct tarn_field *fields = calloc((size_t)table->field_count + 1, sizeof(*fields));
    if (status == TARN_OK && fields == NULL) {
        status = out_of_memory(err);
    }
    if (status == TARN_OK) {
        fields[0] = left->word_schema->fields[0];
        fields[0].name = text_of(name);
        memcpy(fields + 1, table->fields, table->field_count * sizeof(*fields));
        status = tarn_schema_make(left->base.env, table->field_count + 1, fields, 0, NULL, &left->schema, err);
    }
    free(fields);
    return status;
}

static bool is_selected(const struct tarn_selection *selection, uint32_t row, uint32_t given)
{
    return selection->kind == TARN_SELECT_ALL ||
           (selection->kind == TARN_SELECT_MASK ? (selection->u.mask[row / 8] >> (row % 8) & 1) != 0
                                                : given < selection->count && selection->u.positions[given] == row);
}

/* Of a batch of the table: the rows left over, behind their word. */
static enum tarn_status take_rows(struct left_over *left, const struct tarn_batch *batch, struct tarn_error *err)
{
    enum tarn_status status = lines_of(&left->lines, left->base.env, batch, err);
    uint32_t *rows = realloc(left->rows, ((size_t)batch->length + 1) * sizeof(*rows));
    if (status == TARN_OK && rows == NULL) {
        status = out_of_memory(err);
    }
    left->rows = rows != NULL ? rows : left->rows;
    if (status != TARN_OK) {
        return status;
    }
    uint32_t taken = 0;
    uint32_t given = 0;
    size_t at = 0;
    for (uint32_t row = 0; row < batch->length; row++) {
        const char *text;
        size_t size;
        if (is_selected(&batch->selection, row, given) && next_line(&left->lines, &at, &text, &size)) {
            given++;
            if (bag_take(left->bag, text, size, left->side == 0 ? 1 : -1)) {
                rows[taken++] = row;
            }
        }
    }
    if (taken != 0 && (left->words == NULL || left->words->length != batch->length)) {
        status = make_words(left, batch->length, err);
    }
    if (taken != 0 && status == TARN_OK) {
        left->columns[0] = left->words->columns[0];
        memcpy(left->columns + 1, batch->columns, batch->column_count * sizeof(*left->columns));
    }
    left->batch = (struct tarn_batch){.schema = left->schema,
                                      .length = batch->length,
                                      .column_count = batch->column_count + 1,
                                      .columns = left->columns,
                                      .selection = {TARN_SELECT_POSITIONS, batch->length, taken, {rows}}};
    return status;
}

static enum tarn_status next_left_over(struct tarn_batches *base, struct tarn_batch **out, struct tarn_error *err)
{
    struct left_over *left = (struct left_over *)base;
    *out = NULL;
    while (left->side < 2) {
        struct tarn_batch *batch;
        enum tarn_status status = left->reading.batches != NULL ? TARN_OK : reading_open(&left->reading, &left->sides[left->side], err);
        status = status == TARN_OK ? left->reading.batches->next(left->reading.batches, &batch, err) : status;
        if (status == TARN_OK && batch != NULL) {
            status = take_rows(left, batch, err);
        } else if (status == TARN_OK) {
            reading_close(&left->reading);
            tarn_batch_release(left->words);
            left->words = NULL;
            left->side++;
            continue;
        }
        if (status != TARN_OK) {
            return status;
        }
        if (left->batch.selection.count != 0) {
            *out = &left->batch;
            return TARN_OK;
        }
    }
    return TARN_OK;
}

static int print_left_over(struct session *session, const struct side *sides, const struct row_bag *bag)
{
    struct tarn_error err = TARN_ERROR_INIT;
    const struct tarn_schema *table = tarn_snapshot_schema(sides[1].snapshot);
    struct left_over left = {.sides = sides, .bag = bag};
    left.base = (struct tarn_batches){session->env, NULL, next_left_over, NULL};
    left.columns = calloc((size_t)table->field_count + 1, sizeof(*left.columns));
    const enum tarn_status status = left.columns != NULL ? make_schema(&left, table, &err) : out_of_memory(&err);
    left.base.schema = left.schema;
    const int code = status == TARN_OK ? rows_print(session, &left.base) : answer_error(session, &err);
    if (session->json && code == 0) {
        answer_end(session);
    }
    reading_close(&left.reading);
    tarn_batch_release(left.words);
    tarn_schema_release(left.word_schema);
    tarn_schema_release(left.schema);
    free(left.lines.text);
    free(left.columns);
    free(left.rows);
    return code;
}

/* ---- the command ---- */

/* Rows of different columns cannot be compared: says which column is the first to differ. */
static enum tarn_status same_columns(const struct side *sides, struct tarn_error *err)
{
    const struct tarn_schema *before = tarn_snapshot_schema(sides[0].snapshot);
    const struct tarn_schema *after = tarn_snapshot_schema(sides[1].snapshot);
    uint32_t i = 0;
    while (i < before->field_count && i < after->field_count) {
        const struct tarn_field *a = &before->fields[i];
        const struct tarn_field *b = &after->fields[i];
        if (a->name.size != b->name.size || memcmp(a->name.data, b->name.data, a->name.size) != 0 || !tarn_type_equal(a->type, b->type)) {
            break;
        }
        i++;
    }
    if (i == before->field_count && i == after->field_count) {
        return TARN_OK;
    }
    char types[2][96] = {"missing", "missing"};
    const struct tarn_schema *schemas[] = {before, after};
    for (uint32_t s = 0; s < 2; s++) {
        if (i < schemas[s]->field_count) {
            const struct tarn_field *field = &schemas[s]->fields[i];
            const int length = snprintf(types[s], 64, "\"%.*s\" ", (int)(field->name.size < 40 ? field->name.size : 40), field->name.data);
            tarn_type_format(field->type, types[s] + length, sizeof(types[s]) - (size_t)length);
        }
    }
    err->code = TARN_INVALID;
    snprintf(err->detail, sizeof(err->detail), "schema_changed");
    snprintf(err->message, sizeof(err->message),
             "the columns changed between version %" PRId64 " and version %" PRId64 ": column %" PRIu32
             " is %s in the first and %s in the second; compare files instead, without --rows",
             sides[0].version, sides[1].version, i + 1, types[0], types[1]);
    return TARN_INVALID;
}

static int diff_rows(struct session *session, struct side *sides, bool *differ)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct lines lines = {NULL, 0, 0};
    struct row_bag bag = {.limit = UINT64_C(2) << 30};
    if (has(session, OPTION_MEMORY_LIMIT)) {
        size_parse(session->args.values[OPTION_MEMORY_LIMIT], &bag.limit); /* it was parsed before: the env has it */
    }
    compare_files(&sides[0], &sides[1], NULL);
    enum tarn_status status = same_columns(sides, &err);
    status = status == TARN_OK ? count_rows(&bag, &sides[0], 1, &lines, &err) : status;
    status = status == TARN_OK ? count_rows(&bag, &sides[1], -1, &lines, &err) : status;
    free(lines.text);
    *differ = !bag_is_even(&bag);
    const int code = status == TARN_OK ? print_left_over(session, sides, &bag) : answer_error(session, &err);
    bag_free(&bag);
    return code;
}

static int diff_files(struct session *session, struct side *sides, bool *differ)
{
    struct listing *listing = listing_open(session, "change,file,#bytes,#rows");
    *differ = compare_files(&sides[0], &sides[1], listing) != 0;
    return listing_close(listing);
}

int command_diff(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct side sides[2] = {{.version = -1}, {.version = -1}};
    bool differ = false;
    if (!version_argument(session, session->args.positionals[1], &sides[0].version) ||
        (session->args.positional_count == 3 && !version_argument(session, session->args.positionals[2], &sides[1].version))) {
        return EXIT_USAGE;
    }
    enum tarn_status status = side_open(session, &sides[0], &err);
    status = status == TARN_OK ? side_open(session, &sides[1], &err) : status;
    int code = status != TARN_OK           ? answer_error(session, &err)
               : has(session, OPTION_ROWS) ? diff_rows(session, sides, &differ)
                                           : diff_files(session, sides, &differ);
    side_close(&sides[0]);
    side_close(&sides[1]);
    return code == 0 && differ && has(session, OPTION_EXIT_CODE) ? EXIT_NOT_VERIFIED : code;
}
