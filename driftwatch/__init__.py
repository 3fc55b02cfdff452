"""driftwatch watches what a production model eats and speaks up when something that matters has changed."""
