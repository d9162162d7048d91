"""The letter that brings a guardian the activation codes of their children."""
