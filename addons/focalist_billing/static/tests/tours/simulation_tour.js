import {openFocalist} from "@focalist_base/../tests/tours/tour_steps";
import {registry} from "@web/core/registry";

const TOTAL = ".modal .o_focalist_simulation_total";

registry.category("web_tour.tours").add("focalist_billing_simulation", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    {
      content: "Open the client",
      trigger: ".o_data_row:contains('Prospect') td[name='name']",
      run: "click",
    },
    {
      content: "Go to its prices",
      trigger: ".o_notebook .nav-link[name='focalist_pricing']",
      run: "click",
    },
    {
      content: "Try other ones",
      trigger: "button[name='action_focalist_simulate']",
      run: "click",
    },
    {
      content: "It says where the pages come from",
      trigger: ".modal .o_focalist_simulation td:contains('from the volumes of days')",
    },
    {
      content: "The present prices come to this, and so do the prices not changed yet",
      trigger: `${TOTAL} [data-column='trial']:contains('9.00')`,
    },
    {
      content: "Ask for more",
      trigger: ".modal .o_field_widget[name='price_mono'] input",
      run: "edit 0.02 && press Tab",
    },
    {
      content: "What is shown is that of before",
      trigger: ".modal .alert:contains('simulate again')",
    },
    {
      content: "Simulate",
      trigger: ".modal-footer button[name='simulate']",
      run: "click",
    },
    {
      content: "It is twice as much",
      trigger: `${TOTAL} [data-column='trial']:contains('18.00')`,
    },
    {
      content: "which is so much more",
      trigger: `${TOTAL} [data-column='difference']:contains('+')`,
    },
    {
      content: "and drawn",
      trigger: ".modal .o_focalist_simulation_chart canvas",
    },
    {
      content: "Use the prices",
      trigger: ".modal-footer button[name='use']",
      run: "click",
    },
    {
      content: "It asks: the draft has prices",
      trigger: ".modal:contains('take their place') .modal-footer .btn-primary",
      run: "click",
    },
    {
      content: "The draft has them",
      trigger:
        "body:not(:has(.modal)) .o_form_view .o_field_widget[name='price_mono'] input:value(0.02)",
    },
  ],
});
