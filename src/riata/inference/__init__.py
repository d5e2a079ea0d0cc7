"""How sure a selection is: false discovery rates, stability, knockoffs. One method a file, each with its own result."""
