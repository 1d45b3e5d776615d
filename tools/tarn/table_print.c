/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows for people: boxes, Markdown, HTML, and one line a value.
 *
 * Invariants
 *  1. With a limit the first and the last halves of it are kept, the rows between are only counted.
 *  2. Without one, rows are kept until WINDOW of them have fixed the widths; from then on they are printed as they come.
 *  3. No control character of the data reaches the terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "tools/tarn/command.h"

enum { WINDOW = 2000, WIDEST_CELL = 60, NARROWEST_CELL = 8, DEFAULT_ROWS = 40 };

struct cell {
    char *text; /* clean, terminated; NULL: null */
    int width;
};

struct table_print {
    struct session *session;
    enum form form;
    uint32_t columns;
    uint64_t rows;     /* seen */
    uint64_t limit;    /* shown; 0: all */
    struct cell *kept; /* rows * columns: the head, then a ring of the tail */
    uint64_t kept_rows;
    uint64_t room;
    int *widths;
    bool *right; /* numbers stand at the right */
    struct cell *names;
    bool streaming;
    const char *null_text;
    char *scratch;
    size_t scratch_size;
};

/* Copies text without control characters: \n and \t as two letters, others as a dot. Gives its width on a terminal. */
static struct cell cell_clean(const char *text, size_t size)
{
    struct cell cell = {malloc(size * 2 + 1), 0};
    if (cell.text == NULL) {
        return cell;
    }
    char *out = cell.text;
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t point;
        const utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(size - i), &point);
        if (length <= 0 || point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            const char c = length > 0 && point == '\n' ? 'n' : length > 0 && point == '\t' ? 't' : length > 0 && point == '\r' ? 'r' : 0;
            if (c != 0) {
                *out++ = '\\';
                *out++ = c;
                cell.width += 2;
            } else {
                *out++ = '.';
                cell.width++;
            }
            i += length > 0 ? (size_t)length : 1;
            continue;
        }
        memcpy(out, text + i, (size_t)length);
        out += length;
        i += (size_t)length;
        cell.width += utf8proc_charwidth(point);
    }
    *out = '\0';
    return cell;
}

/* The text of one value; NULL where null. *failed when memory ran out. */
static struct cell cell_make(struct table_print *table, const struct tarn_vector *vector, uint32_t row, bool *failed)
{
    struct cell cell = {NULL, 0};
    if (tarn_vector_is_null(vector, row)) {
        cell.width = (int)strlen(table->null_text);
        return cell;
    }
    size_t size = tarn_vector_format(table->session->env, vector, row, table->scratch, table->scratch_size);
    if (size >= table->scratch_size) {
        char *larger = realloc(table->scratch, size + 1);
        if (larger == NULL) {
            *failed = true;
            return cell;
        }
        table->scratch = larger;
        table->scratch_size = size + 1;
        size = tarn_vector_format(table->session->env, vector, row, table->scratch, table->scratch_size);
    }
    cell = cell_clean(table->scratch, size);
    *failed = cell.text == NULL;
    return cell;
}

static int terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    const char *columns = getenv("COLUMNS");
    const long width = columns != NULL ? strtol(columns, NULL, 10) : 0;
    return width > 0 && width < 10000 ? (int)width : 80;
}

