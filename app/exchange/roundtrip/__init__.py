"""Spreadsheets that come back: export, edit in a spreadsheet program, compare, apply (README of the folder above)."""
