/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_WORK_QUEUE_H
#define TARN_TOOLS_SERVE_WORK_QUEUE_H

#include <pthread.h>

#include "tarn/tarn.h"

/* Threads that run what is waiting, first come, first served; the line has an end, beyond which nobody is let in. */

struct work_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*run)(void *item);
    void **items; /* a ring */
    uint32_t room;
    uint32_t first;
    uint32_t waiting;
    uint32_t running;
    bool closing;
    pthread_t *threads;
    uint32_t thread_count;
};

enum tarn_status work_queue_open(struct work_queue *queue, uint32_t threads, uint32_t room, void (*run)(void *item),
                                 struct tarn_error *err);
/** False: full. */
bool work_queue_add(struct work_queue *queue, void *item);
void work_queue_counts(struct work_queue *queue, uint32_t *waiting, uint32_t *running);
/** Waits for everything in it. */
void work_queue_close(struct work_queue *queue);

#endif
