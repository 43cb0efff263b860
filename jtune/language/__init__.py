"""A cell's text and back: marks, literals, the search space, the code with holes."""
