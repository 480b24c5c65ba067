"""The shell inside RUN, `sh` steps and container arguments: commands, words, options, wrappers and servers.

Shared by three languages. It reads a text fragment and gives offsets of the host file; it never runs anything.
"""
