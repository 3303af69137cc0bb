"""What a person reads: tables for the terminal, and the page of an evaluation."""
