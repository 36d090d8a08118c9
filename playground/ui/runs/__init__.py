"""What Run and Stop do."""
