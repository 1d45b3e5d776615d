/* SPDX-License-Identifier: Apache-2.0
 *
 * Iceberg's SQL catalog, in SQLite: entries are rows of iceberg_tables, a commit is one UPDATE of a row's metadata_location.
 *
 * The tables are those of PyIceberg's SqlCatalog and Java's JdbcCatalog. Version 0 has no column iceberg_type; version 1 has it, with
 * 'TABLE', 'VIEW' or null, which means a table. SPEC: C-SQL-1 to C-SQL-9.
 *
 * Invariants
 *  1. An operation sees one state of the database: it runs in one transaction, in which the version is looked at first.
 *  2. A database is never changed in its form: version 0 stays version 0. Only tables that are not there are made.
 *  3. What is handed to callbacks is a copy, and nothing is locked meanwhile: a callback may use the catalog.
 *  4. After a COMMIT without an answer the row itself is asked; only when it cannot be, or says neither, is the outcome unknown.
 */
#include "tarn/sqlcatalog.h"

#include <stdlib.h>
#include <string.h>

#include "txlog/catalog/sql_database.h"
#include "txlog/catalog/sql_uri.h"

/* As PyIceberg makes them. */
static const char create_tables[] =
    "CREATE TABLE IF NOT EXISTS iceberg_tables ("
    "catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
    "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5), "
    "PRIMARY KEY (catalog_name, table_namespace, table_name));"
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
    "catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
    "property_value VARCHAR(1000) NOT NULL, PRIMARY KEY (catalog_name, namespace, property_key))";

/* The row of a table: its parameters begin with catalog, namespace, name. */
#define THE_ROW " WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3"
#define NO_VIEW " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)"

struct sql_catalog {
    struct tarn_catalog base;
    struct tarn__sql_uri uri;
    struct tarn__sql_database database;
};

static struct sql_catalog *catalog_of(struct tarn_catalog *base)
{
    return (struct sql_catalog *)base;
}

static struct tarn_text text_of(const char *text)
{
    return (struct tarn_text){text, strlen(text)};
}

