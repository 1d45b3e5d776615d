/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread pool for hosts that have none.
 *
 * A job is one parallel_for: its items are handed out in order by a counter. Its caller takes items until there are none, then
 * waits for those that others still run. A seat is a worker number: whoever runs items holds one.
 *
 * Invariants
 *  1. There are as many seats as concurrency() says, and a seat is held by one thread at a time. A nested parallel_for runs in the
 *     seat that its thread holds already.
 *  2. Who waits for the end of a job waits for items that run at this moment, and these can wait only for jobs nested within
 *     them: there is no circle, whatever the number of threads. Who waits for a seat holds none, and nobody who holds one waits for him.
 *  3. A job lives on its caller's stack. It is found by others only through `jobs`, under the lock, and its caller does not leave before
 *     it is off the list and `active` is 0.
 *  4. In a child after fork there are no threads and the lock may be held by nobody: everything runs in the calling thread.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/base/error.h"
#include "tarn/env.h"

enum { MOST_THREADS = 1024 };

struct job {
    struct job *following;
    int (*fn)(void *arg, uint64_t i, uint32_t worker);
    void *arg;
    uint64_t n;
    atomic_uint_fast64_t next; /* item to hand out */
    atomic_bool stopped;       /* an item failed */
    uint64_t failed_index;     /* lowest; under the lock */
    int failed;                /* its number */
    uint32_t active;           /* threads besides the caller that run items; under the lock */
};

struct task {
    struct task *following;
    void (*fn)(void *arg);
    void *arg;
    enum { TASK_QUEUED, TASK_RUNNING, TASK_DONE } state;
};

struct seat {
    bool taken;
    pthread_t owner;
};

struct tarn_pool {
    pid_t process;
    uint32_t seat_count;
    uint32_t thread_count; /* running threads, one fewer than seats */
    pthread_mutex_t lock;
    pthread_cond_t work; /* threads wait: there is a job, a task, a free seat, or the end */
    pthread_cond_t done; /* callers wait: a job or task ended, or a seat is free */
    bool closing;
    atomic_uint waiting_callers; /* for a seat: threads give theirs up after the item at hand */
    struct job *jobs;            /* the innermost first */
    struct task *first_task;
    struct task **last_task;
    struct seat *seats;
    pthread_t *threads;
};

/* ---- seats; all under the lock ---- */

static int64_t own_seat(const struct tarn_pool *pool)
{
    const pthread_t self = pthread_self();
    for (uint32_t i = 0; i < pool->seat_count; i++) {
        if (pool->seats[i].taken && pthread_equal(pool->seats[i].owner, self)) {
            return i;
        }
    }
    return -1;
}

static int64_t take_free_seat(struct tarn_pool *pool)
{
    for (uint32_t i = 0; i < pool->seat_count; i++) {
        if (!pool->seats[i].taken) {
            pool->seats[i] = (struct seat){true, pthread_self()};
            return i;
        }
    }
    return -1;
}

static void leave_seat(struct tarn_pool *pool, uint32_t seat)
{
    pool->seats[seat].taken = false;
    pthread_cond_broadcast(&pool->done);
    if (pool->jobs != NULL) {
        pthread_cond_broadcast(&pool->work);
    }
}

static uint32_t wait_for_seat(struct tarn_pool *pool)
{
    int64_t seat = take_free_seat(pool);
    if (seat < 0) {
        atomic_fetch_add(&pool->waiting_callers, 1);
        while ((seat = take_free_seat(pool)) < 0) {
            pthread_cond_wait(&pool->done, &pool->lock);
        }
        atomic_fetch_sub(&pool->waiting_callers, 1);
        pthread_cond_broadcast(&pool->work); /* threads that stood back for this caller */
    }
    return (uint32_t)seat;
}

/* ---- jobs ---- */

static bool has_items(struct job *job)
{
    return !atomic_load(&job->stopped) && atomic_load(&job->next) < job->n;
}

