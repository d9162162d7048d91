"""ONDE extractions: pupils, guardians and teachers of an école, as csv read by header and never by position."""
