"""The pages of the portal: each parses, calls one service, chooses a template."""
