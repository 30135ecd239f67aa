"""The command ``pulumi-dpc``: one module for each subject, over the API and the definition."""
