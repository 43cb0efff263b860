"""What is kept: the journal, the trials in it, which of them a cell goes on with."""
