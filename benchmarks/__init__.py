"""Times against other libraries, each with the gap that `riata.certify` finds in what came back."""
