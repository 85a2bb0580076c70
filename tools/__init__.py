"""What writes generated files of this repository; not part of the product."""
