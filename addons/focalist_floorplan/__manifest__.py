{
    "name": "Focalist Floor Plans",
    "summary": "Devices on the plans of a client's floors",
    "version": "19.0.1.0.0",
    "category": "Services/Focalist",
    "author": "Focalist contributors",
    "license": "LGPL-3",
    "depends": ["focalist_base"],
}
