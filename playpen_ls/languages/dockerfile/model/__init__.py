"""What a Dockerfile means: stages, variables in scope, users, container paths, and what BuildKit would refuse.

The parts that rules look at are thin: the text of a chunk and a FileView, made anew for each check. What stands in
another chunk they ask, and the questions are in `queries` (and `validation`, for the whole file). `dockerfile` is
the model: the list of chunks. Only fixes, facts and navigation may look at it.
"""
