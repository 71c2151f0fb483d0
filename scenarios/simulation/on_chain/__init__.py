"""Agents on a chain: decisions become transactions that wait, compete, and may be reverted."""
