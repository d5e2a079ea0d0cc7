# The columns that lanes work with, gathered by whichever lane needs one first. Included by gram.pyx.

cdef class Store:
    """Columns z_j = root ∘ (x_j − m_j)/d_j, rows in fold order: their memory Z, and where each feature stands in it.

    Lanes in several threads add columns under a lock, in whatever order they come. ``settle`` sorts what was added, when
    all lanes stand still, so that where a column stands does not depend on the threads; nor does how far a lane goes
    without help, since each may add ``quota`` columns to those that were there when all stood still, or any where there is
    room for all.
    """

    cdef public double[::1, :] Z
    cdef readonly Py_ssize_t[::1] where  # feature -> column of Z, or -1
    cdef Py_ssize_t[::1] features        # the other way round
    cdef readonly int size               # columns that are here
    cdef readonly int settled            # those that were when all lanes last stood still
    cdef int quota, turn
    cdef const double[::1, :] X          # raw columns, or None: then lanes add nothing
    cdef Py_ssize_t[::1] order
    cdef double[::1] mean, norm, root
    cdef PyThread_type_lock lock

    def __cinit__(self):
        self.lock = PyThread_allocate_lock()
        if self.lock == NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.lock != NULL:
            PyThread_free_lock(self.lock)

    def __init__(self, Py_ssize_t n, Py_ssize_t p, double[::1] mean, double[::1] norm, double[::1] root):
        self.where, self.mean, self.norm, self.root = np.empty(p, np.intp), mean, norm, root
        self.X, self.order, self.turn = None, None, 0
        self.clear()

    def clear(self):
        """Forget all columns."""
        self.where[:] = -1
        self.size = self.settled = self.quota = 0
        self.Z, self.features = np.empty((self.root.shape[0], 0), order="F"), np.empty(0, np.intp)

    def own(self, const double[::1, :] X, order):
        """Lanes may take columns from this matrix; rows are in ``order``, or as they come (None)."""
        self.X, self.order = X, order

    def grow(self, int room):
        """Memory for that many columns."""
        # memory that nothing was written to is only promised
        Z, features = np.empty((self.root.shape[0], room), order="F"), np.empty(room, np.intp)
        Z[:, :self.size], features[:self.size] = self.Z[:, :self.size], self.features[:self.size]
        self.Z, self.features = Z, features

    def added(self, Py_ssize_t[::1] fresh):
        """These columns were written behind those that were here."""
        cdef Py_ssize_t k
        for k in range(fresh.shape[0]):
            self.where[fresh[k]] = self.size
            self.features[self.size] = fresh[k]
            self.size += 1
        self.settled = self.size

    def settle(self, int lanes):
        """All lanes stand still: sort what they added; whether columns have moved."""
        new, Z, where = slice(self.settled, self.size), np.asarray(self.Z), np.asarray(self.where)
        self.turn += 1
        self.quota = (<int> self.Z.shape[1] - self.size) // max(lanes, 1) if self.X is not None else 0
        if self.X is not None and self.Z.shape[1] >= self.where.shape[0]:      # there is room for every column
            self.quota = <int> self.where.shape[0]
        if self.size == self.settled:
            return False
        features = np.asarray(self.features)
        rank = np.argsort(features[new])
        Z[:, new], features[new] = Z[:, new][:, rank], features[new][rank]
        where[features[new]] = np.arange(self.settled, self.size)
        self.settled = self.size
        return True

    cdef int missing(self, const Py_ssize_t* features, int count) noexcept nogil:
        """How many of these were not here when all stood still."""
        cdef int k, total = 0
        PyThread_acquire_lock(self.lock, 1)
        for k in range(count):
            total += not 0 <= self.where[features[k]] < self.settled
        PyThread_release_lock(self.lock)
        return total

    cdef Py_ssize_t place(self, Py_ssize_t j) noexcept nogil:
        """Where feature j stands; it is gathered where no lane did so before."""
        cdef Py_ssize_t i, at
        PyThread_acquire_lock(self.lock, 1)
        at = self.where[j]
        if at < 0:
            at = self.size
            for i in range(self.root.shape[0]):
                self.Z[i, at] = (self.X[i if self.order is None else self.order[i], j] - self.mean[j]) / self.norm[j] \
                    * self.root[i]
            self.where[j], self.features[at] = at, j
            self.size += 1
        PyThread_release_lock(self.lock)
        return at
