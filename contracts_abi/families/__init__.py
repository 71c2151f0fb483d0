"""ABI entries by contract family, one small file each, with the source of every entry."""
