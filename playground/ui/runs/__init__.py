"""What Run and Stop do, and the money they reserve."""
