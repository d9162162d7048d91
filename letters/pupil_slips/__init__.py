"""Several pupils' codes on one page, to cut along the lines, fold over the code and close."""
