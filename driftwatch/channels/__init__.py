"""Tell people: log, webhook, Slack."""
