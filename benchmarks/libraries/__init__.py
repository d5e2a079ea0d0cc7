"""Libraries to time: each file of this folder has NAME, versions(), path(...) and cv(...). See scikit_learn.py."""
