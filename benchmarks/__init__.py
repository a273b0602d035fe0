"""How fast it is: against other people's libraries, and against its own sizes. See docs/performance.md."""
