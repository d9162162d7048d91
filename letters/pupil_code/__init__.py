"""The letter that brings a pupil their code."""
