"""What changes from one pupil to the next is the same as in the letter of codes."""

from ..pupil_code.fields import fits, placeholder, values

__all__ = ["fits", "placeholder", "values"]
