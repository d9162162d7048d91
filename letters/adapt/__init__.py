"""The wordings that academies write: which there are, what they may hold, and the process that draws them."""
