"""Reading real chains: transport, client, quorum, proofs, recordings, history, live sources."""
