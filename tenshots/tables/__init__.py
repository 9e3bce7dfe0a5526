"""What lies on disk between stages, and how it is read and written.

In: tables and images of a stage. Out: Parquet, CSV and encoded photos of the same bytes for the same content,
and back; what a manifest says of its files.
"""
