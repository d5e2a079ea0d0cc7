"""Problems to time: each file of this folder has PROBLEMS, a dict of name -> function without arguments -> (X, y)."""
