/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns: a queue of those who wait, in the order in which they came.
 *
 * Invariant: a turn is in the list from join to leave; it has come when no turn before it in the list has its key.
 */
#include "format/base/turns.h"

#include <unistd.h>

#include "format/base/bytes.h"

void tarn__turns_open(struct tarn__turns *turns)
{
    *turns = (struct tarn__turns){.process = (long)getpid()};
    pthread_mutex_init(&turns->lock, NULL);
}

void tarn__turns_close(struct tarn__turns *turns)
{
    pthread_mutex_destroy(&turns->lock);
}

static void enter(struct tarn__turns *turns)
{
    pthread_mutex_lock(&turns->lock);
    if (turns->process != (long)getpid()) {
        turns->process = (long)getpid();
        turns->first = NULL;
    }
}

void tarn__turns_join(struct tarn__turns *turns, struct tarn__turn *turn, struct tarn_text key)
{
    *turn = (struct tarn__turn){.key = key};
    enter(turns);
    struct tarn__turn **end = &turns->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = turn;
    pthread_mutex_unlock(&turns->lock);
}

bool tarn__turns_come(struct tarn__turns *turns, const struct tarn__turn *turn)
{
    enter(turns);
    const struct tarn__turn *before = turns->first;
    while (before != NULL && before != turn && !tarn__text_equal(before->key, turn->key)) {
        before = before->next;
    }
    pthread_mutex_unlock(&turns->lock);
    return before == turn || before == NULL;
}

void tarn__turns_leave(struct tarn__turns *turns, struct tarn__turn *turn, bool changed)
{
    enter(turns);
    for (struct tarn__turn **at = &turns->first; *at != NULL; at = &(*at)->next) {
        if (*at == turn) {
            *at = turn->next;
            break;
        }
    }
    for (struct tarn__turn *other = turns->first; changed && other != NULL; other = other->next) {
        other->changed = other->changed || tarn__text_equal(other->key, turn->key);
    }
    pthread_mutex_unlock(&turns->lock);
}
