"""The report: verdicts, specifications and figures, as one HTML file and as Markdown."""

from repro.report.markdown import readme_table
from repro.report.write import write_report

__all__ = ["readme_table", "write_report"]
