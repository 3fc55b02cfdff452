"""When a retrain may start and when it must wait (pure)."""