static void note_failure(struct tarn_pool *pool, struct job *job, uint64_t index, int number)
{
    pthread_mutex_lock(&pool->lock);
    if (index < job->failed_index) {
        job->failed_index = index;
        job->failed = number;
    }
    atomic_store(&job->stopped, true);
    pthread_mutex_unlock(&pool->lock);
}

static void run_items(struct tarn_pool *pool, struct job *job, uint32_t seat, bool is_caller)
{
    while (has_items(job)) {
        const uint64_t i = atomic_fetch_add(&job->next, 1);
        if (i >= job->n) {
            return;
        }
        const int number = job->fn(job->arg, i, seat);
        if (number != 0) {
            note_failure(pool, job, i, number);
        }
        if (!is_caller && atomic_load(&pool->waiting_callers) != 0) {
            return;
        }
    }
}

static void unlink_job(struct tarn_pool *pool, const struct job *job)
{
    struct job **at = &pool->jobs;
    while (*at != job) {
        at = &(*at)->following;
    }
    *at = job->following;
}

static int run_serial(uint64_t n, int (*fn)(void *arg, uint64_t i, uint32_t worker), void *arg)
{
    for (uint64_t i = 0; i < n; i++) {
        const int number = fn(arg, i, 0);
        if (number != 0) {
            return number;
        }
    }
    return 0;
}

