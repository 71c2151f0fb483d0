"""What an instrument is worth: options, volatility surfaces, funding, interest, settlement, basis."""
