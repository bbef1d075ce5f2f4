"""What to say next. So far: the person shift, on which reflecting the customer's words rests."""
