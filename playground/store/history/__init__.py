"""The log as a person reads it: pages, filters, sums, housekeeping."""
