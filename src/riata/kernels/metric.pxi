# A diagonal metric and the weights in it. Included by shrink_groups.pyx and shrink_hierarchy.pyx.
cdef extern from "secular.h" nogil:
    void metric_f(long n, long m, long ld, const float* v, float eps, int rooted, float* d, float* low, float* high)
    void metric_d(long n, long m, long ld, const double* v, double eps, int rooted, double* d, double* low, double* high)
    void weigh_f(long n, long m, long ld, const float* w, const float* unit, float* d, float* a, double* sum,
                 double* square)
    void weigh_d(long n, long m, long ld, const double* w, const double* unit, double* d, double* a, double* sum,
                 double* square)
