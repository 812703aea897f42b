{
    "name": "Focalist Supplies",
    "summary": "Toner and parts ordered before they run out",
    "version": "19.0.1.0.0",
    "category": "Services/Focalist",
    "author": "Focalist contributors",
    "license": "LGPL-3",
    "depends": ["focalist_base"],
}
