"""The sink that counts, the table of metric families, and the page that is scraped."""
