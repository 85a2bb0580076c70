"""What requests and answers say, without a socket: pure."""
