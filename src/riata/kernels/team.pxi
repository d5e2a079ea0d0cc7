# A loop shared out to threads that the caller lends. Included by the proximal steps, shrink*.pyx.
cdef extern from "team.h" nogil:
    ctypedef void (*part_t)(void* job, long first, long stop, int slot)
    void in_parts(size_t team, int threads, part_t part, void* job, long total, long size)
