"""Tests in a real browser: a package, so that its servers and its browser end before the other tests begin."""
