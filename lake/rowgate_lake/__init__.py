"""The lake of Rowgate: every table of a backup in Delta, as bronze, silver and gold."""