struct table_print *table_print_open(struct session *session, uint32_t columns, const struct table_column *heads, enum form form)
{
    struct table_print *table = calloc(1, sizeof(*table));
    int64_t limit;
    if (table == NULL || !option_number(session, OPTION_MAX_ROWS, session->stdout_tty ? DEFAULT_ROWS : 0, &limit)) {
        free(table);
        return NULL;
    }
    table->session = session;
    table->form = form;
    table->columns = columns;
    table->limit = form == FORM_TABLE && limit > 0 ? (uint64_t)limit : 0;
    table->null_text = has(session, OPTION_NULL_TEXT) ? session->args.values[OPTION_NULL_TEXT] : "NULL";
    table->widths = calloc(columns + 1, sizeof(*table->widths));
    table->right = calloc(columns + 1, sizeof(*table->right));
    table->names = calloc(columns + 1, sizeof(*table->names));
    table->scratch = malloc(256);
    table->scratch_size = table->scratch != NULL ? 256 : 0;
    bool good = table->widths != NULL && table->right != NULL && table->names != NULL && table->scratch != NULL;
    for (uint32_t i = 0; good && i < columns; i++) {
        table->names[i] = cell_clean(heads[i].name.data, heads[i].name.size);
        table->right[i] = heads[i].right;
        good = table->names[i].text != NULL;
    }
    if (!good) {
        table_print_close(table, false);
        return NULL;
    }
    return table;
}

struct table_print *table_print_open_schema(struct session *session, const struct tarn_schema *schema, enum form form)
{
    struct table_column *heads = calloc(schema->field_count + 1, sizeof(*heads));
    if (heads == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        heads[i].name = schema->fields[i].name;
        heads[i].right = schema->fields[i].type->id >= TARN_TYPE_I8 && schema->fields[i].type->id <= TARN_TYPE_DECIMAL;
    }
    struct table_print *table = table_print_open(session, schema->field_count, heads, form);
    free(heads);
    return table;
}

static void put_padding(int count)
{
    for (int i = 0; i < count; i++) {
        fputc(' ', stdout);
    }
}

/* At most `width` columns of the text, the last one an ellipsis when something is cut. */
static void put_cut(const struct cell *cell, const char *text, int width, bool right)
{
    if (cell->width <= width) {
        put_padding(right ? width - cell->width : 0);
        fputs(text, stdout);
        put_padding(right ? 0 : width - cell->width);
        return;
    }
    int used = 0;
    const char *at = text;
    for (;;) {
        utf8proc_int32_t point;
        const utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &point);
        if (length <= 0 || *at == '\0' || used + utf8proc_charwidth(point) > width - 1) {
            break;
        }
        fwrite(at, 1, (size_t)length, stdout);
        at += length;
        used += utf8proc_charwidth(point);
    }
    fputs("…", stdout);
    put_padding(width - used - 1);
}

static void put_rule(const struct table_print *table, const char *left, const char *middle, const char *right)
{
    fputs(left, stdout);
    for (uint32_t c = 0; c < table->columns; c++) {
        for (int i = 0; i < table->widths[c] + 2; i++) {
            fputs("─", stdout);
        }
        fputs(c + 1 < table->columns ? middle : right, stdout);
    }
    fputc('\n', stdout);
}

static void put_row(const struct table_print *table, const struct cell *cells, bool header)
{
    fputs("│ ", stdout);
    for (uint32_t c = 0; c < table->columns; c++) {
        put_cut(&cells[c], cells[c].text != NULL ? cells[c].text : table->null_text, table->widths[c], table->right[c] && !header);
        fputs(c + 1 < table->columns ? " │ " : " │\n", stdout);
    }
}

static void put_head(struct table_print *table)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        int widest = table->names[c].width;
        for (uint64_t r = 0; r < table->kept_rows; r++) {
            const int width = table->kept[r * table->columns + c].width;
            widest = width > widest ? width : widest;
        }
        table->widths[c] = widest > WIDEST_CELL && table->session->stdout_tty ? WIDEST_CELL : widest;
    }
    if (table->session->stdout_tty) { /* narrow the widest column step by step until the box fits */
        const int whole = terminal_width();
        for (;;) {
            int sum = 1;
            uint32_t widest = 0;
            for (uint32_t c = 0; c < table->columns; c++) {
                sum += table->widths[c] + 3;
                widest = table->widths[c] > table->widths[widest] ? c : widest;
            }
            if (sum <= whole || table->columns == 0 || table->widths[widest] <= NARROWEST_CELL) {
                break;
            }
            table->widths[widest]--;
        }
    }
    put_rule(table, "┌", "┬", "┐");
    if (!has(table->session, OPTION_NO_HEADER)) {
        put_row(table, table->names, true);
        put_rule(table, "├", "┼", "┤");
    }
}

