"""Synchronisation of a school with its files (DESIGN §7).

`checks` refuses a set of files that does not fit; `staging` and `onde_staging` read them and write down what differs;
`apply` brings the differences in, in one transaction; `changes` and `outcome` say what happened.
"""
