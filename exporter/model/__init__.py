"""What passes between the rooms: small frozen records, and what no text may show."""
