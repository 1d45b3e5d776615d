/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_H
#define TARN_QUERY_H

#include "tarn/arrow.h"
#include "tarn/catalog.h"
#include "tarn/expr.h"
#include "tarn/reader.h"
#include "tarn/table.h"
#include "tarn/writer.h"

/*
 * SQL over files and tables. Where dialects differ, DuckDB's answer wins; docs/sql.md lists what there is and where tarn differs.
 *
 * Ownership: a query owns what it opened. Threads: a query is single-threaded; it uses the env's executor inside.
 */

struct tarn_query;

struct tarn_parameter {
    struct tarn_text name; /**< of :name or $name; "1" of the first ? */
    struct tarn_value value;
};

/** A source that FROM may name. */
struct tarn_named_source {
    struct tarn_text name; /**< found without regard to case */
    struct tarn_source *source;
};

struct tarn_query_options {
    uint32_t size;
    struct tarn_text lake; /**< folder or catalog that bare table names are in; empty: "." */
    bool read_only;        /**< statements that change anything are INVALID, detail "read_only" */
    bool no_prune;         /**< skip nothing; the answer must be the same */
    uint32_t parameter_count;
    const struct tarn_parameter *parameters;
    /** Told now and then how far a running statement is (rows read; bytes may be 0). NULL: not wanted. */
    void (*progress)(void *arg, uint64_t rows, uint64_t bytes, double fraction);
    void *progress_arg;
    /**
     * For statements of strangers: a table is named by its name in `lake` and by nothing else. Paths and files are AUTH, detail "confined";
     * so are names that begin with '.' or '_' or hold a '/' or a control character, and a new table inside another one.
     */
    bool confined;
    /** Anything behind the first statement but space, comments and semicolons is INVALID, detail "sql.single", before anything runs. */
    bool single;
    /** What bare names in FROM mean before the lake is looked into. The caller's, and alive until the query is closed. */
    uint32_t source_count;
    const struct tarn_named_source *sources;
    /** Told, when a statement's scan ends, what became of each part of what it read (tarn_scan_explain). NULL: not wanted. */
    void (*part)(void *arg, struct tarn_text words);
    void *part_arg;
};

#define TARN_QUERY_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_query_options), {NULL, 0}, false, false, 0, NULL, NULL, NULL, false, false, 0, NULL, NULL, NULL                 \
    }

enum tarn_statement_kind {
    TARN_STATEMENT_NONE = 0, /**< only space and comments */
    TARN_STATEMENT_SELECT,
    TARN_STATEMENT_DELETE,
    TARN_STATEMENT_UPDATE,
    TARN_STATEMENT_INSERT,
    TARN_STATEMENT_CREATE,
    TARN_STATEMENT_EXPLAIN,
    TARN_STATEMENT_OTHER,
    TARN_STATEMENT_ALTER,
};

struct tarn_query_info {
    enum tarn_statement_kind kind;
    size_t consumed;       /**< bytes of the text that this statement took, with its semicolon */
    uint64_t rows_changed; /**< DELETE, UPDATE, INSERT; once done */
    int64_t version;       /**< that the statement committed; -1: none */
};

/** What a path on the command line, or in FROM '...', stands for. */
enum tarn_relation_kind { TARN_RELATION_FILE = 0, TARN_RELATION_TABLE = 1, TARN_RELATION_GLOB = 2 };

struct tarn_relation {
    enum tarn_relation_kind kind;
    struct tarn_source *source;
    struct tarn_snapshot *snapshot; /**< TABLE; else NULL. Owned by the caller */
};

/** A table of a lake. Texts are valid during the call that hands it out. */
struct tarn_lake_table {
    struct tarn_text name; /**< with its namespaces, joined by '.' */
    struct tarn_text uri;  /**< for calls that take a table's URI */
    const char *format;    /**< "delta", "iceberg" */
    bool is_view;          /**< an entry of a catalog that is no table: it cannot be read */
};

