"""The commands of `er`, in one module for each kind of user."""
