/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of routes as OpenAPI 3.1.
 */
#include <string.h>

#include "tools/tarn/command.h"
#include "tools/tarn/serve/request.h"

#define NULLABLE(type) "{\"type\":[\"" type "\",\"null\"]}"
#define COUNT "{\"type\":\"integer\",\"minimum\":0}"

static const char schemas[] =
    "\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"additionalProperties\":false,\"properties\":{\"error\":{\"type\":\"object\","
    "\"required\":[\"code\",\"message\"],\"additionalProperties\":false,\"properties\":{"
    "\"code\":{\"type\":\"string\",\"description\":\"a status of tarn, as INVALID or NOT_FOUND\"},"
    "\"detail\":{\"type\":\"string\",\"description\":\"the exact kind\"},\"message\":{\"type\":\"string\"},"
    "\"object\":{\"type\":\"string\"},\"column\":{\"type\":\"string\"},\"row_group\":" COUNT ",\"row\":" COUNT ",\"offset\":" COUNT
    ",\"version\":" COUNT "}}}},"

    "\"Query\":{\"type\":\"object\",\"required\":[\"sql\"],\"additionalProperties\":false,\"properties\":{"
    "\"sql\":{\"type\":\"string\",\"minLength\":1,\"examples\":[\"SHOW TABLES\",\"SELECT count(*) FROM t\"]},"
    "\"params\":{\"description\":\"values of :name, or in order of ?\",\"oneOf\":["
    "{\"type\":\"object\",\"maxProperties\":64,\"additionalProperties\":{\"$ref\":\"#/components/schemas/Value\"}},"
    "{\"type\":\"array\",\"maxItems\":64,\"items\":{\"$ref\":\"#/components/schemas/Value\"}}]}}},"
    "\"Value\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]},"

    "\"QueryAnswer\":{\"oneOf\":[{\"type\":\"object\",\"required\":[\"columns\",\"rows\",\"row_count\"],\"additionalProperties\":false,"
    "\"properties\":{\"columns\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/ResultColumn\"}},"
    "\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"row_count\":" COUNT "}},"
    "{\"type\":\"object\",\"required\":[\"statement\",\"rows_changed\",\"version\"],\"additionalProperties\":false,\"properties\":{"
    "\"statement\":{\"enum\":[\"DELETE\",\"UPDATE\",\"INSERT\",\"CREATE\",\"OTHER\"]},\"rows_changed\":" COUNT ",\"version\":" NULLABLE(
        "integer") "}}]},"
                   "\"ResultColumn\":{\"type\":\"object\",\"required\":[\"name\",\"type\"],\"additionalProperties\":"
                   "false,\"properties\":{"
                   "\"name\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"}}},"

                   "\"Ingested\":{\"type\":\"object\",\"required\":[\"table\",\"version\",\"rows\",\"created\","
                   "\"replayed\"],"
                   "\"additionalProperties\":false,\"properties\":{\"table\":{\"type\":\"string\"},"
                   "\"version\":" NULLABLE("integer") ",\"rows\":" NULLABLE(
                       "integer") ",\"files\":" COUNT ",\"bytes\":" COUNT
                                  ",\"created\":{\"type\":\"boolean\"},\"replayed\":{\"type\":\"boolean\","
                                  "\"description\":\"this Idempotency-Key was used before: nothing "
                                  "was written now; version and rows are null when the history no longer tells\"}}},"

                                  "\"Tables\":{\"type\":\"object\",\"required\":[\"tables\"],\"additionalProperties\":"
                                  "false,\"properties\":{\"tables\":{"
                                  "\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\","
                                  "\"format\"],\"additionalProperties\":false,\"properties\":{"
                                  "\"name\":{\"type\":\"string\"},\"format\":{\"type\":\"string\"}}}}}},"

                                  "\"Table\":{\"type\":\"object\",\"required\":[\"name\",\"format\",\"version\","
                                  "\"modified\",\"files\",\"bytes\",\"rows\",\"columns\","
                                  "\"partition_columns\"],\"additionalProperties\":false,\"properties\":{\"name\":{"
                                  "\"type\":\"string\"},"
                                  "\"format\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},\"modified\":{"
                                  "\"type\":\"string\",\"format\":\"date-time\"},\"files\":" COUNT ",\"bytes\":" COUNT
                                  ",\"rows\":" NULLABLE("integer") ",\"columns\":{\"type\":\"array\",\"items\":{\"$ref\":"
                                                                   "\"#/components/schemas/"
                                                                   "Column\"}},\"partition_columns\":{\"type\":\"array\",\"items\":{"
                                                                   "\"type\":\"string\"}}}},"
                                                                   "\"Column\":{\"type\":\"object\",\"required\":[\"name\",\"type\","
                                                                   "\"nullable\"],\"additionalProperties\":false,\"properties\":{"
                                                                   "\"name\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},"
                                                                   "\"nullable\":{\"type\":\"boolean\"}}},"

                                                                   "\"History\":{\"type\":\"object\",\"required\":[\"commits\"],"
                                                                   "\"additionalProperties\":false,\"properties\":{\"commits\":{"
                                                                   "\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":["
                                                                   "\"version\",\"timestamp\",\"operation\",\"files_added\","
                                                                   "\"files_removed\",\"rows_added\",\"rows_removed\"],"
                                                                   "\"additionalProperties\":false,\"properties\":{\"version\":{"
                                                                   "\"type\":\"integer\"}"
                                                                   ",\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"},"
                                                                   "\"operation\":{\"type\":\"string\"},\"engine\":{\"type\":\"string\"}"
                                                                   ","
                                                                   "\"files_added\":" COUNT ",\"files_removed\":" COUNT
                                                                   ",\"rows_added\":" NULLABLE("integer") ",\"rows_removed\":" NULLABLE(
                                                                       "integer") "}}}}},"

                                                                                  "\"Health\":{\"type\":\"object\",\"required\":["
                                                                                  "\"status\",\"version\"],\"additionalProperties\":"
                                                                                  "false,\"properties\":{"
                                                                                  "\"status\":{\"const\":\"ok\"},\"version\":{\"type\":"
                                                                                  "\"string\"}}}";

