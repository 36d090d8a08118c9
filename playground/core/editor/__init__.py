"""What the page's editor holds: state, undo, drafts."""
