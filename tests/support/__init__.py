"""What tests share: the servers they run against, and the tools that bring those."""
