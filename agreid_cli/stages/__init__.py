"""One public function per command, in one file each; the only package that creates files."""
