/* A loop shared out to a team of threads that the caller lends, or run by the calling thread. */

#pragma once

#include <stddef.h>

/* Work on what lies from first up to, not including, stop. No two threads have one ``slot``, which is below their number. */
typedef void (*part_t)(void *job, long first, long stop, int slot);

#if defined(__GNUC__)

/* As the OpenMP runtimes of GCC and LLVM export it, GOMP_parallel: ``work`` is called once in each thread. */
typedef void (*team_t)(void (*work)(void *), void *data, unsigned threads, unsigned flags);

typedef struct {
    part_t part;
    void *job;
    long total, size, next;
    int slots;
} parts_t;

static void take_parts(void *data)
{
    parts_t *all = (parts_t *)data;
    int slot = __atomic_fetch_add(&all->slots, 1, __ATOMIC_RELAXED);
    long first;
    while ((first = __atomic_fetch_add(&all->next, all->size, __ATOMIC_RELAXED)) < all->total)
        all->part(all->job, first, first + all->size < all->total ? first + all->size : all->total, slot);
}

/* Parts of ``size``: all of them, whatever the number of threads. */
static void in_parts(size_t team, int threads, part_t part, void *job, long total, long size)
{
    parts_t all = {part, job, total, size, 0, 0};
    if (team && threads > 1 && size < total)
        ((team_t)team)(take_parts, &all, (unsigned)threads, 0);
    else
        take_parts(&all);
}

#else

static void in_parts(size_t team, int threads, part_t part, void *job, long total, long size)
{
    for (long first = 0; first < total; first += size)
        part(job, first, first + size < total ? first + size : total, 0);
}

#endif
