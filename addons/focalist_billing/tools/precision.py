#: Decimal precision of unit prices: six decimals (see data/decimal_precision_data.xml).
PRECISION = "Focalist Unit Price"
