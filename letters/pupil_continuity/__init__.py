"""The letter of a pupil who keeps an account."""
