"""One run of a cell: its values in, what came of it out; what it reads and what it leaves."""
