"""What knows no music: tables, gates, splits, digests, training, tracking."""
