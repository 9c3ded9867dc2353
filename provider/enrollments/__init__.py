"""One student in one program under one plan: the frozen agreement, its installments and its states."""
