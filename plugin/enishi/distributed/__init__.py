"""A build on a cluster: the stages of :mod:`enishi.pipeline` as maps over chunks of posts, on Ray Data.

folder.py   what is read and written: a folder that every machine sees, or an address such as s3://…
cluster.py  chunks of posts that stay on the cluster, and what can be done with them
stages.py   what a worker does with one chunk
build.py    the flow

Chunks, their placement, retries and spilling are Ray's.  What a stage returns for a chunk depends on the chunk and on
what is handed to it, never on the number of workers, so that a build has the bytes of one on a single machine.
"""
