"""Photo in, garment mask out: the first half of the path, usable on its own.

    photo -> preprocess -> model -> class mask -> garments

Imports nothing else of ours. `classes`, `mask`, `photos` and `errors` are the
project's vocabulary (numpy and Pillow only) and may be imported anywhere;
the network itself is joined to the rest in `indexing.wiring` alone.
"""
