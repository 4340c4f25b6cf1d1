"""Mail formats: addresses, headers, MIME trees with offsets, stored summaries, composing, HTML, threads, reports. No I/O."""
