"""Times against other libraries, each with the gap that `benchmarks.gap` finds in what came back."""
