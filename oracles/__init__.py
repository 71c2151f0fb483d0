"""What a protocol believes an asset is worth: readings, sources, the node graph and its guards."""
