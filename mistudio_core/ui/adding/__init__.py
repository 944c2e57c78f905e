"""Adding datasets: from the Hub, from files, and the example."""
