"""One file for each thing that a model can be converted to; the folder is the registry.

A file has ``SUFFIX``, the ending of the files that it makes; ``NOTE``, what whoever uses them should know; and
``write(model, kind, table)``, their content, which refuses with InvalidOption, in a sentence, what its target cannot
say.
"""
