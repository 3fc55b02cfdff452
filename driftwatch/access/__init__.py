"""Who may do what: scopes and callers, as values. Pure: nothing here asks a store, a clock or a network."""
