import {registry} from "@web/core/registry";
import {openFocalist} from "@focalist_base/../tests/tours/tour_steps";

registry.category("web_tour.tours").add("focalist_billing_accountant", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    {
      content: "Open the menu Billing",
      trigger: "button[data-menu-xmlid='focalist_billing.focalist_billing_menu']",
      run: "click",
    },
    {
      content: "Start a billing run",
      trigger:
        ".dropdown-item[data-menu-xmlid='focalist_billing.focalist_billing_run_menu']",
      run: "click",
    },
    {
      content: "A new one",
      trigger: ".o_list_button_add",
      run: "click",
    },
    {
      content: "Choose the month",
      trigger:
        ".o_field_widget[name='month'] button, .o_field_widget[name='month'] input",
      run: "click",
    },
    {
      content: "Type a day of it",
      trigger: ".o_field_widget[name='month'] input",
      run: "edit 03/15/2026 && press Enter",
    },
    {
      content: "Make the statements",
      trigger: "button[name='action_start']",
      run: "click",
    },
    {
      content: "The statement shows both readings of the device",
      trigger: ".o_field_widget[name='line_ids'] td[name='value_to']:contains('2,234')",
    },
    {
      content: "and what is to be paid",
      trigger: ".o_field_widget[name='amount_untaxed']:contains('45.64')",
    },
    {
      content: "Make its invoice",
      trigger: "button[name='action_create_invoice']",
      run: "click",
    },
    {
      content: "Post it on Odoo's own screen",
      trigger: ".o_form_view button[name='action_post']:visible",
      run: "click",
    },
    {
      content: "It is posted",
      trigger: ".o_arrow_button_current[data-value='posted']",
    },
    {
      content: "Back to the meters behind it",
      trigger: "button[name='action_open_focalist_statements']",
      run: "click",
    },
    {
      content: "The statement is invoiced",
      trigger: ".o_arrow_button_current[data-value='invoiced']",
    },
  ],
});
