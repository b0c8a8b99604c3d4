"""What the tests of the lake share."""