static int pool_parallel_for(void *ctx, uint64_t n, int (*fn)(void *arg, uint64_t i, uint32_t worker), void *arg)
{
    struct tarn_pool *pool = ctx;
    if (pool->process != getpid()) {
        return run_serial(n, fn, arg);
    }
    struct job job = {.fn = fn, .arg = arg, .n = n, .failed_index = UINT64_MAX};
    atomic_init(&job.next, 0);
    atomic_init(&job.stopped, false);

    pthread_mutex_lock(&pool->lock);
    const int64_t own = own_seat(pool);
    const uint32_t seat = own >= 0 ? (uint32_t)own : wait_for_seat(pool);
    const bool shared = n > 1 && pool->thread_count != 0;
    if (shared) {
        job.following = pool->jobs;
        pool->jobs = &job;
        pthread_cond_broadcast(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);

    run_items(pool, &job, seat, true);

    pthread_mutex_lock(&pool->lock);
    if (shared) {
        unlink_job(pool, &job);
        while (job.active != 0) {
            pthread_cond_wait(&pool->done, &pool->lock);
        }
    }
    if (own < 0) {
        leave_seat(pool, seat);
    }
    pthread_mutex_unlock(&pool->lock);
    return job.failed;
}

/* ---- tasks ---- */

static void *pool_submit(void *ctx, void (*fn)(void *arg), void *arg)
{
    struct tarn_pool *pool = ctx;
    struct task *task = pool->process == getpid() ? calloc(1, sizeof(*task)) : NULL;
    if (task == NULL) { /* no memory, or a child: done at once, nothing to wait for */
        fn(arg);
        return NULL;
    }
    *task = (struct task){.fn = fn, .arg = arg, .state = TASK_QUEUED};
    pthread_mutex_lock(&pool->lock);
    *pool->last_task = task;
    pool->last_task = &task->following;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void unlink_task(struct tarn_pool *pool, struct task *task)
{
    struct task **at = &pool->first_task;
    while (*at != task) {
        at = &(*at)->following;
    }
    *at = task->following;
    if (pool->last_task == &task->following) {
        pool->last_task = at;
    }
}

/* A task that nobody has begun is run by who waits for it. */
static void pool_wait(void *ctx, void *handle)
{
    struct tarn_pool *pool = ctx;
    struct task *task = handle;
    if (task == NULL) {
        return;
    }
    if (pool->process != getpid()) {
        if (task->state == TASK_QUEUED) {
            task->fn(task->arg);
        }
        free(task);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    if (task->state == TASK_QUEUED) {
        unlink_task(pool, task);
        pthread_mutex_unlock(&pool->lock);
        task->fn(task->arg);
    } else {
        while (task->state != TASK_DONE) {
            pthread_cond_wait(&pool->done, &pool->lock);
        }
        pthread_mutex_unlock(&pool->lock);
    }
    free(task);
}

/* ---- threads ---- */

static void run_task(struct tarn_pool *pool, struct task *task)
{
    unlink_task(pool, task);
    task->state = TASK_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    task->fn(task->arg);
    pthread_mutex_lock(&pool->lock);
    task->state = TASK_DONE;
    pthread_cond_broadcast(&pool->done);
}

static bool run_job(struct tarn_pool *pool)
{
    struct job *job = pool->jobs;
    while (job != NULL && !has_items(job)) {
        job = job->following;
    }
    const int64_t seat = job != NULL && atomic_load(&pool->waiting_callers) == 0 ? take_free_seat(pool) : -1;
    if (seat < 0) {
        return false;
    }
    job->active++;
    pthread_mutex_unlock(&pool->lock);
    run_items(pool, job, (uint32_t)seat, false);
    pthread_mutex_lock(&pool->lock);
    job->active--;
    leave_seat(pool, (uint32_t)seat);
    return true;
}

static void *thread_main(void *arg)
{
    struct tarn_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (pool->first_task != NULL) {
            run_task(pool, pool->first_task);
        } else if (!run_job(pool)) {
            if (pool->closing) {
                break;
            }
            pthread_cond_wait(&pool->work, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static uint32_t processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) {
        return (uint32_t)CPU_COUNT(&set);
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online <= MOST_THREADS ? (uint32_t)online : 1;
}

/* Signals stay with the host's own threads. */
static int start_threads(struct tarn_pool *pool)
{
    sigset_t all;
    sigset_t before;
    int failure = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (failure == 0 && pool->thread_count + 1 < pool->seat_count) {
        failure = pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool);
        pool->thread_count += failure == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

enum tarn_status tarn_pool_open(uint32_t threads, struct tarn_pool **out, struct tarn_error *err)
{
    const uint32_t wanted = threads != 0 ? threads : processors();
    *out = NULL;
    if (wanted > MOST_THREADS) {
        return tarn__invalid(err, "threads", "%u threads were asked for, at most %d are possible", wanted, (int)MOST_THREADS);
    }
    struct tarn_pool *pool = calloc(1, sizeof(*pool));
    struct seat *seats = calloc(wanted, sizeof(*seats));
    pthread_t *handles = calloc(wanted, sizeof(*handles));
    if (pool == NULL || seats == NULL || handles == NULL) {
        free(pool);
        free(seats);
        free(handles);
        return tarn__error_set(err, TARN_NOMEM, "pool", "no memory for a pool of %u threads", wanted);
    }
    pool->process = getpid();
    pool->seat_count = wanted;
    pool->seats = seats;
    pool->threads = handles;
    pool->last_task = &pool->first_task;
    atomic_init(&pool->waiting_callers, 0);
    pthread_mutex_init(&pool->lock, NULL); /* default attributes: none of the three can fail on the systems tarn knows */
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    const int failure = start_threads(pool);
    if (failure != 0) {
        const enum tarn_status status = tarn__sys_error(err, failure, "starting thread %u of %u", pool->thread_count + 2, wanted);
        tarn_pool_close(pool);
        return status;
    }
    *out = pool;
    return TARN_OK;
}

static uint32_t pool_concurrency(void *ctx)
{
    const struct tarn_pool *pool = ctx;
    return pool->seat_count;
}

struct tarn_executor tarn_pool_executor(struct tarn_pool *pool)
{
    return (struct tarn_executor){sizeof(struct tarn_executor), pool, pool_concurrency, pool_parallel_for, pool_submit, pool_wait};
}

void tarn_pool_close(struct tarn_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    if (pool->process == getpid()) {
        pthread_mutex_lock(&pool->lock);
        pool->closing = true;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
        for (uint32_t i = 0; i < pool->thread_count; i++) {
            pthread_join(pool->threads[i], NULL);
        }
        pthread_cond_destroy(&pool->done);
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool->threads);
    free(pool->seats);
    free(pool);
}
