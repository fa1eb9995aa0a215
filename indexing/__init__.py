"""From photos to vectors to indices, and from a query to its hits.

    photo -> mask -> crops -> vectors -> one index per class -> hits

`records` names what travels between the stages; `wiring` is the one module that
joins the segmenter to them.
"""
