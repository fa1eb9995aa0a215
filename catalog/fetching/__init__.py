"""Photos by address: bounded, address-checked HTTP downloads and their store."""
