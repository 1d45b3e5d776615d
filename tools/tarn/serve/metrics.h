/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_METRICS_H
#define TARN_TOOLS_SERVE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

/* Counters, and their text for Prometheus (exposition format 0.0.4). */

enum { METRIC_ROUTES = 16, METRIC_STATUSES = 20 };

struct metrics {
    atomic_uint_fast64_t requests[METRIC_ROUTES][METRIC_STATUSES]; /* the last route: none; the last status: others */
    atomic_uint_fast64_t microseconds[METRIC_ROUTES];
    atomic_uint_fast64_t bytes_received;
    atomic_uint_fast64_t bytes_sent;
    atomic_uint_fast64_t rows_ingested;
    atomic_uint_fast64_t rows_answered;
    atomic_uint_fast64_t replays;
    atomic_uint_fast32_t open; /* requests that were begun and are not ended */
};

/** `route`: place in the table of routes, or anything beyond it. */
void metrics_count(struct metrics *metrics, uint32_t route, unsigned status, int64_t microseconds);
void metrics_print(struct metrics *metrics, uint32_t waiting, uint32_t running, FILE *to);

#endif
