/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_ROUTES_H
#define TARN_TOOLS_SERVE_ROUTES_H

#include <stdint.h>

#include "tarn/tarn.h"
#include "tools/tarn/serve/tokens.h"

/*
 * What the server answers to: one table, which dispatches, checks parameters, and is printed as /openapi.json.
 */

struct request;

enum place { IN_PATH, IN_QUERY, IN_HEADER };
enum parameter_kind { PARAMETER_TEXT, PARAMETER_NUMBER, PARAMETER_CHOICE, PARAMETER_TABLE, PARAMETER_KEY };

struct parameter {
    const char *name;
    enum place in;
    enum parameter_kind kind;
    bool required;
    const char *choices; /* with commas between */
    const char *help;
};

enum { MOST_PARAMETERS = 5 };

struct route {
    const char *method;
    const char *path; /* {table}: a table's name */
    const char *name; /* operationId, and the label in metrics */
    enum scope scope;
    bool at_once; /* answered without a worker: it waits for nothing */
    void (*run)(struct request *request);
    const char *summary;
    struct parameter parameters[MOST_PARAMETERS];
    const char *body;      /* OpenAPI requestBody; NULL: takes none */
    const char *answers;   /* OpenAPI responses that are no errors */
    const uint16_t *fails; /* HTTP statuses of its errors, 0 at the end */
};

extern const struct route routes[];
extern const uint32_t route_count;

/** The route, and the table's name if the path holds one. Errors: NOT_FOUND (path), INVALID (method: `allow` lists what there is). */
enum tarn_status route_find(const char *method, const char *path, const struct route **out, char *table, size_t room, char *allow,
                            size_t allow_room, struct tarn_error *err);
/** Is this the name of a table that a request may use? */
bool table_name_is_legal(const char *name, size_t size);
/** Checks a parameter's value as the table says. */
enum tarn_status parameter_check(const struct parameter *parameter, struct tarn_text value, struct tarn_error *err);

/* ---- the endpoints ---- */
void endpoint_ingest(struct request *request);
void endpoint_query(struct request *request);
void endpoint_tables(struct request *request);
void endpoint_table(struct request *request);
void endpoint_history(struct request *request);
void endpoint_health(struct request *request);
void endpoint_metrics(struct request *request);
void endpoint_openapi(struct request *request);
void endpoint_page(struct request *request);
void endpoint_page_script(struct request *request);
void endpoint_page_style(struct request *request);

#endif