static bool equal(struct tarn_text a, struct tarn_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static enum tarn_status keep(struct tarn_env *env, struct tarn_text text, char **out, struct tarn_error *err)
{
    *out = tarn_env_alloc(env, text.size + 1);
    if (*out == NULL) {
        return tarn_env_nomem(env, text.size + 1, err);
    }
    if (text.size != 0) {
        memcpy(*out, text.data, text.size);
    }
    return TARN_OK;
}

/* ns.name at its last dot. */
static void split_name(struct tarn_text table, struct tarn_text *space, struct tarn_text *name)
{
    size_t dot = table.size;
    while (dot > 0 && table.data[dot - 1] != '.') {
        dot--;
    }
    *space = (struct tarn_text){table.data, dot > 0 ? dot - 1 : 0};
    *name = (struct tarn_text){table.data + dot, table.size - dot};
}

/* ---- operations ---- */

enum version { NO_TABLES, VERSION_0, VERSION_1 };

struct operation {
    struct tarn_env *env;
    struct tarn__sql_database *database;
    enum version version;
    bool has_properties; /* the table of namespaces is there */
    char *name;          /* of the catalog */
};

static enum tarn_status look_at_tables(struct operation *operation, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = true;
    struct tarn__sql_database *database = operation->database;
    operation->version = NO_TABLES;
    enum tarn_status status = tarn__sql_prepare(database, "SELECT name FROM pragma_table_info('iceberg_tables')", 0, NULL, &statement, err);
    while (status == TARN_OK && (status = tarn__sql_step(database, statement, &row, err)) == TARN_OK && row) {
        const char *column = (const char *)sqlite3_column_text(statement, 0);
        const bool typed = column != NULL && sqlite3_stricmp(column, "iceberg_type") == 0;
        operation->version = typed || operation->version == VERSION_1 ? VERSION_1 : VERSION_0;
    }
    sqlite3_finalize(statement);
    if (status != TARN_OK) {
        return status;
    }
    status =
        tarn__sql_prepare(database, "SELECT 1 FROM pragma_table_info('iceberg_namespace_properties') LIMIT 1", 0, NULL, &statement, err);
    status = status == TARN_OK ? tarn__sql_step(database, statement, &operation->has_properties, err) : status;
    sqlite3_finalize(statement);
    return status;
}

/* The least and the greatest name in a table, as far as they are news. */
static enum tarn_status look_for_names(struct operation *operation, const char *sql, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = false;
    enum tarn_status status = tarn__sql_prepare(operation->database, sql, 0, NULL, &statement, err);
    status = status == TARN_OK ? tarn__sql_step(operation->database, statement, &row, err) : status;
    for (int column = 0; column < 2 && row && status == TARN_OK; column++) {
        struct tarn_text name;
        status = tarn__sql_text(operation->database, statement, column, &name, err);
        if (status != TARN_OK || name.data == NULL) {
            continue;
        }
        if (operation->name == NULL) {
            status = keep(operation->env, name, &operation->name, err);
        } else if (!equal(name, text_of(operation->name))) {
            status = tarn_error_set(err, TARN_INVALID, "catalog_name",
                                    "the database holds several catalogs, \"%s\" and \"%.*s\" among them: say which with name= in its URI",
                                    operation->name, (int)(name.size < 255 ? name.size : 255), name.data);
        }
    }
    sqlite3_finalize(statement);
    return status;
}

static enum tarn_status find_name(struct operation *operation, const struct sql_catalog *catalog, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    if (catalog->uri.name[0] != '\0') {
        return keep(operation->env, text_of(catalog->uri.name), &operation->name, err);
    }
    if (operation->version != NO_TABLES) {
        status = look_for_names(
            operation, "SELECT (SELECT min(catalog_name) FROM iceberg_tables), (SELECT max(catalog_name) FROM iceberg_tables)", err);
    }
    if (status == TARN_OK && operation->has_properties) {
        status = look_for_names(operation,
                                "SELECT (SELECT min(catalog_name) FROM iceberg_namespace_properties), "
                                "(SELECT max(catalog_name) FROM iceberg_namespace_properties)",
                                err);
    }
    return status != TARN_OK || operation->name != NULL ? status : keep(operation->env, TARN_TEXT("default"), &operation->name, err);
}

static void end_operation(struct operation *operation)
{
    tarn__sql_end(operation->database);
    tarn_env_free(operation->env, operation->name);
    operation->name = NULL;
}

/* Begins a transaction and looks at what there is. *there false: there is no database, and nothing to end. */
static enum tarn_status begin_operation(struct sql_catalog *catalog, const char *begin, bool create, struct operation *out, bool *there,
                                        struct tarn_error *err)
{
    *out = (struct operation){.env = catalog->base.env, .database = &catalog->database};
    enum tarn_status status = tarn__sql_begin(out->database, create, there, err);
    if (status != TARN_OK) {
        return status;
    }
    if (!*there) {
        tarn__sql_end(out->database);
        return TARN_OK;
    }
    status = tarn__sql_run(out->database, begin, err);
    status = status == TARN_OK ? look_at_tables(out, err) : status;
    status = status == TARN_OK ? find_name(out, catalog, err) : status;
    if (status != TARN_OK) {
        end_operation(out);
    }
    return status;
}

static enum tarn_status no_table(const struct sql_catalog *catalog, struct tarn_text table, struct tarn_error *err)
{
    return tarn_error_set(err, TARN_NOT_FOUND, "table", "there is no table '%.*s' in the catalog %s",
                          (int)(table.size < 255 ? table.size : 255), table.data, catalog->uri.path);
}

/* ---- find, list ---- */

/* A row of iceberg_tables, copied. */
struct entry {
    char *name;
    char *location; /* NULL: null */
    char *previous; /* NULL: null, or not asked for */
    bool is_view;
};

static void free_entry(struct tarn_env *env, struct entry *entry)
{
    tarn_env_free(env, entry->name);
    tarn_env_free(env, entry->location);
    tarn_env_free(env, entry->previous);
    *entry = (struct entry){NULL, NULL, NULL, false};
}

static enum tarn_status keep_column(struct operation *operation, sqlite3_stmt *statement, int column, char **out, struct tarn_error *err)
{
    struct tarn_text text;
    const enum tarn_status status = tarn__sql_text(operation->database, statement, column, &text, err);
    *out = NULL;
    return status != TARN_OK || text.data == NULL ? status : keep(operation->env, text, out, err);
}

/* Columns: metadata_location, previous_metadata_location, iceberg_type where there is one. */
static enum tarn_status read_entry(struct operation *operation, sqlite3_stmt *statement, struct entry *out, struct tarn_error *err)
{
    struct tarn_text type = {NULL, 0};
    enum tarn_status status = keep_column(operation, statement, 0, &out->location, err);
    status = status == TARN_OK ? keep_column(operation, statement, 1, &out->previous, err) : status;
    if (status == TARN_OK && operation->version == VERSION_1) {
        status = tarn__sql_text(operation->database, statement, 2, &type, err);
    }
    out->is_view = type.data != NULL && !equal(type, TARN_TEXT("TABLE"));
    return status;
}

static enum tarn_status find_entry(struct operation *operation, struct tarn_text table, struct entry *out, bool *found,
                                   struct tarn_error *err)
{
    sqlite3_stmt *statement;
    struct tarn_text texts[3] = {text_of(operation->name)};
    split_name(table, &texts[1], &texts[2]);
    *out = (struct entry){NULL, NULL, NULL, false};
    *found = false;
    if (operation->version == NO_TABLES) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__sql_prepare(
        operation->database,
        operation->version == VERSION_1 ? "SELECT metadata_location, previous_metadata_location, iceberg_type FROM iceberg_tables" THE_ROW
                                        : "SELECT metadata_location, previous_metadata_location FROM iceberg_tables" THE_ROW,
        3, texts, &statement, err);
    status = status == TARN_OK ? tarn__sql_step(operation->database, statement, found, err) : status;
    status = status == TARN_OK && *found ? read_entry(operation, statement, out, err) : status;
    sqlite3_finalize(statement);
    if (status != TARN_OK) {
        free_entry(operation->env, out);
    }
    return status;
}

static enum tarn_status sql_find(struct tarn_catalog *base, struct tarn_text table, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct operation operation;
    struct entry entry = {NULL, NULL, NULL, false};
    bool there;
    bool found = false;
    enum tarn_status status = begin_operation(catalog, "BEGIN", false, &operation, &there, err);
    if (status != TARN_OK) {
        return status;
    }
    if (there) {
        status = find_entry(&operation, table, &entry, &found, err);
        end_operation(&operation);
    }
    if (status == TARN_OK && !found) {
        return no_table(catalog, table, err);
    }
    if (status == TARN_OK && entry.location == NULL) {
        status = tarn_error_set(err, TARN_CORRUPT, "metadata_location", "the catalog %s has no metadata location for '%.*s'",
                                catalog->uri.path, (int)(table.size < 255 ? table.size : 255), table.data);
    } else if (status == TARN_OK) {
        const struct tarn_catalog_entry given = {table, text_of(entry.location), entry.is_view};
        status = fn(arg, &given, err);
    }
    free_entry(base->env, &entry);
    return status;
}

struct entries {
    struct entry *items;
    size_t count;
    size_t room;
};

static enum tarn_status make_room(struct tarn_env *env, struct entries *entries, struct tarn_error *err)
{
    if (entries->count < entries->room) {
        return TARN_OK;
    }
    const size_t room = entries->room == 0 ? 16 : entries->room * 2; /* each entry is a row in memory: no overflow in reach */
    struct entry *larger = tarn_env_alloc(env, room * sizeof(*larger));
    if (larger == NULL) {
        return tarn_env_nomem(env, room * sizeof(*larger), err);
    }
    if (entries->count != 0) {
        memcpy(larger, entries->items, entries->count * sizeof(*larger));
    }
    tarn_env_free(env, entries->items);
    entries->items = larger;
    entries->room = room;
    return TARN_OK;
}

/* Columns as read_entry's, then namespace and name. */
static enum tarn_status add_entry(struct operation *operation, sqlite3_stmt *statement, struct entries *entries, struct tarn_error *err)
{
    const int at = operation->version == VERSION_1 ? 3 : 2;
    struct tarn_text space;
    struct tarn_text name;
    enum tarn_status status = make_room(operation->env, entries, err);
    if (status != TARN_OK) {
        return status;
    }
    struct entry *entry = &entries->items[entries->count++];
    status = read_entry(operation, statement, entry, err);
    status = status == TARN_OK ? tarn__sql_text(operation->database, statement, at, &space, err) : status;
    status = status == TARN_OK ? tarn__sql_text(operation->database, statement, at + 1, &name, err) : status;
    if (status != TARN_OK) {
        return status;
    }
    entry->name = tarn_env_alloc(operation->env, space.size + name.size + 2);
    if (entry->name == NULL) {
        return tarn_env_nomem(operation->env, space.size + name.size + 2, err);
    }
    size_t size = 0;
    if (space.size != 0) {
        memcpy(entry->name, space.data, space.size);
        entry->name[space.size] = '.';
        size = space.size + 1;
    }
    if (name.size != 0) {
        memcpy(entry->name + size, name.data, name.size);
    }
    return TARN_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static enum tarn_status gather(struct operation *operation, struct entries *entries, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = true;
    const struct tarn_text name = text_of(operation->name);
    if (operation->version == NO_TABLES) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__sql_prepare(
        operation->database,
        operation->version == VERSION_1
            ? "SELECT metadata_location, previous_metadata_location, iceberg_type, table_namespace, table_name FROM iceberg_tables "
              "WHERE catalog_name = ?1"
            : "SELECT metadata_location, previous_metadata_location, table_namespace, table_name FROM iceberg_tables "
              "WHERE catalog_name = ?1",
        1, &name, &statement, err);
    while (status == TARN_OK && (status = tarn__sql_step(operation->database, statement, &row, err)) == TARN_OK && row) {
        status = add_entry(operation, statement, entries, err);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum tarn_status sql_list(struct tarn_catalog *base, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct operation operation;
    struct entries entries = {NULL, 0, 0};
    bool there;
    enum tarn_status status = begin_operation(catalog, "BEGIN", false, &operation, &there, err);
    if (status != TARN_OK) {
        return status;
    }
    if (there) {
        status = gather(&operation, &entries, err);
        end_operation(&operation);
    }
    if (status == TARN_OK && entries.count > 1) {
        qsort(entries.items, entries.count, sizeof(*entries.items), by_name);
    }
    for (size_t i = 0; i < entries.count; i++) {
        const struct entry *entry = &entries.items[i];
        if (status == TARN_OK) {
            const struct tarn_catalog_entry given = {
                text_of(entry->name), entry->location != NULL ? text_of(entry->location) : (struct tarn_text){NULL, 0}, entry->is_view};
            status = fn(arg, &given, err);
        }
        free_entry(base->env, &entries.items[i]);
    }
    tarn_env_free(base->env, entries.items);
    return status;
}

/* ---- place ---- */

/* The namespace's property `location`; NULL: it has none. */
static enum tarn_status find_location(struct operation *operation, struct tarn_text space, char **out, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = false;
    const struct tarn_text texts[] = {text_of(operation->name), space};
    *out = NULL;
    if (!operation->has_properties) {
        return TARN_OK;
    }
    enum tarn_status status = tarn__sql_prepare(operation->database,
                                                "SELECT property_value FROM iceberg_namespace_properties "
                                                "WHERE catalog_name = ?1 AND namespace = ?2 AND property_key = 'location'",
                                                2, texts, &statement, err);
    status = status == TARN_OK ? tarn__sql_step(operation->database, statement, &row, err) : status;
    status = status == TARN_OK && row ? keep_column(operation, statement, 0, out, err) : status;
    sqlite3_finalize(statement);
    return status;
}

/* FOLDER/part/part, slashes at the folder's end dropped; an empty part is left out. */
static enum tarn_status give_place(struct tarn_env *env, const char *folder, struct tarn_text space, struct tarn_text name, tarn_text_fn fn,
                                   void *arg, struct tarn_error *err)
{
    size_t size = strlen(folder);
    while (size > 0 && folder[size - 1] == '/') {
        size--;
    }
    char *place = tarn_env_alloc(env, size + space.size + name.size + 3);
    if (place == NULL) {
        return tarn_env_nomem(env, size + space.size + name.size + 3, err);
    }
    memcpy(place, folder, size);
    if (space.size != 0) {
        place[size++] = '/';
        memcpy(place + size, space.data, space.size);
        size += space.size;
    }
    place[size++] = '/';
    memcpy(place + size, name.data, name.size);
    size += name.size;
    const enum tarn_status status = fn(arg, (struct tarn_text){place, size}, err);
    tarn_env_free(env, place);
    return status;
}

static enum tarn_status check_namespace(struct tarn_text space, struct tarn_text name, struct tarn_error *err)
{
    return space.size != 0 ? TARN_OK
                           : tarn_error_set(err, TARN_INVALID, "namespace",
                                            "a table of a catalog is made in a namespace, as default.%.*s: other programs do not open one "
                                            "without",
                                            (int)(name.size < 255 ? name.size : 255), name.data);
}

/* As PyIceberg has it: the namespace's location, else the warehouse with the namespace as one folder, dots and all. */
static enum tarn_status sql_place(struct tarn_catalog *base, struct tarn_text table, tarn_text_fn fn, void *arg, struct tarn_error *err)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct operation operation;
    struct tarn_text space;
    struct tarn_text name;
    char *location = NULL;
    bool there;
    split_name(table, &space, &name);
    enum tarn_status status = check_namespace(space, name, err);
    status = status == TARN_OK ? begin_operation(catalog, "BEGIN", false, &operation, &there, err) : status;
    if (status != TARN_OK) {
        return status;
    }
    if (there) {
        status = find_location(&operation, space, &location, err);
        end_operation(&operation);
    }
    if (status == TARN_OK && location != NULL && location[0] != '\0') {
        status = give_place(base->env, location, (struct tarn_text){NULL, 0}, name, fn, arg, err);
    } else if (status == TARN_OK && catalog->uri.warehouse[0] != '\0') {
        status = give_place(base->env, catalog->uri.warehouse, space, name, fn, arg, err);
    } else if (status == TARN_OK) {
        status = tarn_error_set(err, TARN_INVALID, "warehouse",
                                "the catalog has no place for new tables: add ?warehouse=FOLDER to its URI, or give the namespace '%.*s' "
                                "a property location",
                                (int)(space.size < 255 ? space.size : 255), space.data);
    }
    tarn_env_free(base->env, location);
    return status;
}

/* ---- swap, drop ---- */

static enum tarn_status taken(struct tarn_text table, const char *what, struct tarn_error *err)
{
    return tarn_error_set(err, TARN_EXISTS, "table", "the catalog has %s for '%.*s'", what, (int)(table.size < 255 ? table.size : 255),
                          table.data);
}

static enum tarn_status make_namespace(struct operation *operation, struct tarn_text space, struct tarn_error *err)
{
    sqlite3_stmt *statement;
    bool row = false;
    int changed;
    const struct tarn_text texts[] = {text_of(operation->name), space};
    enum tarn_status status = tarn__sql_prepare(
        operation->database, "SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2 LIMIT 1", 2, texts,
        &statement, err);
    status = status == TARN_OK ? tarn__sql_step(operation->database, statement, &row, err) : status;
    sqlite3_finalize(statement);
    if (status != TARN_OK || row) {
        return status;
    }
    return tarn__sql_change(operation->database,
                            "INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, property_value) "
                            "VALUES (?1, ?2, 'exists', 'true')",
                            2, texts, &changed, err);
}

static enum tarn_status insert(struct operation *operation, struct tarn_text table, struct tarn_text next, struct tarn_error *err)
{
    struct tarn_error local = TARN_ERROR_INIT;
    struct tarn_text texts[4] = {text_of(operation->name)};
    int changed;
    split_name(table, &texts[1], &texts[2]);
    texts[3] = next;
    enum tarn_status status = TARN_OK;
    if (operation->version == NO_TABLES || !operation->has_properties) {
        status = tarn__sql_run(operation->database, create_tables, err);
        operation->version = operation->version == NO_TABLES ? VERSION_1 : operation->version;
    }
    status = status == TARN_OK ? make_namespace(operation, texts[1], err) : status;
    if (status != TARN_OK) {
        return status;
    }
    status = tarn__sql_change(
        operation->database,
        operation->version == VERSION_1
            ? "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, previous_metadata_location, "
              "iceberg_type) VALUES (?1, ?2, ?3, ?4, NULL, 'TABLE')"
            : "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, previous_metadata_location) "
              "VALUES (?1, ?2, ?3, ?4, NULL)",
        4, texts, &changed, &local);
    if (status == TARN_EXISTS) {
        return taken(table, "an entry already", err);
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

static enum tarn_status update(const struct sql_catalog *catalog, struct operation *operation, struct tarn_text table,
                               struct tarn_text expected, struct tarn_text next, struct tarn_error *err)
{
    struct tarn_text texts[5] = {text_of(operation->name), {NULL, 0}, {NULL, 0}, expected, next};
    struct entry entry;
    bool found;
    int changed = 0;
    split_name(table, &texts[1], &texts[2]);
    enum tarn_status status = TARN_OK;
    if (operation->version != NO_TABLES) {
        status = tarn__sql_change(operation->database,
                                  operation->version == VERSION_1
                                      ? "UPDATE iceberg_tables SET metadata_location = ?5, previous_metadata_location = ?4" THE_ROW
                                        " AND metadata_location = ?4" NO_VIEW
                                      : "UPDATE iceberg_tables SET metadata_location = ?5, previous_metadata_location = ?4" THE_ROW
                                        " AND metadata_location = ?4",
                                  5, texts, &changed, err);
    }
    if (status != TARN_OK || changed == 1) {
        return status;
    }
    if (changed > 1) {
        return tarn_error_set(err, TARN_CORRUPT, "catalog", "the catalog %s has several rows for '%.*s'", catalog->uri.path,
                              (int)(table.size < 255 ? table.size : 255), table.data);
    }
    status = find_entry(operation, table, &entry, &found, err);
    if (status != TARN_OK) {
        return status;
    }
    free_entry(operation->env, &entry);
    return found ? taken(table, "another pointer than expected", err) : no_table(catalog, table, err);
}

/* What became of a swap whose COMMIT did not say: by the row, and by the pointer that it says was there before. */
static enum tarn_status read_back(struct sql_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                                  enum tarn_status otherwise, struct tarn_error *err)
{
    struct operation operation;
    struct entry entry = {NULL, NULL, NULL, false};
    bool there;
    bool found = false;
    enum tarn_status status = begin_operation(catalog, "BEGIN", false, &operation, &there, NULL);
    if (status == TARN_OK && there) {
        status = find_entry(&operation, table, &entry, &found, NULL);
        end_operation(&operation);
    }
    if (status != TARN_OK) {
        return tarn_error_set(err, TARN_COMMIT_UNKNOWN, "catalog", "the catalog %s did not say whether it took the commit of '%.*s'",
                              catalog->uri.path, (int)(table.size < 255 ? table.size : 255), table.data);
    }
    const struct tarn_text now = entry.location != NULL ? text_of(entry.location) : (struct tarn_text){NULL, 0};
    const struct tarn_text before = entry.previous != NULL ? text_of(entry.previous) : (struct tarn_text){NULL, 0};
    if (equal(now, next) || (found && equal(before, next))) {
        status = TARN_OK;
    } else if (equal(now, expected)) {
        status = otherwise; /* nothing was done; the error of the COMMIT stands */
    } else if (equal(before, expected)) {
        status = taken(table, "another pointer than expected", err);
    } else {
        status = tarn_error_set(err, TARN_COMMIT_UNKNOWN, "catalog", "others have committed to '%.*s' since the catalog gave no answer",
                                (int)(table.size < 255 ? table.size : 255), table.data);
    }
    free_entry(catalog->base.env, &entry);
    return status;
}

static enum tarn_status sql_swap(struct tarn_catalog *base, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                                 struct tarn_error *err)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct operation operation;
    struct tarn_error local = TARN_ERROR_INIT;
    struct tarn_text space;
    struct tarn_text name;
    bool there;
    bool open = false;
    split_name(table, &space, &name);
    enum tarn_status status = expected.size != 0 ? TARN_OK : check_namespace(space, name, err);
    status = status == TARN_OK ? begin_operation(catalog, "BEGIN IMMEDIATE", expected.size == 0, &operation, &there, err) : status;
    if (status != TARN_OK) {
        return status;
    }
    if (!there) {
        return no_table(catalog, table, err);
    }
    status = expected.size == 0 ? insert(&operation, table, next, &local) : update(catalog, &operation, table, expected, next, &local);
    status = status == TARN_OK ? tarn__sql_commit(operation.database, &open, &local) : status;
    end_operation(&operation);
    if (open) {
        status = read_back(catalog, table, expected, next, status, &local);
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

static enum tarn_status sql_drop(struct tarn_catalog *base, struct tarn_text table, struct tarn_error *err)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct operation operation;
    struct tarn_error local = TARN_ERROR_INIT;
    bool there;
    bool open = false;
    int changed = 0;
    enum tarn_status status = begin_operation(catalog, "BEGIN IMMEDIATE", false, &operation, &there, err);
    if (status != TARN_OK) {
        return status;
    }
    if (!there) {
        return no_table(catalog, table, err);
    }
    struct tarn_text texts[3] = {text_of(operation.name)};
    split_name(table, &texts[1], &texts[2]);
    if (operation.version != NO_TABLES) {
        status = tarn__sql_change(operation.database,
                                  operation.version == VERSION_1 ? "DELETE FROM iceberg_tables" THE_ROW NO_VIEW
                                                                 : "DELETE FROM iceberg_tables" THE_ROW,
                                  3, texts, &changed, &local);
    }
    if (status == TARN_OK && changed == 0) {
        status = no_table(catalog, table, &local);
    }
    status = status == TARN_OK ? tarn__sql_commit(operation.database, &open, &local) : status;
    end_operation(&operation);
    if (open) { /* that the entry is gone is all that counts, whoever took it away */
        status =
            tarn_error_set(&local, TARN_COMMIT_UNKNOWN, "catalog", "the catalog did not say whether it dropped the table; ask it again");
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

/* ---- opening and closing ---- */

static void sql_close(struct tarn_catalog *base)
{
    struct sql_catalog *catalog = catalog_of(base);
    struct tarn_env *env = tarn_env_retain(base->env);
    tarn__sql_database_end(&catalog->database);
    tarn__sql_uri_end(env, &catalog->uri);
    tarn_catalog_deinit(base);
    tarn_env_free(env, catalog);
    tarn_env_close(env);
}

static const struct tarn_catalog_ops sql_ops = {
    .size = sizeof(struct tarn_catalog_ops),
    .name = "sql",
    .find = sql_find,
    .list = sql_list,
    .place = sql_place,
    .swap = sql_swap,
    .drop = sql_drop,
    .close = sql_close,
};

static enum tarn_status open_catalog(struct tarn_env *env, struct tarn__sql_uri *uri, struct tarn_catalog **out, struct tarn_error *err)
{
    struct sql_catalog *catalog = tarn_env_alloc(env, sizeof(*catalog));
    if (catalog == NULL) {
        return tarn_env_nomem(env, sizeof(*catalog), err);
    }
    enum tarn_status status = tarn_catalog_init(&catalog->base, &sql_ops, env, err);
    if (status == TARN_OK) {
        status = tarn__sql_database_init(&catalog->database, env, uri->path, uri->timeout, err);
        if (status != TARN_OK) {
            tarn_catalog_deinit(&catalog->base);
        }
    }
    if (status != TARN_OK) {
        tarn_env_free(env, catalog);
        return status;
    }
    catalog->uri = *uri;
    *out = &catalog->base;
    return TARN_OK;
}

enum tarn_status tarn_sql_catalog_open(void *ctx, struct tarn_env *env, struct tarn_text text, struct tarn_catalog **out,
                                       struct tarn_error *err)
{
    struct tarn__sql_uri uri;
    bool is;
    (void)ctx;
    *out = NULL;
    enum tarn_status status = tarn__sql_uri_parse(env, text, &uri, &is, err);
    if (status != TARN_OK || !is) {
        return status;
    }
    status = open_catalog(env, &uri, out, err);
    if (status != TARN_OK) {
        tarn__sql_uri_end(env, &uri);
    }
    return status;
}
