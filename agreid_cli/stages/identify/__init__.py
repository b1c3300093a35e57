"""Who is who among the tracks: proposals for annotators, and checks of their annotations."""
