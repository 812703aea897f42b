import {openFocalist} from "@focalist_base/../tests/tours/tour_steps";
import {registry} from "@web/core/registry";

const POSTED = ".o_arrow_button_current[data-value='posted']";

const openMenu = (name) => [
  {
    content: "Open the menu Billing",
    trigger: "button[data-menu-xmlid='focalist_billing.focalist_billing_menu']",
    run: "click",
  },
  {
    trigger: `.dropdown-item[data-menu-xmlid='focalist_billing.${name}']`,
    run: "click",
  },
];

/** Open the only statement, and make its invoice. */
const invoiceStatement = (amount) => [
  ...openMenu("focalist_statement_menu"),
  {
    content: "Open the statement",
    trigger: ".o_list_view .o_data_row:contains('Client') td[name='name']",
    run: "click",
  },
  {
    content: "It asks for so much",
    trigger: `.o_form_view .o_field_widget[name='amount_untaxed']:contains('${amount}')`,
  },
  {
    content: "Make the invoice",
    trigger: "button[name='action_create_invoice']",
    run: "click",
  },
  {
    content: "Post it",
    trigger: ".o_form_view button[name='action_post']:visible",
    run: "click",
  },
  {trigger: POSTED},
];

const payPart = (amount) => [
  {
    content: "Register a payment",
    trigger: "button[name='action_register_payment']:visible",
    run: "click",
  },
  {
    content: "of a part",
    trigger: ".modal .o_field_widget[name='amount'] input",
    run: `edit ${amount} && press Tab`,
  },
  {
    content: "The rest stays due",
    trigger: ".modal .o_field_widget[name='payment_difference_handling']",
  },
  {
    trigger: ".modal button[name='action_create_payments']",
    run: "click",
  },
  {
    content: "The invoice lists it",
    trigger: `body:not(:has(.modal)) .o_field_widget[name='invoice_payments_widget']:contains('${amount}.00')`,
  },
];

registry.category("web_tour.tours").add("focalist_billing_accountant_credit", {
  url: "/odoo",
  steps: () => [
    ...openFocalist(),
    ...invoiceStatement("45.64"),
    {
      content: "Send it",
      trigger: "button[name='action_invoice_sent']:visible",
      run: "click",
    },
    {
      trigger: ".modal button[name='action_send_and_print']:visible",
      run: "click",
    },
    {
      content: "It was sent",
      trigger: "body:not(:has(.modal)) .o_form_view",
    },
    ...payPart("10"),
    ...payPart("20"),
    {
      content: "The price was wrong: credit it",
      trigger: "button[name='action_reverse']:visible",
      run: "click",
    },
    {
      trigger: ".modal .o_field_widget[name='reason'] input",
      run: "edit A wrong price",
    },
    {
      trigger: ".modal button[name='refund_moves']",
      run: "click",
    },
    {
      content: "Post the credit note",
      trigger: "body:not(:has(.modal)) .o_form_view button[name='action_post']:visible",
      run: "click",
    },
    {trigger: POSTED},
    ...openMenu("focalist_contract_menu"),
    {
      content: "Open the contract",
      trigger: ".o_list_view .o_data_row:contains('Client') td[name='name']",
      run: "click",
    },
    {
      content: "Open its prices",
      trigger: ".o_field_widget[name='pricing_ids'] .o_data_row td[name='date_from']",
      run: "click",
    },
    {
      content: "Correct the price",
      trigger: ".modal .o_field_widget[name='price_mono'] input",
      run: "edit 0.02 && press Tab",
    },
    {
      trigger: ".modal .o_form_button_save",
      run: "click",
    },
    {
      content: "Save the contract",
      trigger: "body:not(:has(.modal)) .o_form_button_save:visible",
      run: "click",
    },
    {
      trigger:
        ".o_form_view .o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))",
    },
    ...invoiceStatement("57.98"),
  ],
});
