"""What was told about people to whom, and on which consent; append-only, and without the values themselves."""
