"""What the repository promises: its structure, its wheel, its pages and its examples."""
