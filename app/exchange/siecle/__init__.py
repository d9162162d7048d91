"""SIECLE (BEE) exports: pupils and guardians of a collège."""
