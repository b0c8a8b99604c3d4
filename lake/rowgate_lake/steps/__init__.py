"""The steps of the pipeline. Each may be killed anywhere and run again: it ends the same."""
