"""What the operating system has: files, threads, descriptors."""
