"""Who is who among the tracks: proposals for annotators."""
