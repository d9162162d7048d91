"""Booklets (bilans): set-up, entry for a class or a pupil, completeness, lock, edition."""
