"""One public function a file = one arrow of the data flow; the only place that creates files."""
