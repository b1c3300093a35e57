"""Pages: figures, crops and templates become one HTML file. Nothing here reads a workspace."""