static const struct {
    uint16_t status;
    const char *text;
} fail_texts[] = {
    {400, "the request, the SQL or the rows are not acceptable"},
    {401, "no token, or one that is not known: Authorization: Bearer TOKEN"},
    {403, "the token does not allow it, or the request reaches outside the lake, or comes from another site"},
    {404, "no such table, version or path"},
    {405, "the path takes another method"},
    {406, "no form of rows that the Accept header asks for"},
    {408, "the request did not arrive in time"},
    {409, "the table is already there, or another commit came first; nothing was changed"},
    {413, "the body is too large"},
    {415, "the body's media type or encoding is none of those listed"},
    {422, "a limit of rows, time, memory or answer, a missing feature, or an Idempotency-Key that was used for other rows"},
    {500, "a table or the storage is damaged, or the outcome of a commit is not known (code COMMIT_UNKNOWN)"},
    {503, "too many requests, or the server is stopping: try again"},
};

static void put_parameter(FILE *to, const struct parameter *p)
{
    static const char *const places[] = {"path", "query", "header"};
    fprintf(to, "{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"description\":", p->name, places[p->in], p->required ? "true" : "false");
    json_string(to, text_of(p->help));
    fputs(",\"schema\":{", to);
    switch (p->kind) {
    case PARAMETER_TEXT:
        fputs("\"type\":\"string\",\"minLength\":1", to);
        break;
    case PARAMETER_NUMBER:
        fputs("\"type\":\"integer\",\"minimum\":0,\"maximum\":9223372036854775807", to);
        break;
    case PARAMETER_TABLE:
        fprintf(to, "\"type\":\"string\",\"maxLength\":%d,\"pattern\":\"^[A-Za-z0-9][A-Za-z0-9_-]*([.][A-Za-z0-9][A-Za-z0-9_-]*)*$\"",
                MOST_TABLE_NAME);
        break;
    case PARAMETER_KEY:
        fprintf(to, "\"type\":\"string\",\"minLength\":1,\"maxLength\":%d,\"pattern\":\"^[!#-\\\\[\\\\]-~]+$\"", MOST_KEY);
        break;
    case PARAMETER_CHOICE:
        fputs("\"enum\":[", to);
        for (const char *at = p->choices; *at != '\0';) {
            const size_t size = strcspn(at, ",");
            fprintf(to, "%s\"%.*s\"", at == p->choices ? "" : ",", (int)size, at);
            at += size + (at[size] == ',');
        }
        fputc(']', to);
        break;
    }
    fputs("}}", to);
}

static void put_fails(FILE *to, const uint16_t *fails)
{
    for (; *fails != 0; fails++) {
        for (size_t i = 0; i < sizeof(fail_texts) / sizeof(fail_texts[0]); i++) {
            if (fail_texts[i].status == *fails) {
                fprintf(to,
                        ",\"%u\":{\"description\":\"%s\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
                        "\"#/components/schemas/Error\"}}}}",
                        *fails, fail_texts[i].text);
            }
        }
    }
}

static void put_operation(FILE *to, const struct route *route)
{
    fprintf(to, "\"%s\":{\"operationId\":\"%s\",\"summary\":\"%s\"", strcmp(route->method, "POST") == 0 ? "post" : "get", route->name,
            route->summary);
    fputs(route->scope == SCOPE_NONE ? ",\"security\":[]" : ",\"security\":[{\"token\":[]}]", to);
    if (route->parameters[0].name != NULL) {
        fputs(",\"parameters\":[", to);
        for (int i = 0; i < MOST_PARAMETERS && route->parameters[i].name != NULL; i++) {
            fputs(i == 0 ? "" : ",", to);
            put_parameter(to, &route->parameters[i]);
        }
        fputc(']', to);
    }
    if (route->body != NULL) {
        fprintf(to, ",\"requestBody\":%s", route->body);
    }
    fprintf(to, ",\"responses\":{%s", route->answers);
    put_fails(to, route->fails);
    fputs("}}", to);
}

void endpoint_openapi(struct request *request)
{
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fprintf(to,
                "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"tarn\",\"version\":\"%s\",\"description\":\"The tables of a lake over HTTP. "
                "Each ingest is one commit: all rows or none, on disk when it is answered.\"},\"paths\":{",
                tarn_version());
        for (uint32_t i = 0; i < route_count; i++) {
            const bool same = i != 0 && strcmp(routes[i].path, routes[i - 1].path) == 0; /* methods of one path are neighbours */
            if (!same) {
                fprintf(to, "%s\"%s\":{", i == 0 ? "" : "},", routes[i].path);
            } else {
                fputc(',', to);
            }
            put_operation(to, &routes[i]);
        }
        fprintf(to, "}},\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"schemas\":{%s}}}\n",
                schemas);
    }
    reply_document_end(&request->reply, to, 200, "application/json");
}
