"""Money coming in: payments, allocations, receipts and the append-only ledger."""
