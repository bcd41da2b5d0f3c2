"""Data of other boot servers, converted into data directories of this one."""
