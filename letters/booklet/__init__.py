"""Booklets on paper: drawn straight from the facts (README: why not xhtml2pdf here)."""