static void put_html(const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '"' ? "&quot;" : NULL;
        if (entity != NULL) {
            fputs(entity, stdout);
        } else {
            fputc(*text, stdout);
        }
    }
}

static void put_markdown(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            fputc('\\', stdout);
        }
        fputc(*text, stdout);
    }
}

/* A row of the forms that need no widths. */
static void put_streamed(const struct table_print *table, const struct cell *cells)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        const char *text = cells[c].text != NULL ? cells[c].text : table->null_text;
        if (table->form == FORM_LINE) {
            printf("%s = %s\n", table->names[c].text, text);
        } else if (table->form == FORM_MARKDOWN) {
            fputs(c == 0 ? "| " : " | ", stdout);
            put_markdown(text);
        } else {
            fputs(c == 0 ? "<tr><td>" : "</td><td>", stdout);
            put_html(text);
        }
    }
    fputs(table->form == FORM_MARKDOWN ? " |\n" : table->form == FORM_HTML ? "</td></tr>\n" : "\n", stdout);
}

static void put_streamed_head(const struct table_print *table)
{
    if (table->form == FORM_MARKDOWN) {
        put_streamed(table, table->names);
        for (uint32_t c = 0; c < table->columns; c++) {
            fputs(table->right[c] ? "|---:" : "|---", stdout);
        }
        fputs("|\n", stdout);
    } else if (table->form == FORM_HTML) {
        fputs("<table>\n<tr>", stdout);
        for (uint32_t c = 0; c < table->columns; c++) {
            fputs("<th>", stdout);
            put_html(table->names[c].text);
            fputs("</th>", stdout);
        }
        fputs("</tr>\n", stdout);
    }
}

static void row_free(const struct table_print *table, struct cell *cells)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        free(cells[c].text);
        cells[c].text = NULL;
    }
}

/* The slot for the next row: behind the last, or in the ring of the tail. NULL: out of memory. */
static struct cell *row_slot(struct table_print *table)
{
    uint64_t slot = table->kept_rows;
    if (table->limit != 0 && slot >= table->limit) {
        const uint64_t head = table->limit - table->limit / 2;
        const uint64_t ring = table->limit / 2;
        slot = ring == 0 ? table->limit - 1 : head + (table->rows - table->limit) % ring;
        row_free(table, table->kept + slot * table->columns);
        return table->kept + slot * table->columns;
    }
    if (slot == table->room) {
        const uint64_t room = table->room == 0 ? 64 : table->room * 2;
        struct cell *larger = realloc(table->kept, room * (table->columns + 1) * sizeof(*larger));
        if (larger == NULL) {
            return NULL;
        }
        table->kept = larger;
        table->room = room;
    }
    table->kept_rows++;
    struct cell *cells = table->kept + slot * table->columns;
    memset(cells, 0, table->columns * sizeof(*cells));
    return cells;
}

/* A row has been filled in: prints it, or keeps it for later. */
static void row_done(struct table_print *table, struct cell *cells)
{
    table->rows++;
    if (table->form != FORM_TABLE || table->streaming) {
        if (table->form == FORM_TABLE) {
            put_row(table, cells, false);
        } else {
            if (table->rows == 1) {
                put_streamed_head(table);
            }
            put_streamed(table, cells);
        }
        row_free(table, cells);
        table->kept_rows = 0;
    } else if (table->limit == 0 && table->kept_rows == WINDOW) {
        put_head(table);
        for (uint64_t r = 0; r < table->kept_rows; r++) {
            put_row(table, table->kept + r * table->columns, false);
            row_free(table, table->kept + r * table->columns);
        }
        table->kept_rows = 0;
        table->streaming = true;
    }
}

