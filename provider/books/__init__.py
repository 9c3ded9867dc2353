"""What the bursar and the student read about money: statements of account, the journal, and the close of each day."""