typedef enum tarn_status (*tarn_lake_fn)(void *arg, const struct tarn_lake_table *table, struct tarn_error *err);

TARN_BEGIN_DECLS

/**
 * Parses, binds and starts the first statement of `sql`. A SELECT runs as its batches are taken; a statement that changes a table has
 * committed when this returns. Errors: INVALID (offset is the byte in `sql`; the message shows the line with a caret below the place),
 * NOT_FOUND (table, column: with the nearest names), and those of tables and files.
 */
TARN_CALL tarn_query_open(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options, struct tarn_query **out,
                          struct tarn_error *err);
TARN_API struct tarn_query_info tarn_query_info(const struct tarn_query *query);
/** Of the result; a statement without rows has no fields. */
TARN_API const struct tarn_schema *tarn_query_schema(const struct tarn_query *query);
/** The next rows, borrowed until the next call; NULL at the end. */
TARN_CALL tarn_query_next(struct tarn_query *query, struct tarn_batch **out, struct tarn_error *err);
TARN_API void tarn_query_stats(const struct tarn_query *query, struct tarn_scan_stats *stats);
TARN_API void tarn_query_close(struct tarn_query *query);

/** One statement as an Arrow stream. */
TARN_CALL tarn_query_run(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options, struct ArrowArrayStream *out,
                         struct tarn_error *err);

/** The functions that SQL has, for expressions that tables carry: give it as tarn_env_options.expr_host. Static. */
TARN_API const struct tarn_expr_host *tarn_query_expr_host(void);

/**
 * Opens a file, a table or a glob: PATH, PATH@v3, PATH@2026-11-20T10:00Z, PATH@ref, CATALOG#ns.name. An existing literal path wins; a bare
 * name is looked for in `lake`, a folder or a catalog. Errors: NOT_FOUND, with the nearest names.
 */
TARN_CALL tarn_relation_open(struct tarn_env *env, struct tarn_text lake, struct tarn_text path, struct tarn_relation *out,
                             struct tarn_error *err);
TARN_API void tarn_relation_close(struct tarn_relation *relation);

/**
 * The URI of a table by its name in a lake; the table need not be there. Calls fn once. A lake is a folder (empty: ".") or what
 * tarn_catalog_open takes for a catalog. In a folder `ns.name` is the table in LAKE/ns/name, else that in LAKE/ns.name, else the first of
 * the two, for a table that is to be made. In a catalog it is CATALOG#ns.name; `name` alone is the entry without a namespace that some
 * catalogs have, else `default.name`. Errors: INVALID (detail "table_name": a '/', or nothing between two dots), those of the catalog.
 */
TARN_CALL tarn_lake_table_uri(struct tarn_env *env, struct tarn_text lake, struct tarn_text name, tarn_text_fn fn, void *arg,
                              struct tarn_error *err);
/**
 * Every table of a lake, by ascending name: of a folder its tables and those of the folders in it, of a catalog its entries.
 * Errors: NOT_FOUND (there is no such lake), those of store and catalog. Cost for a folder: one listing a folder, none of a table's files.
 */
TARN_CALL tarn_lake_tables(struct tarn_env *env, struct tarn_text lake, tarn_lake_fn fn, void *arg, struct tarn_error *err);

/** A predicate over one source from SQL text (`--where`): for scans and pruning. */
TARN_CALL tarn_predicate_parse(struct tarn_env *env, const struct tarn_schema *schema, struct tarn_text sql, struct tarn_expr **out,
                               struct tarn_error *err);

/** Is the text one expression, whole and nothing else? For hosts that put it into a statement in parentheses. Errors: INVALID. */
TARN_CALL tarn_expression_check(struct tarn_env *env, struct tarn_text sql, struct tarn_error *err);

/** SQL words for completion; index from 0, NULL at the end. Static. */
TARN_API const char *tarn_sql_keyword(uint32_t index);
TARN_API const char *tarn_sql_function(uint32_t index);

TARN_END_DECLS

#endif
