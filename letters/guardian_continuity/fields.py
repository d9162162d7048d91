"""What changes from one guardian to the next is the same as in the letter of codes."""

from ..guardian_code.fields import fits, placeholder, values

__all__ = ["fits", "placeholder", "values"]
