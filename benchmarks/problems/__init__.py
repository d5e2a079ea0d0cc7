"""Problems to time: each file of this folder has PROBLEMS, a dict of name -> function without arguments -> (X, y).

Optional beside it: RATIOS, name -> λ_min / λ_max where it is not the usual, and KINDS, name -> a word under which the
tables list it ("sparse", "wide" and "tall" come from the shape); FAMILIES, name -> family (benchmarks/work.py) where it
is not the Gaussian one; GROUPS, name -> function of X -> the number of the group of each column.
"""
