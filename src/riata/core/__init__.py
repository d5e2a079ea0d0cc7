"""Words shared by every layer: the problem, results, statuses and errors."""
