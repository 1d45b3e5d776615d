/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters for Prometheus.
 */
#include "tools/tarn/serve/metrics.h"

#include "tarn/tarn.h"
#include "tools/tarn/serve/routes.h"

static const unsigned statuses[METRIC_STATUSES - 1] = {200, 201, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 500, 503};

void metrics_count(struct metrics *metrics, uint32_t route, unsigned status, int64_t microseconds)
{
    uint32_t column = 0;
    const uint32_t row = route < route_count ? route : METRIC_ROUTES - 1;
    while (column < METRIC_STATUSES - 1 && statuses[column] != status) {
        column++;
    }
    metrics->requests[row][column]++;
    metrics->microseconds[row] += (uint64_t)microseconds;
}

static void put_head(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_one(FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
    put_head(to, name, type, help);
    fprintf(to, "%s %llu\n", name, (unsigned long long)value);
}

static const char *row_name(uint32_t row)
{
    return row < route_count ? routes[row].name : row == METRIC_ROUTES - 1 ? "none" : NULL;
}

void metrics_print(struct metrics *metrics, uint32_t waiting, uint32_t running, FILE *to)
{
    put_head(to, "tarn_info", "gauge", "The version that runs.");
    fprintf(to, "tarn_info{version=\"%s\"} 1\n", tarn_version());
    put_head(to, "tarn_http_requests_total", "counter", "Requests answered.");
    for (uint32_t row = 0; row < METRIC_ROUTES; row++) {
        for (uint32_t column = 0; row_name(row) != NULL && column < METRIC_STATUSES; column++) {
            const uint64_t count = metrics->requests[row][column];
            if (count != 0) {
                fprintf(to, "tarn_http_requests_total{route=\"%s\",status=\"", row_name(row));
                fprintf(to, column < METRIC_STATUSES - 1 ? "%u" : "other", column < METRIC_STATUSES - 1 ? statuses[column] : 0);
                fprintf(to, "\"} %llu\n", (unsigned long long)count);
            }
        }
    }
    put_head(to, "tarn_http_request_seconds_total", "counter", "Time from a request's head to its answer.");
    for (uint32_t row = 0; row < METRIC_ROUTES; row++) {
        const uint64_t micros = metrics->microseconds[row];
        if (row_name(row) != NULL && micros != 0) {
            fprintf(to, "tarn_http_request_seconds_total{route=\"%s\"} %llu.%06llu\n", row_name(row),
                    (unsigned long long)(micros / 1000000), (unsigned long long)(micros % 1000000));
        }
    }
    put_one(to, "tarn_http_received_bytes_total", "counter", "Bytes of request bodies.", metrics->bytes_received);
    put_one(to, "tarn_http_sent_bytes_total", "counter", "Bytes of answers.", metrics->bytes_sent);
    put_one(to, "tarn_ingest_rows_total", "counter", "Rows committed by ingest.", metrics->rows_ingested);
    put_one(to, "tarn_ingest_replays_total", "counter", "Ingests that had been done before.", metrics->replays);
    put_one(to, "tarn_query_rows_total", "counter", "Rows answered by queries.", metrics->rows_answered);
    put_one(to, "tarn_requests_waiting", "gauge", "Requests that wait for a worker.", waiting);
    put_one(to, "tarn_requests_running", "gauge", "Requests at work.", running);
}
