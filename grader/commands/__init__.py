"""What `er` is told to do: a module of commands for each of its users."""
