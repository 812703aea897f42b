from . import report_statistics
