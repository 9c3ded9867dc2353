"""Work that leaves the building: leased jobs, enqueued in the transaction that causes them, done by any worker."""
