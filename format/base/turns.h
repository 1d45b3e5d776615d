/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_TURNS_H
#define TARN_FORMAT_BASE_TURNS_H

#include <pthread.h>
#include <stdbool.h>

#include "tarn/error.h"

/*
 * Turns: threads of one process that want the same thing, which only one of them can have at a time, one after the other.
 *
 * First come, first served among those with equal keys. Who waits is told by `changed` whether someone before it has changed the thing.
 * Nobody sleeps in here: who waits asks again. Ownership: a turn and its key belong to the caller and live until it leaves. Threads: any.
 * After a fork the child has the queue to itself: threads that waited do not exist there.
 */
struct tarn__turn {
    struct tarn_text key;
    struct tarn__turn *next;
    bool changed; /* read it when the turn has come */
};

struct tarn__turns {
    pthread_mutex_t lock;
    struct tarn__turn *first;
    long process;
};

void tarn__turns_open(struct tarn__turns *turns);
void tarn__turns_close(struct tarn__turns *turns);
/** At the end of the queue. */
void tarn__turns_join(struct tarn__turns *turns, struct tarn__turn *turn, struct tarn_text key);
/** Is nobody with this key before it? Once true, true until it leaves. */
bool tarn__turns_come(struct tarn__turns *turns, const struct tarn__turn *turn);
/** Whether or not its turn has come. `changed`: those behind are told. */
void tarn__turns_leave(struct tarn__turns *turns, struct tarn__turn *turn, bool changed);

#endif
