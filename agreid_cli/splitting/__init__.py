"""Who is trained on, who is tested, which test crops ask and which are searched: pure functions on arrays.

A room of its own: choosing a protocol is neither reading a data set nor measuring a model, and must be
possible where neither is at hand.
"""
