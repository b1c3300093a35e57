"""Who is trained on, who is tested, which test crops ask and which are searched: pure functions on arrays."""
