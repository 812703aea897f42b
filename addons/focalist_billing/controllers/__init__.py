from . import portal, portal_statement_files, portal_statements, simulation
