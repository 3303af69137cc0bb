"""One file or folder for each command, named as the user types it."""
