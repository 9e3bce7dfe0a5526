"""Renders the photos that come with the project; nothing else of the project imports it."""
