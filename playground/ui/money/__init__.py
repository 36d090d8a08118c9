"""What runs cost, and the budget."""
