"""Blobs on disk, in pieces: what has arrived, what is verified, what may be read already."""