static bool add_row(struct table_print *table, const struct tarn_batch *batch, uint32_t row)
{
    struct cell *cells = row_slot(table);
    bool failed = cells == NULL;
    for (uint32_t c = 0; !failed && c < table->columns; c++) {
        cells[c] = cell_make(table, batch->columns[c], row, &failed);
    }
    if (!failed) {
        row_done(table, cells);
    }
    return !failed;
}

bool table_print_add_texts(struct table_print *table, const char *const *texts)
{
    struct cell *cells = row_slot(table);
    if (cells == NULL) {
        return false;
    }
    for (uint32_t c = 0; c < table->columns; c++) {
        if (texts[c] == NULL) {
            cells[c].width = (int)strlen(table->null_text);
        } else {
            cells[c] = cell_clean(texts[c], strlen(texts[c]));
            if (cells[c].text == NULL) {
                return false;
            }
        }
    }
    row_done(table, cells);
    return true;
}

bool table_print_add(struct table_print *table, const struct tarn_batch *batch)
{
    const struct tarn_selection *selection = &batch->selection;
    for (uint32_t i = 0; i < selection->count || selection->kind == TARN_SELECT_MASK; i++) {
        uint32_t row = i;
        if (selection->kind == TARN_SELECT_POSITIONS) {
            row = selection->u.positions[i];
        } else if (selection->kind == TARN_SELECT_MASK) {
            if (i >= selection->rows) {
                break;
            }
            if ((selection->u.mask[i / 8] >> (i % 8) & 1) == 0) {
                continue;
            }
        }
        if (!add_row(table, batch, row)) {
            return false;
        }
    }
    return true;
}

/* 1234567 as 1,234,567. */
static const char *grouped(uint64_t value, char out[32])
{
    char *at = out + 31;
    *at = '\0';
    for (int digits = 0; digits == 0 || value != 0; digits++) {
        if (digits != 0 && digits % 3 == 0) {
            *--at = ',';
        }
        *--at = (char)('0' + value % 10);
        value /= 10;
    }
    return at;
}

static void put_kept(struct table_print *table)
{
    char number[2][32];
    if (!table->streaming) {
        put_head(table);
        const uint64_t head = table->limit != 0 && table->rows > table->limit ? table->limit - table->limit / 2 : table->kept_rows;
        for (uint64_t r = 0; r < head; r++) {
            put_row(table, table->kept + r * table->columns, false);
        }
        const uint64_t ring = table->kept_rows - head;
        if (table->rows > table->kept_rows) {
            put_rule(table, "├", "┼", "┤");
        }
        for (uint64_t r = 0; r < ring; r++) {
            const uint64_t oldest = (table->rows - table->limit) % ring;
            put_row(table, table->kept + (head + (oldest + r) % ring) * table->columns, false);
        }
    }
    put_rule(table, "└", "┴", "┘");
    if (table->rows > table->kept_rows && !table->streaming) {
        printf("%s of %s rows (--max-rows 0 for all)\n", grouped(table->kept_rows, number[0]), grouped(table->rows, number[1]));
    }
}

void table_print_close(struct table_print *table, bool print)
{
    if (table == NULL) {
        return;
    }
    if (print && table->form == FORM_TABLE && table->columns != 0) {
        put_kept(table);
    } else if (print && table->form == FORM_HTML) {
        if (table->rows == 0) {
            put_streamed_head(table);
        }
        fputs("</table>\n", stdout);
    } else if (print && table->form == FORM_MARKDOWN && table->rows == 0) {
        put_streamed_head(table);
    }
    for (uint64_t r = 0; table->kept != NULL && r < table->kept_rows; r++) {
        row_free(table, table->kept + r * table->columns);
    }
    for (uint32_t c = 0; table->names != NULL && c < table->columns; c++) {
        free(table->names[c].text);
    }
    free(table->kept);
    free(table->names);
    free(table->widths);
    free(table->right);
    free(table->scratch);
    free(table);
}
