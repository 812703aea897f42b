from . import (
    account_chart_template,
    account_move,
    account_move_line,
    focalist_contract,
    focalist_contract_device,
    focalist_device_placement,
    focalist_pricing,
    focalist_statement,
    focalist_statement_line,
    focalist_statement_measure,
    res_company,
    res_partner,
)
