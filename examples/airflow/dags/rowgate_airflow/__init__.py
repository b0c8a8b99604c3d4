"""What the DAGs of Rowgate's lake share."""
