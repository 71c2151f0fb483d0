"""Sources: one small file each; simulated, recorded and live behind one interface."""
