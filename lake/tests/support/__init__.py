"""Shared by the tests of the lake."""
