"""What is shown of a study and of a search. Views listen, and decide nothing."""
