"""The letter of a guardian who keeps an account."""
