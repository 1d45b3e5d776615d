/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that the tool makes itself: history, schemas, the parts of a file. A table for people, an array of objects with --json, and in the
 * forms that programs read what the rows of a query are.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"

enum { MOST_COLUMNS = 16 };

struct listing {
    struct session *session;
    struct table_print *table; /* NULL with --json, and when there are `kept` rows */
    struct listing_rows *kept; /* to be printed as those of a query */
    struct table_column columns[MOST_COLUMNS];
    uint32_t count;
    uint64_t rows;
    bool failed;
};

struct listing *listing_open(struct session *session, const char *columns)
{
    struct listing *listing = calloc(1, sizeof(*listing));
    enum form form;
    if (listing == NULL || !form_of(session, &form)) {
        free(listing);
        return NULL;
    }
    listing->session = session;
    for (const char *at = columns; *at != '\0' && listing->count < MOST_COLUMNS;) {
        struct table_column *column = &listing->columns[listing->count++];
        column->right = *at == '#';
        column->name.data = at + column->right;
        column->name.size = strcspn(column->name.data, ",");
        at = column->name.data + column->name.size;
        at += *at == ',';
    }
    if (session->json) {
        answer_begin(session);
        fputc('[', stdout);
    } else if (form == FORM_TABLE || form == FORM_MARKDOWN || form == FORM_HTML || form == FORM_LINE) {
        listing->table = table_print_open(session, listing->count, listing->columns, form);
        listing->failed = listing->table == NULL;
    } else {
        listing->kept = listing_rows_open(listing->count, listing->columns);
        listing->failed = listing->kept == NULL;
    }
    return listing;
}

void listing_row(struct listing *listing, const char *const *texts)
{
    if (listing == NULL || listing->failed) {
        return;
    }
    if (listing->table != NULL) {
        listing->failed = !table_print_add_texts(listing->table, texts);
        return;
    }
    if (listing->kept != NULL) {
        listing->failed = !listing_rows_add(listing->kept, texts);
        return;
    }
    fputs(listing->rows++ == 0 ? "{" : ",{", stdout);
    for (uint32_t i = 0; i < listing->count; i++) {
        if (i != 0) {
            fputc(',', stdout);
        }
        json_string(stdout, listing->columns[i].name);
        fputc(':', stdout);
        if (texts[i] == NULL) {
            fputs("null", stdout);
        } else if (listing->columns[i].right) {
            fputs(texts[i], stdout);
        } else {
            json_string(stdout, text_of(texts[i]));
        }
    }
    fputc('}', stdout);
}

int listing_close(struct listing *listing)
{
    if (listing == NULL) {
        return EXIT_USAGE;
    }
    int code = 0;
    if (listing->session->json) {
        fputc(']', stdout);
        answer_end(listing->session);
    }
    if (listing->failed) {
        struct tarn_error err = TARN_ERROR_INIT;
        err.code = TARN_NOMEM;
        snprintf(err.message, sizeof(err.message), "no memory for the rows to show");
        code = answer_error(listing->session, &err);
    } else if (listing->kept != NULL) {
        code = listing_rows_print(listing->session, listing->kept);
    }
    listing_rows_close(listing->kept);
    table_print_close(listing->table, !listing->failed);
    free(listing);
    return code;
}
