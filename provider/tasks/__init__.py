"""Things a staff member has to do, with the queue they wait in and the day they are due."""
