{
    "name": "Focalist Queue",
    "summary": "Billing runs as jobs of OCA's queue_job, by several workers at once",
    "version": "19.0.1.0.0",
    "category": "Services/Focalist",
    "author": "Focalist contributors",
    "license": "LGPL-3",
    # `queue_job` is OCA's: neither Odoo nor this project has it.
    "depends": ["focalist_billing", "queue_job"],
    "data": ["data/queue_job_data.xml"],
}
