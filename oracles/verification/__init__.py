"""How several parties vouch for one number: signed rounds, commit and reveal, and a private median."""
