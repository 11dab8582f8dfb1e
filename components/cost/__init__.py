"""What a stack costs a month."""
