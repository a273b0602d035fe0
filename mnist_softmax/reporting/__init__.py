"""What is shown: console lines; later tables, plots, pages."""
