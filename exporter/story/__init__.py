"""What one run tells a person, or a program: pure."""
