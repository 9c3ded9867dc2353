"""What every room stands on: database, time, money, forms, errors, doors. It knows no room."""
