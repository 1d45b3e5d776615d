/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue with an end, and the threads that empty it.
 */
#include "tools/tarn/serve/work_queue.h"

#include <stdlib.h>

#include "tools/tarn/file_input.h"

static void *work(void *arg)
{
    struct work_queue *queue = arg;
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (queue->waiting == 0 && !queue->closing) {
            pthread_cond_wait(&queue->changed, &queue->lock);
        }
        if (queue->waiting == 0) {
            break;
        }
        void *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->room;
        queue->waiting--;
        queue->running++;
        pthread_mutex_unlock(&queue->lock);
        queue->run(item);
        pthread_mutex_lock(&queue->lock);
        queue->running--;
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

enum tarn_status work_queue_open(struct work_queue *queue, uint32_t threads, uint32_t room, void (*run)(void *item), struct tarn_error *err)
{
    *queue = (struct work_queue){.run = run, .room = room};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->items = calloc(room, sizeof(*queue->items));
    queue->threads = calloc(threads, sizeof(*queue->threads));
    if (queue->items == NULL || queue->threads == NULL) {
        work_queue_close(queue);
        return tool_error(err, TARN_NOMEM, "memory", "no memory for the queue");
    }
    for (; queue->thread_count < threads; queue->thread_count++) {
        if (pthread_create(&queue->threads[queue->thread_count], NULL, work, queue) != 0) {
            work_queue_close(queue);
            return tool_error(err, TARN_IO, "threads", "the system does not give %u threads", threads);
        }
    }
    return TARN_OK;
}

bool work_queue_add(struct work_queue *queue, void *item)
{
    pthread_mutex_lock(&queue->lock);
    const bool taken = queue->waiting < queue->room && !queue->closing;
    if (taken) {
        queue->items[(queue->first + queue->waiting++) % queue->room] = item;
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void work_queue_counts(struct work_queue *queue, uint32_t *waiting, uint32_t *running)
{
    pthread_mutex_lock(&queue->lock);
    *waiting = queue->waiting;
    *running = queue->running;
    pthread_mutex_unlock(&queue->lock);
}

void work_queue_close(struct work_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    for (uint32_t i = 0; i < queue->thread_count; i++) {
        pthread_join(queue->threads[i], NULL);
    }
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue->items);
    free(queue->threads);
    *queue = (struct work_queue){0};
}
