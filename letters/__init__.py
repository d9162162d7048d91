"""Letters, slips and mail bodies: frozen data in, bytes out. Imports nothing of the application."""
