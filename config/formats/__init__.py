"""How dates and numbers look in each language: "2026 ж. 1 қыркүйек", "1 234 567,5"."""
