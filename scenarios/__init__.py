"""What happens: worlds, incident files, replays, reports and the command line."""
